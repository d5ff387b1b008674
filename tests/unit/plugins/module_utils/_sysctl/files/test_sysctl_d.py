# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One file of settings: how the loaders read it, and lossless edits of it."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files import (
    sysctl_d,
    whole_lines,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import LOADERS
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    values_equal,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.text import encode
from hypothesis import given
from hypothesis import strategies as st
from unit.generated import files, keys, keys_and_globs, loaders, plain_values

SYSTEMD, PROCPS = LOADERS["systemd"], LOADERS["procps"]
KEY = "net.ipv4.tcp_fin_timeout"
NO_VALUE, NO_KEY = "no '=' in the line", "no key in the line"

READ_BY_BOTH = [
    (b"", []),
    (b"\n\n \t\n", []),
    (b"# a = 1\n ; b = 2\n", []),
    (b"a.b = 1\n", [(1, "a.b", "1")]),
    (b"a.b=1", [(1, "a.b", "1")]),
    (b"\n\n  a/b\t=\t1 2 \t\n", [(3, "a.b", "1 2")]),
    (b"a.b = 1 # no comment\n", [(1, "a.b", "1 # no comment")]),
    (b"a.b = c = d\n", [(1, "a.b", "c = d")]),
    (b"a.b =\n", [(1, "a.b", "")]),
    (b"-a.b = 1\n", [(1, "a.b", "1")]),
    (b"-a.b\n", [(1, "a.b", None)]),
    (b"-a.*.b \n", [(1, "a.*.b", None)]),
    (b"a.b 1\n", [(1, "", NO_VALUE)]),
    (b"= 1\n-\n-=1\n", [(1, "", NO_KEY), (2, "", NO_KEY), (3, "", NO_KEY)]),
    (b"a.b = \xff\n", [(1, "a.b", "\udcff")]),
    (b"a.b = 1\r\nc.d = 2\r\n", [(1, "a.b", "1"), (2, "c.d", "2")]),
]
READ_DIFFERENTLY = [
    (b"a.b = 1\rc.d = 2\n", [(1, "a.b", "1"), (1, "c.d", "2")], [(1, "a.b", "1\rc.d = 2")]),
    (b"a.b = 1\0c.d = 2\n", [(1, "a.b", "1"), (1, "c.d", "2")], [(1, "a.b", "1")]),
    (b"\0a.b = 1\n", [(1, "a.b", "1")], []),
    (b"- a.b = 1\n", [(1, "a.b", "1")], [(1, " a.b", "1")]),
    (b"--a.b = 1\n", [(1, "-a.b", "1")], [(1, "a.b", "1")]),
    (b"\fa.b = 1\n", [(1, "\fa.b", "1")], [(1, "a.b", "1")]),
]
# Name, file, assignments, file after the edit.
EDITS = [
    ("a new key", b"a.b = 1\n", {KEY: "3"}, b"a.b = 1\nnet.ipv4.tcp_fin_timeout = 3\n"),
    ("an empty file", b"", {KEY: "3"}, b"net.ipv4.tcp_fin_timeout = 3\n"),
    ("a missing line end", b"a.b = 1", {KEY: "3"}, b"a.b = 1\nnet.ipv4.tcp_fin_timeout = 3\n"),
    (
        "line ends of Windows",
        b"a.b = 1\r\n",
        {KEY: "3"},
        b"a.b = 1\r\nnet.ipv4.tcp_fin_timeout = 3\r\n",
    ),
    (
        "another value",
        b"net.ipv4.tcp_fin_timeout = 2\n",
        {KEY: "3"},
        b"net.ipv4.tcp_fin_timeout = 3\n",
    ),
    (
        "its spacing",
        b"  net.ipv4.tcp_fin_timeout=\t 2  \r\n",
        {KEY: "3"},
        b"  net.ipv4.tcp_fin_timeout=\t 3  \r\n",
    ),
    (
        "its spelling and dash",
        b"-net/ipv4/tcp_fin_timeout=2\n",
        {KEY: "3"},
        b"-net/ipv4/tcp_fin_timeout=3\n",
    ),
    (
        "a value that is the same",
        b"net.ipv4.tcp_fin_timeout =  0x3\n",
        {KEY: "3"},
        b"net.ipv4.tcp_fin_timeout =  0x3\n",
    ),
    (
        "no value",
        b"net.ipv4.tcp_fin_timeout =\nb = 1\n",
        {KEY: "3"},
        b"net.ipv4.tcp_fin_timeout = 3\nb = 1\n",
    ),
    (
        "no value nor line end",
        b"net.ipv4.tcp_fin_timeout =",
        {KEY: "3"},
        b"net.ipv4.tcp_fin_timeout = 3",
    ),
    (
        "the last of several",
        b"net.ipv4.tcp_fin_timeout=1\n# x\nnet/ipv4/tcp_fin_timeout=2\n",
        {KEY: "3"},
        b"# x\nnet/ipv4/tcp_fin_timeout=3\n",
    ),
    (
        "an exclusion",
        b"-net.ipv4.tcp_fin_timeout\n# x\n",
        {KEY: "3"},
        b"# x\nnet.ipv4.tcp_fin_timeout = 3\n",
    ),
    (
        "a comment that looks like it",
        b"#net.ipv4.tcp_fin_timeout=2\n",
        {KEY: "3"},
        b"#net.ipv4.tcp_fin_timeout=2\nnet.ipv4.tcp_fin_timeout = 3\n",
    ),
    (
        "a value of several fields",
        b"net.ipv4.tcp_rmem = 1\t2   3\n",
        {"net.ipv4.tcp_rmem": "1 2 4"},
        b"net.ipv4.tcp_rmem = 1 2 4\n",
    ),
    (
        "bytes that are no text",
        b"# \xff\xfe\nx.y=\xe4\nnet.ipv4.tcp_fin_timeout=2",
        {KEY: "3"},
        b"# \xff\xfe\nx.y=\xe4\nnet.ipv4.tcp_fin_timeout=3",
    ),
    ("a glob", b"", {"net.ipv4.conf.*.rp_filter": "2"}, b"net.ipv4.conf.*.rp_filter = 2\n"),
    ("the order given", b"", {"b": "1", "a": "2"}, b"b = 1\na = 2\n"),
    ("nothing", b"\xff = \0\r", {}, b"\xff = \0\r"),
]
HEADERS = [
    ("By hand", "# By hand\n"),
    ("# as it is", "# as it is\n"),
    ("; as it is", "; as it is\n"),
    ("two\n\nlines", "# two\n#\n# lines\n"),
    ("a NUL\0a.b = 1", "# a NUL\n# a.b = 1\n"),
    ("", ""),
]
# Name, file before the edit, file after it, whether only the header is left.
REMAINDERS = [
    ("the header alone", b"# By hand\na = 1\n", b"# By hand\n", True),
    ("the header and blank lines", b"# By hand\n\na = 1\n", b"# By hand\n\n", True),
    ("another comment", b"# mine\na = 1\n", b"# mine\n", False),
    ("another key", b"a = 1\nb = 1\n", b"b = 1\n", False),
    ("nothing at all", b"a = 1\n", b"", True),
    ("a file that was empty and masks others", b"", b"", False),
]


def numbered_lines(data, loader):
    lines = sysctl_d.parse_lines(data, loader)
    return [(line.number, line.key, line.value) for line in lines]


def keys_and_values(data, loader):
    return [(line.key, line.value) for line in sysctl_d.parse_lines(data, loader)]


def segments_without(keys_to_skip, data, loader):
    """Return the segments of a file except the lines of these keys."""
    lines = sysctl_d.parse_lines(data, loader)
    skipped = {line.segment for line in lines if line.key in keys_to_skip}
    segments = sysctl_d.split_segments(data, loader)
    return [segment for index, segment in enumerate(segments) if index not in skipped]


@pytest.mark.parametrize("loader", [SYSTEMD, PROCPS], ids=lambda loader: loader.name)
@pytest.mark.parametrize(("data", "expected"), READ_BY_BOTH)
def test_lines_that_both_loaders_read_alike(data, expected, loader):
    assert numbered_lines(data, loader) == expected


@pytest.mark.parametrize(("data", "by_systemd", "by_procps"), READ_DIFFERENTLY)
def test_lines_that_the_loaders_read_differently(data, by_systemd, by_procps):
    assert numbered_lines(data, SYSTEMD) == by_systemd
    assert numbered_lines(data, PROCPS) == by_procps


def test_the_fields_of_a_line():
    (line,) = sysctl_d.parse_lines(b"# x\na.b = 1\n", SYSTEMD, "/etc/sysctl.d/a.conf", "/srv/a")
    assert line == ("/etc/sysctl.d/a.conf", "/srv/a", 2, 1, "a.b", "1", "systemd-sysctl", "")


def test_systemd_stops_at_a_line_that_is_too_long():
    data = b"a = 1\nb = " + b"x" * (1 << 20) + b"\nc = 1\n"
    assert [key for key, _value in keys_and_values(data, SYSTEMD)] == ["a", ""]
    assert [key for key, _value in keys_and_values(data, PROCPS)] == ["a", "b", "c"]


@pytest.mark.parametrize("loader", [SYSTEMD, PROCPS], ids=lambda loader: loader.name)
@pytest.mark.parametrize(
    ("before", "assign", "after"), [case[1:] for case in EDITS], ids=[case[0] for case in EDITS]
)
def test_an_edit(before, assign, after, loader):
    assert sysctl_d.edit(before, loader, assign, ()) == after


def test_an_edit_removes_every_line_of_a_dropped_key():
    before = b"a = 1\n# stays\n-a\nb = 2\na/ = 3"
    assert sysctl_d.edit(before, SYSTEMD, {}, {"a"}) == b"# stays\nb = 2\n"


def test_lines_are_commented_out_where_they_stand():
    before = b"a = 1\r\n  b = 2\n-c = 3"
    after = whole_lines.comment_out(before, SYSTEMD, [1, 2])
    first, *rest = after.split(b"\n")
    assert first == b"a = 1\r"
    assert [line[:1] for line in rest] == [b"#", b"#"]
    assert [line.endswith(old) for line, old in zip(rest, (b"  b = 2", b"-c = 3"))] == [True, True]
    assert keys_and_values(after, SYSTEMD) == [("a", "1")]


def test_a_key_after_a_line_that_is_too_long_is_not_added_again():
    """The file contains it, although systemd does not read it."""
    once = sysctl_d.edit(b"x" * (1 << 20), SYSTEMD, {KEY: "3"}, ())
    assert once.endswith(b"\n" + KEY.encode() + b" = 3\n")
    assert sysctl_d.edit(once, SYSTEMD, {KEY: "3"}, ()) == once


@pytest.mark.parametrize(("header", "text"), HEADERS)
def test_a_header_is_a_comment_in_each_of_its_lines(header, text):
    assert sysctl_d.format_header(header) == text


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [case[1:] for case in REMAINDERS],
    ids=[case[0] for case in REMAINDERS],
)
def test_whether_only_the_header_is_left(before, after, expected):
    assert sysctl_d.is_only_header(before, after, "By hand") is expected


@given(st.one_of(files, st.binary(max_size=60)), loaders)
def test_joined_segments_are_the_file(data, loader):
    text = "".join(sysctl_d.split_segments(data, loader))
    assert encode(text) == data


@given(files, loaders)
def test_every_line_is_one_of_the_segments(data, loader):
    segments = sysctl_d.split_segments(data, loader)
    lines = sysctl_d.parse_lines(data, loader)
    indexes = [line.segment for line in lines]
    assert indexes == sorted(set(indexes))
    for line in lines:
        text_before = "".join(segments[: line.segment])
        assert line.number == 1 + text_before.count("\n")


@given(files, loaders)
def test_an_edit_of_no_keys_changes_nothing(data, loader):
    assert sysctl_d.edit(data, loader, {}, ()) == data
    assert whole_lines.comment_out(data, loader, []) == data


@given(
    files,
    loaders,
    st.dictionaries(keys_and_globs, plain_values, max_size=3),
    st.sets(keys, max_size=2),
)
def test_an_edit_touches_only_lines_of_the_named_keys(data, loader, assign, drop):
    after = sysctl_d.edit(data, loader, assign, drop)
    named = {*assign, *drop}
    segments = segments_without(named, data, loader)
    segments_after = segments_without(named, after, loader)
    added = segments_after[len(segments) :]
    assert "".join(added).strip("\r\n") == ""
    kept = segments_after[: len(segments)]
    if kept != segments:  # the file had no line end at its end, and got one before an added line
        assert kept[:-1] == segments[:-1]
        assert kept[-1].rstrip("\r\n") == segments[-1].rstrip("\r\n")
    lines = [line for line in keys_and_values(data, loader) if line[0] not in named]
    lines_after = [line for line in keys_and_values(after, loader) if line[0] not in named]
    assert lines_after == lines


@given(
    files,
    loaders,
    st.dictionaries(keys_and_globs, plain_values, max_size=3),
    st.sets(keys, max_size=2),
)
def test_an_edit_assigns_and_drops_keys_and_is_idempotent(data, loader, assign, drop):
    after = sysctl_d.edit(data, loader, assign, drop)
    assert sysctl_d.edit(after, loader, assign, drop) == after
    lines = keys_and_values(after, loader)
    assigned = [line for line in lines if line[0] in assign]
    assert sorted(key for key, _value in assigned) == sorted(assign)
    for key, value in assigned:
        assert values_equal(key, value, assign[key])
    dropped = drop.difference(assign)
    assert not any(key in dropped for key, _value in lines)


@given(files, loaders, st.data())
def test_commenting_out_keeps_every_other_line(data, loader, draw):
    lines = sysctl_d.parse_lines(data, loader)
    chosen = draw.draw(st.sets(st.sampled_from(lines))) if lines else set()
    indexes = {line.segment for line in chosen}
    after = whole_lines.comment_out(data, loader, indexes)
    others = [(line.key, line.value) for line in lines if line not in chosen]
    assert keys_and_values(after, loader) == others
    segments = sysctl_d.split_segments(data, loader)
    segments_after = sysctl_d.split_segments(after, loader)
    assert len(segments_after) == len(segments)
    for index, (segment, segment_after) in enumerate(zip(segments, segments_after)):
        if index in indexes:
            assert segment_after.endswith(segment)
        else:
            assert segment_after == segment


@given(st.text("abé#; \t", max_size=9).map(str.strip), st.text("x\n# ", max_size=9))
def test_a_file_with_another_comment_has_more_than_the_header(text, header):
    comment = encode(sysctl_d.format_header(header))
    assert all(line.startswith((b"#", b";")) for line in comment.splitlines())
    before = comment + b"net.ipv4.tcp_fin_timeout = 1\n"
    assert sysctl_d.is_only_header(before, comment, header)
    other_comment = encode(f"#{text}x\n")
    assert not sysctl_d.is_only_header(before + other_comment, comment + other_comment, header)
