# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A light host: namespaces over a Debian root and sshd as process 1, for fleets. Its boot is systemd-sysctl, and no more."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import uuid
from pathlib import Path
from typing import NoReturn

from . import kernel
from .kinds import BITS, BRIDGE, Host, interface, wait_until_unplugged

NODES = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}
LOADERS = ("/usr/lib/systemd/systemd-sysctl", "/lib/systemd/systemd-sysctl")
HARMLESS = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC


class Light:
    own_processes = True
    watches_files = False

    def dress(self, host: Host) -> None:
        for folder in ("proc", "sys", "dev", "run", "tmp"):
            (host.root / folder).mkdir(exist_ok=True)

    def launch(self, host: Host) -> NoReturn:
        _plug_in(host)
        kernel.unshare(kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWCGROUP)
        kernel.own_mounts()
        _mount_all(str(host.root))
        kernel.make_root(str(host.root))
        socket.sethostname(host.name)
        _boot()
        os.execv("/usr/sbin/sshd", ["/usr/sbin/sshd", "-D", "-e"])  # noqa: S606

    def reboots(self, status: int) -> bool:
        """What `reboot --force` does to the first process of a namespace."""
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGHUP

    def reboot(self, pid: int, cgroup: Path) -> None:
        del cgroup
        command = [
            "nsenter",
            f"--target={pid}",
            "--pid",
            "--mount",
            "--",
            "systemctl",
            "reboot",
            "--force",
            "--force",
        ]
        subprocess.run(command, check=False, stdin=subprocess.DEVNULL)


def _ip(*commands: str, namespace: str | None = None) -> None:
    def go_there() -> None:
        if namespace:
            kernel.enter(namespace, kernel.CLONE_NEWNET)

    text = "\n".join(commands).encode()
    subprocess.run(["ip", "-batch", "-"], input=text, check=True, preexec_fn=go_there)


def _plug_in(host: Host) -> None:
    """Leave the lab's network for one of our own, with a cable between the two."""
    wait_until_unplugged(host)
    lab = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    kernel.unshare(kernel.CLONE_NEWNET)
    _ip(
        f"link add {interface(host)} master {BRIDGE} up type veth peer name host0 address {host.card} netns {os.getpid()}",
        namespace=f"/proc/self/fd/{lab}",
    )
    os.close(lab)
    _ip("link set lo up", f"address add {host.address}/{BITS} dev host0", "link set host0 up")


def _mount_all(root: str) -> None:
    """As systemd-nspawn does: of /proc/sys only `net` can be written, and nothing else that is the machine's."""
    kernel.mount("proc", f"{root}/proc", "proc", HARMLESS)
    for name in ("sys", "sys/net"):
        kernel.bind(f"{root}/proc/{name}", f"{root}/proc/{name}")
    kernel.read_only(f"{root}/proc/sys")
    for name in ("sysrq-trigger", "irq", "bus", "fs"):
        if os.path.exists(f"{root}/proc/{name}"):
            kernel.bind(f"{root}/proc/{name}", f"{root}/proc/{name}")
            kernel.read_only(f"{root}/proc/{name}")
    kernel.mount("sysfs", f"{root}/sys", "sysfs", HARMLESS | kernel.MS_RDONLY)
    kernel.mount("tmpfs", f"{root}/run", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755")
    kernel.mount("tmpfs", f"{root}/tmp", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=1777")
    _devices(f"{root}/dev")
    boot_id = Path(root, "run/boot_id")
    boot_id.write_text(f"{uuid.uuid4()}\n", encoding="ascii")
    kernel.bind(str(boot_id), f"{root}/proc/sys/kernel/random/boot_id")
    kernel.read_only(f"{root}/proc/sys/kernel/random/boot_id")


def _devices(dev: str) -> None:
    kernel.mount("tmpfs", dev, "tmpfs", kernel.MS_NOSUID | kernel.MS_NOEXEC, "mode=755")
    for name, number in {**NODES, "tty": 0}.items():
        os.mknod(f"{dev}/{name}", 0o020666, os.makedev(5 if name == "tty" else 1, number))
        os.chmod(f"{dev}/{name}", 0o666)
    for folder in ("pts", "shm"):
        os.mkdir(f"{dev}/{folder}")
    kernel.mount("devpts", f"{dev}/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=620")
    kernel.mount("tmpfs", f"{dev}/shm", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=1777")
    for name, target in (
        ("ptmx", "pts/ptmx"),
        ("fd", "/proc/self/fd"),
        ("stdin", "fd/0"),
        ("stdout", "fd/1"),
    ):
        os.symlink(target, f"{dev}/{name}")
    os.symlink("fd/2", f"{dev}/stderr")


def _boot() -> None:
    """Have the real loader set what the files say, as the boot of a host with systemd does."""
    for folder in ("/run/systemd/system", "/run/sshd", "/run/lock"):
        os.makedirs(folder)
    loader = next(path for path in LOADERS if os.path.exists(path))
    subprocess.run([loader], check=False, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
