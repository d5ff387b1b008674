# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the kernel reads a text: the table that integration tests compare with the real kernel."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel import kernel_text
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.kernel_text import (
    canonical_value,
    is_known,
    taken_value,
    written_value,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import (
    RANGE_LISTS,
    may_have_grammar,
)
from hosts_in_memory import load_cases
from hypothesis import given
from hypothesis import strategies as st

CASES = []
for _case in load_cases("kernel_text.yml"):
    for _text, _after in _case["texts"].items():
        _name = f"{_case['key']} = {_text}"
        CASES.append(pytest.param(_case["key"], _case["live"], _text, _after, id=_name))
RMEM = "net.ipv4.tcp_rmem"
# Key, text, the value taken where the value before is not known.
WITHOUT_LIVE = [
    ("net.ipv4.tcp_fin_timeout", "60 # x", "60 # x"),
    ("net.ipv4.tcp_fin_timeout", '"60"', '"60"'),
    ("net.ipv4.tcp_fin_timeout", "", ""),
    ("net.ipv4.ip_local_reserved_ports", "2,1", "1-2"),
    ("net.ipv4.ip_local_reserved_ports", "1 2", None),
    ("fs.binfmt_misc.status", "0", "disabled"),
    ("fs.binfmt_misc.status", "disabled", None),
    ("kernel.seccomp.actions_logged", "trap log", "log trap"),
    ("some.text", "a # b", "a # b"),
]


SCHEDULER = "net.mptcp.scheduler"
ACTIONS = "kernel.seccomp.actions_logged"
LOGGER = "net.netfilter.nf_log.2"
DEVKMSG = "kernel.printk_devkmsg"
ZONES = "vm.numa_zonelist_order"
COOKIES = "net.sctp.cookie_hmac_alg"
# Key, live value, text, what the key holds then (None: refused), whether that is certain.
WORDS = [
    (SCHEDULER, "default", "default", "default", True),
    (SCHEDULER, "bpf_one", "default", "default", True),
    (SCHEDULER, "default", "bpf_one", "bpf_one", False),
    (SCHEDULER, "default", "a b", None, True),
    ("net.mptcp.path_manager", "kernel", "userspace", "userspace", True),
    ("net.mptcp.path_manager", "kernel", "no_such_manager", "no_such_manager", False),
    (LOGGER, "nf_log_syslog", "NONE", "NONE", True),
    (LOGGER, "nf_log_syslog", "nf_log_syslog", "nf_log_syslog", True),
    (LOGGER, "NONE", "nf_log_syslog", "nf_log_syslog", False),
    (LOGGER, "NONE", "none", "none", False),
    (LOGGER, "NONE", "", None, True),
    (DEVKMSG, "ratelimit", "on", "on", True),
    (DEVKMSG, "ratelimit", "1", None, True),
    (DEVKMSG, "ratelimit", "On", None, True),
    (DEVKMSG, "ratelimit", "on # x", None, True),
    (ZONES, "Node", "default", "Node", True),
    (ZONES, "Node", "numa", "Node", True),
    (ZONES, "Node", "Zone", None, True),
    (COOKIES, "sha1", "none", "none", True),
    (COOKIES, "sha1", "sha1", "sha1", True),
    (COOKIES, "sha1", "md5", "md5", False),
    (COOKIES, "sha1", "md5x", "md5", False),
    (COOKIES, "sha1", "sha512", None, True),
    (COOKIES, "sha1", "", None, True),
    (ACTIONS, "trap", "log errno", "errno log", True),
    (ACTIONS, "trap", "allow log", None, True),
    (ACTIONS, "trap", "log,trap", None, True),
    (ACTIONS, "trap", "log\ttrap", None, True),
    (ACTIONS, "trap", "log  trap", "log", True),
    (ACTIONS, "trap", "no_such_action", "no_such_action", False),
    (ACTIONS, "trap", "", "", True),
    (ACTIONS, "trap", "log no_such_action", "log no_such_action", False),
]

CPUMASK = "kernel.watchdog_cpumask"
RPS = "net.core.rps_default_mask"
# The same for lists and masks of CPUs.
CPUS = [
    (CPUMASK, "0-1", "0-1", "0-1", True),
    (CPUMASK, "0-1", "1,0", "0-1", True),
    (CPUMASK, "0-1", "1", "1", True),
    (CPUMASK, "0-1", "0-3", "0-3", False),
    (CPUMASK, "", "0", "0", True),
    (CPUMASK, "", "1", "1", False),
    (CPUMASK, None, "0", "0", True),
    (CPUMASK, None, "0-3", "0-3", False),
    (CPUMASK, "0-1", "x", None, True),
    (RPS, "0", "1", "1", True),
    (RPS, "00000000,00000003", "3", "3", True),
    (RPS, "0", "3", "3", False),
    (RPS, None, "ff", "ff", False),
    (RPS, "0", "1,2", "100000002", False),
    (RPS, "00000000,00000003", "00000000,00000003", "3", True),
    (RPS, "00000000,00000003", ",1", "1", True),
    (RPS, "0", "123456789", None, True),
    ("net.core.flow_limit_cpu_bitmap", "0", "0", "0", True),
    ("net.core.flow_limit_cpu_bitmap", "0", "2", "2", False),
    ("net.ipv4.ip_local_reserved_ports", "", "8080", "8080", True),
]

DUMP = "kernel.ftrace_dump_on_oops"
# The same for a key of text that may look like a number, keys that are not known, and -0.
OTHERS = [
    (DUMP, "0", "2", "2", True),
    (DUMP, "0", "2 # text", "2 # text", False),
    (DUMP, "0", "0 1", "0 1", False),
    (DUMP, "0", "orig_cpu", "orig_cpu", False),
    (DUMP, "0", "0x1", "0x1", False),
    (DUMP, "orig_cpu", "orig_cpu", "orig_cpu", True),
    ("some.text", "a b", "a  b", "a  b", True),
    ("some.text", "a b", "c", "c", False),
    ("net.ipv4.tcp_fin_timeout", "60", "-0", "-0", False),
    ("net.ipv4.tcp_rmem", "1 2 3", "-0x0 2 3", None, False),
]


@pytest.mark.parametrize(("key", "live", "text", "after", "is_certain"), [*WORDS, *CPUS, *OTHERS])
def test_words_and_cpus(key, live, text, after, is_certain):
    assert taken_value(key, text, live) == after
    assert is_known(key, text, live) is is_certain


@pytest.mark.parametrize(
    "key", [*RANGE_LISTS, *kernel_text._GRAMMARS, LOGGER, "net.ipv6.conf.x.stable_secret"]
)
def test_a_grammar_is_looked_for_even_for_a_plain_number(key):
    assert kernel_text.grammar_of(key)
    assert may_have_grammar(key)
    assert not may_have_grammar("net.ipv4.tcp_fin_timeout")


@pytest.mark.parametrize(("key", "number"), [(DUMP, "yes"), ("net.ipv4.tcp_sack", "1")])
def test_a_word_is_no_number_for_a_key_of_text(key, number):
    assert kernel_text.number_for_word(key, "yes", ["0"]) == number


@pytest.mark.parametrize(("key", "live", "text", "after"), CASES)
def test_what_a_key_holds_after_a_write(key, live, text, after):
    taken = taken_value(key, text, live)
    assert (taken is None) == (after is None)
    if after is not None:
        assert canonical_value(key, taken) == canonical_value(key, after)


@pytest.mark.parametrize(("key", "text", "taken"), WITHOUT_LIVE)
def test_what_is_known_without_the_value_before(key, text, taken):
    assert taken_value(key, text, live=None) == taken


def test_the_part_that_is_written_leaves_out_the_numbers_that_stay():
    assert written_value(RMEM, "8192 0x10", "1\t2\t3") == "8192 16"
    assert taken_value(RMEM, "8192 0x10", "1\t2\t3") == "8192 16 3"


def test_the_kernel_looks_no_further_than_one_page():
    assert taken_value(RMEM, "1" + " " * 4096 + "5", "1\t2\t3") == "1 2 3"


@given(st.text(), st.sampled_from(("7200", "1\t2\t3", "x", "")))
def test_what_was_taken_is_taken_again(text, live):
    taken = taken_value(RMEM, text, live)
    if taken is not None:
        assert taken_value(RMEM, taken, live) == taken


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2", True),
        ("00000001,00000002", True),
        ("1 # c", True),
        ("1\tffffffff ", True),
        ("1 x", False),
        ("x", False),
        ("1-2", False),
        ("1 123456789", False),
        ("", False),
    ],
)
def test_a_refused_text_that_changes_the_mask(text, expected):
    """Compared with the real kernel, where it has few CPUs."""
    assert kernel_text.changes_if_refused(RPS, text) is expected
    assert not kernel_text.changes_if_refused("net.core.flow_limit_cpu_bitmap", text)
