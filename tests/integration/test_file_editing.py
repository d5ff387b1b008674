# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits are lossless: bytes that are not ours stay. The editor has more cases in its unit tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sandbox.tasks import FIN, OURS, TIME, Asker, sysctl
from sandbox.world import World

SLASHES = "net/ipv4/tcp_keepalive_time"
GLOB = "net.ipv4.tcp_keepalive_*"
RMEM = "net.ipv4.tcp_rmem"

EDITS = {
    # what the file holds: (before, after), in Latin-1
    "another key": (f"{FIN} = 60\n", f"{FIN} = 60\n{TIME} = 3600\n"),
    "another key and CRLF": (f"{FIN} = 60\r\n", f"{FIN} = 60\r\n{TIME} = 3600\r\n"),
    "nothing": ("", f"{TIME} = 3600\n"),
    "another value": (f"{TIME} = 1\n", f"{TIME} = 3600\n"),
    "other blanks": (f"\t{TIME}=1  \n", f"\t{TIME}=3600  \n"),
    "no final newline": (f"{FIN} = 60\n{TIME} = 1", f"{FIN} = 60\n{TIME} = 3600"),
    "two spellings of our key": (
        f"{TIME} = 1\n# a\n{SLASHES}=2\n{FIN} = 60\n",
        f"# a\n{SLASHES}=3600\n{FIN} = 60\n",
    ),
    "an exclusion of our key": (f"-{TIME}\n", f"{TIME} = 3600\n"),
    "another key twice": (
        f"{FIN}=50\n{FIN}=55\n{TIME}=1\n",
        f"{FIN}=50\n{FIN}=55\n{TIME}=3600\n",
    ),
    "bytes that are not UTF-8": (
        f"# \xff\xe4\n{TIME} = 1\n\x80\n",
        f"# \xff\xe4\n{TIME} = 3600\n\x80\n",
    ),
    "lines that are not assignments": (
        f"[x]\nnonsense\n{TIME} = 1\n=\n",
        f"[x]\nnonsense\n{TIME} = 3600\n=\n",
    ),
    "a glob that matches our key": (f"{GLOB} = 1\n", f"{GLOB} = 1\n{TIME} = 3600\n"),
}


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize(("before", "after"), EDITS.values(), ids=EDITS)
def test_only_the_line_of_the_key_is_edited(
    make_world: Callable[..., World], ask: Asker, before: str, after: str, loader: str
) -> None:
    world = make_world({OURS: before.encode("latin-1")}, loader=loader)
    ask.ok(world, sysctl({TIME: 3600}))
    assert world.read_bytes(OURS) == after.encode("latin-1")
    assert world.boots(TIME)[loader] == "3600"
    ask.again(world, sysctl({TIME: 3600}))


@pytest.mark.parametrize(
    "text",
    [
        f"{TIME} = 3600",
        f"\r\n {TIME}\t=\t3600 \r\n",
        f"-{SLASHES}=3600\n",
        f"{TIME} = 0xe10\n",
        f"# x\n{TIME}=3600\n\n\n",
    ],
    ids=[
        "no final newline",
        "other blanks and CRLF",
        "slashes and a dash",
        "hexadecimal",
        "a comment and blank lines",
    ],
)
def test_a_file_with_the_right_value_is_not_touched(world: World, ask: Asker, text: str) -> None:
    world.write(OURS, text)
    world.set_sysctl(TIME, 3600)
    ask.again(world, sysctl({TIME: 3600}))


def test_other_blanks_between_the_words_of_a_value_are_not_a_difference(
    world: World, ask: Asker
) -> None:
    world.write(OURS, f"{RMEM} = 4096\t \t87380   4194304\n")
    world.set_sysctl(RMEM, "4096 87380 4194304")
    ask.again(world, sysctl({RMEM: "4096 87380 4194304"}))


def test_keys_are_written_in_the_order_of_the_task(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl({FIN: 50, TIME: 3600, "net.ipv4.tcp_syncookies": 0}))
    assert world.read(OURS).splitlines()[1:] == [
        f"{FIN} = 50",
        f"{TIME} = 3600",
        "net.ipv4.tcp_syncookies = 0",
    ]


def test_the_header_is_written_only_to_a_new_file(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl({TIME: 3600}, header="managed by the operations team"))
    assert world.read(OURS) == f"# managed by the operations team\n{TIME} = 3600\n"
    ask.again(world, sysctl({TIME: 3600}, header="another"))


def test_a_line_of_a_megabyte_is_kept(world: World, ask: Asker) -> None:
    long_line = b"# " + b"x" * (1 << 20) + b"\n"
    world.write(OURS, f"{TIME} = 1\n".encode() + long_line)
    ask.ok(world, sysctl({TIME: 3600}))
    assert world.read_bytes(OURS) == f"{TIME} = 3600\n".encode() + long_line
