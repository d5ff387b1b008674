# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generated inputs: keys, values, lines, files, hosts and requests, with all that loaders treat in a way of their own."""

from __future__ import annotations

import random
from typing import Any

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import key_to_path
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.loaders import LOADERS
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.text import encode
from hosts_in_memory import OURS, Host, ask, make_host
from hypothesis import strategies as st

KEYS = (
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_rmem",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.eth0.rp_filter",
    "net.ipv4.conf.eth0/100.rp_filter",
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
parts = st.text("ab.-_1é", min_size=1, max_size=4).filter(lambda part: part.strip("."))
first_parts = parts.filter(lambda part: "." not in part and part[0] != "-")
"""No folder right below /proc/sys has a dot in its name, and no spelling could tell one that had; a dash there is no part of the key."""

paths_of_keys = st.tuples(first_parts, st.lists(parts, max_size=3)).map(
    lambda all_: "/".join([all_[0], *all_[1]])
)


def _some_lines(rnd: random.Random) -> list[str]:
    """Make lines of every kind: drawing each from a list is many times faster than drawing it piece by piece."""
    keys_ = [*KEYS, *KEYS, *GLOBS, *map(key_to_path, KEYS + GLOBS)]
    blank = [*BLANKS] * 4 + [*ODD_BLANKS]
    made = []
    for _unused in range(700):
        dash = rnd.choice(("", "", "", "", "-", "- "))
        before, key, between, behind, after = (
            rnd.choice(x) for x in (blank, keys_, blank, blank, blank)
        )
        made.append(f"{before}{dash}{key}{between}={behind}{rnd.choice(VALUES)}{after}")
    made += [
        f"{rnd.choice(blank)}-{rnd.choice(keys_)}{rnd.choice(blank)}" for _unused in range(120)
    ]
    for _unused in range(60):
        made.append(
            "".join(rnd.choice("ab.-=#; \t\r\v\f\0é\udcff") for _unused in range(rnd.randrange(9)))
        )
    return made + [*COMMENTS, *PROBLEMS] * 6


LINES = _some_lines(random.Random(2))

lines = st.sampled_from(LINES)
ends = st.sampled_from(("\n",) * 14 + ("\r\n", "\n\n", "\r", ""))
files = st.one_of(
    st.lists(st.tuples(lines, ends).map("".join), max_size=6).map(
        lambda all_: encode("".join(all_))
    ),
    st.lists(lines, max_size=6).map(lambda all_: encode("".join(line + "\n" for line in all_))),
    st.binary(max_size=40),
)


def _some_files(rnd: random.Random) -> list[bytes]:
    texts = [
        "".join(
            rnd.choice(LINES) + rnd.choice("\n\n\n\n\n\r") for _unused in range(rnd.randrange(6))
        )
        for _unused in range(400)
    ]
    return [encode(text[: rnd.choice((None, None, None, -1))]) for text in texts]


some_files = st.sampled_from(_some_files(random.Random(3)))
links = st.sampled_from(("/dev/null", "/etc/sysctl.conf", "/nowhere")).map(
    lambda target: {"link": target}
)
somewhere = st.sampled_from([f"{folder}/{name}" for folder in FOLDERS for name in NAMES])
found_files = st.dictionaries(
    somewhere, st.one_of(some_files, some_files, some_files, links), max_size=4
)
command_lines = st.sampled_from(
    ("", "", "", "quiet sysctl.net.ipv4.tcp_fin_timeout=7 -- sysctl.kernel.core_pattern=8")
)


@st.composite
def hosts(draw: Any) -> Host:
    found = draw(found_files)
    if isinstance(found.get(OURS), dict):
        del found[OURS]
    if draw(st.booleans()):
        real = draw(st.sampled_from((OURS, OURS, "/etc/elsewhere.conf")))
        found[OURS] = {"link": real}
        found[real] = draw(some_files)
    if draw(st.booleans()):
        found["/etc/sysctl.conf"] = draw(some_files)
    if draw(st.booleans()):
        found["/etc/sysctl.d/99-sysctl.conf"] = {"link": "/etc/sysctl.conf"}
    kernel = draw(st.dictionaries(keys, st.sampled_from(("0", "1", "2", "60", "3600")), min_size=1))
    return make_host(draw(loaders).name, found, kernel, draw(command_lines))


@st.composite
def requests(draw: Any) -> Any:
    present = draw(st.sampled_from((True, True, False)))
    stated = plain_values if present else st.one_of(st.none(), plain_values)
    runtime = draw(st.booleans())
    return ask(
        draw(st.dictionaries(keys_and_globs, stated, max_size=4)),
        path=draw(
            st.sampled_from(
                (OURS,) * 6 + ("/usr/lib/sysctl.d/10-a.conf", "/etc/sysctl.conf", "/srv/x.conf")
            )
        ),
        present=present,
        exclusive=present and draw(st.booleans()),
        runtime=runtime,
        persistent=not runtime or draw(st.sampled_from((True, True, True, False))),
        on_override=draw(st.sampled_from(("fail", "warn", "warn", "comment_out", "comment_out"))),
        ignore_missing=draw(st.sampled_from((True, True, False))),
        unsafe=draw(st.booleans()),
    )
