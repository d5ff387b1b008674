# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel tells of connections: captured, made up, and garbled."""

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
HOURS = 7200 * 1000


def message(
    timer: int = 0, left: int = 0, inode: int = 1, kind: int = 18, more: bytes = b""
) -> bytes:
    """Make a message as the kernel would, with these bytes of attributes."""
    body = struct.pack("=BBBB48xIIIII", 2, 1, timer, 0, left, 0, 0, 0, inode) + more
    return (struct.pack("=IHHII", 16 + len(body), kind, 2, 0, 0) + body).ljust(
        len(body) + 19 & ~3, b"\0"
    )


def ended(kind: int, number: int) -> bytes:
    return struct.pack("=IHHIIi", 20, kind, 2, 0, 0, number)


def rows(sockets: SocketTable) -> list[tuple[int, int, int]]:
    return list(zip(sockets.timers, sockets.expires, sockets.inodes))


# --- sock_diag ---


def test_what_is_asked_for():
    assert len(inet_diag.REQUEST) == struct.unpack_from("=I", inet_diag.REQUEST)[0] == 16 + 60
    assert struct.unpack_from("=I", inet_diag.REQUEST, 68)[0] == 1 << 1, "ESTABLISHED"


def test_a_captured_answer():
    found = parse_answer(ANSWER)
    assert rows(found) == [
        (2, 7199868, 2260310),
        (0, 0, 2260317),
        (0, 0, 2260311),
        (0, 0, 2260313),
        (4, 128, 2260316),
        (0, 0, 2260314),
    ]
    assert found.end is None
    assert parse_answer(DONE) == SocketTable([], [], [], 0)


def test_the_same_from_proc():
    found = [row for name in ("tcp", "tcp6") for row in rows(parse_proc_net(CAPTURED[name], 100))]
    assert sorted((timer, inode) for timer, _left, inode in found) == sorted(
        (timer, inode) for timer, _left, inode in rows(parse_answer(ANSWER))
    )
    assert max(left for _timer, left, _inode in found) == 0xAFC72 * 10


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
def test_messages_of_one_length_or_of_several(made, end):
    data = b"".join(
        message(timer, left, inode, more=bytes(size)) for timer, left, inode, size in made
    )
    found = parse_answer(data + (ended(3, 0) if end else b""))
    assert rows(found) == [(timer, left, inode) for timer, left, inode, _size in made]
    assert found.end == (0 if end else None)


@pytest.mark.parametrize(("kind", "number"), [(2, -2), (3, -4), (2, -(2**31))])
def test_an_answer_that_is_an_error(kind, number):
    assert parse_answer(ended(kind, number)).end == -number
    assert parse_answer(message() + ended(kind, number)).end == -number


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 16,
        message()[:-1],
        message() + b"\0\0\0\0",
        message() + message(left=7)[:87],
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
def test_an_answer_that_is_no_answer(data):
    with pytest.raises(TuningError, match=r"cut short|not known"):
        parse_answer(data)


def test_an_answer_cut_short_is_told_from_a_shorter_one():
    for size in range(1, len(ANSWER)):
        if size % 124:
            with pytest.raises(TuningError):
                parse_answer(ANSWER[:size])
        else:
            assert len(parse_answer(ANSWER[:size]).inodes) == size // 124


@given(st.data())
def test_a_garbled_answer_is_refused_or_read(data):
    garbled = bytearray(ANSWER + DONE)
    for _unused in range(data.draw(st.integers(1, 4))):
        garbled[data.draw(st.integers(0, len(garbled) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = parse_answer(bytes(garbled[: data.draw(st.integers(0, len(garbled)))]))
    except TuningError:
        return
    assert len(found.timers) == len(found.expires) == len(found.inodes) <= 7
    assert len(found.classify(HOURS)) == len(found.inodes)


@given(st.binary(max_size=400))
def test_noise_is_refused_or_read(noise):
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
    return f" {number} 0100007F:9ACA 0100007F:A8CB {state} 00000000:00000000 {timer} 00000000  0  0 {inode} {more}\n"


def test_lines_of_proc():
    text = (
        "head\n"
        + line(state="0A")
        + line(inode=5)
        + line(timer="02:00000064", inode=6, number="123456:")
    )
    assert rows(parse_proc_net(text + line(state="06", inode=0), 100)) == [(0, 0, 5), (2, 1000, 6)]
    assert rows(parse_proc_net(text, 1000)) == [(0, 0, 5), (2, 100, 6)]


@pytest.mark.parametrize("text", ["", "head\n"])
def test_no_lines(text):
    assert parse_proc_net(text, 100) == SocketTable([], [], [], 0)


@pytest.mark.parametrize(
    "bad",
    ["x", line(state="zz"), line(timer="02"), line()[:40], line(inode=1).replace(" 1 ", " x ")],
)
def test_a_line_that_is_not_understood(bad):
    with pytest.raises(TuningError, match="not understood"):
        parse_proc_net(f"head\n{line()}{bad}", 100)


@given(st.text(max_size=200))
def test_any_text_is_refused_or_read(text):
    try:
        parse_proc_net(f"head\n{text}", 100)
    except TuningError as error:
        assert "not understood" in str(error)  # noqa: PT017 # either way is right


# --- what it means ---


@pytest.mark.parametrize(
    ("timer", "left", "kind"),
    [
        (0, 0, "without_keepalive"),
        (1, 200, "unknown"),
        (2, 0, "with_keepalive"),
        (2, HOURS, "with_keepalive"),
        (2, HOURS + 1, "stale"),
        (1, HOURS + 1, "unknown"),
        (0, HOURS + 1, "without_keepalive"),
        (4, HOURS + 1, "unknown"),
        (3, 0, "unknown"),
        (255, 0, "unknown"),
    ],
)
def test_what_a_timer_says(timer, left, kind):
    assert SocketTable([timer], [left], [1]).classify(HOURS) == [kind]
    beside = SocketTable([2, timer, 2], [HOURS + 1, left, 5], [1, 2, 3]).classify(HOURS)
    assert beside == ["stale", kind, "with_keepalive"]
    assert "stale" not in SocketTable([timer], [left], [1]).classify(math.inf)


def test_counting():
    assert count_states([]) == dict.fromkeys(
        ("established", "with_keepalive", "without_keepalive", "unknown", "stale"), 0
    )
    kinds = [
        "stale",
        "unknown",
        "with_keepalive",
        "without_keepalive",
        "stale",
        "without_keepalive",
        "without_keepalive",
    ]
    assert count_states(kinds) == {
        "established": 7,
        "with_keepalive": 3,
        "without_keepalive": 3,
        "unknown": 1,
        "stale": 2,
    }
