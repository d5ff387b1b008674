# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The next boot: each rule as a case of cases/boot.yml.

tests/integration/test_boot_oracle.py compares it with the real loaders.
"""

from __future__ import annotations

from itertools import product

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.coupling_doubts import (
    coupling_doubts,
    unclear_lines,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.precedence import (
    Precedence,
    precedence_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.boot_files import (
    HostTraits,
    read_order,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.sysctl_d import (
    parse_lines,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel import rounding
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    values_equal,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import key_to_path
from hosts_in_memory import load_cases, make_host

KEYS = {"a": "net.ipv4.tcp_fin_timeout", "b": "net.ipv4.conf.eth0.promote_secondaries"}


def with_each_loader(name):
    """Return the cases of a data file, once for each loader."""
    return [
        pytest.param(loader, case, id=f"{case['name']}, {loader}")
        for case, loader in product(load_cases(name), ("systemd", "procps"))
    ]


def with_keys(content):
    """Return the text of a file with the keys of the cases; a link as it is."""
    if not isinstance(content, str):
        return content
    for name, key in KEYS.items():
        content = content.replace(f"{{{name}}}", key)
    return content


@pytest.mark.parametrize(("loader", "case"), with_each_loader("boot.yml"))
def test_the_winning_line(loader, case):
    files = {path: with_keys(content) for path, content in case.get("files", {}).items()}
    host = make_host(loader, files, command_line=case.get("command_line", ""))
    live = {KEYS[name]: value for name, value in case.get("live", {}).items()}
    boot = case["boot"] if "boot" in case else case[loader]
    for name, expected in boot.items():
        key = KEYS[name]
        winner = precedence_of(host.boot_files, host.loader, [key], live=live).winner(key)
        assert (winner and [winner.value, winner.path, winner.number]) == expected


def full_key(name):
    """Return the key of a short name: a segment for the interface makes it one of its keys."""
    if name.startswith("dirty_"):
        return f"vm.{name}"
    if name.startswith(("kernel.", "vm.", "net.")):
        return name
    if name.startswith("neigh."):
        return f"net.ipv4.{name}"
    if name == "ip_forward" or name.startswith("tcp_"):
        return f"net.ipv4.{name}"
    family = "ipv4"
    if name.startswith("v6.") or name.endswith("disable_ipv6"):
        family = "ipv6"
    setting = name[3:] if name.startswith("v6.") else name
    return f"net.{family}.conf.{setting}"


def full_line(line):
    """Return a line of a file with the key of its short name."""
    name, equals, value = line.partition("=")
    dash = "-" if name.startswith("-") else ""
    return f"{dash}{full_key(name.lstrip('-'))}{equals}{value}\n"


@pytest.mark.parametrize(("loader", "case"), with_each_loader("coupled_boot.yml"))
def test_keys_that_act_on_each_other(loader, case):
    text = "".join(full_line(line) for line in case["lines"])
    host = make_host(loader, {"/etc/sysctl.d/a.conf": text})
    boot = case["boot"] if "boot" in case else case[loader]
    for name, expected in boot.items():
        key = full_key(name)
        winner = precedence_of(host.boot_files, host.loader, [key]).winner(key)
        assert (winner and [winner.value, winner.number]) == expected
    names = [*boot, *case.get("unclear", {})]
    keys = [full_key(name) for name in names]
    precedence = precedence_of(host.boot_files, host.loader, keys)
    unclear = {key: line.number for key, line in unclear_lines(precedence, keys)}
    assert unclear == {full_key(name): number for name, number in case.get("unclear", {}).items()}


@pytest.mark.parametrize(("name", "is_reset"), [("eth0", True), ("lo", False), ("default", False)])
def test_an_interface_that_comes_up_resets_its_mtu(name, is_reset):
    key = full_key(f"v6.{name}.mtu")
    host = make_host("procps", {"/etc/sysctl.d/a.conf": f"{key} = 1400\n"})
    precedence = precedence_of(host.boot_files, host.loader, [key], live={key: "1400"})
    assert precedence.winner(key).value == "1400"
    assert precedence.decision(key).is_certain is not is_reset
    doubts = coupling_doubts(precedence, [key])
    assert bool(doubts) is is_reset
    assert all("when the interface comes up" in doubt.why for doubt, _keys in doubts)


# Loader, whether udev runs, lines, value of eth0.rp_filter at boot, whether that is certain.
INHERITING = [
    ("systemd", False, ["eth0.rp_filter=0", "default.rp_filter=1"], "0", False),
    ("systemd", False, ["eth0.rp_filter=1", "default.rp_filter=1"], "1", True),
    ("systemd", False, ["default.rp_filter=1", "eth0.rp_filter=0"], "0", True),
    ("systemd", False, ["default.rp_filter=1"], "1", True),
    ("systemd", True, ["eth0.rp_filter=0", "default.rp_filter=1"], "0", True),
    ("procps", False, ["eth0.rp_filter=0", "default.rp_filter=1"], "0", True),
]


@pytest.mark.parametrize(("loader", "has_udev", "lines", "value", "is_certain"), INHERITING)
def test_a_line_that_may_be_skipped_does_not_end_inheriting(
    loader, has_udev, lines, value, is_certain
):
    key = full_key("eth0.rp_filter")
    text = "".join(full_line(line) for line in lines)
    host = make_host(loader, {"/etc/sysctl.d/a.conf": text})
    boot_files = host.boot_files._replace(traits=HostTraits(has_udev=has_udev))
    precedence = precedence_of(boot_files, host.loader, [key])
    assert precedence.winner(key).value == value
    assert bool(list(unclear_lines(precedence, [key]))) is not is_certain


WITHOUT_NEIGH_DEFAULT = HostTraits(missing_keys=(full_key("neigh.default."),))


# Name of a key, its live value, lines, its value at boot (None: it stays as the kernel has it).
REFUSED_COUPLED = [
    ("eth0.rp_filter", "0", ["eth0.rp_filter=loose", "default.rp_filter=1"], None),
    ("eth0.rp_filter", "0", ["default.rp_filter=1", "eth0.rp_filter=loose"], "1"),
    ("neigh.eth0.locktime", "100", ["neigh.eth0.locktime=x", "neigh.default.locktime=7"], None),
    ("v6.eth0.hop_limit", "64", ["v6.eth0.hop_limit=0"], None),
    ("v6.eth0.hop_limit", "64", ["v6.eth0.hop_limit=1"], "1"),
    ("v6.eth0.ra_defrtr_metric", "1024", ["v6.eth0.ra_defrtr_metric=0"], None),
    ("v6.lo.mtu", "65536", ["v6.lo.mtu=00"], None),
    ("v6.eth0.hop_limit", "64", ["v6.eth0.hop_limit=0 0"], None),
    ("neigh.eth0.interval_probe_time_ms", "5000", ["neigh.eth0.interval_probe_time_ms=0"], None),
]


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize(("name", "live", "lines", "value"), REFUSED_COUPLED)
def test_a_line_that_the_kernel_refuses_ends_inheriting(loader, name, live, lines, value):
    """The kernel notes a write of an interface's own key before it knows whether it takes it."""
    key = full_key(name)
    text = "".join(full_line(line) for line in lines)
    host = make_host(loader, {"/etc/sysctl.d/a.conf": text})
    winner = precedence_of(host.boot_files, host.loader, [key], live={key: live}).winner(key)
    assert (winner and winner.value) == value


def test_a_default_that_the_host_does_not_have_gives_nothing():
    key = full_key("neigh.eth0.gc_stale_time")
    text = full_line("neigh.default.gc_stale_time=30")
    host = make_host("procps", {"/etc/sysctl.d/a.conf": text})
    assert precedence_of(host.boot_files, host.loader, [key]).winner(key).value == "30"
    boot_files = host.boot_files._replace(traits=WITHOUT_NEIGH_DEFAULT)
    assert precedence_of(boot_files, host.loader, [key]).winner(key) is None


# Name of a key, lines, its value at boot without neigh.default (None: no line decides it).
WITHOUT_DEFAULT = [
    ("neigh.eth0.gc_stale_time", ["neigh.d*.gc_stale_time=20"], None),
    (
        "neigh.eth0.gc_stale_time",
        ["-neigh.eth0.gc_stale_time", "neigh.*.gc_stale_time=20"],
        None,
    ),
    (
        "neigh.eth0.base_reachable_time_ms",
        ["neigh.eth0.base_reachable_time=50", "neigh.d*.base_reachable_time=20"],
        "50000",
    ),
]


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize(("name", "lines", "value"), WITHOUT_DEFAULT)
def test_a_glob_does_not_match_a_default_that_the_host_does_not_have(loader, name, lines, value):
    key = full_key(name)
    text = "".join(full_line(line) for line in lines)
    host = make_host(loader, {"/etc/sysctl.d/a.conf": text})
    boot_files = host.boot_files._replace(traits=WITHOUT_NEIGH_DEFAULT)
    winner = precedence_of(boot_files, host.loader, [key]).winner(key)
    assert (winner and winner.value) == value


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_a_key_in_one_unit_that_is_written_inherits_in_none(loader):
    key = full_key("neigh.eth0.base_reachable_time_ms")
    lines = ["neigh.eth0.base_reachable_time=50", "neigh.default.base_reachable_time=20"]
    text = "".join(full_line(line) for line in lines)
    host = make_host(loader, {"/etc/sysctl.d/a.conf": text})
    assert precedence_of(host.boot_files, host.loader, [key]).winner(key).value == "50000"


# Name of a key, value of its last line, which the kernel refuses.
REFUSED_ZEROS = [("v6.default.mtu", "0"), ("dirty_bytes", "1"), ("dirty_bytes", "100")]


@pytest.mark.parametrize(("name", "value"), REFUSED_ZEROS)
def test_small_numbers_that_a_coupled_key_does_not_take(name, value):
    key = full_key(name)
    text = f"{key} = 1048576\n{key} = {value}\n"
    if name.endswith("mtu"):
        text = f"{key} = 1280\n{key} = {value}\n"
    host = make_host("procps", {"/etc/sysctl.d/a.conf": text})
    precedence = precedence_of(host.boot_files, host.loader, [key], live={key: "1280"})
    assert precedence.winner(key).number == 1


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize(("line", "is_unclear"), [("", True), ("{key} = 500", False)])
def test_a_later_program_may_clear_up_what_is_not_known(loader, line, is_unclear):
    key = full_key("neigh.eth0.retrans_time_ms")
    text = full_line("neigh.eth0.retrans_time_ms=1") + full_line("neigh.eth0.retrans_time=1")
    host = make_host(loader, {"/etc/sysctl.d/a.conf": text})
    first = precedence_of(host.boot_files, host.loader, [key])
    lines = parse_lines(line.format(key=key).encode(), host.loader)
    last = Precedence(lines, host.loader, earlier=first)
    assert bool(list(unclear_lines(last, [key]))) is is_unclear


# Key, text of a line, value now (None: not known), value at boot, whether that is certain.
ROUNDED = [
    ("fs.pipe-max-size", "5000", "1048576", "8192", True),
    ("fs.pipe-max-size", "5000", None, "5000", False),
    ("fs.pipe-max-size", "1048576", None, "1048576", True),
    ("net.ipv4.icmp_ratelimit", "999", "1000", "1000", True),
    ("net.ipv4.icmp_ratelimit", "999", None, "999", False),
    ("net.ipv4.neigh.eth0.proxy_delay", "101", "80", "100", True),
    ("net.ipv4.neigh.eth0.proxy_delay", "101", None, "101", False),
    ("net.ipv4.neigh.eth0.base_reachable_time_ms", "30001", "30000", "30004", True),
    ("net.ipv4.neigh.eth0.base_reachable_time_ms", "1", "30000", "4", True),
    ("net.ipv4.neigh.eth0.base_reachable_time_ms", "-2147483648", "30000", None, True),
    ("net.ipv6.ip6frag_low_thresh", "-0", "3145728", "-0", False),
    ("net.ipv4.neigh.eth0.base_reachable_time_ms", "-2147483649", "30000", "-2147483649", False),
    ("net.ipv6.neigh.eth0.interval_probe_time_ms", "-1", "5000", None, True),
    (
        *("net.ipv6.neigh.eth0.interval_probe_time_ms", "-2147483649", "5000"),
        *("-2147483649", False),
    ),
    ("kernel.tainted", "1", "0", "1", False),
    ("kernel.tainted", "0", "1", "0", False),
    ("kernel.tainted", "0", "0", "0", True),
    ("kernel.tainted", "4096", "4096", "4096", True),
    ("vm.nr_hugepages", "-1", "0", None, True),
    ("vm.user_reserve_kbytes", "-1", "14720", None, True),
    ("kernel.sched_rr_timeslice_ms", "0", "100", "0", False),
]


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize(("key", "text", "live", "value", "is_certain"), ROUNDED)
def test_numbers_that_the_kernel_rounds(monkeypatch, loader, key, text, live, value, is_certain):
    monkeypatch.setattr(rounding, "this_machine", lambda: rounding.Machine(4_000_000, 4096))
    host = make_host(loader, {"/etc/sysctl.d/a.conf": f"{key} = {text}\n"})
    precedence = precedence_of(host.boot_files, host.loader, [key], live={key: live})
    winner = precedence.winner(key)
    assert (winner and winner.value) == value
    doubts = coupling_doubts(precedence, [key])
    assert bool(doubts) is not is_certain
    assert bool(doubts) is not precedence.are_certain([key])
    assert all("another number" in doubt.why for doubt, _keys in doubts)


CONGESTION = "net.ipv4.tcp_congestion_control"
ALLOWED = "net.ipv4.tcp_allowed_congestion_control"
# Key, text of a line, value now, value at boot, whether that is certain.
NAMES = [
    (CONGESTION, "cubic", "cubic", "cubic", True),
    (CONGESTION, "bbr", "cubic", "bbr", False),
    (CONGESTION, '"bbr"', "bbr", None, True),
    (CONGESTION, "bbr # fast", "bbr", None, True),
    (CONGESTION, "bbr", None, "bbr", True),
    (ALLOWED, "cubic reno", "reno cubic", "reno cubic", True),
    (ALLOWED, "reno bbr", "reno cubic", "reno bbr", False),
]


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize(("key", "text", "live", "value", "is_certain"), NAMES)
def test_names_that_the_kernel_may_not_have(loader, key, text, live, value, is_certain):
    host = make_host(loader, {"/etc/sysctl.d/a.conf": f"{key} = {text}\n"})
    precedence = precedence_of(host.boot_files, host.loader, [key], live={key: live})
    winner = precedence.winner(key)
    assert values_equal(key, winner and winner.value, value)
    doubts = coupling_doubts(precedence, [key])
    assert bool(doubts) is not is_certain
    assert all("may not have what it names" in doubt.why for doubt, _keys in doubts)


@pytest.mark.parametrize("key", [CONGESTION, ALLOWED])
def test_a_name_that_the_kernel_has_is_certain(key):
    host = make_host("procps", {"/etc/sysctl.d/a.conf": f"{key} = bbr\n"})
    boot_files = host.boot_files._replace(traits=HostTraits(available_names=("reno", "bbr")))
    precedence = precedence_of(boot_files, host.loader, [key], live={key: "reno"})
    assert coupling_doubts(precedence, [key]) == ()


QDISC = "net.core.default_qdisc"
MODPROBE = "kernel.modprobe"

# Loader, lines, names without a module, number of the line that stops the loading of modules.
STOPPED = [
    ("systemd", [f"{MODPROBE}=/bin/false", f"{QDISC}=fq"], (), 1),
    ("systemd", [f"{MODPROBE}=/bin/false", f"{QDISC}=fq"], ("cubic", "fq"), None),
    ("systemd", [f"{MODPROBE}=/bin/false", f"{QDISC}=fq"], None, None),
    ("systemd", [f"{MODPROBE}=/bin/false", f"{QDISC}=pfifo_fast"], (), None),
    ("systemd", [f"{QDISC}=fq", f"{MODPROBE}=fq"], (), None),
    ("systemd", [f"{MODPROBE}=/bin/false", f"{MODPROBE}=/sbin/modprobe", f"{QDISC}=fq"], (), None),
    ("systemd", [f"{QDISC}=fq", f"{MODPROBE}=/bin/false", f"{QDISC}=cake"], (), 2),
    ("systemd", ["kernel.mod*e=/bin/false", f"{QDISC}=fq"], (), 1),
    ("procps", ["kernel.modules_disabled=1", f"{CONGESTION}=bbr"], (), 1),
    ("procps", ["kernel.modules_disabled=0", f"{CONGESTION}=bbr"], (), None),
    ("procps", ["kernel/usermodehelper/bset=0 0", f"{CONGESTION}=bbr"], ("bbr",), None),
    ("procps", ["kernel/usermodehelper/bset=0 0", f"{CONGESTION}=bbr"], (), 1),
]


@pytest.mark.parametrize(("loader", "lines", "names", "number"), STOPPED)
def test_a_name_whose_module_an_earlier_line_keeps_away(loader, lines, names, number):
    files = {f"/etc/sysctl.d/{index}.conf": line for index, line in enumerate(lines, 1)}
    host = make_host(loader, files)
    boot_files = host.boot_files._replace(traits=HostTraits(early_names=names))
    key = QDISC if f"{QDISC}=" in "".join(lines) else CONGESTION
    live = {key: lines[-1].partition("=")[2]}
    precedence = precedence_of(boot_files, host.loader, list(live), live=live)
    stopping = precedence.decision(key).stopped_by
    assert (stopping and stopping.path) == (number and f"/etc/sysctl.d/{number}.conf")
    assert precedence.are_certain(live) is (stopping is None)
    if stopping:
        ((doubt, _keys),) = coupling_doubts(precedence, live)
        assert (doubt.path, doubt.line) == (stopping.path, 1)
        assert "keep the kernel from loading the module" in doubt.why


AVAILABLE = "net.ipv4.tcp_available_congestion_control"
BUFFERS = "net.core.rmem_max"
CONNECTIONS = "net.netfilter.nf_conntrack_max"
SHORT_NAME = "net.nf_conntrack_max"
NEXT_ID = "kernel.sem_next_id"
HIGH = "net.ipv4.ipfrag_high_thresh"


# Read-only keys, text of the file, key that is asked for, its values at boot with each loader.
READ_ONLY = [
    ([AVAILABLE], f"{AVAILABLE} = bbr\n", AVAILABLE, None, None),
    ([BUFFERS], f"{BUFFERS} = 5000\n", BUFFERS, None, None),
    ([BUFFERS], "net.core.*mem_max = 5000\n", BUFFERS, None, None),
    ([], f"{BUFFERS} = 5000\n", BUFFERS, "5000", "5000"),
    ([CONNECTIONS, SHORT_NAME], f"{SHORT_NAME} = 5000\n", CONNECTIONS, None, None),
    ([HIGH], f"{HIGH} = 5000000\n", HIGH, None, None),
    ([NEXT_ID], f"{NEXT_ID} = 5\n", NEXT_ID, "5", None),  # only its mode says so
]


@pytest.mark.parametrize(("read_only", "text", "key", "systemd", "procps"), READ_ONLY)
def test_a_key_that_nobody_can_write_keeps_its_value(read_only, text, key, systemd, procps):
    for loader, value in (("systemd", systemd), ("procps", procps)):
        host = make_host(loader, {"/etc/sysctl.d/a.conf": text})
        boot_files = host.boot_files.with_read_only_keys(tuple(read_only))
        precedence = precedence_of(boot_files, host.loader, [key], live={key: "1"})
        assert precedence.value_at_boot(key, "1") == value
        (line,) = precedence.lines.written_to([key, SHORT_NAME])
        assert precedence.is_taken(line, key) is (value is not None)
        assert bool(precedence.why_refused(line, key)) is (value is None)


PRINTK = "kernel.printk"


# Loader, text of the file, value of kernel.printk at boot, whether that is certain.
NUMBERS_GIVEN = [
    ("systemd", "kernel.printk = 3 4 1 7\n", "3 4 1 7", True),
    ("systemd", "kernel.printk = 3\n", "3", False),
    ("systemd", "kernel.print* = 3\n", "3", False),
    ("systemd", "kernel.printk = 4 4 1 7\nkernel.printk = 3\n", "3", False),  # it writes one line
    ("procps", "kernel.printk = 4 4 1 7\nkernel.printk = 3\n", "3 4 1 7", True),
    ("procps", "kernel.printk = 3\n", "3", False),
    ("procps", "kernel.core_pattern = core\n", None, True),
]


@pytest.mark.parametrize(("loader", "text", "value", "is_certain"), NUMBERS_GIVEN)
def test_numbers_that_no_line_gives_are_not_certain(loader, text, value, is_certain):
    host = make_host(loader, {"/etc/sysctl.d/a.conf": text})
    live = {PRINTK: "7 4 1 7", "kernel.core_pattern": "|/bin/program %p"}
    precedence = precedence_of(host.boot_files, host.loader, list(live), live=live)
    winner = precedence.winner(PRINTK)
    assert (winner and winner.value) == value
    doubts = coupling_doubts(precedence, list(live))
    assert bool(doubts) is not is_certain
    assert bool(doubts) is not precedence.are_certain(live)


def test_each_masked_file_comes_right_after_the_one_that_masks_it():
    files = {
        "/usr/lib/sysctl.d/b.conf": "",
        "/etc/sysctl.d/b.conf": "",
        "/run/sysctl.d/b.conf": "",
        "/lib/sysctl.d/a.conf": "",
        "/etc/sysctl.conf": "",
        "/etc/sysctl.d/c.conf": {"link": "/etc/sysctl.conf"},
    }
    order = [
        ("/lib/sysctl.d/a.conf", "/lib/sysctl.d/a.conf", None),
        ("/etc/sysctl.d/b.conf", "/etc/sysctl.d/b.conf", None),
        ("/run/sysctl.d/b.conf", "/run/sysctl.d/b.conf", "/etc/sysctl.d/b.conf"),
        ("/usr/lib/sysctl.d/b.conf", "/usr/lib/sysctl.d/b.conf", "/etc/sysctl.d/b.conf"),
        ("/etc/sysctl.d/c.conf", "/etc/sysctl.conf", None),
    ]
    last_file = ("/etc/sysctl.conf", "/etc/sysctl.conf", None)
    for loader, expected in (("systemd", order), ("procps", [*order, last_file])):
        host = make_host(loader, files)
        assert read_order(host.boot_files, host.loader) == expected


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_many_keys_at_once_are_looked_up_in_every_file(loader):
    keys = [f"net.ipv4.conf.if{number}.rp_filter" for number in range(300)]
    keys += [f"kernel.k{number}" for number in range(250)]
    text = "".join(f"{key_to_path(key)} = {number}\n" for number, key in enumerate(keys))
    host = make_host(loader, {"/etc/sysctl.d/a.conf": text})
    precedence = precedence_of(host.boot_files, host.loader, keys)
    values = [precedence.winner(key).value for key in keys]
    assert values == [str(number) for number in range(550)]


def test_the_last_line_of_a_glob_decides_the_glob():
    text = "net.ipv4.conf.*.rp_filter=1\nnet/ipv4/conf/*/rp_filter=2\nnet.ipv4.*.*.rp_filter=3\n"
    host = make_host("procps", {"/etc/sysctl.d/a.conf": text})
    glob = "net.ipv4.conf.*.rp_filter"
    assert precedence_of(host.boot_files, host.loader, [glob]).winner(glob).value == "2"


def test_boot_files_with_a_file_added_and_removed_again():
    path = "/etc/sysctl.d/b.conf"
    host = make_host("systemd", {"/etc/sysctl.d/a.conf": "a.b=1"})
    added = host.boot_files.with_file(path, path, b"a.b=2")
    assert precedence_of(added, host.loader, ["a.b"]).winner("a.b").value == "2"
    assert added.with_file(path, path, None) == host.boot_files


def test_boot_files_with_the_target_of_a_link_added_and_removed_again():
    link = "/etc/sysctl.d/b.conf"
    target = "/etc/sysctl.conf"
    host = make_host("procps", {link: {"link": target}, "/etc/sysctl.d/c.conf": "a.b=1"})
    added = host.boot_files.with_file(link, target, b"a.b=2")
    assert precedence_of(added, host.loader, ["a.b"]).winner("a.b").path == target
    removed = added.with_file(link, target, None)
    assert precedence_of(removed, host.loader, ["a.b"]).winner("a.b").value == "1"


def test_file_names_that_are_not_utf_8_are_sorted_as_bytes():
    files = {
        "/etc/sysctl.d/\udcff.conf": "a.b=1",
        "/etc/sysctl.d/\U0001f600.conf": "a.b=2",
    }
    host = make_host("systemd", files)
    assert precedence_of(host.boot_files, host.loader, ["a.b"]).winner("a.b").value == "1"


PERIOD, RUNTIME = "kernel.sched_rt_period_us", "kernel.sched_rt_runtime_us"
PORTS, FIRST_PORT = "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"
LOW, HIGH = "net.ipv4.ipfrag_low_thresh", "net.ipv4.ipfrag_high_thresh"
RATE, PERCENT = "kernel.perf_event_max_sample_rate", "kernel.perf_cpu_time_max_percent"
# Lines, key -> its value at boot (None: it keeps that of the kernel).
LIMITED = [
    ([(PERIOD, "500000")], {PERIOD: None}),
    ([(PERIOD, "500000"), (RUNTIME, "400000")], {PERIOD: None, RUNTIME: "400000"}),
    ([(RUNTIME, "400000"), (PERIOD, "500000")], {PERIOD: "500000", RUNTIME: "400000"}),
    ([(RUNTIME, "-1"), (PERIOD, "5")], {PERIOD: "5", RUNTIME: "-1"}),
    ([(RUNTIME, "1000001")], {RUNTIME: None}),
    ([(FIRST_PORT, "40000")], {FIRST_PORT: None}),
    ([(PORTS, "1000 2000")], {PORTS: None}),
    ([(FIRST_PORT, "0"), (PORTS, "1000 2000")], {PORTS: "1000 2000", FIRST_PORT: "0"}),
    ([(PORTS, "45000"), (FIRST_PORT, "45000")], {PORTS: "45000 60999", FIRST_PORT: "45000"}),
    ([(LOW, "4194305"), (HIGH, "3145727")], {LOW: None, HIGH: None}),
    ([(HIGH, "8388608"), (LOW, "8388608")], {LOW: "8388608", HIGH: "8388608"}),
    ([(PERCENT, "0"), (RATE, "1")], {RATE: None, PERCENT: "0"}),
    ([(RATE, "1"), (PERCENT, "0")], {RATE: "1", PERCENT: "0"}),
    ([(PERCENT, "1"), (RATE, "1")], {RATE: "1", PERCENT: "1"}),
    ([("kernel.sched_rt_*", "400000")], {RUNTIME: "400000"}),
]


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize(("lines", "boot"), LIMITED)
def test_keys_that_limit_each_other(loader, lines, boot):
    text = "".join(f"{key} = {value}\n" for key, value in lines)
    host = make_host(loader, {"/etc/sysctl.d/a.conf": text})
    for key, expected in boot.items():
        precedence = precedence_of(host.boot_files, host.loader, [key])
        winner = precedence.winner(key)
        assert (winner and winner.value) == expected
        if expected is None:
            line = precedence.decision(key).refused
            assert line.key == key
            assert not precedence.is_taken(line, key)
            assert "which is" in precedence.why_refused(line, key) or key == RATE


def test_a_line_that_another_key_has_refused_counts_no_longer():
    """Procps writes each line; the kernel then keeps the value of an earlier one."""
    text = f"{PERIOD} = 990000\n{PERIOD} = 500000\n"
    host = make_host("procps", {"/etc/sysctl.d/a.conf": text})
    winner = precedence_of(host.boot_files, host.loader, [PERIOD]).winner(PERIOD)
    assert (winner.value, winner.number) == ("990000", 1)


def test_a_later_program_meets_what_the_loader_left():
    host = make_host("systemd", {"/etc/sysctl.d/a.conf": f"{RUNTIME} = 400000\n"})
    first = precedence_of(host.boot_files, host.loader, [PERIOD])
    lines = [*parse_lines(f"{PERIOD} = 500000\n".encode(), host.loader)]
    last = Precedence(lines, host.loader, earlier=first)
    assert last.winner(PERIOD).value == "500000"
    assert Precedence(lines, host.loader).winner(PERIOD).value is None


def test_a_later_program_cannot_take_everything_back():
    host = make_host("systemd", {"/etc/sysctl.d/a.conf": "kernel.kexec_load_disabled = 1\n"})
    key = "kernel.kexec_load_disabled"
    first = precedence_of(host.boot_files, host.loader, [key])
    lines = [*parse_lines(f"{key} = 0\n".encode(), host.loader)]
    last = Precedence(lines, host.loader, earlier=first)
    assert last.winner(key).value == "1"
    assert not last.is_taken(lines[0], key)
    reason = "at that point of the boot the kernel takes no 0 after a 1"
    assert last.why_refused(lines[0], key) == reason


@pytest.mark.parametrize("key", ["kernel.watchdog", "kernel.soft_watchdog"])
def test_a_later_program_meets_watchdogs_that_are_off(key):
    """Each key keeps what was written to it, and reads 0 as long as the others keep it off."""
    off = "kernel.watchdog = 0\n"
    if key == "kernel.watchdog":
        off = "kernel.soft_watchdog = 0\nkernel.nmi_watchdog = 0\n"
    host = make_host("procps", {"/etc/sysctl.d/a.conf": off})
    first = precedence_of(host.boot_files, host.loader, [key])
    last = Precedence(parse_lines(f"{key} = 1\n".encode(), host.loader), host.loader, earlier=first)
    assert last.winner(key).value == "0"


@pytest.mark.parametrize(("text", "is_certain"), [("16", False), ("17", True), ("x", True)])
def test_flags_that_the_kernel_only_adds(text, is_certain):
    key = "kernel.tainted"
    host = make_host("procps", {"/etc/sysctl.d/a.conf": f"{key} = 17\n{key} = {text}\n"})
    precedence = precedence_of(host.boot_files, host.loader, [key], live={key: "17"})
    assert precedence.are_certain([key]) is is_certain
    assert not is_certain or precedence.winner(key).value == "17"


@pytest.mark.parametrize("values", [("x", "990000"), ("990000", "x")])
def test_a_line_that_is_refused_does_not_decide_a_key_that_another_program_sets(values):
    host = make_host("systemd", {})
    outcome = None
    for value in values:
        lines = [*parse_lines(f"{PERIOD} = {value}\n".encode(), host.loader)]
        outcome = Precedence(lines, host.loader, live={PERIOD: "1000000"}, earlier=outcome)
    decision = outcome.decision(PERIOD)
    assert (decision.winner.value, decision.refused) == ("990000", None)


PING, PORTS = "net.ipv4.ping_group_range", "net.ipv4.ip_local_port_range"


@pytest.mark.parametrize(
    ("key", "live", "texts", "value"),
    [
        (PING, "1 0", ["1024 65536", "65536"], "65536 65536"),
        (PING, "1 0", ["1024 65536", "70000"], "1 0"),
        (PORTS, "32768 60999", ["2000 3000", "2500"], "2500 3000"),
        (PORTS, "32768 60999", ["2000 3000", "4000"], "2000 3000"),
    ],
)
def test_one_number_of_a_pair_counts_with_the_other_one_of_the_line_before(key, live, texts, value):
    text = "".join(f"{key} = {value}\n" for value in texts)
    host = make_host("procps", {"/etc/sysctl.d/a.conf": text})
    winner = precedence_of(host.boot_files, host.loader, [key], live={key: live}).winner(key)
    assert winner.value == value


@pytest.mark.parametrize("key", KEYS.values())
def test_a_path_through_a_folder_that_may_not_exist_is_in_doubt(key):
    path = key_to_path(key).replace("net/ipv4", "net/ipv4/nothing/..")
    lines = {"/etc/sysctl.d/a.conf": f"{key}=1\n{path}=0\n"}
    host = make_host("procps", lines)
    precedence = precedence_of(host.boot_files, host.loader, [key], live={key: "1"})
    assert not precedence.are_certain([key])
    ((doubt, _keys),) = coupling_doubts(precedence, [key])
    assert (doubt.line, doubt.remedy) == (2, f"name {key} without '..'")
    lines["/etc/sysctl.d/b.conf"] = f"{key}=0\n"
    host = make_host("procps", lines)
    assert precedence_of(host.boot_files, host.loader, [key], live={key: "1"}).are_certain([key])


RPS = "net.core.rps_default_mask"


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize(
    ("key", "texts", "value", "is_certain"),
    [
        (RPS, ["1 2"], None, False),
        (RPS, ["1 x"], None, True),
        (RPS, ["1", "2 1"], "1", False),
        (RPS, ["2 1", "1"], "1", True),
        ("net.core.flow_limit_cpu_bitmap", ["1 2"], None, True),
    ],
)
def test_a_refused_text_that_changes_the_key(loader, key, texts, value, is_certain):
    files = {
        f"/etc/sysctl.d/{number}.conf": f"{key} = {text}\n" for number, text in enumerate(texts)
    }
    host = make_host(loader, files)
    precedence = precedence_of(host.boot_files, host.loader, [key], live={key: "1"})
    last = value if loader == "procps" or is_certain else None  # systemd writes the last one only
    assert precedence.value_at_boot(key, "1") == last
    assert precedence.are_certain([key]) is is_certain
    whys = [doubt.why for doubt, _keys in coupling_doubts(precedence, [key])]
    assert len(whys) == (not is_certain)
    assert all("refuses the text" in why for why in whys)


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize("key", ["net.ipv4.conf.x*y.rp_filter", "net.odd.x*y.number"])
def test_no_line_of_its_spelling_sets_a_key_whose_name_is_a_glob(loader, key):
    wider = key.replace("x*y", "x*")
    narrow = key.replace("x*y", "x[*]y")
    text = f"{key} = 2\n{wider} = 3\n{narrow} = 4\n"
    for lines, value in ((text, None), (text.partition("\n")[2], "4")):
        host = make_host(loader, {"/etc/sysctl.d/a.conf": lines})
        precedence = precedence_of(host.boot_files, host.loader, [key], live={key: "1"})
        assert precedence.value_at_boot(key, "1") == value
    other = key.replace("x*y", "xzy")
    host = make_host(loader, {"/etc/sysctl.d/a.conf": f"{key} = 2\n"})
    assert precedence_of(host.boot_files, host.loader, [other], live={}).winner(other).value == "2"
