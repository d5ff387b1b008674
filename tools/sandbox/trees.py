# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Awkward trees of sysctl files, made from a seed.

They have everything that the boot loaders treat in a special way.
"""

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
    "net.ipv4.conf.br0.rp_filter",
    "net.ipv4.conf.br0/100.rp_filter",
    "net.ipv4.conf.br0.medium_id",
    "net.ipv4.conf.br0/100.medium_id",
    "net.ipv4.neigh.br0.app_solicit",
    "net.ipv4.neigh.br0/100.app_solicit",
)
"""Keys of INTERFACES: the dot in a name is a slash in a key."""
KEYS = (*PLAIN, "net.ipv4.tcp_rmem", *BY_INTERFACE)
"""Every key that a tree may set, in its canonical form.

Setting one changes no other. All but tcp_rmem take the values 1 and 2.
"""

GLOBS = (
    "net.ipv4.tcp_keepalive_*",
    "net.ipv4.tcp_keepalive_????",
    "net.ipv4.tcp_keepalive_[ti]*",
    "net.ipv4.tcp_keepalive_[!t]*",
    "net/ipv4/tcp_keepalive_i*",
    "net.*.tcp_keepalive_time",
    "*.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_fin_timeou?",
    "net.ipv4.conf.[!adl]*.rp_filter",
    "net/ipv4/conf/b*/rp_filter",
    "net.ipv4.conf.br*.rp_filter",
    "net.ipv4.conf.br0/*.rp_filter",
    "net/ipv4/conf/br0.*/medium_id",
    "net.ipv4.conf.br?.medium_id",
    "net.ipv4.neigh.b*.app_solicit",
    "net.ipv4.*.br0.app_solicit",
    "net.ipv4.conf.[a-b]r0.medium_id",
    "net.ipv4.tcp_keepalive_[",
    "net.ipv4.no_such_*",
)
NAMES = (
    "10-a.conf",
    "10-a.conf",
    "20-b.conf",
    "20-b.conf",
    "50-default.conf",
    "90-ansible.conf",
    "99-sysctl.conf",
    "99-zz.conf",
    "A.conf",
    "a.conf",
    "zz.conf",
    "_.conf",
    "60 blank.conf",
    "70-ü.conf",
    ".hidden.conf",
    "10-a.conf.bak",
    "10-a.conf~",
    "README",
    "conf",
    ".conf",
    "10-A.CONF",
)
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
    "\fnet.ipv4.tcp_fin_timeout = 16",
    "\vnet.ipv4.tcp_keepalive_time = 17",
    "net.ipv4.tcp_keepalive_intvl\f=\f18",
    "net.ipv4.tcp_fin_timeout = 19\0 20",
    "\0net.ipv4.tcp_fin_timeout = 21",
    "# a comment\rnet.ipv4.tcp_keepalive_time = 23",
    "- net.ipv4.tcp_fin_timeout = 24",
    "-  net.ipv4.tcp_keepalive_probes",
    "--net.ipv4.tcp_fin_timeout = 25",
    "net.ipv4/tcp_fin_timeout = 30",
    "net/ipv4.tcp_fin_timeout = 31",
    "net.ipv4. tcp_fin_timeout = 34",
    "\ufeffnet.ipv4.tcp_fin_timeout = 36",
    "NET.ipv4.tcp_fin_timeout = 37",
    "net.ipv4.conf.br0.100.rp_filter = 1",
    "net/ipv4/conf/br0/100/rp_filter = 1",
)
ODD_VALUES = (
    "net.ipv4.tcp_fin_timeout = 41 # text",
    'net.ipv4.tcp_keepalive_time = "42"',
    "net.ipv4.tcp_keepalive_intvl = 43#text",
    "net.ipv4.tcp_keepalive_probes =",
    "net.ipv4.tcp_keepalive_probes = 44 45 46",
    "net.ipv4.tcp_fin_timeout = yes",
    "net.ipv4.tcp_keepalive_* = 47 ; text",
    "net.ipv4.tcp_keepalive_[it]* = '48'",
    "net.ipv4.tcp_rmem = 8192",
    "net.ipv4.tcp_rmem = 8192 16384",
    "net.ipv4.tcp_rmem = 8192 text",
    "net.ipv4.tcp_rmem = text",
    "net.ipv4.conf.br0.medium_id = 0x1",
    "net.ipv4.conf.*.medium_id =",
)
"""Values of which the kernel takes a part, or which it refuses."""
ODD_SEPARATORS = (
    "net..ipv4.tcp_keepalive_time = 26",
    "net//ipv4//tcp_keepalive_intvl = 27",
    "/net/ipv4/tcp_fin_timeout = 28",
    ".net.ipv4.tcp_fin_timeout = 29",
    "net/ipv4/../ipv4/tcp_fin_timeout = 38",
    "net.ipv4.tcp_fin_timeout.= 39",
    "net/./ipv4/tcp_keepalive_time = 40",
)
"""Keys with empty segments, `.` or `..`: systemd normalizes them, and so do we.

procps opens them as they are written, but takes them for other keys than their normal spelling.
Nobody relies on that in a file, so the trees for procps have none of these.
"""
BUSYBOX_LINES = (
    "net.ipv4.tcp_fin_timeout = 5\\\n1",
    "# a comment that goes on \\\nnet.ipv4.tcp_keepalive_time = 52",
    "net.ipv4.tcp_keepalive_intvl = 53 \\",
    "net.ipv4.tcp_keepalive_time\\\n = 54",
    "net.ipv4.tcp_fin_timeout =#55",
    "net.ipv4.tcp_fin_timeout = #56",
    "net.ipv4.tcp_fin_timeout == 57",
    "net.ipv4.tcp_keepalive_probes = ",
    "net//ipv4//tcp_keepalive_intvl = 58",
    "/net/ipv4/tcp_fin_timeout = 59",
    ".net.ipv4.tcp_fin_timeout = 60",
    "net/ipv4/conf/br0.100/medium_id = 3",
    "net/ipv4.conf.br0.100.medium_id = 4",
    "net.ipv4.conf.br0.100.medium_id = 5",
    "net.ipv4.neigh.br0/100.app_solicit = 2",
    "-net.ipv4.tcp_fin_timeout = 61",
    "; a comment = 62",
)
"""What busybox reads in a way of its own."""
BLANKS = ("", " ", "  ", "\t", " \t ")
LINE_KINDS = (
    (10, COMMENTS),
    (5, ("", " ", "\t")),
    (6, PROBLEMS),
)
"""Percent of the lines, and choices for them. The others are odd lines and assignments."""
ODD_PERCENT = 8
RMEM_VALUES = (
    "4096 131072 6291456",
    "4096\t87380   4194304",
    "8192 65536 1048576",
)
NOT_UTF_8 = b"\n# \xff\xfe not UTF-8 \xe4\nnet.ipv4.tcp_orphan_retries = 5\n"


def tree(seed: int, loader: str) -> dict[str, Content]:
    """Return the tree of this seed, with the odd lines that we promise to read like the loader."""
    odd_lines: tuple[str, ...] = ODD_LINES + ODD_VALUES
    odd_percent = ODD_PERCENT
    if loader == "systemd":
        odd_lines += ODD_SEPARATORS
    if loader.endswith("busybox"):
        odd_lines += BUSYBOX_LINES
        odd_percent *= 3
    return _TreeMaker(random.Random(seed), odd_lines, odd_percent).tree()


class _TreeMaker:
    """Makes one tree.

    A seed must always make the same tree, so the order of the random choices must not change.
    """

    def __init__(self, rnd: random.Random, odd_lines: Sequence[str], odd_percent: int) -> None:
        self.rnd = rnd
        self.line_kinds = (*LINE_KINDS, (odd_percent, odd_lines))

    def chance(self, percent: int) -> bool:
        return self.rnd.randrange(100) < percent

    def pick(self, choices: Sequence[str]) -> str:
        return self.rnd.choice(choices)

    def blank(self) -> str:
        return self.pick(BLANKS)

    def tree(self) -> dict[str, Content]:
        files: dict[str, Content] = {}
        size = self.rnd.randint(2, 9)
        while len(files) < size:
            content = self.content(files)
            folder = self.pick(FOLDERS)
            files[f"{folder}/{self.pick(NAMES)}"] = content
        if self.chance(40):
            files["/etc/sysctl.conf"] = self.file() if self.chance(85) else self.link(files)
        if self.chance(30):
            files["/etc/sysctl.d/99-sysctl.conf"] = Link("../sysctl.conf")
        if self.chance(10):
            inner = self.file()
            folder = self.pick(FOLDERS)
            files[f"{folder}/30-folder.conf/50-inner.conf"] = inner
        for content in list(files.values()):
            if isinstance(content, Link) and content.target.startswith("/srv/"):
                files["/srv/elsewhere.conf"] = self.file()
                break
        return files

    def content(self, files: dict[str, Content]) -> Content:
        if self.chance(8):
            return Link("/dev/null")
        if self.chance(4):
            return b""
        if self.chance(10):
            return self.link(files)
        return self.file()

    def link(self, files: dict[str, Content]) -> Link:
        targets = ["/nowhere", "nowhere.conf", "/srv/elsewhere.conf", "/srv", *files]
        return Link(self.pick(targets))

    def file(self) -> bytes:
        line_end = "\r\n" if self.chance(8) else "\n"
        number = self.rnd.randint(0, 7)
        text = line_end.join([self.line() for _line in range(number)])
        if not self.chance(15):
            text += line_end
        data = text.encode()
        if self.chance(4):
            data += NOT_UTF_8
        return data

    def line(self) -> str:
        for percent, choices in self.line_kinds:
            if self.chance(percent):
                return self.pick(choices)
        return self.assignment()

    def assignment(self) -> str:
        if self.chance(22):
            key = self.pick(GLOBS)
        else:
            key = self.spelling(self.pick(KEYS))
        dash = "-" if self.chance(15) else ""
        if self.chance(8):
            return f"{self.blank()}-{key}{self.blank()}"
        start = f"{self.blank()}{dash}{key}{self.blank()}"
        return f"{start}={self.blank()}{self.value(key)}{self.blank()}"

    def spelling(self, key: str) -> str:
        """Return the key with dots or with slashes."""
        return key.translate(str.maketrans("./", "/.")) if self.chance(30) else key

    def value(self, key: str) -> str:
        if self.chance(4):
            return ""
        if "rmem" in key:
            return self.pick(RMEM_VALUES)
        return self.pick(("1", "2"))
