# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsing answers of the kernel about connections: captured, made up, and garbled."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest
import yaml
from ansible_collections.netops.tuning.plugins.module_utils._keepalive import inet_diag
from ansible_collections.netops.tuning.plugins.module_utils._keepalive.inet_diag import (
    SocketTable,
    count_states,
    parse_answer,
    parse_proc_net,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from hypothesis import given
from hypothesis import strategies as st

CAPTURED = yaml.safe_load(
    (Path(__file__).parents[3] / "cases/sock_diag.yml").read_text(encoding="utf-8")
)
ANSWER, DONE = CAPTURED["answer"], CAPTURED["done"]
TWO_HOURS = 7200 * 1000


def message(
    timer: int = 0, expires: int = 0, inode: int = 1, kind: int = 18, attributes: bytes = b""
) -> bytes:
    """Make a message about a connection as the kernel would."""
    body = struct.pack("=BBBB48xIIIII", 2, 1, timer, 0, expires, 0, 0, 0, inode) + attributes
    header = struct.pack("=IHHII", 16 + len(body), kind, 2, 0, 0)
    padding = bytes(-len(body) % 4)
    return header + body + padding


def last_message(kind: int, number: int) -> bytes:
    """Make the message that ends an answer, by its type (2: error, 3: done) and errno."""
    return struct.pack("=IHHIIi", 20, kind, 2, 0, 0, number)


def rows(table: SocketTable) -> list[tuple[int, int, int]]:
    """Return (timer, expires, inode) of each connection."""
    return list(zip(table.timers, table.expires, table.inodes))


# --- sock_diag ---


def test_request_is_for_established_connections():
    assert len(inet_diag.REQUEST) == struct.unpack_from("=I", inet_diag.REQUEST)[0] == 16 + 60
    assert struct.unpack_from("=I", inet_diag.REQUEST, 68)[0] == 1 << 1, "ESTABLISHED"


def test_parses_a_captured_answer():
    table = parse_answer(ANSWER)
    assert rows(table) == [
        (2, 7199868, 2260310),
        (0, 0, 2260317),
        (0, 0, 2260311),
        (0, 0, 2260313),
        (4, 128, 2260316),
        (0, 0, 2260314),
    ]
    assert table.end is None
    assert parse_answer(DONE) == SocketTable(timers=[], expires=[], inodes=[], end=0)


def test_proc_returns_the_same_connections():
    proc = rows(parse_proc_net(CAPTURED["tcp"], 100)) + rows(parse_proc_net(CAPTURED["tcp6"], 100))
    sock_diag = rows(parse_answer(ANSWER))
    assert timers_and_inodes(proc) == timers_and_inodes(sock_diag)
    assert max(expires for _timer, expires, _inode in proc) == 0xAFC72 * 10


def timers_and_inodes(connections: list[tuple[int, int, int]]) -> list[tuple[int, int]]:
    return sorted((timer, inode) for timer, _expires, inode in connections)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 255),
            st.integers(0, 2**32 - 1),
            st.integers(0, 2**32 - 1),
            st.sampled_from((0, 0, 8, 9, 52)),
        ),
        min_size=1,
    ),
    st.booleans(),
)
def test_messages_of_equal_and_different_lengths(connections, is_last):
    data = b""
    for timer, expires, inode, size in connections:
        data += message(timer, expires, inode, attributes=bytes(size))
    if is_last:
        data += last_message(3, 0)
    table = parse_answer(data)
    assert rows(table) == [connection[:3] for connection in connections]
    assert table.end == (0 if is_last else None)


@pytest.mark.parametrize(("kind", "number"), [(2, -2), (3, -4), (2, -(2**31))])
def test_answer_that_ends_in_an_error(kind, number):
    assert parse_answer(last_message(kind, number)).end == -number
    assert parse_answer(message() + last_message(kind, number)).end == -number


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 16,
        message()[:-1],
        message() + b"\0\0\0\0",
        message() + message(expires=7)[:87],
        message(kind=99),
        message(kind=99) * 2,
        message() + message(kind=99),
        ANSWER[:15],
        struct.pack("=IHHII", 15, 18, 0, 0, 0) + bytes(100),
        struct.pack("=IHHII", 2**32 - 1, 18, 0, 0, 0) + bytes(100),
        struct.pack("=IHHII", 80, 18, 0, 0, 0) + bytes(64),
        struct.pack("=IHHII", 16, 3, 0, 0, 0),
    ],
)
def test_refuses_a_malformed_answer(data):
    with pytest.raises(TuningError, match=r"cut short|not known"):
        parse_answer(data)


def test_refuses_a_truncated_answer():
    for size in range(1, len(ANSWER)):
        if size % 124:
            with pytest.raises(TuningError):
                parse_answer(ANSWER[:size])
        else:
            assert len(parse_answer(ANSWER[:size]).inodes) == size // 124


@given(st.data())
def test_garbled_answer_is_refused_or_parsed(data):
    garbled = bytearray(ANSWER + DONE)
    for _unused in range(data.draw(st.integers(1, 4))):
        garbled[data.draw(st.integers(0, len(garbled) - 1))] = data.draw(st.integers(0, 255))
    try:
        table = parse_answer(bytes(garbled[: data.draw(st.integers(0, len(garbled)))]))
    except TuningError:
        return
    assert len(table.timers) == len(table.expires) == len(table.inodes) <= 7
    assert len(table.classify(TWO_HOURS)) == len(table.inodes)


@given(st.binary(max_size=400))
def test_random_bytes_are_refused_or_parsed(noise):
    try:
        parse_answer(noise)
    except TuningError as error:
        assert str(error)  # noqa: PT017 # either way is right


# --- /proc/net/tcp ---


def line(
    state: str = "01",
    timer: str = "00:00000000",
    inode: int = 1,
    number: str = "0:",
    more: str = "",
) -> str:
    """Make a line as in /proc/net/tcp."""
    addresses = "0100007F:9ACA 0100007F:A8CB"
    return (
        f" {number} {addresses} {state} 00000000:00000000 {timer} 00000000  0  0 {inode} {more}\n"
    )


def test_parses_lines_of_proc():
    listening = line(state="0A")
    time_wait = line(state="06", inode=0)
    with_timer = line(timer="02:00000064", inode=6, number="123456:")
    text = "head\n" + listening + line(inode=5) + with_timer
    assert rows(parse_proc_net(text + time_wait, 100)) == [(0, 0, 5), (2, 1000, 6)]
    assert rows(parse_proc_net(text, 1000)) == [(0, 0, 5), (2, 100, 6)]


@pytest.mark.parametrize("text", ["", "head\n"])
def test_proc_without_lines(text):
    assert parse_proc_net(text, 100) == SocketTable(timers=[], expires=[], inodes=[], end=0)


@pytest.mark.parametrize(
    "bad",
    ["x", line(state="zz"), line(timer="02"), line()[:40], line(inode=1).replace(" 1 ", " x ")],
)
def test_refuses_a_malformed_line(bad):
    with pytest.raises(TuningError, match="not understood"):
        parse_proc_net(f"head\n{line()}{bad}", 100)


@given(st.text(max_size=200))
def test_random_text_is_refused_or_parsed(text):
    try:
        parse_proc_net(f"head\n{text}", 100)
    except TuningError as error:
        assert "not understood" in str(error)  # noqa: PT017 # either way is right


# --- states ---


@pytest.mark.parametrize(
    ("timer", "expires", "state"),
    [
        (0, 0, "without_keepalive"),
        (1, 200, "unknown"),
        (2, 0, "with_keepalive"),
        (2, TWO_HOURS, "with_keepalive"),
        (2, TWO_HOURS + 1, "stale"),
        (1, TWO_HOURS + 1, "unknown"),
        (0, TWO_HOURS + 1, "without_keepalive"),
        (4, TWO_HOURS + 1, "unknown"),
        (3, 0, "unknown"),
        (255, 0, "unknown"),
    ],
)
def test_classifies_connections_by_timer(timer, expires, state):
    single = SocketTable(timers=[timer], expires=[expires], inodes=[1])
    assert single.classify(TWO_HOURS) == [state]
    assert "stale" not in single.classify(math.inf)
    several = SocketTable(
        timers=[2, timer, 2],
        expires=[TWO_HOURS + 1, expires, 5],
        inodes=[1, 2, 3],
    )
    assert several.classify(TWO_HOURS) == ["stale", state, "with_keepalive"]


def test_counts_states():
    assert count_states([]) == dict.fromkeys(
        ("established", "with_keepalive", "without_keepalive", "unknown", "stale"), 0
    )
    states = [
        "stale",
        "unknown",
        "with_keepalive",
        "without_keepalive",
        "stale",
        "without_keepalive",
        "without_keepalive",
    ]
    assert count_states(states) == {
        "established": 7,
        "with_keepalive": 3,
        "without_keepalive": 3,
        "unknown": 1,
        "stale": 2,
    }
