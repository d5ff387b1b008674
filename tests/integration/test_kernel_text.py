# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real kernel reads a text as we expect: the table of the unit tests, and generated texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.kernel_text import (
    canonical_value,
    read_numbers,
    taken_value,
)
from hosts_in_memory import load_cases
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox.kernel_keys import KernelKeys, Written

CASES = []
for _case in load_cases("kernel_text.yml"):
    for _text in _case["texts"]:
        _name = f"{_case['key']} = {_text}"
        CASES.append(pytest.param(_case["key"], _case["live"], _text, id=_name))
NUMBERS = ("1", "600", "0x10", "010", "4096", "32000")


class Kind(NamedTuple):
    """A kind of key, which the kernel reads by a function of its own."""

    key: str
    before: str
    items: tuple[str, ...] = NUMBERS
    """What texts are made of, besides noise."""
    lowest: int = 0
    highest: int = (1 << 31) - 1
    """Only the kernel knows the range of a key, so what we expect of other numbers is no rule."""


KINDS = {
    "seconds": Kind(key="net.ipv4.tcp_keepalive_time", before="7200", highest=32767),
    "an integer with a sign": Kind(
        key="net.ipv4.igmp_max_memberships",
        before="20",
        items=(*NUMBERS, "-1", "-0x5"),
        lowest=-(1 << 31),
    ),
    "a byte": Kind(
        key="net.ipv4.tcp_syncookies",
        before="1",
        items=("0", "1", "2", "0x1", "01"),
        highest=255,
    ),
    "a minimum": Kind(key="net.core.somaxconn", before="128"),
    "three integers": Kind(key="net.ipv4.tcp_rmem", before="4096\t131072\t6291456", lowest=1),
    "two ports": Kind(
        key="net.ipv4.ip_local_port_range",
        before="32768\t60999",
        items=("20000", "0x8000", "61000", "040000"),
        lowest=1024,
        highest=65535,
    ),
    "two groups": Kind(key="net.ipv4.ping_group_range", before="0\t100"),
    "ranges": Kind(
        key="net.ipv4.ip_local_reserved_ports",
        before="1-5,9",
        items=(*NUMBERS, "10-20", "7-5", "-3", "1-", "65535", "65536", "0x10-017"),
    ),
    "keys": Kind(
        key="net.ipv4.tcp_fastopen_key",
        before="1-2-3-4",
        items=("1-2-3-4", "0xA-b-C-123456789", "1- 2"),
    ),
    "an address": Kind(
        key="net.ipv6.conf.lo.stable_secret",
        before="2001:db8::1",
        items=("2001:db8::2", "::1", "1::2::3"),
    ),
    "text": Kind(key="kernel.domainname", before="old.example", items=("a", *NUMBERS)),
    "four integers": Kind(key="kernel.sem", before="250\t32000\t100\t128", highest=32000),
    "a long": Kind(
        key="kernel.shmmax",
        before="4096",
        items=(*NUMBERS, str((1 << 64) - 1)),
        highest=(1 << 64) - 1,
    ),
}
NOISE = (
    *("#", "# text", ";", '"', "'", "x", "yes", "1_0", "1e3", "8", "08", "0x", "0b1", "+1", "1.5"),
    *("é", "\udca0", "\udcff", "-", "--1", "0" * 20 + "1", "0" * 19 + "1", "9" * 25),
)
SEPARATORS = (" ", " ", "  ", "\t", ",", ", ", "-", "", "\v", "\f", " \v", "#", " # ", " " * 4090)


@pytest.fixture(scope="module")
def kernel() -> Iterator[KernelKeys]:
    with KernelKeys() as opened:
        yield opened


@st.composite
def texts(draw: st.DrawFn, items: tuple[str, ...]) -> str:
    """Draw a text as a loader would hand it over: without blanks at its ends."""
    item = st.one_of(st.sampled_from(items), st.sampled_from(items), st.sampled_from(NOISE))
    separator = st.sampled_from(SEPARATORS)
    text = ""
    for _number in range(draw(st.integers(0, 5))):
        text += draw(item) + draw(separator)
    return text.strip(" \t\n\r\v\f")


def check(key: str, text: str, written: Written) -> None:
    taken = taken_value(key, text, written.before)
    if taken is None:
        assert written.error
        assert written.after == written.before
    else:
        assert canonical_value(key, written.after) == canonical_value(key, taken)


@pytest.mark.parametrize(("key", "live", "text"), CASES)
def test_the_table(kernel: KernelKeys, key: str, live: str, text: str) -> None:
    written = kernel.write(key, live, text)
    assert written.before == live
    check(key, text, written)


@pytest.mark.parametrize("name", KINDS)
def test_generated_texts(kernel: KernelKeys, name: str) -> None:
    kind = KINDS[name]

    @settings(max_examples=400, database=None, deadline=None, derandomize=True)
    @given(texts(kind.items))
    def write(text: str) -> None:
        numbers, _is_read_to_its_end = read_numbers(text, len(kind.before.split()))
        is_in_range = all(kind.lowest <= number <= kind.highest for number in numbers)
        written = kernel.write(kind.key, kind.before, text)
        if is_in_range or not written.error:
            check(kind.key, text, written)

    write()
