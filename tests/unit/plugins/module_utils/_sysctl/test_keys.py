# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys: their spellings, which ones are refused, and globs as the C library matches them."""

from __future__ import annotations

import ctypes
import re
import sys

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl import globs, keys
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from hypothesis import assume, example, given
from hypothesis import strategies as st
from unit.generated import paths_of_keys, segments

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


def is_clean(spelling):
    """Tell whether a user may write a key so: it has no empty segment, and none that is a dot."""
    starts_and_ends_with_name = spelling.strip("./") == spelling != ""
    has_bad_segment = ".." in spelling or "//" in spelling or "./" in spelling
    return starts_and_ends_with_name and not has_bad_segment


CLEAN_SPELLINGS = [pair for pair in SPELLINGS if is_clean(pair[0])]


@pytest.mark.parametrize(("spelling", "canonical"), CLEAN_SPELLINGS)
def test_a_user_may_write_each_clean_spelling(spelling, canonical):
    assert keys.parse_key(spelling) == canonical


@pytest.mark.parametrize(("name", "reason"), REFUSED, ids=[repr(name) for name, _reason in REFUSED])
def test_a_bad_key_is_refused(name, reason):
    with pytest.raises(TuningError, match=re.escape(reason)) as caught:
        keys.parse_key(name)
    assert caught.value.key == name
    assert caught.value.rolled_back
    assert "\n" not in str(caught.value)


def test_a_number_is_a_key():
    assert keys.parse_key(1) == "1"


@pytest.mark.parametrize(
    ("key", "expected"),
    [("a.*", True), ("a.?", True), ("a.[b]", True), ("a.b", False), ("a]", False)],
)
def test_which_keys_are_globs(key, expected):
    assert keys.is_glob(key) is expected


@pytest.mark.parametrize(("glob", "key", "expected"), GLOBS)
def test_whether_a_glob_matches(glob, key, expected):
    assert globs.glob_matches(globs.split_glob(glob), key) is expected


@given(paths_of_keys)
def test_both_spellings_of_a_path_are_one_key(path):
    dotted = path.translate(SWAP)
    assert keys.normalize_key(path) == dotted
    assert keys.normalize_key(dotted) == dotted
    assert keys.parse_key(path) == dotted
    assert keys.key_to_path(dotted) == path


@given(paths_of_keys, st.lists(st.sampled_from(("", ".")), max_size=2), st.booleans())
def test_a_normalized_key_stays_as_it_is(path, more, is_path):
    spelling = "/".join([path, *more])
    if not is_path:
        spelling = spelling.translate(SWAP)
    key = keys.normalize_key(spelling)
    assert keys.normalize_key(key) == key


@given(st.text("ab./*-= \0é", max_size=8))
def test_the_canonical_form_of_an_accepted_key_is_accepted(name):
    try:
        key = keys.parse_key(name)
    except TuningError:
        return
    assert keys.parse_key(key) == keys.normalize_key(name) == key
    assert not {"", ".", ".."} & set(keys.key_to_path(key).split("/"))


FNM_PATHNAME, FNM_PERIOD = 1, 4  # fnmatch.h

ranges_in_brackets = st.lists(
    st.sampled_from(("a", "b", "_", "a-b", "b-a", "-", "c")), min_size=1, max_size=3
)
brackets = st.builds(
    lambda negation, ranges: f"[{negation}{''.join(ranges)}]",
    st.sampled_from(("", "!", "^")),
    ranges_in_brackets,
)
glob_characters = st.sampled_from(("*", "?", "a", "b", "a", "/", ".", "[", "]"))
glob_texts = st.lists(st.one_of(glob_characters, brackets), max_size=6).map("".join)
name_characters = st.sampled_from(("a", "b", "c", "a", "b", "_", "-", "/", ".", "["))
close_names = st.lists(name_characters, max_size=6).map("".join)


def test_an_empty_range_matches_nothing():
    assert not globs.glob_matches(["b-a", "[b-a]"], "b-a.b")


@given(glob_texts, close_names)
@example("*", ".a")
@example("[!b]a", ".a")
@example("a/?", "a/.")
@example("[[a]", "[")
@example("[a/b]", "a/b")
@example("[]a]", "]")
@example("[--a]", "-")
def test_a_glob_matches_as_the_c_library_matches_it(pattern, path):
    ranges = re.findall("(?=(.)-(.))", pattern)
    if sys.version_info < (3, 12):
        # Python refuses a range from b to a there, which is an empty one to the C library.
        assume(all(low <= high for low, high in ranges))
    flags = FNM_PATHNAME | FNM_PERIOD
    no_match = ctypes.CDLL(None).fnmatch(pattern.encode(), path.encode(), flags)
    glob = globs.split_glob(keys.path_to_key(pattern))
    assert globs.glob_matches(glob, keys.path_to_key(path)) is not bool(no_match)


@given(st.lists(segments, min_size=1, max_size=3))
def test_a_glob_of_stars_matches_every_key_of_as_many_segments(names):
    names = [name.lstrip(".") or "a" for name in names]
    glob = ".".join("*" * len(names))
    key = keys.path_to_key("/".join(names))
    assert globs.glob_matches(globs.split_glob(glob), key)
