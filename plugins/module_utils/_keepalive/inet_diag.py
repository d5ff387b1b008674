# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel tells of TCP connections.

An answer of sock_diag(7) is a row of messages, each on a boundary of 4 bytes (linux/netlink.h, linux/inet_diag.h):

    nlmsghdr       length (4 bytes), type (2), flags (2), sequence (4), port (4)
    inet_diag_msg  family, state, timer, retrans (1 each), ports, addresses, interface, cookie (48),
                   expires in ms (4), receive queue (4), send queue (4), uid (4), inode (4)
    and attributes

In an answer all of them have one length as a rule, so each field is a column that can be cut out at once. A loop over
40,000 messages in Python would cost as much as the kernel does.
"""

from __future__ import annotations

import struct
from typing import NamedTuple, Sequence

from .._sysctl.errors import TuningError

WITH, WITHOUT, UNKNOWN, STALE = "with_keepalive", "without_keepalive", "unknown", "stale"

_DONE, _ERROR, _GETSOCK = 3, 2, 18
_ESTABLISHED = 1
_HEADER = struct.Struct("=IHHII")
_FIELDS = struct.Struct("=18xB49xI12xI")
_NUMBER = struct.Struct("=i")
_TIMER, _EXPIRES, _INODE = 18, 68, 84
REQUEST = _HEADER.pack(76, _GETSOCK, 0x301, 0, 0) + struct.pack("=52xII", 1 << _ESTABLISHED, 0)
"""inet_diag_req: all connections in the state ESTABLISHED. The older of two requests: it gives IPv4 and IPv6 in one go."""

_KEEPALIVE = 2
_KINDS = {0: WITHOUT, _KEEPALIVE: WITH}
"""By timer. The kernel shows one: that of a retransmission (1) or of probing a closed window (4) hides keepalive's."""


class SocketTable(NamedTuple):
    """Connections, by column."""

    timers: Sequence[int] = ()
    left: Sequence[int] = ()
    """Milliseconds until the timer fires."""
    inodes: Sequence[int] = ()
    end: int | None = None
    """No more will come: 0, or the error number why. None: there is more."""

    def kinds(self, longest: float) -> list[str]:
        """Tell what keepalive is for each, if no timer that is started now would run for more milliseconds than this."""
        kinds = [_KINDS.get(timer, UNKNOWN) for timer in self.timers]
        if self.left and max(self.left) > longest:
            return [
                STALE if kind == WITH and left > longest else kind
                for kind, left in zip(kinds, self.left)
            ]
        return kinds


def count_states(kinds: Sequence[str]) -> dict[str, int]:
    """Count connections as results show them; a stale one has keepalive, too."""
    stale = kinds.count(STALE)
    return {
        "established": len(kinds),
        WITH: kinds.count(WITH) + stale,
        WITHOUT: kinds.count(WITHOUT),
        UNKNOWN: kinds.count(UNKNOWN),
        STALE: stale,
    }


def parse_answer(data: bytes) -> SocketTable:
    """Read one answer of sock_diag."""
    length, kind = _parse_header(data, 0)
    count, rest = divmod(len(data), length)
    if kind == _GETSOCK and length >= _FIELDS.size and not rest and not length % 4:
        words = memoryview(data).cast("I")
        step = length // 4
        alike = (words[0::step].tolist().count(words[0]), words[1::step].tolist().count(words[1]))
        if alike == (count, count):
            left, inodes = words[_EXPIRES // 4 :: step], words[_INODE // 4 :: step]
            return SocketTable(data[_TIMER::length], left.tolist(), inodes.tolist())
    return _parse_messages(data)


def _parse_header(data: bytes, at: int) -> tuple[int, int]:
    """Return length and type of the message that starts here."""
    length, kind = _HEADER.unpack_from(data, at)[:2] if len(data) - at >= _HEADER.size else (0, 0)
    if not _HEADER.size <= length <= len(data) - at:
        raise TuningError("an answer of the kernel is cut short")
    return length, kind


def _parse_messages(data: bytes) -> SocketTable:
    found: list[tuple[int, int, int]] = []
    at, end = 0, None
    while at < len(data) and end is None:
        length, kind = _parse_header(data, at)
        if kind == _GETSOCK and length >= _FIELDS.size:
            found.append(_FIELDS.unpack_from(data, at))
        elif kind in (_DONE, _ERROR) and length >= _HEADER.size + _NUMBER.size:
            end = abs(_NUMBER.unpack_from(data, at + _HEADER.size)[0])
        else:
            raise TuningError(
                f"the kernel sent a message of type {kind} and {length} bytes, which is not known"
            )
        at += (length + 3) & ~3
    timers, left, inodes = zip(*found) if found else ((), (), ())
    return SocketTable(timers, left, inodes, end)


def parse_proc_net(text: str, ticks: int) -> SocketTable:
    """Read /proc/net/tcp or tcp6 (proc(5)), which counts time in so many ticks a second."""
    found = []
    for line in text.splitlines()[1:]:
        try:
            _number, _local, _peer, state, _queues, timer, _retransmits, _uid, _timeout, inode = (
                line.split()[:10]
            )
            which, _colon, when = timer.partition(":")
            row = int(which, 16), int(when, 16) * 1000 // ticks, int(inode)
            if int(state, 16) == _ESTABLISHED:
                found.append(row)
        except ValueError:
            raise TuningError(f"it holds a line that is not understood: {line!r}") from None
    timers, left, inodes = zip(*found) if found else ((), (), ())
    return SocketTable(timers, left, inodes, 0)
