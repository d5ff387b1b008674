# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of this machine's kernel act on each other as the table of the collection says."""

from __future__ import annotations

import os
from contextlib import closing
from fnmatch import fnmatchcase

from couplings import comparison, record
from couplings.measure import keys_of_namespaces, measure
from couplings.namespaces import OF_THE_KERNEL
from couplings.proc_sys import Watch, all_keys, differences
from couplings.ranges import measure_ranges_of_namespaces

KEYS = [
    "kernel.shmall",
    "net.ipv4.conf.default.promote_secondaries",
    "net.ipv4.conf.default.rp_filter",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv6.conf.all.forwarding",
    "net.ipv6.conf.veth0.disable_ipv6",
]
KEYS_WITH_A_RANGE = ["net.ipv4.ip_default_ttl", "net.ipv4.tcp_retries2", "net.ipv4.tcp_rmem"]


def test_the_kernel_does_as_the_table_and_its_record_say() -> None:
    observations = []
    with closing(Watch(all_keys())) as watch:
        before = watch.values()
        by_itself = differences(before, watch.values())
        for new in measure("namespaces", [*KEYS, *KEYS_WITH_A_RANGE]):
            observations += new
        changed = differences(before, watch.values())
    assert set(changed) <= set(by_itself), "a key of this machine was changed"

    ranges = measure_ranges_of_namespaces([*KEYS, *KEYS_WITH_A_RANGE])
    measured = record.make_record(record.short_name(os.uname().release), observations, ranges)
    assert comparison.contradictions(measured) == []
    assert comparison.range_contradictions(measured) == []
    assert set(KEYS_WITH_A_RANGE) <= set(ranges)
    path = record.path_of(measured["kernel"])
    if path.exists():
        recorded = record.load(path)
        for row in measured["effects"]:
            if row["key"] in KEYS:
                assert row in recorded["effects"]
        for key in measured["without_effect"]:
            assert any(fnmatchcase(key, pattern) for pattern in recorded["without_effect"])


def test_what_a_namespace_may_write_but_belongs_to_the_kernel_is_not_written() -> None:
    keys = keys_of_namespaces()
    assert "net.ipv4.ip_forward" in keys
    assert "kernel.shmall" in keys
    assert not {name.replace("/", ".") for name in OF_THE_KERNEL} & set(keys)
    assert not [key for key in keys if key.startswith(("vm.", "user."))]
