# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that the kernel accepts although they do harm."""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    """The safe range of a key, and what happens outside it."""

    lowest: int
    highest: int
    unit: str
    harm: str


_TIMER = Limit(
    lowest=1,
    highest=32767,
    unit="seconds",
    harm="the kernel takes other values too, and then probes wrongly or never",
)
_PROBES = Limit(
    lowest=1,
    highest=127,
    unit="probes",
    harm="with 0 the kernel ends healthy idle connections",
)

LIMITS = {
    "net.ipv4.tcp_keepalive_time": _TIMER,
    "net.ipv4.tcp_keepalive_intvl": _TIMER,
    "net.ipv4.tcp_keepalive_probes": _PROBES,
}
"""Key -> the range that the socket option of the same name takes (MAX_TCP_KEEPIDLE, net/tcp.h)."""
