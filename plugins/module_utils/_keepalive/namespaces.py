# SPDX-License-Identifier: GPL-3.0-or-later

"""The other network namespaces of this host, whose settings are their own."""

from __future__ import annotations

import errno
import json
import os
import re
import select
import signal
import time
from typing import Any, Iterator, Mapping, Sequence

from .._host.proc_sys import proc_path, read_key
from .._sysctl.errors import describe_os_error
from .._sysctl.text import printable
from .._sysctl.values import parse_number
from . import procfs
from .procfs import read_proc_file, visit_processes
from .profiles import KEYS

CLONE_NEWNET = 0x40000000
_PATIENCE = 20
"""Seconds for reading the settings of all of them."""

NETNS = "/run/netns/"
"""Where ip-netns(8) keeps namespaces by name."""
_ID = re.compile("[0-9a-f]{64}")
_NO_NAMES = ("", "..", "init.scope", "payload", "supervisor")
"""Parts of a path that stand above the host's, or that systemd makes within a container."""
_NAMED = re.compile(rf"(?!user@).*\.(service|scope)|lxc\.payload\..+|.*{_ID.pattern}.*")


class Namespace:
    """A network namespace, by where it can be entered."""

    def __init__(self) -> None:
        self.mount = ""
        self.pids: list[int] = []

    def doors(self) -> list[str]:
        """Return some paths that lead to it: a process may have ended when it comes to that."""
        return [
            *([self.mount] if self.mount else []),
            *(f"{procfs.PROC}/{pid}/ns/net" for pid in self.pids[:8]),
        ]

    def name(self) -> str | None:
        """Name it as ip-netns(8) does, by the container or unit that lives in it, or by where it is mounted."""
        folder, _slash, name = self.mount.rpartition("/")
        if f"{folder}/" != NETNS:
            groups = (
                cgroup_name(read_proc_file(f"{procfs.PROC}/{pid}/cgroup") or "")
                for pid in self.pids[:1]
            )
            name = next(groups, None) or name
        return printable(name) if name else None


def read_keepalive() -> tuple[dict[str, int | None], str]:
    """Return the three values in the network namespace of this process, and why one of them is not known, if so."""
    values: dict[str, int | None] = dict.fromkeys(KEYS)
    why = ""
    for name, key in KEYS.items():
        try:
            number = parse_number(read_key(key))
        except OSError as error:
            why = f"{proc_path(key)} cannot be read: {describe_os_error(error)}"
            continue
        values[name] = number if isinstance(number, int) else None
    return values, why


def other_namespaces(
    own: Mapping[str, int | None], problems: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the others, with their settings and whether these are not our own."""
    found = _find_namespaces(problems)
    told = dict(_read_settings({inode: each.doors() for inode, each in found.items()}))
    listed = []
    for inode, each in sorted(found.items()):
        settings, why = told.get(inode, ({}, "there was no answer in time"))
        values = {name: settings.get(name) for name in own}
        if why:
            problems.append(
                {
                    "path": each.doors()[0],
                    "problem": f"the settings in net:[{inode}] are not known: {why}",
                }
            )
        differs = None if None in values.values() else values != own
        listed.append(
            {
                "inode": inode,
                "name": each.name(),
                "processes": len(each.pids),
                "settings": values,
                "differs": differs,
            }
        )
    return listed


def _find_namespaces(problems: list[dict[str, Any]]) -> dict[int, Namespace]:
    """Find the namespaces that processes are in, and those that are mounted somewhere, each once."""
    try:
        own = _namespace_inode("self")
    except OSError as error:
        problems.append(
            {
                "path": "/proc/self/ns/net",
                "problem": f"namespaces are not known: {describe_os_error(error)}",
            }
        )
        return {}
    found: dict[int, Namespace] = {}
    for pid, inode in visit_processes(_namespace_inode, "/proc/*/ns/net", "namespaces", problems):
        found.setdefault(inode, Namespace()).pids.append(pid)
    for inode, path in mounted_namespaces(
        read_proc_file(f"{procfs.PROC}/self/mountinfo") or ""
    ).items():
        found.setdefault(inode, Namespace()).mount = path
    found.pop(own, None)
    return found


def _namespace_inode(pid: int | str) -> int:
    return os.stat(f"{procfs.PROC}/{pid}/ns/net").st_ino


def mounted_namespaces(text: str) -> dict[int, str]:
    """Return where network namespaces are mounted (/proc/self/mountinfo, proc(5)): inode -> path, those of ip-netns(8) first."""
    found: dict[int, str] = {}
    for line in text.splitlines():
        words = line.split(" ")
        if len(words) > 4 and re.fullmatch(r"net:\[\d+\]", words[3]):
            path = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), words[4])
            inode = int(words[3][5:-1])
            if inode not in found or path.startswith(NETNS):
                found[inode] = path
    return found


def cgroup_name(text: str) -> str | None:
    """Return the container or unit that a process belongs to, by its /proc/PID/cgroup (cgroups(7)).

    That is the outermost part of its path that names one; within a container there may be units of its own.
    """
    paths = {}
    for line in text.splitlines():
        _number, _colon, rest = line.partition(":")
        controllers, _colon, path = rest.partition(":")
        paths[controllers] = path
    for controllers in sorted(paths, key=lambda each: (each not in ("", "name=systemd"), each)):
        parts = [part for part in paths[controllers].split("/") if part not in _NO_NAMES]
        named = next(
            (part for part in parts if _NAMED.fullmatch(part)), parts[-1] if parts else None
        )
        if named:
            return _ID.sub(lambda match: match[0][:12], named)
    return None


def _read_settings(
    doors: Mapping[int, Sequence[str]],
) -> Iterator[tuple[int, tuple[dict[str, int | None], str]]]:
    """Yield the settings of these namespaces (or why they are not known), as a child finds them that enters one by one."""
    if not doors:
        return
    here, there = os.pipe()
    child = os.fork()
    if not child:
        try:
            _visit_namespaces(doors, there)
        finally:
            os._exit(0)
    os.close(there)
    try:
        for line in _read_lines(here, time.monotonic() + _PATIENCE):
            inode, settings, why = json.loads(line)
            yield inode, (settings, why)
    finally:
        os.close(here)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _read_lines(pipe: int, deadline: float) -> Iterator[bytes]:
    """Yield what is written to a pipe line by line, until it is closed or time is up."""
    rest = b""
    while select.select([pipe], [], [], max(0, deadline - time.monotonic()))[0]:
        data = os.read(pipe, 1 << 16)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        yield from lines


def _visit_namespaces(doors: Mapping[int, Sequence[str]], pipe: int) -> None:
    for inode, paths in doors.items():
        settings: dict[str, int | None] = {}
        try:
            _enter_namespace(inode, paths)
            settings, why = read_keepalive()
        except (OSError, ImportError) as error:
            why = describe_os_error(error) if isinstance(error, OSError) else str(error)
        os.write(pipe, json.dumps([inode, settings, why]).encode() + b"\n")


def _enter_namespace(inode: int, paths: Sequence[str]) -> None:
    """Move this process into a network namespace, by the first of these paths that leads there still."""
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
    setns = getattr(os, "setns", None)  # from Python 3.12 on
    if setns is not None:
        setns(fd, CLONE_NEWNET)
        return
    import ctypes  # noqa: PLC0415 # 40 ms that only these Pythons need

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
