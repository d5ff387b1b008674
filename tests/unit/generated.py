# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generated keys, values, lines, files, hosts and requests, with all that loaders treat apart."""

from __future__ import annotations

import random
from itertools import product
from typing import Sequence

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import LOADERS
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import key_to_path
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.request import Request
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.text import encode
from hosts_in_memory import OURS, Host, make_host, make_request
from hypothesis import strategies as st

KEYS = (
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_rmem",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.eth0.rp_filter",
    "net.ipv4.conf.eth0/100.rp_filter",
    "net.ipv4.ip_forward",
    "net.ipv4.conf.all.forwarding",
    "net.ipv4.conf.all.accept_redirects",
    "vm.dirty_ratio",
    "vm.dirty_bytes",
    "kernel.core_pattern",
)
GLOBS = (
    "net.ipv4.tcp_*",
    "net.ipv4.conf.*.rp_filter",
    "net.ipv4.conf.eth?.rp_filter",
    "*.ipv4.tcp_fin_timeout",
    "net.ipv4.conf.[!a]*.rp_filter",
    "kernel.[a-d]*",
)
NAMES = (
    "10-a.conf",
    "50-default.conf",
    "90-ansible.conf",
    "99-sysctl.conf",
    "zz.conf",
    ".hidden.conf",
    "README",
)
FOLDERS = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
)

VALUES = (
    "",
    "0",
    "1",
    "1",
    "2",
    "2",
    "60",
    "010",
    "0x10",
    "4096 131072\t6291456",
    "|/bin/x %p",
    "a=b",
)
BLANKS = ("", "", " ", " ", "\t", "  ")
ODD_BLANKS = ("\r", "\f", "\v", "\0")
COMMENTS = (
    "",
    " ",
    "# a comment",
    "  ; net.ipv4.tcp_fin_timeout = 9",
    "#net.ipv4.tcp_fin_timeout=9",
)
PROBLEMS = ("net.ipv4.tcp_fin_timeout 9", "=", "-", "-=1", "[section]")

loaders = st.sampled_from(sorted(LOADERS)).map(LOADERS.__getitem__)
keys = st.sampled_from(KEYS)
keys_and_globs = st.sampled_from(KEYS + KEYS + GLOBS)
plain_values = st.sampled_from(("1", "2", "60", "3600", "0x10"))
runtime_values = st.sampled_from(("0", "1", "2", "60", "3600"))

segments = st.text("ab.-_1é", min_size=1, max_size=4).filter(lambda segment: segment.strip("."))
first_segments = segments.filter(lambda segment: "." not in segment and segment[0] != "-")
"""No folder right below /proc/sys has a dot in its name, and no spelling could express one.

A dash at the start of a key in a file is not part of it.
"""
paths_of_keys = st.builds(
    lambda first, rest: "/".join([first, *rest]), first_segments, st.lists(segments, max_size=3)
)


def _make_lines(rnd: random.Random) -> list[str]:
    """Return lines of every kind.

    To draw a line from a list is many times faster than to draw each of its parts.
    """
    key_spellings = [*KEYS, *KEYS, *GLOBS]
    for key in KEYS + GLOBS:
        key_spellings.append(key_to_path(key))
    blanks = [*BLANKS] * 4 + [*ODD_BLANKS]
    made = []
    for _index in range(700):
        made.append(_make_assignment(rnd, key_spellings, blanks))
    for _index in range(120):
        key = rnd.choice(key_spellings)
        start, end = rnd.choices(blanks, k=2)
        made.append(f"{start}-{key}{end}")
    for _index in range(60):
        characters = rnd.choices("ab.-=#; \t\r\v\f\0é\udcff", k=rnd.randrange(9))
        made.append("".join(characters))
    return made + [*COMMENTS, *PROBLEMS] * 6


def _make_assignment(
    rnd: random.Random, key_spellings: Sequence[str], blanks: Sequence[str]
) -> str:
    dash = rnd.choice(("", "", "", "", "-", "- "))
    key = rnd.choice(key_spellings)
    value = rnd.choice(VALUES)
    start, before_equals, after_equals, end = rnd.choices(blanks, k=4)
    return f"{start}{dash}{key}{before_equals}={after_equals}{value}{end}"


LINES = _make_lines(random.Random(2))

lines = st.sampled_from(LINES)
line_ends = st.sampled_from(("\n",) * 14 + ("\r\n", "\n\n", "\r", ""))
lines_with_ends = st.builds(str.__add__, lines, line_ends)
"""Lines whose ends differ."""
lines_with_newline = lines.map(lambda line: line + "\n")


def _join(texts: list[str]) -> bytes:
    return encode("".join(texts))


files = st.one_of(
    st.lists(lines_with_ends, max_size=6).map(_join),
    st.lists(lines_with_newline, max_size=6).map(_join),
    st.binary(max_size=40),
)


def _make_files(rnd: random.Random) -> list[bytes]:
    made = []
    for _index in range(400):
        text = ""
        for _line in range(rnd.randrange(6)):
            text += rnd.choice(LINES) + rnd.choice("\n\n\n\n\n\r")
        if rnd.random() < 0.25:
            text = text[:-1]  # no line end at the end of the file
        made.append(encode(text))
    return made


made_files = st.sampled_from(_make_files(random.Random(3)))
link_targets = st.sampled_from(("/dev/null", "/etc/sysctl.conf", "/nowhere"))
links = link_targets.map(lambda target: {"link": target})
paths = st.sampled_from([f"{folder}/{name}" for folder, name in product(FOLDERS, NAMES)])
boot_files = st.dictionaries(
    paths, st.one_of(made_files, made_files, made_files, links), max_size=4
)
command_lines = st.sampled_from(
    ("", "", "", "quiet sysctl.net.ipv4.tcp_fin_timeout=7 -- sysctl.kernel.core_pattern=8")
)


@st.composite
def hosts(draw: st.DrawFn) -> Host:
    """Draw a host, often with a file at our path."""
    contents = draw(boot_files)
    if isinstance(contents.get(OURS), dict):
        del contents[OURS]
    if draw(st.booleans()):
        real_path = draw(st.sampled_from((OURS, OURS, "/etc/elsewhere.conf")))
        contents[OURS] = {"link": real_path}
        contents[real_path] = draw(made_files)
    if draw(st.booleans()):
        contents["/etc/sysctl.conf"] = draw(made_files)
    if draw(st.booleans()):
        contents["/etc/sysctl.d/99-sysctl.conf"] = {"link": "/etc/sysctl.conf"}
    kernel = draw(st.dictionaries(keys, runtime_values, min_size=1))
    return make_host(draw(loaders).name, contents, kernel, draw(command_lines))


our_paths = st.sampled_from(
    (OURS,) * 6 + ("/usr/lib/sysctl.d/10-a.conf", "/etc/sysctl.conf", "/srv/x.conf")
)
bounds = st.sampled_from(("", "", "at_least", "at_most"))
"""The option that makes the values minimums or maximums; "" for neither."""


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Draw a request with any combination of options that the module sysctl accepts."""
    present = draw(st.sampled_from((True, True, False)))
    values = plain_values if present else st.one_of(st.none(), plain_values)
    runtime = draw(st.booleans())
    bound = draw(bounds) if present else ""
    return make_request(
        draw(st.dictionaries(keys_and_globs, values, max_size=4)),
        path=draw(our_paths),
        present=present,
        exclusive=present and draw(st.booleans()),
        runtime=runtime,
        persistent=not runtime or draw(st.sampled_from((True, True, True, False))),
        on_override=draw(st.sampled_from(("fail", "warn", "warn", "comment_out", "comment_out"))),
        ignore_missing=draw(st.sampled_from((True, True, False))),
        unsafe=draw(st.booleans()),
        at_least=bound == "at_least",
        at_most=bound == "at_most",
    )
