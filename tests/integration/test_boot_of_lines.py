# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd lines in files of others: what is said of the boot is what the real loader makes of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sandbox.tasks import Asker, info
from sandbox.world import World

OTHER = "/etc/sysctl.d/10-a.conf"
CONF = "net.ipv4.conf"
CONF6 = "net.ipv6.conf"
NEIGH = "net.ipv4.neigh.br0"
GC = "net.ipv6.route.gc_min_interval"
LINES = {
    "a word for an interface, then its default": (
        f"{CONF}.br0.rp_filter = loose\n{CONF}.default.rp_filter = 1\n",
        [f"{CONF}.br0.rp_filter"],
    ),
    "a word for an interface, then a glob": (
        f"{CONF}.br0.arp_ignore = on\n{CONF}.*.arp_ignore = 1\n",
        [f"{CONF}.br0.arp_ignore", f"{CONF}.default.arp_ignore", f"{CONF}.lo.arp_ignore"],
    ),
    "a 0 that is out of the range": (
        f"{CONF6}.br0.hop_limit = 0\n{CONF6}.all.hop_limit = 0\n{CONF6}.br0.ra_defrtr_metric = 0\n",
        [f"{CONF6}.br0.hop_limit", f"{CONF6}.all.hop_limit", f"{CONF6}.br0.ra_defrtr_metric"],
    ),
    "the seconds that half a second is": (f"{GC} = 0\n", [GC, f"{GC}_ms"]),
    "milliseconds, then the same seconds": (
        f"{NEIGH}.base_reachable_time_ms = 30500\n{NEIGH}.base_reachable_time = 30\n",
        [f"{NEIGH}.base_reachable_time", f"{NEIGH}.base_reachable_time_ms"],
    ),
    "milliseconds": (
        f"{NEIGH}.base_reachable_time_ms = 45990\n",
        [f"{NEIGH}.base_reachable_time", f"{NEIGH}.base_reachable_time_ms"],
    ),
    "a secret of all": (
        "net.ipv6.conf.all.stable_secret = 2001:db8::1\n",
        ["net.ipv6.conf.br0.addr_gen_mode"],
    ),
    "a glob with a class of characters": (
        f"{CONF}.br[[:digit:]].rp_filter = 2\n",
        [f"{CONF}.br0.rp_filter", f"{CONF}.lo.rp_filter"],
    ),
    "a glob with a backslash": (
        f"{CONF}.\\b*.rp_filter = 2\n{CONF}.b*\\.arp_ignore = 2\n{CONF}.\\br0.medium_id = 2\n",
        [f"{CONF}.br0.rp_filter", f"{CONF}.br0.arp_ignore", f"{CONF}.br0.medium_id"],
    ),
    "a glob in which two brackets open": (
        f"{CONF}.?[z[^r]?.rp_filter = 2\n{CONF}.[[/b/]]r?.arp_ignore = 2\n",
        [f"{CONF}.br0.rp_filter", f"{CONF}.br0.arp_ignore"],
    ),
    "a key through ..": (
        "net/ipv4/conf/../tcp_fin_timeout = 57\nnet/ipv4/neigh/../conf/b*/rp_filter = 2\n",
        ["net.ipv4.tcp_fin_timeout", f"{CONF}.br0.rp_filter"],
    ),
    "a key through .. from a folder that is not there": (
        "net/ipv4/nothing/../tcp_fin_timeout = 57\nnet/ipv4/nothing/../conf/br0/rp_filter = 2\n",
        ["net.ipv4.tcp_fin_timeout", f"{CONF}.br0.rp_filter"],
    ),
    "a mask that the kernel refuses once it has changed the key": (
        "net.core.rps_default_mask = 1 2\n",
        ["net.core.rps_default_mask"],
    ),
}
"""Lines, and the keys whose value after the boot is looked at."""


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize(("text", "keys"), LINES.values(), ids=LINES)
def test_no_certain_statement_is_wrong(
    make_world: Callable[..., World], ask: Asker, loader: str, text: str, keys: list[str]
) -> None:
    world = make_world({OTHER: text}, loader=loader, interfaces=["br0"])
    settings = ask.again(world, info(keys=keys))["settings"]
    before = {key: world.sysctl(key) for key in keys}
    booted = world.boot(loader, keys).values
    for key in keys:
        if settings[key]["certain"]:
            expected = settings[key]["boot"] or before[key]
            assert booted[key].split() == expected.split(), key
