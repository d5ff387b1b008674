# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mode, owner, group and extended attributes of our file, and backups of files that are changed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sandbox.tasks import FIN, OURS, TIME, Asker, sysctl
from sandbox.world import Link, World

LATER = "/etc/sysctl.d/99-z.conf"
FOLDER = "/etc/sysctl.d"
NOTE = "user.note"
SELINUX = "security.selinux"


def attributes(world: World, path: str = OURS) -> list[Any]:
    """Return mode, uid and gid of a file."""
    entry = world.files(path)[path]
    return entry[:3]


def mode(world: World, path: str = OURS) -> str:
    """Return the mode of a file, in octal."""
    return str(attributes(world, path)[0])


def set_xattr(world: World, path: str, name: str, value: bytes) -> None:
    """Set an extended attribute of a file."""
    script = f"import os; os.setxattr({path!r}, {name!r}, {value!r})"
    command = world.run(["python3", "-c", script])
    assert command.rc == 0, command.stderr


def assert_xattr(world: World, path: str, name: str, value: bytes) -> None:
    """Assert that a file has an extended attribute of this value."""
    script = f"import os; print(os.getxattr({path!r}, {name!r}))"
    command = world.run(["python3", "-c", script])
    assert command.stdout == f"{value!r}\n", (path, command.stderr)


# --- mode, owner and group ---


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002], ids=oct)
def test_a_new_file_has_mode_0644_whatever_the_umask(world: World, ask: Asker, umask: int) -> None:
    world.remove(FOLDER)
    ask.ok(world, sysctl({TIME: 3600}), umask=umask)
    assert attributes(world) == ["0o644", 0, 0]
    assert attributes(world, FOLDER) == ["0o755", 0, 0]


def test_a_new_file_has_the_requested_mode_owner_and_group(world: World, ask: Asker) -> None:
    task = sysctl({TIME: 3600}, mode="0640", owner="daemon", group="bin")
    ask.ok(world, task)
    assert attributes(world) == ["0o640", 1, 2]
    ask.again(world, task)


def test_an_edited_file_keeps_attributes_that_were_not_requested(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 1\n")
    world.chmod(OURS, 0o600)
    world.chown(OURS, 1, 2)
    set_xattr(world, OURS, NOTE, b"kept")
    ask.ok(world, sysctl({TIME: 3600}))
    assert world.read(OURS) == f"{TIME} = 3600\n"
    assert attributes(world) == ["0o600", 1, 2]
    assert_xattr(world, OURS, NOTE, b"kept")


@pytest.mark.parametrize("requested", ["0600", "u=rw,go=", 0o600], ids=repr)
def test_a_mode_that_differs_is_changed_and_nothing_else(
    world: World, ask: Asker, requested: str | int
) -> None:
    world.write(OURS, f"{TIME} = 7200\n")
    text = world.read(OURS)
    task = sysctl({TIME: 7200}, mode=requested)
    predicted = ask.ok(world, task, check=True, diff=True)
    assert predicted.changed
    assert mode(world) == "0o644"
    result = ask.ok(world, task, diff=True)
    assert result.changed
    assert result["diff"] == predicted["diff"]
    assert re.search("0?644", str(result["diff"]))
    assert re.search("0?600", str(result["diff"]))
    assert mode(world) == "0o600"
    assert world.read(OURS) == text
    ask.again(world, task)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("owner", "nobody-of-this-name"),
        ("group", "no-such"),
        ("mode", "u=z"),
        ("mode", " "),
        ("owner", "-1"),
        ("owner", "4294967295"),
        ("group", "100000000000000000000"),
        ("attributes", "+i"),
        ("attributes", "a"),
    ],
)
def test_an_attribute_that_cannot_be_set_changes_nothing(
    world: World, ask: Asker, option: str, value: str
) -> None:
    before = world.snapshot()
    task = sysctl({TIME: 3600}, **{option: value})
    for check in (True, False):
        result = ask(world, task, check=check)
        assert result.failed
        assert result["msg"].startswith(f"{option}: {value!r} ")
        assert "; " in result["msg"], "there is no remedy"
        assert result["rolled_back"] is True
        assert world.snapshot() == before


def test_attributes_that_chattr_does_not_know_are_named(world: World, ask: Asker) -> None:
    before = world.snapshot()
    result = ask(world, sysctl({TIME: 3600}, attributes="zz"))
    assert world.snapshot() == before
    assert result["msg"].startswith(f"attributes: 'zz' cannot be given to {OURS}: Usage: ")
    assert "\n" not in result["msg"]
    assert "chattr(1)" in result["msg"]


def test_a_file_that_is_commented_out_keeps_its_attributes(world: World, ask: Asker) -> None:
    """The options mode and owner are for our file only."""
    world.write(LATER, f"{TIME} = 1\n")
    world.chown(LATER, 1, 2)
    task = sysctl({TIME: 3600}, on_override="comment_out", mode="0600", owner="root")
    ask.ok(world, task)
    assert attributes(world, LATER) == ["0o644", 1, 2]
    assert attributes(world) == ["0o600", 0, 0]


# --- SELinux ---


def test_edited_files_and_their_backups_keep_the_selinux_label(world: World, ask: Asker) -> None:
    """The kernel keeps the extended attribute even where SELinux is not enabled."""
    label = b"system_u:object_r:etc_t:s0\0"
    world.place({OURS: f"{TIME} = 1\n", LATER: f"{TIME} = 2\n"})
    set_xattr(world, OURS, SELINUX, label)
    set_xattr(world, LATER, SELINUX, label)
    result = ask.ok(world, sysctl({TIME: 3600}, on_override="comment_out", backup=True))
    backups = result["backup_files"]
    assert len(backups) == 2
    for path in (OURS, LATER, *backups):
        assert_xattr(world, path, SELINUX, label)


def test_a_requested_label_is_not_a_difference_without_selinux(world: World, ask: Asker) -> None:
    task = sysctl({TIME: 3600}, setype="etc_t", seuser="system_u")
    ask.ok(world, task)
    ask.again(world, task)


# --- backups ---


def test_every_changed_file_has_a_backup(world: World, ask: Asker) -> None:
    ours = f"{TIME} = 1\n"
    later = f"# x\n{TIME} = 2\n"
    world.place({OURS: ours, LATER: later})
    world.chmod(LATER, 0o600)
    task = sysctl({TIME: 3600}, on_override="comment_out", backup=True)
    assert ask.ok(world, task, check=True)["backup_files"] == []
    backups = ask.ok(world, task)["backup_files"]
    assert sorted(world.read(path) for path in backups) == sorted([ours, later])
    assert sorted(mode(world, path) for path in backups) == ["0o600", "0o644"]
    for path in backups:
        assert path.startswith(f"{FOLDER}/")
        assert "/" not in path[len(FOLDER) + 1 :]
        assert not path.endswith(".conf"), "no loader must read a backup"
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}
    assert ask.again(world, task)["backup_files"] == []


def test_a_removed_file_has_a_backup(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 3600\n")
    result = ask.ok(world, sysctl({TIME: 7200}, state="absent", backup=True))
    (backup,) = result["backup_files"]
    assert not world.exists(OURS)
    assert world.read(backup) == f"{TIME} = 3600\n"


def test_a_new_or_unchanged_file_has_no_backup(world: World, ask: Asker) -> None:
    task = sysctl({TIME: 3600}, backup=True)
    assert ask.ok(world, task)["backup_files"] == []
    world.set_sysctl(TIME, 7200)
    assert ask.ok(world, task)["backup_files"] == []
    assert list(world.files(FOLDER)) == [FOLDER, OURS]


def test_the_target_of_a_link_is_edited_and_the_link_stays(world: World, ask: Asker) -> None:
    target = "/srv/real.conf"
    world.place({OURS: Link(target), target: f"{FIN} = 60\n"})
    world.chmod(target, 0o600)
    result = ask.ok(world, sysctl({TIME: 3600}, backup=True))
    (backup,) = result["backup_files"]
    assert world.files(OURS)[OURS][3:5] == ["link", target]
    assert world.read(target) == f"{FIN} = 60\n{TIME} = 3600\n"
    assert mode(world, target) == "0o600"
    assert world.read(backup) == f"{FIN} = 60\n"
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}
