# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines: Debian's own kernel, its modules and its whole boot, emulated by QEMU.

KVM is not used: a machine that is itself virtual may have none that works.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import struct
import subprocess
from pathlib import Path
from typing import NamedTuple, NoReturn

from .host import (
    BRIDGE,
    Host,
    interface_name,
    wait_for_interface_removal,
    write_network_config,
)

REBOOT_STATUS = 3
"""The exit status that stands for a reboot here: that of QEMU is 0 after a power-off, too."""
TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
OPTIONS_FILE = "machine.json"
"""In the directory of a host: MachineOptions, if they are not the default."""
KERNEL_LINE = "root=/dev/vda rw console=ttyS0 quiet mitigations=off"
"""Without mitigations, which would make the boot of an emulated processor twice as long."""
CTRL_ALT_DEL = [{"type": "qcode", "data": name} for name in ("ctrl", "alt", "delete")]


class MachineOptions(NamedTuple):
    """What a machine gets from outside of its disk."""

    kernel_line: str = ""
    """Added to the kernel command line."""
    firmware: str = ""
    """A string of the firmware (SMBIOS type 11)."""

    @classmethod
    def of(cls, directory: Path) -> MachineOptions:
        """Return the options of the host that has this directory."""
        with contextlib.suppress(FileNotFoundError):
            return cls(**json.loads((directory / OPTIONS_FILE).read_text(encoding="utf-8")))
        return cls()


class VirtualMachineKind:
    """Hosts in QEMU."""

    needs_pid_namespace = False
    needs_inotify = False

    def prepare(self, host: Host) -> None:
        write_network_config(host)

    def boot(self, host: Host) -> NoReturn:
        wait_for_interface_removal(host)
        if not _disk(host).exists():
            _make_disk(host)
        tap = _connect_to_bridge(host)
        os._exit(_run(_command(host, tap), tap))

    def wants_reboot(self, status: int) -> bool:
        return os.waitstatus_to_exitcode(status) == REBOOT_STATUS

    def reboot(self, pid: int, cgroup: Path) -> None:
        """Have the process of `_run` press Ctrl-Alt-Del."""
        del cgroup
        os.kill(pid, signal.SIGINT)


def _disk(host: Host) -> Path:
    return host.directory / "disk"


def _make_disk(host: Host) -> None:
    """Copy the host's root to a disk image, which the host uses from then on."""
    new = host.directory / "disk.new"
    command = ["mke2fs", "-q", "-t", "ext4", "-d", str(host.root), str(new), "1G"]
    subprocess.run(command, check=True)
    new.rename(_disk(host))


def _read_boot_folder(host: Host) -> Path:
    """Copy /boot from the host's disk, as a boot loader reads it; return where it is."""
    boot = host.directory / "boot"
    if boot.exists():
        shutil.rmtree(boot)
    command = ["debugfs", "-R", f"rdump /boot {host.directory}", str(_disk(host))]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return boot


def _connect_to_bridge(host: Host) -> int:
    """Add a tap interface to the lab's bridge; it exists while the returned descriptor is open."""
    name = interface_name(host)
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    subprocess.run(["ip", "link", "set", name, "master", BRIDGE, "up"], check=True)
    return tap


def _command(host: Host, tap: int) -> list[str]:
    """Return the command that starts the machine."""
    boot = _read_boot_folder(host)
    kernel = next(boot.glob("vmlinuz-*"))
    initrd = next(boot.glob("initrd.img-*"))
    options = MachineOptions.of(host.directory)
    kernel_line = f"{KERNEL_LINE} {options.kernel_line}"
    machine = ["-accel", "tcg", "-machine", "pc", "-cpu", "qemu64", "-m", "512"]
    linux = ["-kernel", str(kernel), "-initrd", str(initrd), "-append", kernel_line]
    # cache=unsafe: a disk in memory need not be synced.
    disk = ["-drive", f"file={_disk(host)},format=raw,if=virtio,cache=unsafe"]
    network = [
        "-netdev",
        f"tap,id=cable,fd={tap}",
        "-device",
        f"virtio-net-pci,netdev=cable,mac={host.mac_address}",
    ]
    firmware = []
    if options.firmware:
        firmware = ["-smbios", f"type=11,value={options.firmware.replace(',', ',,')}"]
    console = [
        "-chardev",
        f"file,id=console,path={host.directory}/console,append=on",
        "-serial",
        "chardev:console",
    ]
    return [
        "qemu-system-x86_64",
        *("-nodefaults", "-display", "none"),
        *machine,
        *("-no-reboot", "-qmp", "stdio"),
        *linux,
        *disk,
        *network,
        *firmware,
        *("-device", "virtio-rng-pci"),
        *console,
    ]


def _run(command: list[str], tap: int) -> int:
    """Run the machine until it is off; return the exit status. SIGINT presses Ctrl-Alt-Del."""
    reason = ""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[tap]
    ) as machine:
        assert machine.stdin
        assert machine.stdout
        monitor = machine.stdin.fileno()
        _send(monitor, "qmp_capabilities")
        signal.signal(
            signal.SIGINT, lambda _number, _frame: _send(monitor, "send-key", keys=CTRL_ALT_DEL)
        )
        for line in machine.stdout:
            event = json.loads(line)
            if event.get("event") == "SHUTDOWN":
                reason = event["data"]["reason"]
    if reason == "guest-reset":
        return REBOOT_STATUS
    return machine.returncode


def _send(monitor: int, command: str, **arguments: object) -> None:
    """Send a command to the machine's monitor (QMP)."""
    text = json.dumps({"execute": command, "arguments": arguments})
    os.write(monitor, text.encode() + b"\n")
