# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers that a key does not take; test_measured_couplings.py has real kernels."""

from __future__ import annotations

import errno

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.coupling_doubts import (
    coupling_doubts,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.precedence import (
    precedence_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel import (
    number_ranges,
    value_checks,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.kernel_text import (
    is_known,
    taken_value,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.measured_ranges import (
    RANGES,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.number_ranges import (
    ranges_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import may_be_coupled
from couplings import range_table, record
from hosts_in_memory import make_host

TTL = "net.ipv4.ip_default_ttl"
ECN = "net.ipv4.tcp_ecn"
FIN = "net.ipv4.tcp_fin_timeout"
RTO_MAX = "net.ipv4.tcp_rto_max_ms"
RMEM = "net.ipv4.tcp_rmem"
MEM = "net.ipv4.tcp_mem"
HOP_LIMIT = "net.ipv6.conf.eth0/5.hop_limit"
PORTS = "net.ipv4.ip_local_port_range"
PING = "net.ipv4.ping_group_range"
NOT_MEASURED = "net.ipv4.no_such_key"

# Key, text, value before, what the key holds then (None: refused), whether that is certain.
WRITTEN = [
    (TTL, "1", "64", "1", True),
    (TTL, "255", "64", "255", True),
    (TTL, "0", "64", None, True),
    (TTL, "256", "64", None, True),
    (TTL, "0x100", "64", None, True),
    (TTL, "-1", "64", None, True),
    (TTL, "999", None, None, True),
    (TTL, "64", None, "64", True),
    (HOP_LIMIT, "0", "64", None, True),
    (ECN, "2", "0", "2", True),
    (ECN, "3", "0", "3", False),
    (ECN, "256", "0", None, True),
    (FIN, "2147483", "60", "2147483", True),
    (FIN, "8589934", "60", "8589934", False),
    (FIN, "21474837", "60", None, True),
    (RMEM, "4096 131072 6291456", "1 2 3", "4096 131072 6291456", True),
    (RMEM, "4096 -1 6291456", "1 2 3", "4096 2 3", True),
    (RMEM, "0 5 6", "1 2 3", None, True),
    (RMEM, "9999999999 5 6", "1 2 3", None, True),
    (MEM, "1 -2 3", "5 6 7", "1 6 7", True),
    (PORTS, "1024 65536", "32768 60999", None, True),
    (PORTS, "1024 65536", None, None, True),
    (PORTS, "1024 65535", "32768 60999", "1024 65535", True),
    (PING, "0 4294967295", "1 0", None, True),
    (PING, "0 2147483648", "1 0", "0 2147483648", False),
    (PING, "0 2147483647", "1 0", "0 2147483647", True),
    (NOT_MEASURED, "99999999999", "1", "99999999999", False),
    (NOT_MEASURED, "99999999999", "99999999999", "99999999999", True),
    (NOT_MEASURED, "1", "0", "1", False),
    (NOT_MEASURED, "1", "0x1", "1", True),
    (NOT_MEASURED, "x", "0", None, True),
    ("user.max_user_namespaces", "-1", "96365", None, True),
    ("user.max_user_namespaces", "3000000000", "96365", None, True),
    ("user.max_user_namespaces", "0", "96365", "0", True),
    ("vm.watermark_scale_factor", "0", "10", None, True),
    ("vm.watermark_scale_factor", "200", "10", "200", True),
    ("vm.watermark_scale_factor", "2000", "10", "2000", False),
    ("vm.watermark_boost_factor", "-1", "15000", None, True),
    ("vm.mmap_rnd_bits", "12", "28", "12", False),
    ("dev.tty.ldisc_autoload", "2", "1", None, True),
    ("kernel.kexec_load_disabled", "2", "0", None, True),
    ("fs.nfs.nlm_timeout", "100", "10", None, True),
    ("net.ipv4.vs.sync_threshold", "3 50", "3 40", "3 50", False),
    ("kernel.msg_next_id", "2147483648", "-1", None, True),
    ("net.ipv4.icmp_ratelimit", "1000", "0", "1000", True),
]


@pytest.fixture(autouse=True)
def _on_linux_6_1(monkeypatch):
    monkeypatch.setattr(number_ranges, "_is_measured", lambda _release: True)


@pytest.mark.parametrize(("key", "text", "live", "after", "is_certain"), WRITTEN)
def test_a_number(key, text, live, after, is_certain):
    assert taken_value(key, text, live) == after
    assert is_known(key, text, live) is is_certain


@pytest.mark.parametrize(
    ("release", "is_measured"),
    [
        ("5.10.0-32-cloud-amd64", True),
        ("6.1.0-56-amd64", True),
        ("5.15.0", True),
        ("6.18.44", True),
        ("4.18.0-553.el8_10.x86_64", False),
        ("5.4.0", False),
        ("6.19-rc1", False),
        ("7.0.1", False),
        ("odd", False),
    ],
)
def test_a_kernel_between_those_that_were_measured(monkeypatch, release, is_measured):
    monkeypatch.undo()
    monkeypatch.setattr(number_ranges, "uname", lambda: type("Uname", (), {"release": release}))
    assert (number_ranges.first_refused(TTL, [999], "64") is not None) is is_measured
    # What no kernel is known to take may be taken by one that was not measured.
    assert is_known(TTL, "999", "64") is is_measured
    assert is_known(TTL, "255", "64")
    assert taken_value(TTL, "999", "64") == (None if is_measured else "999")


def test_the_table_is_made_from_the_records():
    records = [record.load(path) for path in sorted(record.FOLDER.glob("linux-*.yml"))]
    table = {label: patterns.split() for label, patterns in RANGES.items()}
    assert table == range_table.make_table(records)
    kernels = sorted(tuple(map(int, measured["kernel"].split("."))) for measured in records)
    assert kernels[0] == number_ranges.OLDEST
    assert kernels[-1] == number_ranges.NEWEST


def test_what_is_stated_is_of_a_key_that_has_a_range():
    stated = range_table.STATED.keys() | range_table.SOURCED.keys()
    assert not stated & range_table.WITHOUT_RANGE.keys()
    assert not range_table.STATED.keys() & range_table.SOURCED.keys()
    for pattern in range_table.WITHOUT_RANGE:
        assert ranges_of(pattern) == ()


def test_a_range_is_not_wider_for_all_kernels_than_for_any():
    for label in RANGES:
        for text in label.split(","):
            taken = number_ranges._read_range(text)
            assert taken.lowest_of_any <= taken.lowest <= taken.highest <= taken.highest_of_any


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize(
    ("value", "at_boot", "is_certain"),
    [("999", "32", True), ("100", "100", True), ("256 # text", "32", True)],
)
def test_a_line_out_of_the_range_decides_nothing(loader, value, at_boot, is_certain):
    files = {
        "/etc/sysctl.d/10-a.conf": f"{TTL} = 32\n",
        "/etc/sysctl.d/99-b.conf": f"{TTL} = {value}\n",
    }
    host = make_host(loader, files)
    precedence = precedence_of(host.boot_files, host.loader, [TTL], live={TTL: "64"})
    winner = precedence.winner(TTL)
    if loader == "systemd" and at_boot == "32":
        # It writes one line of a key, the last one.
        assert winner.value is None
        assert precedence.decision(TTL).refused.path == "/etc/sysctl.d/99-b.conf"
    else:
        assert winner.value == at_boot
    assert bool(coupling_doubts(precedence, [TTL])) is not is_certain


def test_a_line_that_some_kernels_refuse_is_doubted():
    host = make_host("systemd", {"/etc/sysctl.d/10-a.conf": f"{ECN} = 3\n"})
    precedence = precedence_of(host.boot_files, host.loader, [ECN], live={ECN: "2"})
    assert precedence.winner(ECN).value == "3"
    ((doubt, keys),) = coupling_doubts(precedence, [ECN])
    assert keys == (ECN,)
    assert "may refuse" in doubt.why


@pytest.mark.parametrize(
    ("key", "value", "live", "message"),
    [
        (TTL, "999", "64", "999 is outside of the range of this key; give 1 to 255"),
        (
            RMEM,
            "4096 -1 6",
            "1 2 3",
            "-1 is outside of the range of this key; give 1 to 2147483647",
        ),
        (PORTS, "1 70000", "32768 60999", "70000 is outside of the range of this key; give 1 to"),
        ("kernel.sem", "1 2 3 65536", "1 2 3 128", "65536 is outside of the range of this key"),
        (FIN, "2147484", "60", ""),
        (NOT_MEASURED, "999", "1", ""),
    ],
)
def test_the_message_gives_the_range(key, value, live, message):
    problem = value_checks.explain_range(key, value, live)
    assert problem.startswith(message)
    assert bool(problem) is bool(message)


def test_a_rounded_value_out_of_its_range_is_refused_as_any_other():
    with pytest.raises(TuningError) as refused:
        value_checks.refuse_rounded_value(RTO_MAX, "5", "120000")
    other = value_checks.out_of_range_error(RTO_MAX, "5", "120000")
    assert (str(refused.value), refused.value.errno) == (str(other), errno.EINVAL)


@pytest.mark.parametrize("number", [0, 1])
def test_a_boot_gives_no_coupled_key_a_number_out_of_its_range(number):
    """Such keys have a short way to 0 and 1, which does not look at the ranges."""
    wrong = []
    for patterns in RANGES.values():
        for pattern in patterns.split():
            key = pattern.replace("*", "eth0")
            taken = ranges_of(key)[0]
            is_out = not taken.lowest_of_any <= number <= taken.highest_of_any
            if is_out and may_be_coupled(key) and _boots_as(key, str(number)):
                wrong.append(key)
    assert wrong == []


def _boots_as(key, text):
    """Tell whether a line is said to give a key this text for certain."""
    host = make_host("procps", {"/etc/sysctl.d/a.conf": f"{key} = {text}\n"})
    decision = precedence_of(host.boot_files, host.loader, [key], live={key: "5"}).decision(key)
    return bool(decision.winner and decision.winner.value == text and decision.is_certain)
