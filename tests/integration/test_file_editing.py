# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits are lossless: every byte that is not ours stays as it is. The unit tests of the editor have the long table."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sandbox.tasks import FIN, OURS, TIME, Asker, sysctl
from sandbox.world import World

SLASHES = "net/ipv4/tcp_keepalive_time"

EDITS: list[tuple[str, bytes, bytes]] = [
    ("append", f"{FIN} = 60\n".encode(), f"{FIN} = 60\n{TIME} = 3600\n".encode()),
    ("append to a file of CRLF", f"{FIN} = 60\r\n".encode(), f"{FIN} = 60\r\n{TIME} = 3600\r\n".encode()),
    ("append to an empty file", b"", f"{TIME} = 3600\n".encode()),
    ("value", f"{TIME} = 1\n".encode(), f"{TIME} = 3600\n".encode()),
    ("spacing", f"\t{TIME}=1  \n".encode(), f"\t{TIME}=3600  \n".encode()),
    ("no final newline", f"{FIN} = 60\n{TIME} = 1".encode(), f"{FIN} = 60\n{TIME} = 3600".encode()),
    ("several of ours", f"{TIME} = 1\n# a\n{SLASHES}=2\n{FIN} = 60\n".encode(), f"# a\n{SLASHES}=3600\n{FIN} = 60\n".encode()),
    ("our exclusion", f"-{TIME}\n".encode(), f"{TIME} = 3600\n".encode()),
    ("duplicates of others", f"{FIN}=50\n{FIN}=55\n{TIME}=1\n".encode(), f"{FIN}=50\n{FIN}=55\n{TIME}=3600\n".encode()),
    ("not UTF-8", b"# \xff\xe4\n" + f"{TIME} = 1\n".encode() + b"\x80\n", b"# \xff\xe4\n" + f"{TIME} = 3600\n".encode() + b"\x80\n"),
    ("lines that are none", f"[x]\nnonsense\n{TIME} = 1\n=\n".encode(), f"[x]\nnonsense\n{TIME} = 3600\n=\n".encode()),
    ("a glob that matches ours", b"net.ipv4.tcp_keepalive_* = 1\n", f"net.ipv4.tcp_keepalive_* = 1\n{TIME} = 3600\n".encode()),
]  # fmt: skip


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize(
    ("before", "after"), [row[1:] for row in EDITS], ids=[row[0] for row in EDITS]
)
def test_edit(
    make_world: Callable[..., World], ask: Asker, before: bytes, after: bytes, loader: str
) -> None:
    world = make_world({OURS: before}, loader=loader)
    ask.ok(world, sysctl({TIME: 3600}))
    assert world.read_bytes(OURS) == after
    assert world.boots(TIME)[loader] == "3600"
    ask.again(world, sysctl({TIME: 3600}))


@pytest.mark.parametrize(
    "text",
    [
        f"{TIME} = 3600",
        f"\r\n {TIME}\t=\t3600 \r\n",
        f"-{SLASHES}=03600\n".replace("03600", "3600"),
        f"{TIME} = 0xe10\n",
        f"# x\n{TIME}=3600\n\n\n",
    ],
)
def test_a_file_that_says_it_already_is_not_touched(world: World, ask: Asker, text: str) -> None:
    world.write(OURS, text)
    world.set_sysctl(TIME, 3600)
    ask.again(world, sysctl({TIME: 3600}))


def test_blanks_in_a_value_are_no_difference(world: World, ask: Asker) -> None:
    world.write(OURS, "net.ipv4.tcp_rmem = 4096\t \t87380   4194304\n")
    world.set_sysctl("net.ipv4.tcp_rmem", "4096 87380 4194304")
    ask.again(world, sysctl({"net.ipv4.tcp_rmem": "4096 87380 4194304"}))


def test_keys_are_written_in_the_order_given(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl({FIN: 50, TIME: 3600, "net.ipv4.tcp_syncookies": 0}))
    assert world.read(OURS).splitlines()[1:] == [
        f"{FIN} = 50",
        f"{TIME} = 3600",
        "net.ipv4.tcp_syncookies = 0",
    ]


def test_the_header_is_the_users_and_only_for_a_new_file(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl({TIME: 3600}, header="managed by the operations team"))
    assert world.read(OURS) == f"# managed by the operations team\n{TIME} = 3600\n"
    ask.again(world, sysctl({TIME: 3600}, header="another"))


def test_a_line_of_a_megabyte_is_kept(world: World, ask: Asker) -> None:
    long = b"# " + b"x" * (1 << 20) + b"\n"
    world.write(OURS, f"{TIME} = 1\n".encode() + long)
    ask.ok(world, sysctl({TIME: 3600}))
    assert world.read_bytes(OURS) == f"{TIME} = 3600\n".encode() + long
