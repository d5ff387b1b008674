# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of numbers that the kernel rounds; test_measured_couplings.py has real kernels."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel import rounding
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.kernel_text import (
    is_known,
    taken_value,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    value_in_text,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import may_be_rounded
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.request import Request

PAGE = Path(__file__).parents[6] / "docs/keys-that-act-on-each-other.md"
PIPE = "fs.pipe-max-size"
RATELIMIT = "net.ipv4.icmp_ratelimit"
PROXY_DELAY = "net.ipv4.neigh.eth0.proxy_delay"
BUCKETS = "net.netfilter.nf_conntrack_buckets"
MEM = "net.ipv4.tcp_mem"
SEM = "kernel.sem"
BRIDGE = "net.bridge.bridge-nf-call-iptables"
REQUEST = Request(settings={}, path="", header="")

# Key, text, ticks per second, bytes of a page, what the key holds then.
ON_A_MACHINE = [
    (RATELIMIT, "999", 250, 4096, "1000"),
    (RATELIMIT, "999", 1000, 4096, "999"),
    (RATELIMIT, "999", 100, 4096, "1000"),
    (RATELIMIT, "991", 300, 4096, "994"),
    (RATELIMIT, "0", 300, 4096, "0"),
    (PROXY_DELAY, "101", 250, 4096, "100"),
    (PROXY_DELAY, "100", 300, 4096, "99"),
    (PIPE, "5000", 250, 4096, "8192"),
    (PIPE, "5000", 250, 65536, "65536"),
    (PIPE, "0", 250, 16384, "16384"),
    (BUCKETS, "4097", 250, 4096, "4608"),
    (BUCKETS, "4097", 250, 65536, "8192"),
    ("net.core.rps_sock_flow_entries", "1000", 250, 4096, "1024"),
    ("net.core.rps_sock_flow_entries", "0", 250, 4096, "0"),
    (BRIDGE, "2", 250, 4096, "1"),
    ("vm.lowmem_reserve_ratio", "-1 256 0 0 0", 250, 4096, "0 256 0 0 0"),
    ("net.rds.reconnect_max_delay_ms", "1001", 250, 4096, "1000"),
    ("net.rds.reconnect_min_delay_ms", "3", 1000, 4096, "3"),
]

# Key, text, value before, what the key holds then on every machine.
ON_ALL_MACHINES = [
    (RATELIMIT, "1000", "1000", "1000"),
    (RATELIMIT, "60", None, "60"),
    (PIPE, "1048576", None, "1048576"),
    ("vm.user_reserve_kbytes", "-1", "14720", None),
    ("vm.user_reserve_kbytes", "-1", None, None),
    (RATELIMIT, "-1", "1000", None),
    (PIPE, "-1", None, None),
    ("net.rds.reconnect_min_delay_ms", "0", "4", None),
    (MEM, "1 -2 3", "5 6 7", "1 6 7"),
    (SEM, "250 32000 32 65536", "1 2 3 128", "250 32000 32 128"),
    (SEM, "4294967296 32000 32 32", "1 2 3 128", None),
    (PIPE, "2147483648", "4096", "2147483648"),
    (BUCKETS, "0", "4096", None),
    (BRIDGE, "4294967296", "1", None),
    ("vm.lowmem_reserve_ratio", "1 4294967296 3 4 5", "256 256 32 0 0", "1 256 32 0 0"),
    ("kernel.sched_rr_timeslice_ms", "4294967295", "100", None),
    ("net.core.rps_sock_flow_entries", "4294967296", "0", None),
    ("net.ipv4.neigh.eth0.unres_qlen", "-1", "101", None),
    ("net.ipv4.neigh.eth0.unres_qlen", "2147483647", "101", None),
    ("net.ipv4.neigh.eth0.unres_qlen", "128", "101", "128"),
    (SEM, "250 32000 32 32768", "1 2 3 128", "250 32000 32 32768"),
    ("kernel.sched_rr_timeslice_ms", "50", "100", "50"),
    ("net.ipv6.neigh.eth0.retrans_time", "3", "250", "3"),
]

NOT_KNOWN = [
    (RATELIMIT, "999"),
    (PROXY_DELAY, "2147483646"),
    (PROXY_DELAY, "-1"),
    (BUCKETS, "2147483647"),
    ("vm.hugetlb_optimize_vmemmap", "4294967296"),
    (PIPE, "5000"),
    (BUCKETS, "4608"),
    ("kernel.tainted", "1"),
    ("kernel.random.urandom_min_reseed_secs", "30"),
    ("kernel.sched_rr_timeslice_ms", "0"),
    (PIPE, "2147483649"),
    (PIPE, "9223372036854775808"),
    ("net.rds.reconnect_max_delay_ms", "9223372036854775808"),
    ("vm.dirty_background_bytes", "9223372036854775808"),
]


def run_on(monkeypatch, ticks_per_second, page=4096):
    machine = rounding.Machine(tick=round(1_000_000_000 / ticks_per_second), page=page)
    monkeypatch.setattr(rounding, "this_machine", lambda: machine)


@pytest.mark.parametrize(("key", "text", "ticks_per_second", "page", "after"), ON_A_MACHINE)
def test_a_number_on_a_machine(monkeypatch, key, text, ticks_per_second, page, after):
    run_on(monkeypatch, ticks_per_second, page)
    live = " ".join("7" for _field in text.split())
    assert value_in_text(key, text, live) == after
    assert value_in_text(key, after, live) is not None


@pytest.mark.parametrize(("key", "text", "live", "after"), ON_ALL_MACHINES)
def test_a_number_on_all_machines(monkeypatch, key, text, live, after):
    monkeypatch.setattr(rounding, "this_machine", lambda: None)
    assert is_known(key, text, live)
    assert taken_value(key, text, live) == after


@pytest.mark.parametrize(("key", "text"), NOT_KNOWN)
def test_a_number_that_is_not_known(key, text):
    """Of a kernel that does not run here, little is known: the line is shown as it is."""
    assert value_in_text(key, text, None) == text
    assert not is_known(key, text, None)


def test_what_this_machine_does_is_known(monkeypatch):
    run_on(monkeypatch, 250)
    assert taken_value("net.rds.reconnect_min_delay_ms", "3", "4") is None
    assert is_known(RATELIMIT, "999", "1000")
    assert not is_known("kernel.tainted", "1", "0")


def test_this_machine_is_one_of_those_that_are_known():
    assert rounding.this_machine() in rounding.MACHINES


def test_a_clock_that_is_like_no_other(monkeypatch):
    """Where a container has a kernel of its own making, nothing is computed."""
    monkeypatch.setattr(rounding.time, "clock_getres", lambda _clock: 1e-9)
    rounding.this_machine.cache_clear()
    try:
        assert rounding.this_machine() is None
        assert value_in_text(RATELIMIT, "999", "1000") == "999"
    finally:
        rounding.this_machine.cache_clear()


@pytest.mark.parametrize("rule", rounding.ROUNDINGS, ids=lambda rule: rule.key)
def test_other_keys_do_not_import_the_table(rule):
    key = rule.key.replace("bridge-nf-*", "bridge-nf-call-iptables").replace("?", "1")
    assert may_be_rounded(key.replace("*", "x"))
    assert not may_be_rounded("net.ipv4.tcp_fin_timeout")


# Key, value, value before, what is said of it.
REFUSED = [
    (
        PIPE,
        "5000",
        "1048576",
        "the kernel would make of it: it rounds or limits the value to '8192'; give 8192",
    ),
    (RATELIMIT, "999", "1000", "rounds or limits the value to '1000'"),
    (BUCKETS, "0", "4096", "0 is outside of the range of this key"),
    ("vm.user_reserve_kbytes", "-1", "14720", "-1 is outside of the range of this key; give 0 to"),
]


@pytest.mark.parametrize(("key", "value", "live", "reason"), REFUSED)
def test_refused_before_it_is_written(monkeypatch, key, value, live, reason):
    run_on(monkeypatch, 250)
    with pytest.raises(TuningError, match=reason):
        REQUEST.validate(key, value, live)


@pytest.mark.parametrize(
    ("key", "value", "live"),
    [
        (PIPE, "8192", "4096"),
        (RATELIMIT, "1000", "4"),
        (PIPE, "5000", None),
        (SEM, "1 2 3 4", "5 6 7 8"),
    ],
)
def test_not_refused(monkeypatch, key, value, live):
    run_on(monkeypatch, 250)
    REQUEST.validate(key, value, live)


def test_a_minimum_may_be_rounded(monkeypatch):
    run_on(monkeypatch, 250)
    REQUEST._replace(at_least=True).validate(PIPE, "5000", "8192")


@pytest.mark.parametrize("rule", rounding.ROUNDINGS, ids=lambda rule: rule.key)
def test_the_documentation_names_every_key(rule):
    text = PAGE.read_text(encoding="utf-8").partition("## Numbers that the kernel rounds")[2]
    names = [rule.key.replace("?", "1"), f"`{rule.key.rpartition('.')[2]}`"]
    assert any(name in text for name in names)
