# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long well-known networks keep an idle connection.

The sources are in docs/choosing-numbers.md and in the option idle_limit of the module
tcp_keepalive; a test compares both with this table. This file is private to this collection.
"""

from __future__ import annotations

from typing import NamedTuple


class IdleLimit(NamedTuple):
    """Something on a path that drops connections, by default or always after so many seconds."""

    seconds: int
    short: str
    """A name for where there is little room. What has the same limit has the same short name."""
    name: str


IDLE_LIMITS = (
    IdleLimit(240, "Azure", "Azure Load Balancer"),
    IdleLimit(300, "Meraki", "Cisco Meraki NAT"),
    IdleLimit(350, "AWS", "AWS NAT gateway, VPC endpoint"),
    IdleLimit(350, "AWS", "AWS Network Load Balancer"),
    IdleLimit(350, "AWS", "AWS Gateway Load Balancer, Network Firewall, EC2 Nitro v6"),
    IdleLimit(600, "Google VPC", "Google VPC"),
    IdleLimit(900, "kube-proxy", "kube-proxy in IPVS mode"),
    IdleLimit(1200, "Cloud NAT", "Google Cloud NAT"),
    IdleLimit(1800, "AKS", "AKS, outbound"),
)
