# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of /proc/sys: which there are, and their values."""

from __future__ import annotations

import errno
import os
import resource
from typing import Iterable

from .dangerous import NEVER_READ, is_counter

ROOT = "/proc/sys/"
WRITTEN_AS = {
    ("fs.binfmt_misc.status", "enabled"): "1",
    ("fs.binfmt_misc.status", "disabled"): "0",
}
"""Key and value as they are read -> how that value is written."""
BUFFER = 4096
"""Bytes of a value that are compared."""
SHORT = 256
"""Bytes that are read first: the kernel clears as many, and most values are shorter."""
_SWAP = str.maketrans("./", "/.")
ADDRESSES_AND_ROUTES = {
    "/proc/net/if_inet6": "IPv6 addresses",
    "/proc/net/ipv6_route": "IPv6 routes",
    "/proc/net/route": "IPv4 routes",
}
"""What is no key, but may be lost with one; shown as if it were the value of a key."""


def path_of(key: str) -> str:
    """Return the path of a key as sysctl.d(5) writes it: ``net.ipv4.conf.veth0/5.forwarding``."""
    return ROOT + key.translate(_SWAP)


def all_keys(folder: str = "") -> list[str]:
    """Return the keys below a folder of /proc/sys, sorted."""
    keys = []
    for parent, _folders, names in os.walk(ROOT + folder):
        for name in names:
            path = os.path.join(parent, name)
            keys.append(path[len(ROOT) :].translate(_SWAP))
    return sorted(keys)


def is_writable(key: str) -> bool:
    """Tell whether this process may write a key: by its mode, and by how it is mounted."""
    return os.access(path_of(key), os.W_OK)


def is_readable(key: str) -> bool:
    """Tell whether this process may read a key."""
    return os.access(path_of(key), os.R_OK)


def read(key: str) -> str:
    """Return the value of a key, without the line end; fields are separated by single blanks."""
    fd = os.open(path_of(key), os.O_RDONLY)
    try:
        raw = os.read(fd, BUFFER)
    finally:
        os.close(fd)
    return _text(key, raw)


def _text(key: str, raw: bytes) -> str:
    """Return a value with single blanks; a random one is not shown."""
    if key.endswith(".stable_secret"):
        return "(secret)"
    return " ".join(raw.decode("latin-1").split())


def read_or_error(key: str) -> str:
    """Return the value of a key, or the name of the error in parentheses."""
    try:
        return read(key)
    except OSError as error:
        return f"({errno_name(error)})"


def write(key: str, value: str) -> str:
    """Write a key with one system call; return the name of the error, "" if there is none."""
    try:
        fd = os.open(path_of(key), os.O_WRONLY)
        try:
            text = WRITTEN_AS.get((key, value), value)
            os.write(fd, text.encode() + b"\n")
        finally:
            os.close(fd)
    except OSError as error:
        return errno_name(error)
    return ""


def errno_name(error: OSError) -> str:
    """Return the name of an error number, such as EINVAL."""
    number = error.errno or 0
    return errno.errorcode.get(number, str(number))


class Watch:
    """Keys that are read again and again: each is opened once, which is most of the work.

    What may be lost with a key is among them, as if it were a key itself.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self._files: list[tuple[str, int]] = []
        self._raw: dict[str, bytes] = {}
        """Key -> the bytes that were read last."""
        self._texts: dict[str, str] = {}
        """Key -> the same as text: an emulated machine takes long to make it."""
        for key in keys:
            if key in NEVER_READ or is_counter(key) or not is_readable(key):
                continue
            self._files.append((key, os.open(path_of(key), os.O_RDONLY)))

    def close(self) -> None:
        """Close the keys."""
        for _key, fd in self._files:
            os.close(fd)

    def values(self) -> dict[str, str]:
        """Return the values of all keys."""
        last = self._raw
        for key, fd in self._files:
            try:
                raw = os.pread(fd, SHORT, 0)
                if len(raw) == SHORT:
                    raw = os.pread(fd, BUFFER, 0)
                if last.get(key) == raw:
                    continue
                last[key] = raw
                self._texts[key] = _text(key, raw)
            except OSError as error:
                last.pop(key, None)
                self._texts[key] = f"({errno_name(error)})"
        values = dict(self._texts)
        for path, name in ADDRESSES_AND_ROUTES.items():
            values[name] = _places(path)
        return values


def _places(path: str) -> str:
    """Return the destinations and interfaces in a table below /proc/net.

    Those of IPv6 that come and go by themselves are left out: they begin with fe80 or ff.
    """
    try:
        with open(path, encoding="ascii") as file:
            rows = [line.split() for line in file]
    except OSError:
        return ""
    if path.endswith("/route"):
        return ", ".join(sorted(f"{row[1]} {row[0]}" for row in rows[1:]))
    return ", ".join(sorted(f"{row[0]} {row[-1]}" for row in rows if row[0].startswith("2001")))


def differences(before: dict[str, str], after: dict[str, str]) -> dict[str, list[str]]:
    """Return what differs, as key -> [before, after]; "(none)" stands for no such key."""
    changed = {}
    for key in sorted({*before, *after}):
        pair = [before.get(key, "(none)"), after.get(key, "(none)")]
        if pair[0] != pair[1]:
            changed[key] = pair
    return changed
