# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the host's own sysctl loader where it can change nothing, and read what it set.

A child process enters fresh network, IPC, UTS and mount namespaces. Everything is read-only there
except the keys that belong to these namespaces; they begin with the kernel's own values, as at a
boot. Stand-ins have the names of the host's network interfaces.

This is the only place where a module starts a program: what the loader does, only the loader knows.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from typing import Any, Iterable, NamedTuple, Sequence

from ..._sysctl.boot.boot_effects import is_loopback
from ..._sysctl.errors import describe_os_error
from ..._sysctl.kernel.couplings import INHERITED, influences_on
from ..child_process import call_in_child
from ..files import HostFiles
from ..libc import CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS, call
from ..mountinfo import parse_mounts
from ..runtime.proc_sys import PROC_SYS, proc_path, read_key
from .reading import missing_keys, udev_applies_keys
from .stand_ins import add_stand_ins, interfaces_here

# <sys/mount.h>, <sys/prctl.h>
_MS_RDONLY = 1
_MS_REMOUNT = 32
_MS_BIND = 4096
_MS_REC = 16384
_MS_PRIVATE = 1 << 18
_MOUNT_OPTIONS = (
    os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME | os.ST_RELATIME
)
_PR_SET_PDEATHSIG = 1

PROGRAMS = {
    "systemd": (["/usr/lib/systemd/systemd-sysctl"], ["/lib/systemd/systemd-sysctl"]),
    "procps": (
        ["/usr/sbin/sysctl", "--system"],
        ["/sbin/sysctl", "--system"],
        ["/usr/bin/sysctl", "--system"],
    ),
}
"""Loader -> how it is started at boot, at the places where it may be."""
_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
    "SYSTEMD_LOG_TARGET": "console",  # and so neither into the journal nor the kernel's log
}
_LOADER_TIMEOUT = 30
_TIMEOUT = 60
"""Seconds for all of it."""

_OF_NAMESPACES = (
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
"""What belongs to a network, IPC or UTS namespace (namespaces(7))."""
_PROTECTED = {
    "net.ipv4.tcp_allowed_congestion_control": "before Linux 5.13 it belongs to the whole kernel",
    "net.ipv4.tcp_congestion_control": "writing it may load a kernel module",
    "net.netfilter.nf_hooks_lwtunnel": "it belongs to the whole kernel, not to a namespace",
}
"""What a new network namespace may write, but would change on the host."""

_IPV4_ONES = (
    "accept_redirects",
    "arp_evict_nocarrier",
    "secure_redirects",
    "send_redirects",
    "shared_media",
)
_IPV4_START_VALUES = {
    "igmpv2_unsolicited_report_interval": "10000",
    "igmpv3_unsolicited_report_interval": "1000",
    **dict.fromkeys(_IPV4_ONES, "1"),
}
"""What is not 0 in net.ipv4.conf when the kernel starts (net/ipv4/devinet.c).

A new network namespace has the host's present values instead.
"""
_IPV4_OWN_ONES: dict[str, tuple[str, ...]] = {
    "all": (),
    "default": ("accept_source_route",),
    "lo": ("accept_source_route", "disable_policy", "disable_xfrm"),
}
"""What else is 1 there."""


class Rehearsal(NamedTuple):
    """What the loader set, as far as that is known."""

    values: dict[str, str]
    start_values: dict[str, str]
    """The values before the loader ran."""
    not_rehearsed: dict[str, str]
    """Key -> why its value is not known."""


def rehearse(loader_name: str, keys: Iterable[str]) -> Rehearsal:
    """Run a loader in fresh namespaces; return what these keys are then."""
    wanted = list(keys)
    reason = _why_not_at_all(loader_name)
    if reason:
        return Rehearsal({}, {}, dict.fromkeys(wanted, reason))
    answer = _ask_child(loader_name, wanted)
    if "error" in answer:
        return Rehearsal({}, {}, dict.fromkeys(wanted, answer["error"]))
    return Rehearsal(**answer)


def _why_not_at_all(loader_name: str) -> str:
    if os.geteuid() != 0:
        return "only root can run the loader in namespaces of its own: 'become: true'"
    if loader_name not in PROGRAMS:
        return f"a script of {loader_name} reads the files, which is not run"
    if not _find_program(loader_name):
        return f"the loader of {loader_name} is not installed on this host"
    return ""


def _find_program(loader_name: str) -> list[str]:
    for command in PROGRAMS[loader_name]:
        if os.access(command[0], os.X_OK):
            return command
    return []


# --- the child process ---


def _ask_child(loader_name: str, keys: list[str]) -> dict[str, Any]:
    """Return what a child process in fresh namespaces answers in time."""
    answer: dict[str, Any] | None
    answer = call_in_child(lambda: _answer(loader_name, keys), _TIMEOUT)
    return answer or {"error": f"the rehearsal did not end within {_TIMEOUT} seconds"}


def _answer(loader_name: str, keys: list[str]) -> dict[str, Any]:
    try:
        return _rehearse_here(loader_name, keys)
    except subprocess.TimeoutExpired:
        return {"error": f"the loader did not end within {_LOADER_TIMEOUT} seconds"}
    except OSError as error:
        return {"error": f"namespaces of its own: {describe_os_error(error)}"}


def _rehearse_here(loader_name: str, keys: list[str]) -> dict[str, Any]:
    """Do all of it, in a process that then ends."""
    _die_with_parent()
    interfaces = interfaces_here()
    files = HostFiles("/")
    missing_here = missing_keys(files)
    call("unshare", CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS)
    _make_read_only()
    # First the stand-ins: they do not follow a default that was written before.
    problem = add_stand_ins(interfaces)
    _write_ipv4_start_values()
    reasons = {}
    for key in keys:
        reason = _why_not(key, problem)
        if reason:
            reasons[key] = reason
    known_keys = [key for key in keys if key not in reasons]
    defaults = _defaults_not_followed(known_keys, missing_here)
    start_values = {key: read_key(key) for key in known_keys}
    start_defaults = {key: _read_if_there(default) for key, default in defaults.items()}
    _run_loader(loader_name)
    if loader_name == "systemd" and udev_applies_keys(files):
        for name in interfaces:
            if name != "lo":
                _run_loader(loader_name, _prefixes_of(name))
    for key, default in defaults.items():
        value = _read_if_there(default)
        if value is None or value != start_defaults[key]:
            reasons[key] = (
                f"its interface may inherit {default} at boot, "
                "and does not in a new network namespace"
            )
    values = {key: read_key(key) for key in known_keys if key not in reasons}
    return {"values": values, "start_values": start_values, "not_rehearsed": reasons}


def _run_loader(loader_name: str, options: Sequence[str] = ()) -> None:
    subprocess.run(  # pylint: disable=ansible-bad-function
        [*_find_program(loader_name), *options],
        env=_ENVIRONMENT,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=_LOADER_TIMEOUT,
        preexec_fn=_die_with_parent,  # this process has no threads
    )


def _why_not(key: str, interface_problem: str) -> str:
    """Return why a key cannot be rehearsed, "" if it can."""
    if key in _PROTECTED:
        return _PROTECTED[key]
    path = proc_path(key)
    if not os.path.exists(path):
        return interface_problem or "there is no such key in a new namespace"
    if not os.access(path, os.W_OK):
        return "it belongs to the whole kernel, or is read-only here"
    if not os.access(path, os.R_OK):
        return "it cannot be read"
    return ""


def _defaults_not_followed(keys: Iterable[str], missing_here: tuple[str, ...]) -> dict[str, str]:
    """Return key -> the key of ``default`` that its interface inherits at boot, and not here.

    missing_here: how keys start that this host does not have either.

    A new namespace takes net.ipv4.conf.default from the first one, and with it what was written
    there: its interfaces do not follow that any more. It has no net.ipv4.neigh.default at all.
    """
    defaults = {}
    for key in keys:
        if is_loopback(key):
            continue  # it has an address at boot, and so inherits nothing
        for influence in influences_on(key):
            default = influence.key
            if influence.when != INHERITED or default.startswith(missing_here):
                continue
            if not _follows(key, default):
                defaults[key] = default
    return defaults


def _read_if_there(key: str) -> str | None:
    return read_key(key) if os.path.exists(proc_path(key)) else None


def _prefixes_of(interface: str) -> list[str]:
    """Return the options with which udev runs systemd-sysctl when an interface appears."""
    folders = ("net/ipv4/conf", "net/ipv4/neigh", "net/ipv6/conf", "net/ipv6/neigh")
    return [f"--prefix=/{folder}/{interface}" for folder in folders]


def _follows(key: str, default: str) -> bool:
    """Tell whether a key changes with the one of ``default``; both have their values again then."""
    if not os.path.exists(proc_path(default)):
        return False
    if key.rpartition(".")[2] != default.rpartition(".")[2]:
        return True  # the same variable in another unit
    before = read_key(default)
    other = "1" if before == "0" else "0"
    seen = []
    for value in (other, before):
        _write(proc_path(default), value)
        seen.append(read_key(key))
    return seen == [other, before]


# --- the namespaces ---


def _make_read_only() -> None:
    """Make every mount read-only in this process, except the keys of its namespaces."""
    _mount("", "/", _MS_REC | _MS_PRIVATE)
    _mount(PROC_SYS, PROC_SYS, _MS_BIND | _MS_REC)
    own = set()
    for name in _OF_NAMESPACES:
        path = f"{PROC_SYS}/{name}"
        if os.path.exists(path):
            _mount(path, path, _MS_BIND)
            own.add(path)
    for key in _PROTECTED:
        path = proc_path(key)
        if os.path.exists(path):
            _mount(path, path, _MS_BIND)
    for path in _mount_points():
        if path not in own:
            with contextlib.suppress(OSError):
                _remount_read_only(path)
    _remount_read_only(PROC_SYS)  # this one must succeed


def _mount_points() -> list[str]:
    """Return where something is mounted: proc(5), /proc/PID/mountinfo."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        return [path for _mounted, path in parse_mounts(file.read())]


def _remount_read_only(path: str) -> None:
    options = os.statvfs(path).f_flag & _MOUNT_OPTIONS
    _mount("", path, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | options)


def _write_ipv4_start_values() -> None:
    """Set net.ipv4.conf as the kernel does when it starts: forwarding first, it sets others."""
    folder = f"{PROC_SYS}/net/ipv4/conf"
    _write(f"{PROC_SYS}/net/ipv4/ip_forward", "0")
    for interface, ones in _IPV4_OWN_ONES.items():
        for name in os.listdir(f"{folder}/{interface}"):
            value = "1" if name in ones else _IPV4_START_VALUES.get(name, "0")
            _write(f"{folder}/{interface}/{name}", value)


def _write(path: str, value: str) -> None:
    """Write a key; one that is read-only has no other value."""
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_WRONLY)
        try:
            os.write(fd, value.encode())
        finally:
            os.close(fd)


def _mount(source: str, target: str, flags: int) -> None:
    call("mount", os.fsencode(source), os.fsencode(target), None, ctypes.c_ulong(flags), None)


def _die_with_parent() -> None:
    """Have the kernel end this process when its parent ends."""
    call("prctl", _PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
