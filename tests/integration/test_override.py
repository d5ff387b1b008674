# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""on_override: files that win over ours at boot are found by the rules of the host's loader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from sandbox.tasks import BY, FIN, OURS, PROGRAMS, TIME, Asker, sysctl
from sandbox.world import Content, Link, World

EARLIER = "/etc/sysctl.d/10-a.conf"
LATER = "/etc/sysctl.d/99-z.conf"
VENDOR = "/usr/lib/sysctl.d/99-z.conf"
RUN = "/run/sysctl.d/91.conf"
LOCAL = "/usr/local/lib/sysctl.d/91.conf"
SYSCTL_CONF = "/etc/sysctl.conf"
SYSCTL_CONF_LINK = "/etc/sysctl.d/99-sysctl.conf"
ELSEWHERE = "/srv/elsewhere.conf"
SLASHES = "net/ipv4/tcp_keepalive_time"
GLOB = "net.ipv4.tcp_keepalive_t*"
LOADERS = ["systemd", "procps"]


class Winning(NamedTuple):
    """Files of which one line wins over ours at boot, with the value 1."""

    files: dict[str, Content]
    path: str
    line: int
    loader: str = "systemd"


WINNING = {
    "later name": Winning(files={LATER: f"# x\n\n{TIME} = 1\n"}, path=LATER, line=3),
    "later name in a vendor folder": Winning(files={VENDOR: f"{TIME} = 1\n"}, path=VENDOR, line=1),
    "in /run": Winning(files={RUN: f"{TIME} = 1\n"}, path=RUN, line=1, loader="procps"),
    "in /usr/local": Winning(files={LOCAL: f"{TIME} = 1\n"}, path=LOCAL, line=1),
    "slashes": Winning(files={LATER: f"{SLASHES}=1\n"}, path=LATER, line=1),
    "a dash": Winning(files={LATER: f"-{TIME} = 1\n"}, path=LATER, line=1),
    "the last of two": Winning(
        files={LATER: f"{TIME} = 3600\n{TIME} = 1"},
        path=LATER,
        line=2,
        loader="procps",
    ),
    "CRLF": Winning(files={LATER: f"# x\r\n{TIME} = 1\r\n"}, path=LATER, line=2),
    "sysctl.conf through its link": Winning(
        files={SYSCTL_CONF_LINK: Link("../sysctl.conf"), SYSCTL_CONF: f"{TIME} = 1\n"},
        path=SYSCTL_CONF_LINK,
        line=1,
    ),
    "sysctl.conf, which procps reads last": Winning(
        files={SYSCTL_CONF: f"{TIME} = 1\n", LATER: f"{TIME} = 3600\n"},
        path=SYSCTL_CONF,
        line=1,
        loader="procps",
    ),
    "a link out of /etc": Winning(
        files={LATER: Link(ELSEWHERE), ELSEWHERE: f"{TIME} = 1\n"},
        path=LATER,
        line=1,
    ),
}


class Losing(NamedTuple):
    """Files that do not win over ours at boot."""

    files: dict[str, Content]
    loader: str = "systemd"


LOSING = {
    "earlier name": Losing({EARLIER: f"{TIME} = 1\n"}),
    "earlier name in a vendor folder": Losing(
        {"/usr/lib/sysctl.d/10-a.conf": f"{TIME} = 1\n"},
        loader="procps",
    ),
    "the same value": Losing({LATER: f"{TIME} = 3600\n"}),
    "the same value in hexadecimal": Losing({LATER: f"{TIME}=  0x0e10\n"}),
    "comments": Losing({LATER: f"#{TIME} = 1\n;{TIME} = 1\n"}),
    "a name without .conf": Losing({"/etc/sysctl.d/99-z.conf.bak": f"{TIME} = 1\n"}),
    "masked by a link to /dev/null": Losing({VENDOR: f"{TIME} = 1\n", LATER: Link("/dev/null")}),
    "masked by an empty file": Losing({VENDOR: f"{TIME} = 1\n", LATER: ""}, loader="procps"),
    "masked by a file of the same name": Losing(
        {VENDOR: f"{TIME} = 1\n", LATER: f"{FIN} = 60\n"},
    ),
    "sysctl.conf, which systemd does not read": Losing({SYSCTL_CONF: f"{TIME} = 1\n"}),
    "a later glob": Losing({LATER: f"{GLOB} = 1\n"}),
    "a later glob in procps": Losing({LATER: f"{GLOB} = 1\n"}, loader="procps"),
    "a folder": Losing({f"{LATER}/x": f"{TIME} = 1\n"}),
    "a dangling link": Losing({LATER: Link("/nowhere")}),
    "lines that are not assignments": Losing({LATER: f"{TIME} 1\n[x]\n"}, loader="procps"),
}


# --- which files win ---


@pytest.mark.parametrize("case", WINNING.values(), ids=WINNING)
def test_a_winning_file_is_refused_by_default_and_nothing_is_written(
    make_world: Callable[..., World], ask: Asker, case: Winning
) -> None:
    world = make_world(case.files, loader=case.loader)
    result = ask.fails(world, sysctl({TIME: 3600}))
    winner: dict[str, Any] = {"key": TIME, "value": "1", "path": case.path, "line": case.line}
    winner["by"] = PROGRAMS[case.loader]
    assert result["overridden"] == [winner]
    assert case.path in result["msg"]
    assert TIME in result["msg"]
    assert result["rolled_back"] is True
    world.write(OURS, f"{TIME} = 3600\n")
    assert world.boots(TIME)[case.loader] == "1", "the real loader must agree"


@pytest.mark.parametrize("case", LOSING.values(), ids=LOSING)
def test_a_losing_file_is_no_override(
    make_world: Callable[..., World], ask: Asker, case: Losing
) -> None:
    world = make_world(case.files, loader=case.loader)
    result = ask.ok(world, sysctl({TIME: 3600}))
    assert result["overridden"] == []
    assert world.boots(TIME)[case.loader] == "3600"


def test_a_later_line_of_our_own_file_is_no_override(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 5\n{SLASHES} = 6\n")
    assert ask.ok(world, sysctl({TIME: 3600}))["overridden"] == []
    assert world.read(OURS) == f"{SLASHES} = 3600\n"


def test_an_explicit_key_in_an_earlier_file_overrides_our_glob(
    make_world: Callable[..., World], ask: Asker
) -> None:
    key = "net.ipv4.conf.br0.rp_filter"
    world = make_world({EARLIER: f"{key} = 1\n"}, interfaces=["br0", "br1"])
    result = ask.fails(world, sysctl({"net.ipv4.conf.br*.rp_filter": 2}))
    assert result["overridden"] == [{"key": key, "value": "1", "path": EARLIER, "line": 1, **BY}]


def test_an_exclusion_in_a_later_file_overrides_our_glob(
    make_world: Callable[..., World], ask: Asker
) -> None:
    key = "net.ipv4.conf.br0.rp_filter"
    world = make_world({LATER: f"-{key}\n"}, interfaces=["br0", "br1"])
    result = ask.fails(world, sysctl({"net.ipv4.conf.br*.rp_filter": 2}))
    assert result["overridden"] == [{"key": key, "value": None, "path": LATER, "line": 1, **BY}]


@pytest.mark.parametrize("on_override", ["fail", "warn", "comment_out"])
def test_the_kernel_command_line_is_no_override(world: World, ask: Asker, on_override: str) -> None:
    """The kernel sets its parameters before any loader reads a file."""
    world.write("/srv/cmdline", f"quiet sysctl.{TIME}=100\n")
    assert world.run(["mount", "--bind", "/srv/cmdline", "/proc/cmdline"]).rc == 0
    options: dict[str, Any] = {"on_override": on_override}
    assert ask.ok(world, sysctl({TIME: 3600}, **options))["overridden"] == []


# --- warn ---


def test_warn_writes_and_reports_the_winner(world: World, ask: Asker) -> None:
    world.write(LATER, f"{TIME} = 1\n")
    task = sysctl({TIME: 3600}, on_override="warn")
    result = ask.ok(world, task)
    assert result.changed
    assert any(LATER in warning for warning in result["warnings"])
    assert result["overridden"] == [{"key": TIME, "value": "1", "path": LATER, "line": 1, **BY}]
    assert result["settings"][TIME]["boot"] == {
        "value": "1",
        "path": LATER,
        "line": 1,
        **BY,
        "certain": True,
    }
    assert world.sysctl(TIME) == "3600"
    assert f"{TIME} = 3600\n" in world.read(OURS)
    assert world.boots(TIME) == {"systemd": "1", "procps": "1"}
    assert ask.again(world, task)["overridden"] == result["overridden"]


# --- comment_out ---


@pytest.mark.parametrize("loader", LOADERS)
def test_comment_out_edits_only_the_lines_of_the_key(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    lines_of_key = {2: f"  {SLASHES}  =  1 ", 4: f"-{TIME}=2"}
    before = ["# first\r", "", lines_of_key[2], f"{FIN}=50", lines_of_key[4]]
    world = make_world({LATER: "\n".join(before)}, loader=loader)
    world.chmod(LATER, 0o640)
    task = sysctl({TIME: 3600}, on_override="comment_out")
    result = ask.ok(world, task)
    after = world.read_bytes(LATER).decode().split("\n")
    for number in (0, 1, 3):
        assert after[number] == before[number]
    for number, line in lines_of_key.items():
        assert after[number].startswith("#")
        assert after[number].endswith(line), "the line can be restored"
    assert world.files(LATER)[LATER][0] == "0o640"
    assert result["settings"][TIME]["boot"]["path"] == OURS
    assert world.boots(TIME)[loader] == "3600"
    ask.again(world, task)


def test_comment_out_does_not_edit_a_file_outside_etc(world: World, ask: Asker) -> None:
    world.write(VENDOR, f"{TIME} = 1\n")
    result = ask.fails(world, sysctl({TIME: 3600}, on_override="comment_out"))
    assert VENDOR in result["msg"]


def test_comment_out_does_not_follow_a_link_out_of_etc(world: World, ask: Asker) -> None:
    world.place({LATER: Link(ELSEWHERE), ELSEWHERE: f"{TIME} = 1\n"})
    ask.fails(world, sysctl({TIME: 3600}, on_override="comment_out"))
    assert world.read(ELSEWHERE) == f"{TIME} = 1\n"


def test_comment_out_edits_sysctl_conf_through_its_link(world: World, ask: Asker) -> None:
    world.place({SYSCTL_CONF_LINK: Link("../sysctl.conf"), SYSCTL_CONF: f"{TIME} = 1\n"})
    ask.ok(world, sysctl({TIME: 3600}, on_override="comment_out"))
    link = world.files(SYSCTL_CONF_LINK)[SYSCTL_CONF_LINK]
    assert link[3:5] == ["link", "../sysctl.conf"]
    assert world.read(SYSCTL_CONF).startswith("#")
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}


def test_comment_out_edits_several_files(world: World, ask: Asker) -> None:
    world.place({LATER: f"{TIME} = 1\n", "/etc/sysctl.d/98-y.conf": f"{FIN} = 2\n{TIME} = 3\n"})
    result = ask.ok(world, sysctl({TIME: 3600, FIN: 50}, on_override="comment_out"))
    assert world.boot("systemd", [TIME, FIN]).values == {TIME: "3600", FIN: "50"}
    assert world.sysctl(TIME) == "3600"
    assert world.sysctl(FIN) == "50"
    assert len(result["diff"]) == 4, "the kernel, our file and the two others"


# --- the path of our file ---


@pytest.mark.parametrize(
    ("path", "loader"),
    [
        ("/etc/sysctl.d/ours.txt", "systemd"),
        ("/etc/sysctl.d/90-ansible", "procps"),
        ("/srv/90-ansible.conf", "systemd"),
        ("/etc/sysctl.conf", "systemd"),
    ],
)
def test_a_path_that_the_loader_does_not_read_is_an_override(
    make_world: Callable[..., World], ask: Asker, path: str, loader: str
) -> None:
    world = make_world(loader=loader)
    result = ask.fails(world, sysctl({TIME: 3600}, path=path))
    assert result["overridden"] == [
        {"key": TIME, "value": None, "path": None, "line": None, "by": None}
    ]
    assert path in result["msg"]
    warned = ask.ok(world, sysctl({TIME: 3600}, path=path, on_override="warn"))
    assert any(path in warning for warning in warned["warnings"])
    assert world.boots(TIME)[loader] == "7200"


@pytest.mark.parametrize(
    ("loader", "files"),
    [
        ("procps", {}),
        ("systemd", {SYSCTL_CONF_LINK: Link("../sysctl.conf")}),
    ],
    ids=["procps", "systemd through its link"],
)
def test_sysctl_conf_can_be_our_file_where_it_is_read(
    make_world: Callable[..., World], ask: Asker, loader: str, files: dict[str, Content]
) -> None:
    world = make_world(files, loader=loader)
    result = ask.ok(world, sysctl({TIME: 3600}, path=SYSCTL_CONF))
    assert result["overridden"] == []
    assert world.boots(TIME)[loader] == "3600"


@pytest.mark.parametrize(
    ("loader", "path", "link", "target"),
    [
        ("procps", "/etc/sysctl.d/92-b.conf", "/etc/sysctl.d/92-b.conf", "../sysctl.conf"),
        ("procps", "/etc/sysctl.d/92-b.conf", SYSCTL_CONF, "sysctl.d/92-b.conf"),
        ("systemd", OURS, OURS, "/usr/lib/sysctl.d/99-zz.conf"),
    ],
    ids=["to sysctl.conf", "from sysctl.conf", "to a later name"],
)
def test_a_new_file_is_read_by_each_of_its_names(
    make_world: Callable[..., World], ask: Asker, loader: str, path: str, link: str, target: str
) -> None:
    world = make_world({VENDOR: f"{TIME} = 1\n", link: Link(target)}, loader=loader)
    task = sysctl({TIME: 3600}, path=path)
    predicted = ask.ok(world, task, check=True)["settings"][TIME]["boot"]
    assert (predicted["value"], predicted["certain"]) == ("3600", True)
    assert ask.ok(world, task)["settings"][TIME]["boot"] == predicted
    assert world.boots(TIME)[loader] == "3600"
    ask.again(world, task)


def test_a_path_that_another_file_masks_is_refused(world: World, ask: Asker) -> None:
    masking = "/etc/sysctl.d/50-x.conf"
    world.write(masking, f"{FIN} = 60\n")
    result = ask.fails(world, sysctl({TIME: 3600}, path="/usr/lib/sysctl.d/50-x.conf"))
    assert [entry["key"] for entry in result["overridden"]] == [TIME]
    assert masking in result["msg"]


def test_a_new_file_of_ours_that_masks_another_gives_a_warning(world: World, ask: Asker) -> None:
    masked = "/usr/lib/sysctl.d/50-default.conf"
    world.write(masked, f"{FIN} = 50\n")
    result = ask.ok(world, sysctl({TIME: 3600}, path="/etc/sysctl.d/50-default.conf"))
    assert any(masked in warning for warning in result["warnings"])
