# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the kernel reads a text: the table that integration tests compare with the real kernel."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel_text import (
    canonical_value,
    taken_value,
    written_value,
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
