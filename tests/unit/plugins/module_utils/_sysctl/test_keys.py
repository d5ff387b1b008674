# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys: spellings, refusals, and globs as the C library matches them."""

from __future__ import annotations

import ctypes
import re
import sys

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl import keys
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from hypothesis import assume, example, given
from hypothesis import strategies as st
from unit.generated import parts, paths_of_keys

SWAP = str.maketrans("./", "/.")

SPELLINGS = [
    ("kernel.hostname", "kernel.hostname"),
    ("kernel/hostname", "kernel.hostname"),
    ("hostname", "hostname"),
    ("net.ipv4.conf.eth0/100.rp_filter", "net.ipv4.conf.eth0/100.rp_filter"),
    ("net/ipv4/conf/eth0.100/rp_filter", "net.ipv4.conf.eth0/100.rp_filter"),
    ("net.ipv4/tcp_fin_timeout", "net.ipv4/tcp_fin_timeout"),
    ("net/ipv4.tcp_fin_timeout", "net.ipv4/tcp_fin_timeout"),
    ("/net/ipv4/tcp_fin_timeout", "net.ipv4.tcp_fin_timeout"),
    (".net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_fin_timeout"),
    ("net..ipv4.tcp_fin_timeout", "net.ipv4.tcp_fin_timeout"),
    ("net//ipv4//tcp_fin_timeout", "net.ipv4.tcp_fin_timeout"),
    ("net.ipv4.tcp_fin_timeout.", "net.ipv4.tcp_fin_timeout"),
    ("net/./ipv4/tcp_fin_timeout", "net.ipv4.tcp_fin_timeout"),
    ("net.ipv4.conf.*.rp_filter", "net.ipv4.conf.*.rp_filter"),
    ("net/ipv4/conf/*/rp_filter", "net.ipv4.conf.*.rp_filter"),
    ("", ""),
    (".", ""),
    ("/", ""),
]

REFUSED = [
    ("", "is empty"),
    ("/net/ipv4/ip_forward", "starts with"),
    ("-net.ipv4.ip_forward", "starts with"),
    ("#net.ipv4.ip_forward", "starts with"),
    (";net.ipv4.ip_forward", "starts with"),
    (".net.ipv4.ip_forward", "empty part"),
    ("net.ipv4.ip_forward.", "empty part"),
    ("net..ipv4.ip_forward", "empty part"),
    ("net/../kernel/hostname", "empty part"),
    ("net/ipv4/../../../../etc/passwd", "empty part"),
    ("..", "empty part"),
    ("net/./ipv4", "empty part"),
    ("net.ipv4.ip forward", "blank"),
    ("net.ipv4.ip_forward=1", "equals sign"),
    ("net.ipv4.ip_forward\n", "control character"),
    ("net.ipv4.ip_forward\0", "control character"),
    ("net.ipv4.\x1b[31m", "control character"),
]

GLOBS = [
    ("net.ipv4.conf.*.rp_filter", "net.ipv4.conf.eth0.rp_filter", True),
    ("net.ipv4.conf.*.rp_filter", "net.ipv4.conf.eth0/100.rp_filter", True),
    ("net.ipv4.conf.*.rp_filter", "net.ipv4.conf.a.b.rp_filter", False),
    ("net.ipv4.conf.eth0/*.rp_filter", "net.ipv4.conf.eth0/100.rp_filter", True),
    ("net.ipv4.conf.eth?.rp_filter", "net.ipv4.conf.eth0.rp_filter", True),
    ("net.ipv4.conf.eth?.rp_filter", "net.ipv4.conf.eth10.rp_filter", False),
    ("net.ipv4.conf.[!a]*.rp_filter", "net.ipv4.conf.all.rp_filter", False),
    ("net.ipv4.conf.[^a]*.rp_filter", "net.ipv4.conf.all.rp_filter", False),
    ("net.ipv4.conf.[^a]*.rp_filter", "net.ipv4.conf.eth0.rp_filter", True),
    ("net.ipv4.tcp_*", "net.ipv4.tcp_rmem", True),
    ("net.ipv4.tcp_*", "net.ipv4.TCP_rmem", False),
    ("net.ipv4.tcp_*", "net.ipv4.tcp_x.y", False),
    ("*", "net.ipv4.tcp_rmem", False),
    ("*.ipv4.tcp_rmem", "net.ipv4.tcp_rmem", True),
    ("net.ipv4.tcp_[", "net.ipv4.tcp_[", True),
    ("net.ipv4.tcp_[", "net.ipv4.tcp_x", False),
]


@pytest.mark.parametrize(("spelling", "canonical"), SPELLINGS)
def test_every_spelling_has_one_canonical_form(spelling, canonical):
    assert keys.normalize_key(spelling) == canonical


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [
        (s, c)
        for s, c in SPELLINGS
        if c
        and s[0] not in "./"
        and ".." not in s
        and "//" not in s
        and "./" not in s
        and s[-1] != "."
    ],
)
def test_what_a_user_writes_is_taken_in_each_clean_spelling(spelling, canonical):
    assert keys.parse_key(spelling) == canonical


@pytest.mark.parametrize(("name", "reason"), REFUSED, ids=[repr(name) for name, _unused in REFUSED])
def test_what_is_no_key_is_refused(name, reason):
    with pytest.raises(TuningError, match=re.escape(reason)) as caught:
        keys.parse_key(name)
    assert caught.value.key == name
    assert caught.value.rolled_back
    assert "\n" not in str(caught.value)


def test_a_number_as_a_key_is_taken_as_text():
    assert keys.parse_key(1) == "1"


@pytest.mark.parametrize(
    ("key", "expected"),
    [("a.*", True), ("a.?", True), ("a.[b]", True), ("a.b", False), ("a]", False)],
)
def test_what_is_a_glob(key, expected):
    assert keys.is_glob(key) is expected


@pytest.mark.parametrize(("glob", "key", "expected"), GLOBS)
def test_what_a_glob_matches(glob, key, expected):
    assert keys.glob_matches(keys.split_glob(glob), key) is expected


@given(paths_of_keys)
def test_both_spellings_of_a_path_meet(path):
    dotted = path.translate(SWAP)
    assert keys.normalize_key(path) == dotted
    assert keys.normalize_key(dotted) == dotted
    assert keys.parse_key(path) == dotted
    assert keys.key_to_path(dotted) == path


@given(paths_of_keys, st.lists(st.sampled_from(("", ".")), max_size=2), st.booleans())
def test_canonical_is_idempotent(path, more, slash):
    spelling = "/".join([path, *more])
    once = keys.normalize_key(spelling if slash else spelling.translate(SWAP))
    assert keys.normalize_key(once) == once


@given(st.text("ab./*-= \0é", max_size=8))
def test_a_key_that_is_taken_is_taken_again_in_its_canonical_form(name):
    try:
        key = keys.parse_key(name)
    except TuningError:
        return
    assert keys.parse_key(key) == keys.normalize_key(name) == key
    assert not {"", ".", ".."} & set(keys.key_to_path(key).split("/"))


FNM_PATHNAME, FNM_PERIOD = 1, 4
brackets = st.tuples(
    st.sampled_from(("", "!", "^")),
    st.lists(st.sampled_from(("a", "b", "_", "a-b", "b-a", "-", "c")), min_size=1, max_size=3),
).map(lambda both: f"[{both[0]}{''.join(both[1])}]")
globs = st.lists(
    st.one_of(st.sampled_from(("*", "?", "a", "b", "a", "/", ".", "[", "]")), brackets), max_size=6
).map("".join)
close_names = st.lists(
    st.sampled_from(("a", "b", "c", "a", "b", "_", "-", "/", ".", "[")), max_size=6
).map("".join)


def test_a_range_that_is_none_matches_nothing():
    assert not keys.glob_matches(["b-a", "[b-a]"], "b-a.b")


@given(globs, close_names)
@example("*", ".a")
@example("[!b]a", ".a")
@example("a/?", "a/.")
@example("[[a]", "[")
@example("[a/b]", "a/b")
@example("[]a]", "]")
@example("[--a]", "-")
def test_a_glob_matches_as_the_c_library_matches_it(pattern, path):
    ranges = re.findall("(?=(.)-(.))", pattern)
    if sys.version_info < (
        3,
        12,
    ):  # it refuses a range from b to a, which the C library takes for an empty one
        assume(all(low <= high for low, high in ranges))
    matched = (
        ctypes.CDLL(None).fnmatch(pattern.encode(), path.encode(), FNM_PATHNAME | FNM_PERIOD) == 0
    )
    assert (
        keys.glob_matches(keys.split_glob(keys.key_to_path(pattern)), keys.key_to_path(path))
        is matched
    )


@given(st.lists(parts, min_size=1, max_size=3))
def test_a_glob_of_stars_matches_every_key_of_as_many_parts(names):
    names = [name.lstrip(".") or "a" for name in names]
    pattern = "/".join("*" * len(names))
    assert keys.glob_matches(
        keys.split_glob(keys.key_to_path(pattern)), keys.key_to_path("/".join(names))
    )
