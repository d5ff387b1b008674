# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fresh namespaces with network devices; only the keys that belong to them are writable there."""

from __future__ import annotations

import ctypes
import os
import subprocess
import time

from .proc_sys import write

# <sched.h>, <sys/mount.h>
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWNET = 0x40000000
MS_RDONLY = 1
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18

ROOT = "/proc/sys"
OF_NAMESPACES = (
    "net",
    "fs/mqueue",
    "kernel/auto_msgmni",
    "kernel/domainname",
    "kernel/hostname",
    "kernel/msg_next_id",
    "kernel/msgmax",
    "kernel/msgmnb",
    "kernel/msgmni",
    "kernel/sem",
    "kernel/sem_next_id",
    "kernel/shm_next_id",
    "kernel/shm_rmid_forced",
    "kernel/shmall",
    "kernel/shmmax",
    "kernel/shmmni",
)
"""What belongs to a network, IPC or UTS namespace: namespaces(7), ipc_namespaces(7).

In net, the kernel itself lets a new namespace write only its own keys, with the exceptions below
(ensure_safe_net_sysctl, net/sysctl_net.c).
"""

OF_THE_KERNEL = (
    "net/netfilter/nf_hooks_lwtunnel",
    "net/ipv4/tcp_allowed_congestion_control",  # before Linux 5.13
)
"""What a new namespace may write, although it belongs to the whole kernel."""

DEVICES = """\
link delete veth0
link delete bridge0
link set lo up
link add veth0 address 02:00:00:00:00:01 type veth peer name veth1 address 02:00:00:00:00:02
link add link veth0 name veth0.5 type vlan id 5
link add bridge0 address 02:00:00:00:00:03 type bridge
address add 192.0.2.1/24 dev veth0
address add 2001:db8::1/64 dev veth0 nodad
link set veth0 up
link set veth1 up
"""
NAMES = ("lo", "veth0", "veth0/5", "veth1", "bridge0")
"""The devices, as parts of keys. A virtual machine has others, which are like one of these."""
ADDRESSED = ("lo", "veth0", "eth0")
"""The devices that have an IPv4 address, with that of a virtual machine."""
WRITTEN = "veth1"
"""The device whose keys are written. Those of the others are read: a key does the same on each."""
ALSO_WRITTEN = "net.ipv6.conf.veth0."
"""Keys of another device that are written too: it has IPv6 addresses to lose."""
UP = ("veth0", "veth1")
"""The devices that are up, besides lo."""
STATES = {
    "net.ipv6.conf.veth0.force_forwarding": "1",  # since Linux 6.17
    "net.ipv6.conf.veth1.force_forwarding": "1",
    "net.ipv6.conf.veth0.mtu": "1400",
    "net.ipv6.conf.veth1.mtu": "1300",
}
"""Key of a device -> another value than the kernel's own, which it has while others are written.

A key that the kernel sets to its own value again shows only so.
"""
_ADDRESSES = "/proc/net/if_inet6"
_LONGEST_WAIT = 5.0
"""Seconds until devices that are up have an IPv6 address; an emulated machine is slow."""


def device_of(key: str) -> str:
    """Return the network device of a key, with a slash for a dot in its name, "" if it has none."""
    parts = key.split(".")
    is_of_device = len(parts) > 4 and parts[2] in ("conf", "neigh")
    return parts[3] if is_of_device and parts[3] not in ("all", "default") else ""


_libc = ctypes.CDLL(None, use_errno=True)


def enter() -> None:
    """Move this process into fresh namespaces, protect all other keys, and add the devices."""
    unshare(CLONE_NEWNS)
    _mount("", "/", MS_REC | MS_PRIVATE)
    protect()
    add_devices()


def unshare(others: int = 0) -> None:
    """Move this process into fresh network, IPC and UTS namespaces, and into others."""
    _call("unshare", CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | others)


def add_devices() -> None:
    """Add the devices to the network namespace of this process, new ones for those of before."""
    # A kernel may lack VLANs: -force goes on after an error.
    command = ["ip", "-force", "-batch", "-"]
    subprocess.run(command, input=DEVICES, text=True, check=False, stderr=subprocess.DEVNULL)
    _wait_for_links()
    for key, value in STATES.items():
        write(key, value)


def _wait_for_links() -> None:
    """Wait for what the kernel does by itself once a device is up, which resets its keys."""
    end = time.monotonic() + _LONGEST_WAIT
    while os.path.exists(_ADDRESSES) and time.monotonic() < end:
        with open(_ADDRESSES, encoding="ascii") as file:
            rows = [line.split() for line in file]
        addressed = {row[-1] for row in rows if row[0].startswith("fe80")}
        if addressed.issuperset(UP):
            return
        time.sleep(0.01)


def protect() -> None:
    """Make /proc/sys read-only, except what belongs to the namespaces."""
    _mount(ROOT, ROOT, MS_BIND | MS_REC)
    for name in OF_NAMESPACES:
        path = os.path.join(ROOT, name)
        if os.path.exists(path):
            _mount(path, path, MS_BIND)
    _mount("", ROOT, MS_REMOUNT | MS_BIND | MS_RDONLY)
    for name in OF_THE_KERNEL:
        path = os.path.join(ROOT, name)
        if os.path.exists(path):
            _mount(path, path, MS_BIND)
            _mount("", path, MS_REMOUNT | MS_BIND | MS_RDONLY)


def _mount(source: str, target: str, flags: int) -> None:
    _call("mount", source.encode(), target.encode(), None, ctypes.c_ulong(flags), None)


def _call(name: str, *args: object) -> None:
    """Call a function of the C library; raise OSError if it fails."""
    if getattr(_libc, name)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}{args}: {os.strerror(number)}")
