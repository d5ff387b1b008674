# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine: Debian's own kernel, its modules and its boot from the first instruction on, emulated by qemu.

No help of the machine's kernel is asked for (KVM), since within a virtual machine there may be none that works.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import subprocess
from pathlib import Path
from typing import NoReturn

from .kinds import BRIDGE, Host, give_address, interface, wait_until_unplugged

MEANS_REBOOT = 3
"""Our exit status: qemu ends with 0 also when the machine was only switched off."""
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
KERNEL_LINE = "root=/dev/vda rw console=ttyS0 quiet mitigations=off"
"""What guards the kernel against a real processor costs an emulated one half a boot."""


class VirtualMachine:
    own_processes = False
    watches_files = False

    def dress(self, host: Host) -> None:
        give_address(host)

    def launch(self, host: Host) -> NoReturn:
        wait_until_unplugged(host)
        if not _disk(host).exists():
            _make_disk(host)
        cable = _plug_in(host)
        os._exit(_run(_command(host, cable), cable))

    def reboots(self, status: int) -> bool:
        return os.waitstatus_to_exitcode(status) == MEANS_REBOOT

    def reboot(self, pid: int, cgroup: Path) -> None:
        del cgroup
        os.kill(pid, signal.SIGINT)


def _disk(host: Host) -> Path:
    return host.place / "disk"


def _make_disk(host: Host) -> None:
    """Lay the host's root on a disk, which from now on is what it has."""
    new = host.place / "disk.new"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(host.root), str(new), "1G"], check=True)
    new.rename(_disk(host))


def _plug_in(host: Host) -> int:
    """Give a cable to the lab's bridge, which is there for as long as the descriptor is open."""
    cable = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(
        cable, TUNSETIFF, struct.pack("16sH22x", interface(host).encode(), IFF_TAP | IFF_NO_PI)
    )
    subprocess.run(["ip", "link", "set", interface(host), "master", BRIDGE, "up"], check=True)
    return cable


def _command(host: Host, cable: int) -> list[str]:
    boot = host.root / "boot"
    return [
        "qemu-system-x86_64", "-nodefaults", "-display", "none", "-accel", "tcg", "-machine", "pc", "-cpu", "qemu64", "-m", "512",
        "-no-reboot", "-qmp", "stdio",
        "-kernel", str(next(boot.glob("vmlinuz-*"))), "-initrd", str(next(boot.glob("initrd.img-*"))), "-append", KERNEL_LINE,
        "-drive", f"file={_disk(host)},format=raw,if=virtio,cache=unsafe",  # a disk in memory need not be synced
        "-netdev", f"tap,id=cable,fd={cable}", "-device", f"virtio-net-pci,netdev=cable,mac={host.card}",
        "-device", "virtio-rng-pci", "-chardev", f"file,id=console,path={host.place}/console,append=on", "-serial", "chardev:console",
    ]  # fmt: skip


def _run(command: list[str], cable: int) -> int:
    """Run the machine and listen to it, until it is off; press Ctrl-Alt-Del on it when we get SIGINT."""
    reason = ""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[cable]
    ) as machine:
        assert machine.stdin
        assert machine.stdout
        say = machine.stdin.fileno()
        keys = [{"type": "qcode", "data": name} for name in ("ctrl", "alt", "delete")]
        _say(say, "qmp_capabilities")
        signal.signal(signal.SIGINT, lambda _number, _frame: _say(say, "send-key", keys=keys))
        for line in machine.stdout:
            event = json.loads(line)
            if event.get("event") == "SHUTDOWN":
                reason = event["data"]["reason"]
    return MEANS_REBOOT if reason == "guest-reset" else machine.returncode


def _say(machine: int, command: str, **arguments: object) -> None:
    os.write(machine, json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
