# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another file would win at boot: it is found, by the rules of the loader that this host has, and dealt with as asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sandbox.tasks import FIN, OURS, TIME, Asker, sysctl
from sandbox.world import Content, Link, World

LATER = "/etc/sysctl.d/99-z.conf"
VENDOR = "/usr/lib/sysctl.d/99-z.conf"

WINS: list[tuple[str, dict[str, Content], str, str, str | None, int | None]] = [
    # what, tree, loader, value, path, line
    ("later name", {LATER: f"# x\n\n{TIME} = 1\n"}, "systemd", "1", LATER, 3),
    ("later name in a vendor folder", {VENDOR: f"{TIME} = 1\n"}, "systemd", "1", VENDOR, 1),
    ("in /run", {"/run/sysctl.d/91.conf": f"{TIME} = 1\n"}, "procps", "1", "/run/sysctl.d/91.conf", 1),
    ("in /usr/local", {"/usr/local/lib/sysctl.d/91.conf": f"{TIME} = 1\n"}, "systemd", "1", "/usr/local/lib/sysctl.d/91.conf", 1),
    ("slashes", {LATER: "net/ipv4/tcp_keepalive_time=1\n"}, "systemd", "1", LATER, 1),
    ("a dash", {LATER: f"-{TIME} = 1\n"}, "systemd", "1", LATER, 1),
    ("the last of two", {LATER: f"{TIME} = 3600\n{TIME} = 1"}, "procps", "1", LATER, 2),
    ("CRLF", {LATER: f"# x\r\n{TIME} = 1\r\n"}, "systemd", "1", LATER, 2),
    ("sysctl.conf through its link", {"/etc/sysctl.d/99-sysctl.conf": Link("../sysctl.conf"), "/etc/sysctl.conf": f"{TIME} = 1\n"}, "systemd", "1",
     "/etc/sysctl.d/99-sysctl.conf", 1),
    ("sysctl.conf, which procps reads last", {"/etc/sysctl.conf": f"{TIME} = 1\n", LATER: f"{TIME} = 3600\n"}, "procps", "1", "/etc/sysctl.conf", 1),
    ("a link to elsewhere", {LATER: Link("/srv/elsewhere.conf"), "/srv/elsewhere.conf": f"{TIME} = 1\n"}, "systemd", "1", LATER, 1),
]  # fmt: skip

LOSES: list[tuple[str, dict[str, Content], str]] = [
    ("earlier name", {"/etc/sysctl.d/10-a.conf": f"{TIME} = 1\n"}, "systemd"),
    ("earlier name in a vendor folder", {"/usr/lib/sysctl.d/10-a.conf": f"{TIME} = 1\n"}, "procps"),
    ("the same value", {LATER: f"{TIME} = 3600\n"}, "systemd"),
    ("the same value in other words", {LATER: f"{TIME}=  0x0e10\n"}, "systemd"),
    ("a comment", {LATER: f"#{TIME} = 1\n;{TIME} = 1\n"}, "systemd"),
    ("not .conf", {"/etc/sysctl.d/99-z.conf.bak": f"{TIME} = 1\n"}, "systemd"),
    (
        "masked by a link to /dev/null",
        {VENDOR: f"{TIME} = 1\n", LATER: Link("/dev/null")},
        "systemd",
    ),
    ("masked by an empty file", {VENDOR: f"{TIME} = 1\n", LATER: ""}, "procps"),
    (
        "masked by a file of the same name",
        {VENDOR: f"{TIME} = 1\n", LATER: f"{FIN} = 60\n"},
        "systemd",
    ),
    ("sysctl.conf, which systemd does not read", {"/etc/sysctl.conf": f"{TIME} = 1\n"}, "systemd"),
    ("a glob, however late", {LATER: "net.ipv4.tcp_keepalive_t* = 1\n"}, "systemd"),
    ("a glob, however late, in procps", {LATER: "net.ipv4.tcp_keepalive_t* = 1\n"}, "procps"),
    ("a folder", {"/etc/sysctl.d/99-z.conf/x": f"{TIME} = 1\n"}, "systemd"),
    ("a dangling link", {LATER: Link("/nowhere")}, "systemd"),
    ("no line of settings", {LATER: f"{TIME} 1\n[x]\n"}, "procps"),
]


@pytest.mark.parametrize(
    ("tree", "loader", "value", "path", "line"),
    [row[1:] for row in WINS],
    ids=[row[0] for row in WINS],
)
def test_fail_is_the_default_and_nothing_is_written(
    make_world: Callable[..., World],
    ask: Asker,
    tree: dict[str, Content],
    loader: str,
    value: str,
    path: str,
    line: int,
) -> None:
    world = make_world(tree, loader=loader)
    result = ask.fails(world, sysctl({TIME: 3600}))
    assert result["overridden"] == [{"key": TIME, "value": value, "path": path, "line": line}]
    assert path in result["msg"]
    assert TIME in result["msg"]
    assert result["rolled_back"] is True
    world.write(OURS, f"{TIME} = 3600\n")
    assert world.boots(TIME)[loader] == value, "it would have been overridden"


@pytest.mark.parametrize(
    ("tree", "loader"), [row[1:] for row in LOSES], ids=[row[0] for row in LOSES]
)
def test_what_does_not_win_is_no_matter(
    make_world: Callable[..., World], ask: Asker, tree: dict[str, Content], loader: str
) -> None:
    world = make_world(tree, loader=loader)
    result = ask.ok(world, sysctl({TIME: 3600}))
    assert result["overridden"] == []
    assert world.boots(TIME)[loader] == "3600"


def test_warn_writes_and_says_so(world: World, ask: Asker) -> None:
    world.write(LATER, f"{TIME} = 1\n")
    task = sysctl({TIME: 3600}, on_override="warn")
    result = ask.ok(world, task)
    assert result.changed
    assert any(LATER in warning for warning in result["warnings"])
    assert result["overridden"] == [{"key": TIME, "value": "1", "path": LATER, "line": 1}]
    assert result["settings"][TIME]["boot"] == {"value": "1", "path": LATER, "line": 1}
    assert world.sysctl(TIME) == "3600"
    assert f"{TIME} = 3600\n" in world.read(OURS)
    assert world.boots(TIME) == {"systemd": "1", "procps": "1"}
    assert ask.again(world, task)["overridden"] == result["overridden"]


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_comment_out_touches_that_line_alone(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    text = f"# first\r\n\n  net/ipv4/tcp_keepalive_time  =  1 \n{FIN}=50\n-{TIME}=2"
    world = make_world({LATER: text}, loader=loader)
    world.chmod(LATER, 0o640)
    task = sysctl({TIME: 3600}, on_override="comment_out")
    result = ask.ok(world, task)
    lines, kept = world.read_bytes(LATER).decode().split("\n"), text.split("\n")
    assert [lines[n] for n in (0, 1, 3)] == [kept[n] for n in (0, 1, 3)]
    for n in (2, 4):
        assert lines[n].startswith("#")
        assert lines[n].endswith(kept[n]), "the line can be put back"
    assert world.files(LATER)[LATER][0] == "0o640"
    assert result["settings"][TIME]["boot"]["path"] == OURS
    assert world.boots(TIME)[loader] == "3600"
    ask.again(world, task)


def test_comment_out_never_edits_what_lies_outside_etc(world: World, ask: Asker) -> None:
    world.write(VENDOR, f"{TIME} = 1\n")
    result = ask.fails(world, sysctl({TIME: 3600}, on_override="comment_out"))
    assert VENDOR in result["msg"]


def test_comment_out_does_not_follow_a_link_out_of_etc(world: World, ask: Asker) -> None:
    world.place({LATER: Link("/srv/elsewhere.conf"), "/srv/elsewhere.conf": f"{TIME} = 1\n"})
    ask.fails(world, sysctl({TIME: 3600}, on_override="comment_out"))
    assert world.read("/srv/elsewhere.conf") == f"{TIME} = 1\n"


def test_comment_out_in_sysctl_conf_through_its_link(world: World, ask: Asker) -> None:
    world.place(
        {
            "/etc/sysctl.d/99-sysctl.conf": Link("../sysctl.conf"),
            "/etc/sysctl.conf": f"{TIME} = 1\n",
        }
    )
    ask.ok(world, sysctl({TIME: 3600}, on_override="comment_out"))
    assert world.files("/etc/sysctl.d/99-sysctl.conf")["/etc/sysctl.d/99-sysctl.conf"][3:5] == [
        "link",
        "../sysctl.conf",
    ]
    assert world.read("/etc/sysctl.conf").startswith("#")
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}


def test_comment_out_of_several_files_at_once(world: World, ask: Asker) -> None:
    world.place({LATER: f"{TIME} = 1\n", "/etc/sysctl.d/98-y.conf": f"{FIN} = 2\n{TIME} = 3\n"})
    result = ask.ok(world, sysctl({TIME: 3600, FIN: 50}, on_override="comment_out"))
    assert world.boot("systemd", [TIME, FIN]).values == {TIME: "3600", FIN: "50"}
    assert [world.sysctl(TIME), world.sysctl(FIN)] == ["3600", "50"]
    assert len(result["diff"]) == 4


@pytest.mark.parametrize(
    ("path", "loader"),
    [
        ("/etc/sysctl.d/ours.txt", "systemd"),
        ("/etc/sysctl.d/90-ansible", "procps"),
        ("/srv/90-ansible.conf", "systemd"),
        ("/etc/sysctl.conf", "systemd"),
    ],
)
def test_a_path_that_the_loader_does_not_read(
    make_world: Callable[..., World], ask: Asker, path: str, loader: str
) -> None:
    world = make_world(loader=loader)
    result = ask.fails(world, sysctl({TIME: 3600}, path=path))
    assert result["overridden"] == [{"key": TIME, "value": None, "path": None, "line": None}]
    assert path in result["msg"]
    warned = ask.ok(world, sysctl({TIME: 3600}, path=path, on_override="warn"))
    assert any(path in warning for warning in warned["warnings"])
    assert world.boots(TIME)[loader] == "7200"


@pytest.mark.parametrize(
    ("loader", "tree"),
    [("procps", {}), ("systemd", {"/etc/sysctl.d/99-sysctl.conf": Link("../sysctl.conf")})],
)
def test_sysctl_conf_where_it_is_read(
    make_world: Callable[..., World], ask: Asker, loader: str, tree: dict[str, Content]
) -> None:
    world = make_world(tree, loader=loader)
    result = ask.ok(world, sysctl({TIME: 3600}, path="/etc/sysctl.conf"))
    assert result["overridden"] == []
    assert world.boots(TIME)[loader] == "3600"


def test_a_path_that_is_masked(world: World, ask: Asker) -> None:
    world.write("/etc/sysctl.d/50-x.conf", f"{FIN} = 60\n")
    result = ask.fails(world, sysctl({TIME: 3600}, path="/usr/lib/sysctl.d/50-x.conf"))
    assert [entry["key"] for entry in result["overridden"]] == [TIME]
    assert "/etc/sysctl.d/50-x.conf" in result["msg"]


def test_a_new_file_that_masks_another_is_warned_of(world: World, ask: Asker) -> None:
    world.write("/usr/lib/sysctl.d/50-default.conf", f"{FIN} = 50\n")
    result = ask.ok(world, sysctl({TIME: 3600}, path="/etc/sysctl.d/50-default.conf"))
    assert any("/usr/lib/sysctl.d/50-default.conf" in warning for warning in result["warnings"])


def test_our_own_later_line_of_other_spelling_is_no_stranger(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 5\nnet/ipv4/tcp_keepalive_time = 6\n")
    assert ask.ok(world, sysctl({TIME: 3600}))["overridden"] == []
    assert world.read(OURS) == "net/ipv4/tcp_keepalive_time = 3600\n"


def test_glob_against_explicit_key(make_world: Callable[..., World], ask: Asker) -> None:
    """A glob of ours loses to a line that names the key, even one that comes earlier."""
    world = make_world(
        {"/etc/sysctl.d/10-a.conf": "net.ipv4.conf.br0.rp_filter = 1\n"}, interfaces=["br0", "br1"]
    )
    result = ask.fails(world, sysctl({"net.ipv4.conf.br*.rp_filter": 2}))
    assert result["overridden"] == [
        {
            "key": "net.ipv4.conf.br0.rp_filter",
            "value": "1",
            "path": "/etc/sysctl.d/10-a.conf",
            "line": 1,
        }
    ]


def test_glob_against_an_exclusion(make_world: Callable[..., World], ask: Asker) -> None:
    world = make_world({LATER: "-net.ipv4.conf.br0.rp_filter\n"}, interfaces=["br0", "br1"])
    result = ask.fails(world, sysctl({"net.ipv4.conf.br*.rp_filter": 2}))
    assert result["overridden"] == [
        {"key": "net.ipv4.conf.br0.rp_filter", "value": None, "path": LATER, "line": 1}
    ]


@pytest.mark.parametrize("on_override", ["fail", "warn", "comment_out"])
def test_the_kernel_command_line_does_not_override_files(
    world: World, ask: Asker, on_override: str
) -> None:
    options: dict[str, Any] = {"on_override": on_override}
    assert ask.ok(world, sysctl({TIME: 3600}, **options))["overridden"] == []
