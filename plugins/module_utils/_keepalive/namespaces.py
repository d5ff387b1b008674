# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the other network namespaces of this host, and read their keepalive settings.

A child process enters them one by one, so that this process stays in its own. It answers through a
pipe, a line of JSON for each namespace: [inode, {setting: value}, problem ("" if there is none)].
Whatever has not been answered in time, or before the child died, is not known.
"""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import time
from typing import Any, Iterator, Mapping, NamedTuple, NoReturn, Sequence

from .._host.child_process import is_readable_before
from .._host.mountinfo import parse_mounts
from .._host.runtime.proc_sys import proc_path, read_key
from .._sysctl.errors import describe_os_error
from .._sysctl.kernel.values import parse_number
from .._sysctl.text import printable
from . import procfs
from .procfs import read_proc_file, visit_processes
from .profiles import KEYS

CLONE_NEWNET = 0x40000000
_TIMEOUT = 20
"""Seconds to read the settings of all namespaces."""
_MAX_PATHS = 8
"""Processes of a namespace through which the child tries to enter it."""

NETNS = "/run/netns/"
"""Where ip-netns(8) mounts namespaces by name."""

_CONTAINER_ID = re.compile("[0-9a-f]{64}")
_UNNAMED_SEGMENTS = ("", "..", "init.scope", "payload", "supervisor")
"""Segments of a control group's path that name nothing.

They lead to above the host's own group, or systemd makes them within a container.
"""
_NAMED_SEGMENT = re.compile(
    rf"(?!user@).*\.(service|scope)|lxc\.payload\..+|.*{_CONTAINER_ID.pattern}.*"
)


class KeepaliveValues(NamedTuple):
    """The settings of a network namespace."""

    values: dict[str, int | None]
    """Name -> value, None if it is not known."""
    problem: str
    """Why a value is not known, or nothing."""


class Namespace:
    """A network namespace: where it is mounted ("": nowhere), and the processes in it."""

    def __init__(self) -> None:
        self.mount = ""
        self.pids: list[int] = []

    def paths(self) -> list[str]:
        """Return paths that lead to it; several, since a process may end before we use its path."""
        paths = [self.mount] if self.mount else []
        for pid in self.pids[:_MAX_PATHS]:
            paths.append(f"{procfs.PROC}/{pid}/ns/net")
        return paths

    def name(self) -> str | None:
        """Return its name in ip-netns(8), or else its container or unit, or its mount's name."""
        folder, _slash, name = self.mount.rpartition("/")
        if f"{folder}/" != NETNS and self.pids:
            control_groups = read_proc_file(f"{procfs.PROC}/{self.pids[0]}/cgroup")
            name = cgroup_name(control_groups or "") or name
        return printable(name) if name else None


def read_keepalive() -> KeepaliveValues:
    """Read the three settings in the network namespace of this process."""
    values: dict[str, int | None] = dict.fromkeys(KEYS)
    problem = ""
    for name, key in KEYS.items():
        try:
            number = parse_number(read_key(key))
        except OSError as error:
            problem = f"{proc_path(key)} cannot be read: {describe_os_error(error)}"
            continue
        if isinstance(number, int):
            values[name] = number
    return KeepaliveValues(values, problem)


def other_namespaces(
    own: Mapping[str, int | None], problems: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the other namespaces, with their settings and whether these differ from ``own``.

    Whether they differ is None if a setting is not known.
    """
    namespaces = _find_namespaces(problems)
    paths = {inode: namespace.paths() for inode, namespace in namespaces.items()}
    settings = _read_settings(paths)
    no_answer = KeepaliveValues({}, "there was no answer in time")
    results = []
    for inode, namespace in sorted(namespaces.items()):
        known_values, problem = settings.get(inode, no_answer)
        values = {name: known_values.get(name) for name in own}
        differs: bool | None = None
        if None not in values.values():
            differs = values != own
        if problem:
            reason = f"the settings in net:[{inode}] are not known: {problem}"
            problems.append({"path": paths[inode][0], "problem": reason})
        result = {
            "inode": inode,
            "name": namespace.name(),
            "processes": len(namespace.pids),
            "settings": values,
            "differs": differs,
        }
        results.append(result)
    return results


def _find_namespaces(problems: list[dict[str, Any]]) -> dict[int, Namespace]:
    """Return inode -> namespace of the others that have processes or are mounted."""
    try:
        own = _namespace_inode("self")
    except OSError as error:
        reason = f"namespaces are not known: {describe_os_error(error)}"
        problems.append({"path": "/proc/self/ns/net", "problem": reason})
        return {}
    namespaces: dict[int, Namespace] = {}
    for pid, inode in visit_processes(_namespace_inode, "/proc/*/ns/net", "namespaces", problems):
        namespaces.setdefault(inode, Namespace()).pids.append(pid)
    mounts = read_proc_file(f"{procfs.PROC}/self/mountinfo") or ""
    for inode, path in mounted_namespaces(mounts).items():
        namespaces.setdefault(inode, Namespace()).mount = path
    namespaces.pop(own, None)
    return namespaces


def _namespace_inode(pid: int | str) -> int:
    return os.stat(f"{procfs.PROC}/{pid}/ns/net").st_ino


def mounted_namespaces(mounts: str) -> dict[int, str]:
    """Return inode -> path of the network namespaces in /proc/self/mountinfo (proc(5)).

    Of one that is mounted several times, it is the path of ip-netns(8) if there is one.
    """
    paths: dict[int, str] = {}
    for mounted, path in parse_mounts(mounts):
        namespace = re.fullmatch(r"net:\[(\d+)\]", mounted)
        if namespace:
            inode = int(namespace[1])
            if inode not in paths or path.startswith(NETNS):
                paths[inode] = path
    return paths


def cgroup_name(control_groups: str) -> str | None:
    """Return the container or unit that a process belongs to, by its /proc/PID/cgroup (cgroups(7)).

    It is the outermost segment of the path that names one; a container may have its own units.
    """
    paths = {}
    for line in control_groups.splitlines():
        _number, _colon, controllers_and_path = line.partition(":")
        controllers, _colon, path = controllers_and_path.partition(":")
        paths[controllers] = path
    for controllers in sorted(paths, key=_systemd_first):
        name = _outermost_name(paths[controllers])
        if name:
            return _CONTAINER_ID.sub(_short_id, name)
    return None


def _systemd_first(controllers: str) -> tuple[bool, str]:
    """Sort the hierarchies that systemd keeps (cgroup version 2, or its own of version 1) first."""
    kept_by_systemd = controllers in ("", "name=systemd")
    return not kept_by_systemd, controllers


def _outermost_name(path: str) -> str | None:
    segments = [segment for segment in path.split("/") if segment not in _UNNAMED_SEGMENTS]
    for segment in segments:
        if _NAMED_SEGMENT.fullmatch(segment):
            return segment
    return segments[-1] if segments else None


def _short_id(match: re.Match[str]) -> str:
    """Return a container's ID as the tools show it."""
    return match[0][:12]


def _read_settings(paths: Mapping[int, Sequence[str]]) -> dict[int, KeepaliveValues]:
    """Return inode -> settings, as far as the child sends them.

    paths: inode of a namespace -> paths that lead to it.
    """
    settings: dict[int, KeepaliveValues] = {}
    if not paths:
        return settings
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        _run_child(paths, write_end)
    os.close(write_end)
    try:
        for line in _read_lines(read_end, time.monotonic() + _TIMEOUT):
            inode, values, problem = json.loads(line)
            settings[inode] = KeepaliveValues(values, problem)
    finally:
        os.close(read_end)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return settings


def _run_child(paths: Mapping[int, Sequence[str]], pipe: int) -> NoReturn:
    try:
        _send_settings(paths, pipe)
    finally:
        os._exit(0)  # whatever happened, the child must not go on as the parent does


def _read_lines(pipe: int, deadline: float) -> Iterator[bytes]:
    """Yield the lines that are written to a pipe, until it is closed or time is up."""
    buffer = b""
    while True:
        if not is_readable_before(deadline, pipe):
            return
        data = os.read(pipe, 1 << 16)
        if not data:
            return
        *lines, buffer = (buffer + data).split(b"\n")
        yield from lines


def _send_settings(paths: Mapping[int, Sequence[str]], pipe: int) -> None:
    """Enter each namespace, read its settings, and send them."""
    for inode, namespace_paths in paths.items():
        values: dict[str, int | None] = {}
        try:
            _enter_namespace(inode, namespace_paths)
            values, problem = read_keepalive()
        except OSError as error:
            problem = describe_os_error(error)
        except ImportError as error:
            problem = str(error)
        line = json.dumps([inode, values, problem]) + "\n"
        os.write(pipe, line.encode())


def _enter_namespace(inode: int, paths: Sequence[str]) -> None:
    """Move this process into a network namespace, by the first path that still leads to it."""
    for path in paths:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            if os.fstat(fd).st_ino == inode:
                _setns(fd)
                return
        finally:
            os.close(fd)
    raise FileNotFoundError(errno.ENOENT, "it went away meanwhile")


def _setns(fd: int) -> None:
    """Call setns(2), which Python has from 3.12 on."""
    setns = getattr(os, "setns", None)
    if setns is not None:
        setns(fd, CLONE_NEWNET)
        return
    from .._host.libc import call  # 40 ms that only these Pythons need

    call("setns", fd, CLONE_NEWNET)
