# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that the kernel takes but that are known to do harm."""

from __future__ import annotations

_TIMER = (
    1,
    32767,
    "seconds",
    "the kernel takes other values too, and then probes wrongly or never",
)

LIMITS = {
    "net.ipv4.tcp_keepalive_time": _TIMER,
    "net.ipv4.tcp_keepalive_intvl": _TIMER,
    "net.ipv4.tcp_keepalive_probes": (
        1,
        127,
        "probes",
        "with 0 the kernel ends healthy idle connections",
    ),
}

"""Lowest, highest, unit, harm: the range of the socket options (MAX_TCP_KEEPIDLE and the like, net/tcp.h)."""
