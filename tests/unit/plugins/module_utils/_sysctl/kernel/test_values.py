# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values: what users may write, which texts are equal to the kernel, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl import secrets
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel import values
from hypothesis import example, given
from hypothesis import strategies as st

KEY = "net.ipv4.tcp_fin_timeout"
TIME, INTVL, PROBES = (f"net.ipv4.tcp_keepalive_{name}" for name in ("time", "intvl", "probes"))
RANGES = "net.ipv4.ip_local_reserved_ports"
DEVKMSG = "kernel.printk_devkmsg"
RATEMASK = "net.ipv6.icmp.ratemask"
FASTOPEN, STABLE = "net.ipv4.tcp_fastopen_key", "net.ipv6.conf.eth0.stable_secret"

# What a user writes, and its text.
WRITTEN = [
    (3600, "3600"),
    (-1, "-1"),
    ("  3600\t", "3600"),
    ("", ""),
    (True, "1"),
    (False, "0"),
    ([4096, "131072", 6291456], "4096 131072 6291456"),
    ((1, True), "1 1"),
    ([], ""),
    (["1", "", "2", ""], "1  2"),
    ([4, 5], "4 5"),
    ("a\tb  c", "a\tb  c"),
]
# The same for a key that takes a list of ranges.
WRITTEN_RANGES = [
    ([8080, 9090], "8080,9090"),
    ([8080, "9000-9010"], "8080,9000-9010"),
    ("8080 9090", "8080,9090"),
    ("8080, 9090,", "8080,9090"),
    (8080, "8080"),
    ([], ""),
    ("", ""),
]
REFUSED = [
    (1.5, "1.5 is not a value"),
    (None, "null is not a value"),
    ({"a": 1}, "{'a': 1} is not a value"),
    ([1, 2.0], "2.0 is not a value"),
    ("1\nkernel.core_pattern = x", "line end"),
    ("1\rkernel.core_pattern = x", "line end"),
    ("1\0", "NUL"),
    (["1", "2\n3"], "line end"),
]
# Key, two texts, whether they are one value.
EQUALITY = [
    (KEY, "60", "60", True),
    (KEY, "60", "61", False),
    (KEY, "60", "060", False),
    (KEY, "60", "074", True),
    (KEY, "60", "0x3c", True),
    (KEY, "60", "0X3C", True),
    (KEY, "-1", "-1", True),
    (KEY, "-1", "1", False),
    (KEY, "4096 131072\t6291456", "4096\t131072   6291456", True),
    (KEY, "4096 131072", "4096", False),
    (KEY, "abc", "ABC", False),
    (KEY, "a  b", "a b", True),
    (KEY, "0b11", "3", False),
    (KEY, "0o17", "15", False),
    (KEY, "1_0", "10", False),
    (KEY, "08", "8", False),
    (KEY, "1e3", "1000", False),
    (KEY, "\u0661", "1", False),
    (KEY, "", "", True),
    (KEY, "", "0", False),
    (KEY, None, None, True),
    (KEY, None, "0", False),
    (KEY, "0", None, False),
    (RANGES, "8080,9000-9002", "9000-9002,8080", True),
    (RATEMASK, "0,1,3-127", "0-1,3-127", True),
    (RANGES, "9000,9001,9002", "9000-9002", True),
    (RANGES, "9000", "9001", False),
    (RANGES, "", "", True),
    (RANGES, "x", "x,", False),
    (RANGES, "\u00b2", "1", False),
    (RANGES, "0-99999999999", "1", False),
    (RANGES, "9" * 5000, "1", False),
    (RANGES, "9" * 5000 + "-" + "9" * 5000, "1", False),
    (RANGES, "x y ", "x  y", True),
    (RANGES, "8080 9090", "8080,9090", False),
    (RANGES, "010,0x10", "8,16", True),
    (FASTOPEN, "1-2-3-4", "00000001-00000002-00000003-00000004", True),
    (FASTOPEN, "A-2-3-4,5-6-7-8", "a-2-3-4,05-6-7-8", True),
    (FASTOPEN, "1-2-3-4", "1-2-3-5", False),
    ("kernel.seccomp.actions_logged", "log errno trap", "trap errno log", True),
    ("kernel.seccomp.actions_logged", "log errno", "trap errno log", False),
    ("fs.binfmt_misc.status", "0", "disabled", True),
    ("fs.binfmt_misc.status", "1", "disabled", False),
    ("kernel.domainname", "010", "8", False),
    ("net.core.rps_default_mask", "3", "00000003", True),
    (STABLE, "2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001", True),
    (STABLE, "2001:db8::1", "2001:db8::2", False),
    (FASTOPEN, "00000000-00000000-00000000-00000001", "00000000-00000000-00000000-00000001", True),
]
# Key, value, live value, a part of the reason to refuse it (None: it is accepted).
VALIDATED = [
    (KEY, "60", "30", None),
    (KEY, "0x10", "30", None),
    (KEY, "-1", "30", None),
    (KEY, "0", "30", None),
    (KEY, "abc", "30", "is refused by the kernel: 'abc' is not a number; give a number"),
    (KEY, "08 # nine", "30", "comment"),
    (KEY, "60 # sixty", "30", "has a comment behind the value"),
    (KEY, "60;", "30", "'60;' is not a number"),
    (KEY, "60 ; sixty", "30", "comment"),
    (KEY, "60 # sixty", None, "comment"),
    (KEY, '"60"', "30", "has quotes in it"),
    (KEY, "'60'", None, "has quotes in it"),
    (KEY, "1_000", "30", "'1_000' is not a number"),
    (KEY, "9" * 25, "30", "too large for the kernel"),
    (KEY, "18446744073709551616", "30", "too large for the kernel"),
    (KEY, "\u0663\u0660", "30", "is not a number; give a number"),
    (KEY, "-\uff13", "30", "is not a number; give a number"),
    (KEY, "0\u0663", "30", "is not a number; give a number"),
    (KEY, "2024-01-01", "30", "'2024-01-01' is not a number; give a number"),
    (KEY, "1,010", "30", "'1,010' is not a number; give a number"),
    (KEY, "rack1-02", None, None),
    (KEY, "2024-01-01", None, None),
    (KEY, "18446744073709551615", "30", None),
    (KEY, "yes", None, "give 1"),
    (KEY, "Off", None, "give 0"),
    (KEY, "fq", None, None),
    (KEY, "010", "30", "octal, which gives 8; write 10"),
    (KEY, "-010", "30", "octal, which gives -8; write -10"),
    (KEY, "00", "30", "octal, which gives 0; write 0"),
    (KEY, "08", "30", "octal, which gives an error"),
    (KEY, "010", None, "octal"),
    (KEY, "3600 9", "30", "drop"),
    (KEY, "3600 9 25", "30", "drop"),
    (KEY, "", "30", "keep"),
    ("net.ipv4.tcp_rmem", "1 2", "4096\t131072\t6291456", "keep"),
    ("net.ipv4.tcp_rmem", "1 2 3", "4096\t131072\t6291456", None),
    (KEY, "60 abc", "30", "the key holds 1 number, so it would drop 'abc'; give 1 number"),
    ("net.ipv4.tcp_rmem", "x 1 2", "4096\t131072\t6291456", "'x' is not a number; give 3 numbers"),
    (
        *("net.ipv4.tcp_rmem", "1 x 2", "4096\t131072\t6291456"),
        "'x' is not a number, so it would keep '131072 6291456'; give 3 numbers",
    ),
    ("net.ipv4.ping_group_range", "1 x", "1\t0", "is refused by the kernel: 'x' is not a number"),
    ("net.ipv4.tcp_rmem", "1 2 3 # x", "4096\t131072\t6291456", "comment"),
    ("net.ipv4.ping_group_range", '"0 2147483647"', "1\t0", "quotes"),
    ("net.ipv4.ping_group_range", "9 3", "1\t0", "which gives '1 0'; swap them"),
    ("net.ipv4.ping_group_range", "1 0", "0\t9", None),
    ("net.ipv4.ip_local_port_range", "60999 32768", "32768\t60999", "swap them"),
    ("net.ipv4.ip_local_port_range", "1024 65536", "32768\t60999", "65536 is outside of the"),
    (RANGES, "8080,9090", "8080", None),
    (RANGES, "8080,8080", "8080", None),
    (RANGES, "8080-8090,8085", "8080", None),
    (RANGES, "8080,", "8080", None),
    ("kernel.watchdog_cpumask", "0,0", "0", None),
    (RATEMASK, "0-1,3-127", "5", None),
    (RATEMASK, "3,1", "0-1,3-127", None),
    (RATEMASK, "0-256", "5", "give numbers from 0 to 255 and ranges"),
    ("net.core.rps_default_mask", "00000000", "0", None),
    ("kernel.seccomp.actions_logged", "log log", "log", None),
    (STABLE, "2001:0db8:0000:0000:0000:0000:0000:0001 # x", None, "comment"),
    (RATEMASK, "256", None, "give numbers from 0 to 255 and ranges"),
    (RATEMASK, "256", "5", "give numbers from 0 to 255 and ranges"),
    (RANGES, "70000", "8080", "give numbers from 0 to 65535 and ranges"),
    (STABLE, "2001:0db8:0000:0000:0000:0000:0000:0001-x", None, "is too long"),
    (STABLE, "5", None, "IPv6 address"),
    (FASTOPEN, "5", None, "four groups"),
    (DEVKMSG, "1", "ratelimit", "give one of these words, in YAML with quotes: off, on, ratelimit"),
    (DEVKMSG, "1", None, "give one of these words"),
    (DEVKMSG, "on", None, None),
    ("vm.numa_zonelist_order", "Zone", "Node", "give Node"),
    ("net.netfilter.nf_log.2", "nf_log_syslog", "NONE", None),
    ("kernel.seccomp.actions_logged", "allow", "log", "words of kernel.seccomp.actions_avail"),
    (KEY, "-0", "30", "has '-0' in it, which the kernel refuses for many keys; write 0"),
    ("kernel.ftrace_dump_on_oops", "orig_cpu", "0", None),
    (RANGES, "", "8080", None),
    (RANGES, "8080", None, None),
    (RANGES, "8080 9090", "8080", "give numbers from 0 to 65535 and ranges"),
    (RANGES, "9090-8080", "", "give numbers from 0 to 65535 and ranges"),
    (RANGES, "65536", "", "give numbers from 0 to 65535 and ranges"),
    (RANGES, "8080,010", "", "octal, which gives 8; write 10"),
    (RANGES, "8080,# mine", "", "comment"),
    (RANGES, '"8080"', "", "quotes"),
    (FASTOPEN, "1-2-3-4", "00000001-00000002-00000003-00000004", None),
    (FASTOPEN, "1-2-3", None, "four groups of up to eight hexadecimal digits"),
    (STABLE, "2001:db8::1", None, None),
    (STABLE, "12", "2001:0db8:0000:0000:0000:0000:0000:0001", "IPv6 address"),
    ("kernel.domainname", "010", "x", None),
    ("kernel.domainname", "a" * 65, None, "the kernel keeps 64 bytes of it"),
    ("net.ipv4.tcp_congestion_control", "", "cubic", "one name of 1 to 15 bytes"),
    ("net.ipv4.tcp_congestion_control", '"bbr"', "cubic", "one name of 1 to 15 bytes"),
    ("net.ipv4.tcp_congestion_control", "reno # c", "cubic", "one name of 1 to 15 bytes"),
    ("net.core.default_qdisc", "fq fq_codel", "fq", "one name of 1 to 15 bytes"),
    ("net.core.rps_default_mask", "0x1", "0", "a mask of hexadecimal digits"),
    ("fs.binfmt_misc.status", "-1", "enabled", "give 1 or 0"),
    ("fs.binfmt_misc.status", "1", "enabled", None),
    ("kernel.core_pattern", "010 a", "core", None),
    ("kernel.core_pattern", "|/bin/x %p", "core", None),
    ("kernel.core_pattern", "core", "", None),
    (TIME, "1", "7200", None),
    (TIME, "32767", "7200", None),
    (TIME, "0", "7200", "not an integer from 1 to 32767 (seconds): the kernel takes other values"),
    (TIME, "-1", "7200", "1 to 32767"),
    (TIME, "32768", "7200", "1 to 32767"),
    (TIME, "abc", None, "not an integer"),
    (TIME, "3600abc", "7200", "not a number"),
    (TIME, "0", None, "1 to 32767"),
    (INTVL, "0", "75", "1 to 32767"),
    (INTVL, "32767", "75", None),
    (PROBES, "1", "9", None),
    (PROBES, "127", "9", None),
    (PROBES, "128", "9", "1 to 127 (probes)"),
    (PROBES, "0", "9", "ends healthy idle connections"),
]
# Value, live value, a part of the reason why it can be no minimum (None: it can).
fields = st.sampled_from(
    (
        "0",
        "8",
        "010",
        "0x8",
        "-8",
        "08",
        "0b1",
        "1_0",
        "a",
        "8080-8082",
        "8080,8081-8082",
        "::1",
        "0:0::1",
        "é",
    )
)
texts = st.one_of(
    st.none(),
    st.lists(fields, max_size=3).map(" ".join),
    st.lists(fields, max_size=3).map(" \t".join),
)
keys_of_each_kind = st.sampled_from((KEY, TIME, RANGES, STABLE, FASTOPEN))


@pytest.mark.parametrize(("written", "text"), WRITTEN, ids=repr)
def test_the_text_of_a_value(written, text):
    assert values.format_value(KEY, written) == text


@pytest.mark.parametrize(("written", "text"), WRITTEN_RANGES, ids=repr)
def test_the_text_of_a_list_of_ranges(written, text):
    assert values.format_value(RANGES, written) == text


def test_a_list_for_another_list_of_ranges():
    assert values.format_value(RATEMASK, [0, 1, "3-127"]) == "0,1,3-127"


@pytest.mark.parametrize(("written", "reason"), REFUSED, ids=repr)
def test_a_bad_value_is_refused(written, reason):
    with pytest.raises(TuningError, match=reason) as caught:
        values.format_value(KEY, written)
    assert caught.value.key == KEY
    assert KEY in str(caught.value)


@pytest.mark.parametrize(("key", "first", "second", "expected"), EQUALITY)
def test_whether_two_texts_are_one_value(key, first, second, expected):
    assert values.values_equal(key, first, second) is expected
    assert values.values_equal(key, second, first) is expected


@given(keys_of_each_kind, texts, texts, texts)
@example(RANGES, "1-99999999", "1-99999999", "1")
def test_equality_is_an_equivalence(key, one, two, three):
    assert values.values_equal(key, one, one)
    assert values.values_equal(key, one, two) == values.values_equal(key, two, one)
    if values.values_equal(key, one, two) and values.values_equal(key, two, three):
        assert values.values_equal(key, one, three)


@given(
    st.sampled_from((KEY, TIME, STABLE)),
    st.lists(fields, max_size=3),
    st.sampled_from((" ", "\t", "  ")),
)
def test_the_number_of_blanks_does_not_matter(key, some_fields, blank):
    assert values.values_equal(key, " ".join(some_fields), blank.join(some_fields) + blank)


@given(st.integers(-(1 << 40), 1 << 40))
def test_integers_are_compared_by_value(number):
    sign = "-" if number < 0 else ""
    for text in (f"{sign}0x{abs(number):x}", f"{sign}0{abs(number):o}", f" {number}\t"):
        assert values.values_equal(KEY, str(number), text)
    assert not values.values_equal(KEY, str(number), str(number + 1))


@pytest.mark.parametrize(("key", "value", "live", "reason"), VALIDATED)
def test_which_values_are_refused(key, value, live, reason):
    if reason is None:
        values.validate_value(key, value, live, unsafe=False)
        return
    with pytest.raises(TuningError) as caught:
        values.validate_value(key, value, live, unsafe=False)
    assert reason in str(caught.value)
    assert caught.value.key == key
    assert secrets.quote_value(key, value) in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"), [(TIME, "0"), (TIME, "-1"), (INTVL, "40000"), (PROBES, "0"), (PROBES, "200")]
)
def test_unsafe_accepts_a_harmful_value(key, value):
    values.validate_value(key, value, "9", unsafe=True)


def test_a_number_of_thousands_of_digits_is_refused_in_one_line():
    """Python refuses to print a number of more than 4300 digits."""
    with pytest.raises(TuningError, match="a leading 0 makes it octal") as caught:
        values.validate_value(KEY, "07" + "7" * 6000, "30", unsafe=False)
    assert len(str(caught.value)) < 500


def test_unsafe_does_not_accept_a_value_that_the_kernel_would_misread():
    with pytest.raises(TuningError, match="octal"):
        values.validate_value(TIME, "010", "7200", unsafe=True)


@pytest.mark.parametrize(
    ("value", "numbers"),
    [("1\t0x10  -3", [1, 16, -3]), ("", []), ("1 x", []), ("010", [8]), ("::1", [])],
)
def test_the_numbers_in_a_value(value, numbers):
    assert values.numbers_in(value) == numbers


@pytest.mark.parametrize("key", [FASTOPEN, STABLE, "net.ipv6.conf.all.stable_secret"])
def test_secrets_are_never_shown(key):
    assert secrets.display_value(key, "hush") == secrets.REDACTED
    assert secrets.display_value(key, None) is None
    assert "hush" not in secrets.quote_value(key, "hush")


@pytest.mark.parametrize(
    ("value", "text"), [("1\t2  3", "1 2 3"), ("a\udcffb", "a\ufffdb"), ("", ""), (None, None)]
)
def test_how_a_value_is_displayed(value, text):
    assert secrets.display_value(KEY, value) == text


def test_a_long_value_is_cut_in_messages():
    assert secrets.quote_value(KEY, "60") == "'60'"
    long = secrets.quote_value(KEY, "x" * 70_000)
    assert len(long) < 200
    assert "70002 characters" in long


def test_plain_numbers_need_none_of_the_deferred_parts():
    program = (
        "import sys; from hosts_in_memory import OURS, make_host, make_request, plan_for; "
        "host = make_host('systemd', {OURS: 'a.b = 1'}, {'a.b': '1', 'a.c': '5'}); "
        "plan_for(make_request({'a.b': '1', 'a.c': '3'}), host); "
        "print([name for name in sys.modules if name.endswith(('kernel_text', 'value_checks'))])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    output = subprocess.check_output([sys.executable, "-c", program], env=environment)
    assert output.decode().strip() == "[]"
