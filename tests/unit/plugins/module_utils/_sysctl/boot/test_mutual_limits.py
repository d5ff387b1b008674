# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of which one limits the other; test_measured_couplings.py has what real kernels did.

What a boot makes of them is in test_precedence.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot import (
    mutual_limits as table,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel import number_ranges
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import may_be_limited
from hosts_in_memory import OURS, make_host, make_request, plan_for

PAGE = Path(__file__).parents[6] / "docs/keys-that-act-on-each-other.md"
LOW, HIGH = "net.ipv4.ipfrag_low_thresh", "net.ipv4.ipfrag_high_thresh"
PORTS, FIRST_PORT = "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"
REORDERING, MOST = "net.ipv4.tcp_reordering", "net.ipv4.tcp_max_reordering"
SHORTEST = "kernel.sched_deadline_period_min_us"
LONGEST = "kernel.sched_deadline_period_max_us"
RATE, PERCENT = "kernel.perf_event_max_sample_rate", "kernel.perf_cpu_time_max_percent"
LIVE = {
    LOW: "3",
    HIGH: "4",
    PORTS: "32768\t60999",
    FIRST_PORT: "1024",
    PERCENT: "25",
    RATE: "100000",
    SHORTEST: "100",
    LONGEST: "4194304",
    REORDERING: "50",
    MOST: "100",
}

UPPER_KEYS = {pair.upper for pair in table.ORDERED if not pair.is_one_sided}
LOWER_KEYS = {pair.lower for pair in table.ORDERED}
LIMITED_KEYS = sorted(UPPER_KEYS | LOWER_KEYS | {rule.key for rule in table.BLOCKED})


@pytest.mark.parametrize("key", LIMITED_KEYS)
def test_every_key_of_the_table_may_be_limited(key):
    assert may_be_limited(key)
    assert table.keys_limiting(key)
    assert all(other in table.START_VALUES for other in table.keys_limiting(key))


def test_other_keys_do_not_import_the_table():
    assert not may_be_limited("net.ipv4.tcp_fin_timeout")
    assert table.keys_limiting("net.sctp.pf_enable") == []


@pytest.mark.parametrize(
    ("values", "order"),
    [
        ({LOW: "2", HIGH: "3"}, [LOW, HIGH]),
        ({HIGH: "2", LOW: "1"}, [LOW, HIGH]),
        ({LOW: "6", HIGH: "7"}, [HIGH, LOW]),
        ({LOW: "4"}, [LOW]),
        ({HIGH: "1", LOW: "3"}, None),
        ({LOW: "5"}, None),
        ({LOW: None, HIGH: "3"}, [HIGH]),
        ({FIRST_PORT: "40000", PORTS: "40000 50000"}, [PORTS, FIRST_PORT]),
        ({PORTS: "0x400 50000"}, [PORTS]),
        ({PORTS: "1000 50000"}, None),
        ({PERCENT: "0", RATE: "1"}, [RATE, PERCENT]),
        ({RATE: "1"}, [RATE]),
        ({REORDERING: "250", MOST: "300"}, [MOST, REORDERING]),
        ({MOST: "20"}, [MOST]),
        ({MOST: "20", REORDERING: "60"}, [REORDERING, MOST]),
        ({REORDERING: "101"}, None),
        ({SHORTEST: "5000000", LONGEST: "6000000"}, [LONGEST, SHORTEST]),
        ({SHORTEST: "5000000"}, None),
    ],
)
def test_the_order_in_which_the_kernel_takes_values(values, order):
    ordered, refused = table.in_writable_order(values, LIVE)
    if order is None:
        assert "must not be" in next(iter(refused.values()))
    else:
        assert (ordered, refused) == (order, {})


def test_a_value_that_is_there_is_not_refused():
    live = {**LIVE, PERCENT: "0"}
    assert table.in_writable_order({RATE: "100000"}, live) == ([RATE], {})
    assert table.in_writable_order({RATE: "1"}, live)[1].keys() == {RATE}


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_our_lines_stand_where_the_kernel_takes_them(loader):
    host = make_host(loader, {}, kernel={LOW: "3145728", HIGH: "4194304"})
    plan = plan_for(make_request({LOW: "8000000", HIGH: "9000000"}), host)
    (change,) = plan.files
    lines = change.after.decode().splitlines()
    assert lines[1:] == [f"{HIGH} = 9000000", f"{LOW} = 8000000"]
    assert not plan.overridden


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_a_line_moves_behind_the_one_that_allows_it(loader):
    files = {OURS: f"{REORDERING} = 250\n"}
    host = make_host(loader, files, kernel={REORDERING: "250", MOST: "300"})
    plan = plan_for(make_request({MOST: "1000", REORDERING: "900"}), host)
    (change,) = plan.files
    assert change.after.decode() == f"{MOST} = 1000\n{REORDERING} = 900\n"
    assert not plan.overridden


@pytest.mark.parametrize(("release", "limits"), [("5.10.0-30-amd64", []), ("6.1.0", [MOST])])
def test_a_limit_that_older_kernels_do_not_have(release, limits, monkeypatch):
    monkeypatch.setattr(table, "kernel_version", lambda: number_ranges._version_of(release))
    assert table.keys_limiting(REORDERING) == limits
    assert table.keys_limiting(MOST) == []


def test_a_line_that_blocks_another_one_comes_after_it():
    host = make_host("systemd", {}, kernel={PERCENT: "0", RATE: "1"})
    (change,) = plan_for(make_request({PERCENT: "0", RATE: "1"}), host).files
    assert change.after.decode().splitlines()[1:] == [f"{RATE} = 1", f"{PERCENT} = 0"]


def test_a_line_of_another_file_may_make_the_kernel_refuse_ours():
    files = {"/etc/sysctl.d/10-a.conf": f"{HIGH} = 9000000\n"}
    host = make_host("systemd", files, kernel={LOW: "3145728", HIGH: "9000000"})
    assert not plan_for(make_request({LOW: "8000000"}), host).overridden
    host = make_host("systemd", {}, kernel={LOW: "3145728", HIGH: "9000000"})
    ((key, winner),) = plan_for(make_request({LOW: "8000000"}, on_override="warn"), host).overridden
    assert (key, winner.value) == (LOW, None)


@pytest.mark.parametrize("key", LIMITED_KEYS)
def test_the_documentation_names_every_key(key):
    text = PAGE.read_text(encoding="utf-8").partition("## Keys that limit each other")[2]
    assert f"`{key}`" in text
