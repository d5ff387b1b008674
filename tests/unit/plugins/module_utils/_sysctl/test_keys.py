# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys: their spellings, which ones are refused, and globs as the C library matches them."""

from __future__ import annotations

import ctypes
import re
from random import Random

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
    ("net.ipv4.conf.br[[:digit:]].rp_filter", "net.ipv4.conf.br0.rp_filter", True),
    ("net.ipv4.conf.br[[:digit:]].rp_filter", "net.ipv4.conf.brx.rp_filter", False),
    ("net.ipv4.conf.br[![:digit:]_].rp_filter", "net.ipv4.conf.brx.rp_filter", True),
    ("net.ipv4.conf.br[[:number:]].rp_filter", "net.ipv4.conf.br0.rp_filter", False),
    ("net.ipv4.conf.[[/b/]]r0.rp_filter", "net.ipv4.conf.br0.rp_filter", True),
    (r"net.ipv4.conf.\b*.rp_filter", "net.ipv4.conf.br0.rp_filter", True),
    (r"net.ipv4.c\onf.b*.rp\_filter", "net.ipv4.conf.br0.rp_filter", True),
    (r"net.ipv4.conf.b*\.rp_filter", "net.ipv4.conf.br0.rp_filter", True),
    (r"net.ipv4.conf.b*.rp_filter\\", "net.ipv4.conf.br0.rp_filter", False),
    (r"net.ipv4.conf.[\b]r*.rp_filter", "net.ipv4.conf.br0.rp_filter", True),
    (r"net.ipv4.conf.a\b*.rp_filter", r"net.ipv4.conf.a\b.rp_filter", False),
    (r"net.ipv4.conf.a\b*.rp_filter", "net.ipv4.conf.ab.rp_filter", True),
    (r"net.ipv4.conf.a\\b*.rp_filter", r"net.ipv4.conf.a\b.rp_filter", True),
    (r"net.ipv4.conf.x\*y.rp_filter", "net.ipv4.conf.x*y.rp_filter", True),
    (r"net.ipv4.conf.x\*y.rp_filter", "net.ipv4.conf.xzy.rp_filter", False),
    ("net.ipv4.conf.v[0].rp_filter", "net.ipv4.conf.v0.rp_filter", True),
    ("net.ipv4.conf.v[0].rp_filter", "net.ipv4.conf.v[0].rp_filter", False),
    ("net.ipv4.conf.?[z[^r].rp_filter", "net.ipv4.conf.br.rp_filter", True),
    ("net.ipv4.conf.[z-a]*.rp_filter", "net.ipv4.conf.z-a.rp_filter", False),
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


@pytest.mark.parametrize("name", ["br0", "v[0]", "x*y", r"a\b", r"a\*[?]"])
def test_a_name_is_a_glob_that_matches_nothing_else(name):
    key = f"net.ipv4.conf.{name}.mtu"
    glob = keys.as_glob(key)
    assert globs.stands_for(glob, key)
    assert not globs.stands_for(glob, "net.ipv4.conf.xzy.mtu")


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

MEMBERS = (
    *("a", "b", "_", "a-b", "b-a", "-", "c", "[", "!", "^", ":", ".", "\\]", "\\a", "]"),
    *("[:alpha:]", "[:punct:]", "[:no:]", "[:", ":]", "[.a.]", "[.ab.]", "[.", ".]", "[.a.]-c"),
)
ranges_in_brackets = st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=3)
brackets = st.builds(
    lambda negation, ranges: f"[{negation}{''.join(ranges)}]",
    st.sampled_from(("", "!", "^")),
    ranges_in_brackets,
)
glob_characters = st.sampled_from(("*", "?", "a", "b", "a", "/", ".", "[", "]", "\\", "\\*"))
glob_texts = st.lists(st.one_of(glob_characters, brackets), max_size=6).map("".join)
name_characters = st.sampled_from(
    ("a", "b", "c", "a", "b", "_", "-", "/", ".", "[", "]", "\\", ":", "*")
)
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
    assume(keys.is_glob(pattern))
    assume("*?" not in pattern or "." not in path)  # glibc takes a dot for the first character
    flags = FNM_PATHNAME | FNM_PERIOD
    no_match = ctypes.CDLL(None).fnmatch(pattern.encode(), path.encode(), flags)
    glob = globs.split_glob(keys.path_to_key(pattern))
    assert globs.glob_matches(glob, keys.path_to_key(path)) is not bool(no_match)


class GlobResult(ctypes.Structure):
    """The type glob_t."""

    _fields_ = (
        ("count", ctypes.c_size_t),
        ("paths", ctypes.POINTER(ctypes.c_char_p)),
        ("offset", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("functions", ctypes.c_void_p * 5),
    )


def paths_matching(folder, pattern):
    """Return the paths below a folder that glob(3) matches."""
    result = GlobResult()
    libc = ctypes.CDLL(None)
    libc.glob(f"{folder}/{pattern}".encode(), 0, None, ctypes.byref(result))
    paths = {result.paths[index].decode() for index in range(result.count)}
    libc.globfree(ctypes.byref(result))
    return {path[len(f"{folder}/") :] for path in paths}


NAMES = ("br0", "a-b", "v[0]", "v0", "x*y", "xzy", "a]b", "a!b", "a\\b", "ab", "^a", "]", "-")
TOKENS = (
    *("*", "?", "[", "[", "]", "!", "^", "-", "\\", "a", "b", "x", "0", "r", "v", "[!a]", "[^a]"),
    *("[a-z]", "[]a]", "[a-]", "[z-a]", "[[:digit:]]", "[[:", ":]", "[.", "[\\]]", "[a\\-z]"),
)


def test_a_glob_finds_the_settings_that_the_c_library_finds(tmp_path):
    for name in NAMES:
        (tmp_path / "conf" / name).mkdir(parents=True)
        (tmp_path / "conf" / name / "mtu").touch()
    paths = [f"conf/{name}/mtu" for name in NAMES]
    random = Random(1)
    for _count in range(3000):
        pattern = f"conf/{''.join(random.choices(TOKENS, k=random.randint(1, 5)))}/mtu"
        if keys.is_glob(pattern):
            segments = globs.split_glob(keys.path_to_key(pattern))
            matching = {
                path for path in paths if globs.glob_matches(segments, keys.path_to_key(path))
            }
            assert matching == paths_matching(tmp_path, pattern), pattern


@given(st.lists(segments, min_size=1, max_size=3))
def test_a_glob_of_stars_matches_every_key_of_as_many_segments(names):
    names = [name.lstrip(".") or "a" for name in names]
    glob = ".".join("*" * len(names))
    key = keys.path_to_key("/".join(names))
    assert globs.glob_matches(globs.split_glob(glob), key)
