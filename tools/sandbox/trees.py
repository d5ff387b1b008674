# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Awkward trees of sysctl files, made from a seed: everything that the boot loaders treat in a way of their own."""

from __future__ import annotations

import random
from collections.abc import Sequence

from .world import Content, Link

INTERFACES = ("br0", "br0.100")
KEEPALIVE = (
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
)
PLAIN = (*KEEPALIVE, "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_orphan_retries")
BY_INTERFACE = (
    "net.ipv4.conf.{}.rp_filter",
    "net.ipv4.conf.{}.medium_id",
    "net.ipv4.neigh.{}.app_solicit",
)
KEYS = (
    *PLAIN,
    "net.ipv4.tcp_rmem",
    *(key.format(name.replace(".", "/")) for key in BY_INTERFACE for name in INTERFACES),
)
"""Every key that a tree may set, canonical. None of them changes another, and all but tcp_rmem take 1 and 2."""

GLOBS = (
    "net.ipv4.tcp_keepalive_*", "net.ipv4.tcp_keepalive_????", "net.ipv4.tcp_keepalive_[ti]*",
    "net.ipv4.tcp_keepalive_[!t]*", "net/ipv4/tcp_keepalive_i*",
    "net.*.tcp_keepalive_time", "*.ipv4.tcp_fin_timeout", "net.ipv4.tcp_fin_timeou?", "net.ipv4.conf.[!adl]*.rp_filter",
    "net/ipv4/conf/b*/rp_filter",
    "net.ipv4.conf.br*.rp_filter", "net.ipv4.conf.br0/*.rp_filter", "net/ipv4/conf/br0.*/medium_id",
    "net.ipv4.conf.br?.medium_id", "net.ipv4.neigh.b*.app_solicit",
    "net.ipv4.*.br0.app_solicit", "net.ipv4.conf.[a-b]r0.medium_id", "net.ipv4.tcp_keepalive_[", "net.ipv4.no_such_*",
)  # fmt: skip
NAMES = (
    "10-a.conf", "10-a.conf", "20-b.conf", "20-b.conf", "50-default.conf", "90-ansible.conf", "99-sysctl.conf",
    "99-zz.conf", "A.conf", "a.conf", "zz.conf", "_.conf",
    "60 blank.conf", "70-ü.conf", ".hidden.conf", "10-a.conf.bak", "10-a.conf~", "README", "conf", ".conf", "10-A.CONF",
)  # fmt: skip
FOLDERS = (
    "/etc/sysctl.d",
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/usr/lib/sysctl.d",
)
COMMENTS = (
    "# a comment",
    "; another",
    "  # indented",
    "#net.ipv4.tcp_fin_timeout = 11",
    "\t;net.ipv4.tcp_keepalive_time=12",
    "#",
    ";",
)
PROBLEMS = (
    "net.ipv4.tcp_fin_timeout 13",
    "net.ipv4.tcp_keepalive_time",
    "=",
    "= 14",
    "-",
    "-=15",
    "garbage",
    "net.ipv4.no_such_key = 1",
    "net.ipv4.=1",
    "[section]",
)
ODD_LINES = (
    "\fnet.ipv4.tcp_fin_timeout = 16", "\vnet.ipv4.tcp_keepalive_time = 17", "net.ipv4.tcp_keepalive_intvl\f=\f18",
    "net.ipv4.tcp_fin_timeout = 19\0 20",
    "\0net.ipv4.tcp_fin_timeout = 21", "# a comment\rnet.ipv4.tcp_keepalive_time = 23",
    "- net.ipv4.tcp_fin_timeout = 24",
    "-  net.ipv4.tcp_keepalive_probes", "--net.ipv4.tcp_fin_timeout = 25", "net.ipv4/tcp_fin_timeout = 30",
    "net/ipv4.tcp_fin_timeout = 31",
    "net.ipv4. tcp_fin_timeout = 34", "\ufeffnet.ipv4.tcp_fin_timeout = 36", "NET.ipv4.tcp_fin_timeout = 37",
    "net.ipv4.conf.br0.100.rp_filter = 1", "net/ipv4/conf/br0/100/rp_filter = 1",
)  # fmt: skip
ODD_SEPARATORS = (
    "net..ipv4.tcp_keepalive_time = 26", "net//ipv4//tcp_keepalive_intvl = 27", "/net/ipv4/tcp_fin_timeout = 28",
    ".net.ipv4.tcp_fin_timeout = 29",
    "net/ipv4/../ipv4/tcp_fin_timeout = 38", "net.ipv4.tcp_fin_timeout.= 39", "net/./ipv4/tcp_keepalive_time = 40",
)  # fmt: skip
"""Keys with empty parts, `.` or `..`: systemd cleans them up, and so do we. procps opens them as they stand, yet keeps
them apart from the clean spelling of the same key; no file that people write rests on that, so its trees have none."""
BLANKS = ("", " ", "  ", "\t", " \t ")


def tree(seed: int, loader: str) -> dict[str, Content]:
    """Make the tree of this seed, of what the loader is held to."""
    return _Maker(
        random.Random(seed), ODD_LINES + (ODD_SEPARATORS if loader == "systemd" else ())
    ).tree()


class _Maker:
    def __init__(self, rnd: random.Random, odd_lines: Sequence[str]) -> None:
        self.rnd = rnd
        self.odd_lines = odd_lines

    def chance(self, percent: int) -> bool:
        return self.rnd.randrange(100) < percent

    def pick(self, choices: Sequence[str]) -> str:
        return self.rnd.choice(choices)

    def tree(self) -> dict[str, Content]:
        made: dict[str, Content] = {}
        size = self.rnd.randint(2, 9)
        while len(made) < size:
            made[f"{self.pick(FOLDERS)}/{self.pick(NAMES)}"] = self.content(made)
        if self.chance(40):
            made["/etc/sysctl.conf"] = self.file() if self.chance(85) else self.link(made)
        if self.chance(30):
            made["/etc/sysctl.d/99-sysctl.conf"] = Link("../sysctl.conf")
        if self.chance(10):
            made[f"{self.pick(FOLDERS)}/30-folder.conf/50-inner.conf"] = self.file()
        if any(
            isinstance(content, Link) and content.target.startswith("/srv/")
            for content in made.values()
        ):
            made["/srv/elsewhere.conf"] = self.file()
        return made

    def content(self, made: dict[str, Content]) -> Content:
        if self.chance(8):
            return Link("/dev/null")
        if self.chance(4):
            return b""
        return self.link(made) if self.chance(10) else self.file()

    def link(self, made: dict[str, Content]) -> Link:
        targets = ["/nowhere", "nowhere.conf", "/srv/elsewhere.conf", "/srv", *made]
        return Link(self.pick(targets))

    def file(self) -> bytes:
        end = "\r\n" if self.chance(8) else "\n"
        text = end.join(self.line() for number in range(self.rnd.randint(0, 7)))
        raw = (text + ("" if self.chance(15) else end)).encode()
        return (
            raw + b"\n# \xff\xfe not UTF-8 \xe4\nnet.ipv4.tcp_orphan_retries = 5\n"
            if self.chance(4)
            else raw
        )

    def line(self) -> str:
        for percent, choices in (
            (10, COMMENTS),
            (5, ("", " ", "\t")),
            (6, PROBLEMS),
            (8, self.odd_lines),
        ):
            if self.chance(percent):
                return self.pick(choices)
        return self.assignment()

    def assignment(self) -> str:
        key = self.pick(GLOBS) if self.chance(22) else self.spelling(self.pick(KEYS))
        dash = "-" if self.chance(15) else ""
        if self.chance(8):
            return f"{self.pick(BLANKS)}-{key}{self.pick(BLANKS)}"
        return f"{self.pick(BLANKS)}{dash}{key}{self.pick(BLANKS)}={self.pick(BLANKS)}{self.value(key)}{self.pick(BLANKS)}"

    def spelling(self, key: str) -> str:
        return key.translate(str.maketrans("./", "/.")) if self.chance(30) else key

    def value(self, key: str) -> str:
        if self.chance(4):
            return ""
        if "rmem" in key:
            return self.pick(("4096 131072 6291456", "4096\t87380   4194304", "8192 65536 1048576"))
        return self.pick(("1", "2"))
