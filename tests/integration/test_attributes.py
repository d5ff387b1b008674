# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mode, owner, group and extended attributes of our file, and copies of files that are changed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sandbox.tasks import FIN, OURS, TIME, Asker, sysctl
from sandbox.world import Link, World

LATER = "/etc/sysctl.d/99-z.conf"


def owner(world: World, path: str = OURS) -> list[Any]:
    """Give mode, uid and gid."""
    return world.files(path)[path][:3]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_is_0644_whatever_the_umask(world: World, ask: Asker, umask: int) -> None:
    world.remove("/etc/sysctl.d")
    ask.ok(world, sysctl({TIME: 3600}), umask=umask)
    assert owner(world) == ["0o644", 0, 0]
    assert owner(world, "/etc/sysctl.d") == ["0o755", 0, 0]


def test_what_is_asked_for_a_new_file(world: World, ask: Asker) -> None:
    task = sysctl({TIME: 3600}, mode="0640", owner="daemon", group="bin")
    ask.ok(world, task)
    assert owner(world) == ["0o640", 1, 2]
    ask.again(world, task)


def test_what_is_not_asked_stays_when_a_file_is_edited(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 1\n")
    world.chmod(OURS, 0o600)
    world.chown(OURS, 1, 2)
    python = f"import os; os.setxattr({OURS!r}, 'user.note', b'kept')"
    assert world.run(["python3", "-c", python]).rc == 0
    ask.ok(world, sysctl({TIME: 3600}))
    assert world.read(OURS) == f"{TIME} = 3600\n"
    assert owner(world) == ["0o600", 1, 2]
    kept = world.run(["python3", "-c", f"import os; print(os.getxattr({OURS!r}, 'user.note'))"])
    assert kept.stdout == "b'kept'\n", kept.stderr


def test_an_selinux_label_stays_with_an_edited_file_and_copies_have_it(
    world: World, ask: Asker
) -> None:
    """The label is an extended attribute, which the kernel keeps also where SELinux is not in force."""
    label = "system_u:object_r:etc_t:s0"
    world.place({OURS: f"{TIME} = 1\n", LATER: f"{TIME} = 2\n"})
    python = f"import os; [os.setxattr(path, 'security.selinux', b'{label}\\0') for path in {(OURS, LATER)!r}]"
    assert world.run(["python3", "-c", python]).rc == 0
    copies = ask.ok(world, sysctl({TIME: 3600}, on_override="comment_out", backup=True))[
        "backup_files"
    ]
    assert len(copies) == 2
    for path in (OURS, LATER, *copies):
        kept = world.run(
            ["python3", "-c", f"import os; print(os.getxattr({path!r}, 'security.selinux'))"]
        )
        assert kept.stdout == f"b'{label}\\x00'\n", (path, kept.stderr)


def test_a_label_is_not_missed_where_selinux_is_not_in_force(world: World, ask: Asker) -> None:
    task = sysctl({TIME: 3600}, setype="etc_t", seuser="system_u")
    ask.ok(world, task)
    ask.again(world, task)


@pytest.mark.parametrize("mode", ["0600", "u=rw,go=", 0o600])
def test_the_mode_alone(world: World, ask: Asker, mode: str | int) -> None:
    world.write(OURS, f"{TIME} = 7200\n")
    text = world.read(OURS)
    task = sysctl({TIME: 7200}, mode=mode)
    predicted = ask.ok(world, task, check=True, diff=True)
    assert predicted.changed
    assert owner(world)[0] == "0o644"
    result = ask.ok(world, task, diff=True)
    assert result.changed
    assert result["diff"] == predicted["diff"]
    assert re.search("0?644", str(result["diff"]))
    assert re.search("0?600", str(result["diff"]))
    assert (owner(world)[0], world.read(OURS)) == ("0o600", text)
    ask.again(world, task)


@pytest.mark.parametrize(
    "options", [{"owner": "nobody-of-this-name"}, {"group": "no-such"}, {"mode": "u=z"}]
)
def test_what_cannot_be_had_changes_nothing(
    world: World, ask: Asker, options: dict[str, str]
) -> None:
    before = world.snapshot()
    for how in ({"check": True}, {}):
        result = ask(world, sysctl({TIME: 3600}, **options), **how)
        assert result.failed
        assert OURS in result["msg"]
        assert next(iter(options)) in result["msg"] or next(iter(options.values())) in result["msg"]
        assert result["rolled_back"] is True
        assert world.snapshot() == before


def test_another_file_that_is_commented_out_keeps_its_own(world: World, ask: Asker) -> None:
    world.write(LATER, f"{TIME} = 1\n")
    world.chown(LATER, 1, 2)
    ask.ok(world, sysctl({TIME: 3600}, on_override="comment_out", mode="0600", owner="root"))
    assert owner(world, LATER) == ["0o644", 1, 2]
    assert owner(world) == ["0o600", 0, 0]


def test_backups_of_every_file_that_is_changed(world: World, ask: Asker) -> None:
    old = {OURS: f"{TIME} = 1\n", LATER: f"# x\n{TIME} = 2\n"}
    world.place(old)
    world.chmod(LATER, 0o600)
    task = sysctl({TIME: 3600}, on_override="comment_out", backup=True)
    assert ask.ok(world, task, check=True)["backup_files"] == []
    copies = ask.ok(world, task)["backup_files"]
    assert sorted(world.read(copy) for copy in copies) == sorted(old.values())
    assert {copy.rpartition("/")[0] for copy in copies} == {"/etc/sysctl.d"}
    assert not any(copy.endswith(".conf") for copy in copies), "no loader reads a copy"
    assert sorted(owner(world, copy)[0] for copy in copies) == ["0o600", "0o644"]
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}
    assert ask.again(world, task)["backup_files"] == []


def test_a_backup_of_a_file_that_is_removed(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 3600\n")
    (copy,) = ask.ok(world, sysctl({TIME: 7200}, state="absent", backup=True))["backup_files"]
    assert not world.exists(OURS)
    assert world.read(copy) == f"{TIME} = 3600\n"


def test_no_backup_of_what_was_not_there_or_is_not_changed(world: World, ask: Asker) -> None:
    assert ask.ok(world, sysctl({TIME: 3600}, backup=True))["backup_files"] == []
    world.set_sysctl(TIME, 7200)
    assert ask.ok(world, sysctl({TIME: 3600}, backup=True))["backup_files"] == []
    assert list(world.files("/etc/sysctl.d")) == ["/etc/sysctl.d", OURS]


def test_a_link_is_followed_and_stays(world: World, ask: Asker) -> None:
    world.place({OURS: Link("/srv/real.conf"), "/srv/real.conf": f"{FIN} = 60\n"})
    world.chmod("/srv/real.conf", 0o600)
    (copy,) = ask.ok(world, sysctl({TIME: 3600}, backup=True))["backup_files"]
    assert world.files(OURS)[OURS][3:5] == ["link", "/srv/real.conf"]
    assert world.read("/srv/real.conf") == f"{FIN} = 60\n{TIME} = 3600\n"
    assert owner(world, "/srv/real.conf")[0] == "0o600"
    assert world.read(copy) == f"{FIN} = 60\n"
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}
