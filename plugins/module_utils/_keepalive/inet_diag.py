# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse what the kernel returns about TCP connections: answers of sock_diag(7), and /proc/net/tcp.

An answer of sock_diag is a row of messages, each on a boundary of 4 bytes (linux/netlink.h,
linux/inet_diag.h):

    nlmsghdr       length (4 bytes), type (2), flags (2), sequence (4), port (4)
    inet_diag_msg  family, state, timer, retrans (1 each), ports, addresses, interface, cookie (48),
                   expires in ms (4), receive queue (4), send queue (4), uid (4), inode (4)
    and attributes

As a rule all messages of an answer have one length, so each field is a column that can be cut out
at once. A loop over 40,000 messages in Python would cost as much as the kernel does.
"""

from __future__ import annotations

import struct
from typing import NamedTuple, Sequence

from .._sysctl.errors import TuningError

# States of a connection.
WITH = "with_keepalive"
WITHOUT = "without_keepalive"
UNKNOWN = "unknown"
STALE = "stale"
"""It has keepalive, but still runs on a timer of former settings."""

_DONE = 3
_ERROR = 2
_GETSOCK = 18
_ESTABLISHED = 1
_HEADER = struct.Struct("=IHHII")
# Offsets in a message.
_TIMER = 18
_EXPIRES = 68
_INODE = 84
_FIELDS = struct.Struct("=18xB49xI12xI")
"""The fields at these offsets."""
_NUMBER = struct.Struct("=i")

REQUEST = _HEADER.pack(76, _GETSOCK, 0x301, 0, 0) + struct.pack("=52xII", 1 << _ESTABLISHED, 0)
"""An inet_diag_req for all connections in the state ESTABLISHED.

It is the older of two kinds of request, and returns IPv4 and IPv6 in one go.
"""

_NO_COOKIE = b"\xff" * 8


def request_for(family: int, local: tuple[bytes, int], remote: tuple[bytes, int]) -> bytes:
    """Return an inet_diag_req for one connection, by the addresses and ports of both its ends."""
    identity = struct.pack("!HH16s16s4x8s", local[1], remote[1], local[0], remote[0], _NO_COOKIE)
    request = struct.pack("=B3x", family) + identity + struct.pack("=II", 1 << _ESTABLISHED, 0)
    return _HEADER.pack(_HEADER.size + len(request), _GETSOCK, 0x1, 0, 0) + request


_KEEPALIVE_TIMER = 2
_STATE_OF_TIMER = {0: WITHOUT, _KEEPALIVE_TIMER: WITH}
"""The kernel shows one timer: a retransmission (1) or a zero window probe (4) hides keepalive."""


class SocketTable(NamedTuple):
    """Connections, by column."""

    timers: Sequence[int] = ()
    """Kind of the running timer."""
    expires: Sequence[int] = ()
    """Milliseconds until it fires."""
    inodes: Sequence[int] = ()
    end: int | None = None
    """Nothing follows: 0, or the errno that ended the answer. None: more follows."""

    def classify(self, longest: float) -> list[str]:
        """Return the state of each connection.

        ``longest`` is the longest timer (ms) that today's settings could start.
        """
        states = [_STATE_OF_TIMER.get(timer, UNKNOWN) for timer in self.timers]
        if self.expires and max(self.expires) > longest:
            for index, expires in enumerate(self.expires):
                if expires > longest and states[index] == WITH:
                    states[index] = STALE
        return states


def count_states(states: Sequence[str]) -> dict[str, int]:
    """Count connections by state, as results show them; a stale one has keepalive too."""
    stale = states.count(STALE)
    return {
        "established": len(states),
        WITH: states.count(WITH) + stale,
        WITHOUT: states.count(WITHOUT),
        UNKNOWN: states.count(UNKNOWN),
        STALE: stale,
    }


def parse_answer(data: bytes) -> SocketTable:
    """Parse one answer of sock_diag."""
    table = _parse_columns(data)
    if table is None:
        table = _parse_messages(data)
    return table


def _parse_columns(data: bytes) -> SocketTable | None:
    """Parse an answer of nothing but connections, all of one length, None if it is another one."""
    length, kind = _parse_header(data, 0)
    count, remainder = divmod(len(data), length)
    is_connection = kind == _GETSOCK and length >= _FIELDS.size
    if not is_connection or remainder or length % 4:
        return None
    integers = memoryview(data).cast("I")
    step = length // 4
    lengths = integers[0::step].tolist()
    types_and_flags = integers[1::step].tolist()
    if lengths.count(lengths[0]) != count or types_and_flags.count(types_and_flags[0]) != count:
        return None
    return SocketTable(
        timers=data[_TIMER::length],
        expires=integers[_EXPIRES // 4 :: step].tolist(),
        inodes=integers[_INODE // 4 :: step].tolist(),
        end=None,
    )


def _parse_header(data: bytes, offset: int) -> tuple[int, int]:
    """Return length and type of the message at this offset."""
    available = len(data) - offset
    if available >= _HEADER.size:
        length, kind, _flags, _sequence, _port = _HEADER.unpack_from(data, offset)
        if _HEADER.size <= length <= available:
            return length, kind
    raise TuningError("an answer of the kernel is cut short")


def _parse_messages(data: bytes) -> SocketTable:
    """Parse any answer, message by message."""
    timers: list[int] = []
    expires: list[int] = []
    inodes: list[int] = []
    offset = 0
    end = None
    while offset < len(data) and end is None:
        length, kind = _parse_header(data, offset)
        if kind == _GETSOCK and length >= _FIELDS.size:
            timer, milliseconds, inode = _FIELDS.unpack_from(data, offset)
            timers.append(timer)
            expires.append(milliseconds)
            inodes.append(inode)
        elif kind in (_DONE, _ERROR) and length >= _HEADER.size + _NUMBER.size:
            (number,) = _NUMBER.unpack_from(data, offset + _HEADER.size)
            end = abs(number)
        else:
            raise TuningError(
                f"the kernel sent a message of type {kind} and {length} bytes, which is not known"
            )
        offset += (length + 3) & ~3
    return SocketTable(timers=timers, expires=expires, inodes=inodes, end=end)


def parse_proc_net(text: str, ticks: int) -> SocketTable:
    """Parse /proc/net/tcp or tcp6 (proc(5)). ``ticks``: its unit of time, ticks a second."""
    timers: list[int] = []
    expires: list[int] = []
    inodes: list[int] = []
    for line in text.splitlines()[1:]:
        try:
            state, timer, timer_ticks, inode = _parse_proc_line(line)
        except ValueError:
            raise TuningError(f"it has a line that is not understood: {line!r}") from None
        if state == _ESTABLISHED:
            timers.append(timer)
            expires.append(timer_ticks * 1000 // ticks)
            inodes.append(inode)
    return SocketTable(timers=timers, expires=expires, inodes=inodes, end=0)


def _parse_proc_line(line: str) -> tuple[int, int, int, int]:
    """Return state, timer, ticks until it fires and inode of a connection.

    The fields are: number, local and remote address, state, queues, timer:ticks, retransmits, uid,
    timeout, inode, ...; all that we read are hexadecimal but for the inode.
    """
    fields = line.split()[:10]
    _number, _local, _remote, state, _queues, timer, _retransmits, _uid, _timeout, inode = fields
    timer_kind, _colon, timer_ticks = timer.partition(":")
    return int(state, 16), int(timer_kind, 16), int(timer_ticks, 16), int(inode)
