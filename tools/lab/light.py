# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Light hosts: namespaces over a Debian root with sshd as process 1, for fleets.

Their boot runs systemd-sysctl and nothing else.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import uuid
from pathlib import Path
from typing import NoReturn

from . import syscalls
from .host import BRIDGE, PREFIX_LENGTH, Host, interface_name, wait_for_interface_removal

MEMORY_DEVICES = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}
"""Name -> minor number; the major number of all of them is 1."""
DEVICE_LINKS = {
    "ptmx": "pts/ptmx",
    "fd": "/proc/self/fd",
    "stdin": "fd/0",
    "stdout": "fd/1",
    "stderr": "fd/2",
}
LOADERS = ("/usr/lib/systemd/systemd-sysctl", "/lib/systemd/systemd-sysctl")
NO_PROGRAMS = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
SHARED_MEMORY = syscalls.MS_NOSUID | syscalls.MS_NODEV
SSHD = "/usr/sbin/sshd"


class LightKind:
    """Hosts that are namespaces with sshd."""

    needs_pid_namespace = True
    needs_inotify = False

    def prepare(self, host: Host) -> None:
        for directory in ("proc", "sys", "dev", "run", "tmp"):
            (host.root / directory).mkdir(exist_ok=True)

    def boot(self, host: Host) -> NoReturn:
        _connect_to_bridge(host)
        syscalls.unshare(syscalls.CLONE_NEWUTS | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWCGROUP)
        syscalls.private_mounts()
        _mount_file_systems(str(host.root))
        syscalls.pivot_root(str(host.root))
        socket.sethostname(host.name)
        _load_sysctl_settings()
        os.execv(SSHD, [SSHD, "-D", "-e"])  # noqa: S606 # no shell is wanted

    def wants_reboot(self, status: int) -> bool:
        """Return whether the host called reboot(2), which sends SIGHUP (pid_namespaces(7))."""
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGHUP

    def reboot(self, pid: int, cgroup: Path) -> None:
        del cgroup
        enter = ["nsenter", f"--target={pid}", "--pid", "--mount", "--"]
        command = [*enter, "systemctl", "reboot", "--force", "--force"]
        subprocess.run(command, check=False, stdin=subprocess.DEVNULL)


def _run_ip(*commands: str, namespace: str | None = None) -> None:
    """Run ip(8) commands, in this network namespace or in the one of a file below /proc."""

    def enter_namespace() -> None:
        if namespace:
            syscalls.enter_namespace(namespace, syscalls.CLONE_NEWNET)

    text = "\n".join(commands).encode()
    subprocess.run(["ip", "-batch", "-"], input=text, check=True, preexec_fn=enter_namespace)


def _connect_to_bridge(host: Host) -> None:
    """Enter a new network namespace with a cable to the lab's bridge."""
    wait_for_interface_removal(host)
    lab = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    syscalls.unshare(syscalls.CLONE_NEWNET)
    _run_ip(
        f"link add {interface_name(host)} master {BRIDGE} up type veth"
        f" peer name host0 address {host.mac_address} netns {os.getpid()}",
        namespace=f"/proc/self/fd/{lab}",
    )
    os.close(lab)
    _run_ip(
        "link set lo up",
        f"address add {host.address}/{PREFIX_LENGTH} dev host0",
        "link set host0 up",
    )


def _mount_file_systems(root: str) -> None:
    """Mount what systemd-nspawn mounts: of /proc/sys, only `net` can be written."""
    syscalls.mount("proc", f"{root}/proc", "proc", NO_PROGRAMS)
    for name in ("sys", "sys/net"):
        syscalls.bind_mount(f"{root}/proc/{name}", f"{root}/proc/{name}")
    syscalls.remount_read_only(f"{root}/proc/sys")
    for name in ("sysrq-trigger", "irq", "bus", "fs"):
        if os.path.exists(f"{root}/proc/{name}"):
            syscalls.bind_mount(f"{root}/proc/{name}", f"{root}/proc/{name}")
            syscalls.remount_read_only(f"{root}/proc/{name}")
    syscalls.mount("sysfs", f"{root}/sys", "sysfs", NO_PROGRAMS | syscalls.MS_RDONLY)
    syscalls.mount("tmpfs", f"{root}/run", "tmpfs", SHARED_MEMORY, "mode=755")
    syscalls.mount("tmpfs", f"{root}/tmp", "tmpfs", SHARED_MEMORY, "mode=1777")
    _make_devices(f"{root}/dev")
    _set_boot_id(root)


def _set_boot_id(root: str) -> None:
    """Give each boot a new boot ID, as a kernel does. Ansible detects a reboot by it."""
    boot_id = Path(root, "run/boot_id")
    boot_id.write_text(f"{uuid.uuid4()}\n", encoding="ascii")
    target = f"{root}/proc/sys/kernel/random/boot_id"
    syscalls.bind_mount(str(boot_id), target)
    syscalls.remount_read_only(target)


def _make_devices(dev: str) -> None:
    no_programs = syscalls.MS_NOSUID | syscalls.MS_NOEXEC
    syscalls.mount("tmpfs", dev, "tmpfs", no_programs, "mode=755")
    for name, minor in MEMORY_DEVICES.items():
        _make_device(f"{dev}/{name}", 1, minor)
    _make_device(f"{dev}/tty", 5, 0)
    os.mkdir(f"{dev}/pts")
    os.mkdir(f"{dev}/shm")
    syscalls.mount("devpts", f"{dev}/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=620")
    syscalls.mount("tmpfs", f"{dev}/shm", "tmpfs", SHARED_MEMORY, "mode=1777")
    for name, target in DEVICE_LINKS.items():
        os.symlink(target, f"{dev}/{name}")


def _make_device(path: str, major: int, minor: int) -> None:
    """Make a character device that everybody can use, whatever the umask."""
    os.mknod(path, 0o020666, os.makedev(major, minor))
    os.chmod(path, 0o666)


def _load_sysctl_settings() -> None:
    """Run the real loader, as the boot of a host with systemd does."""
    for directory in ("/run/systemd/system", "/run/sshd", "/run/lock"):
        os.makedirs(directory)
    loader = next(path for path in LOADERS if os.path.exists(path))
    subprocess.run([loader], check=False, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
