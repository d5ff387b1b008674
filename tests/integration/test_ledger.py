# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger and the way back to the state before a rollout.

On a real kernel, with ansible-playbook, after a kill at any moment, and over the next boot.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sandbox.play import Played, Task, run_playbook
from sandbox.tasks import (
    DOCUMENT,
    FIN,
    KERNEL,
    TIME,
    Asker,
    next_boot,
    now,
    sysctl,
    tcp_keepalive,
)
from sandbox.world import NOBODY, World

LEDGER = "/var/lib/netops-tuning"
FIRST_ENTRY = f"{LEDGER}/000001.json"
KEEPALIVE_FILE = "/etc/sysctl.d/90-tcp-keepalive.conf"
LATER = "/etc/sysctl.d/99-later.conf"
SOMAXCONN = "net.core.somaxconn"
TRACE = "/srv/trace"
SAME_IN_BOTH_RESULTS = (
    "changed",
    "settings",
    "previous",
    "overridden",
    "missing",
    "path",
    "loader",
    "dead_after",
)


def apply(rollout: str, module: str = "tcp_keepalive", **options: Any) -> Task:
    return {f"netops.tuning.{module}": {"rollout": rollout, **options}}


def restore(rollout: str, **options: Any) -> Task:
    return {"netops.tuning.sysctl_ledger": {"state": "restored", "rollout": rollout, **options}}


# --- there and back ---


def test_a_recorded_change_equals_a_plain_one_and_can_be_taken_back(
    make_world: Callable[..., World], ask: Asker
) -> None:
    """Two equal hosts: the change of one of them is recorded. A later file wins over ours."""
    files = {
        LATER: f"# theirs\n{TIME} = 1200\n",
        KEEPALIVE_FILE: f"# old\n{FIN} = 50\n{TIME} = 600\n",
    }
    plain = make_world(files)
    recorded = make_world(files)
    start = recorded.snapshot()
    options = {"profile": "gce", "on_override": "comment_out"}
    plain_result = ask.ok(plain, tcp_keepalive(**options))

    predicted = ask.ok(recorded, apply("a", **options), check=True, diff=True)
    assert recorded.snapshot() == start
    assert not recorded.exists(LEDGER)
    result = ask.ok(recorded, apply("a", **options), diff=True)
    for name in SAME_IN_BOTH_RESULTS:
        assert result[name] == plain_result[name], name
    assert result["diff"] == predicted["diff"]
    assert recorded.snapshot() == plain.snapshot() != start
    ask.again(recorded, apply("a", **options))
    mode_and_owner = recorded.files(LEDGER)[LEDGER][:3]
    assert mode_and_owner == ["0o700", 0, 0]

    predicted = ask.ok(recorded, restore("a"), check=True, diff=True)
    result = ask.ok(recorded, restore("a"), diff=True)
    assert result["diff"] == predicted["diff"]
    headers = [entry["before_header"] for entry in result["diff"]]
    assert headers == ["/proc/sys", KEEPALIVE_FILE, LATER]
    assert recorded.snapshot() == start
    ask.again(recorded, restore("a"))


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_the_next_boot_sets_what_was_asked_for_then_what_was_there_before(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    world = make_world(loader=loader)
    start = world.snapshot()
    ask.ok(world, apply("a"))
    assert next_boot(world, loader) == DOCUMENT
    result = ask.ok(world, restore("a"))
    for key, setting in result["settings"].items():
        assert not setting["boot"]["value"], key
    assert now(world) == KERNEL
    assert next_boot(world, loader) == KERNEL
    assert world.snapshot() == start


def test_a_key_dropped_from_our_file_has_its_value_again_after_a_reboot(
    world: World, ask: Asker
) -> None:
    """The rollout does not change the live value of such a key, but the reboot loses it.

    The kernel's own value of this key is not known, since a namespace takes it from the first one.
    """
    buckets = "net.ipv4.tcp_max_tw_buckets"
    default = world.sysctl(buckets)
    world.write(KEEPALIVE_FILE, f"{buckets} = 50\n")
    world.set_sysctl(buckets, 50)
    start = world.snapshot()
    ask.ok(world, apply("a"))
    assert buckets not in world.read(KEEPALIVE_FILE)
    world.set_sysctl(buckets, default)  # as after a reboot
    result = ask.ok(world, restore("a"))
    assert f"{buckets}: it was '{default}' meanwhile" in str(result["warnings"])
    assert world.snapshot() == start


def test_a_key_that_went_back_to_the_kernels_own_value_is_restored(
    world: World, ask: Asker
) -> None:
    world.write(KEEPALIVE_FILE, f"{FIN} = 50\n")
    world.set_sysctl(FIN, 50)
    start = world.snapshot()
    ask.ok(world, apply("a"))
    assert world.sysctl(FIN) == "60"
    ask.ok(world, restore("a"))
    assert world.snapshot() == start


def test_each_of_two_rollouts_can_be_taken_back(world: World, ask: Asker) -> None:
    start = world.snapshot()
    ask.ok(world, apply("first", time=1000))
    after_first = world.snapshot()
    ask.ok(world, apply("second", module="sysctl", settings={FIN: 40}))
    ask.ok(world, apply("second", profile="gce"))
    ask.ok(world, restore("second"))
    assert world.snapshot() == after_first
    ask.ok(world, apply("second", profile="sap"))
    ask.ok(world, restore("first"))
    assert world.snapshot() == start


def test_a_rollout_of_the_module_sysctl_can_be_taken_back(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl({FIN: 30}))
    start = world.snapshot()
    settings = {FIN: 40, SOMAXCONN: 1234}
    ask.ok(world, apply("a", module="sysctl", settings=settings, exclusive=True))
    assert world.snapshot() != start
    ask.ok(world, restore("a"))
    assert world.snapshot() == start


# --- changes by others ---


def test_later_changes_by_others_are_lost_only_if_asked_for(world: World, ask: Asker) -> None:
    start = world.snapshot()
    ask.ok(world, apply("a"))
    world.write(KEEPALIVE_FILE, world.read(KEEPALIVE_FILE) + "# theirs\n")
    result = ask.fails(world, restore("a"))
    assert KEEPALIVE_FILE in result["msg"]
    ask.ok(world, restore("a", overwrite_changes=True))
    assert world.snapshot() == start


def test_an_unrecorded_change_by_the_module_counts_as_one_by_others(
    world: World, ask: Asker
) -> None:
    """Without an entry in the ledger, nobody can tell what the change was for."""
    ask.ok(world, apply("a"))
    ask.ok(world, tcp_keepalive(profile="gce"))
    result = ask.fails(world, restore("a"))
    assert KEEPALIVE_FILE in result["msg"]


# --- refused ---


def test_an_unknown_rollout_is_refused_unless_it_may_be_ignored(world: World, ask: Asker) -> None:
    result = ask.fails(world, restore("a"))
    assert "the ledger is empty" in result["msg"]
    ask.ok(world, apply("keepalive 2026-11"))
    result = ask.fails(world, restore("a"))
    assert "'keepalive 2026-11' (2" in result["msg"]
    result = ask.again(world, restore("a", ignore_unknown=True))
    assert not result["changed"]


def test_an_ordinary_user_is_refused_with_the_remedy(world: World, ask: Asker) -> None:
    result = ask.fails(world, apply("a"), user=NOBODY, python="/usr/bin/python3")
    assert "become: true" in result["msg"]
    ask.ok(world, apply("a"))
    result = ask.fails(world, restore("a"), user=NOBODY, python="/usr/bin/python3")
    assert "become: true" in result["msg"]


@pytest.mark.parametrize(
    "mount_options",
    ["ro,mode=755", "mode=755,nr_inodes=1"],
    ids=["read-only", "full"],
)
def test_nothing_is_changed_if_the_ledger_cannot_be_written(
    world: World, ask: Asker, mount_options: str
) -> None:
    mount = world.run(["mount", "-t", "tmpfs", "-o", mount_options, "tmpfs", "/var/lib"])
    assert mount.rc == 0
    result = ask.fails(world, apply("a"))
    assert LEDGER in result["msg"]


# --- killed on the way ---


def kill(ask: Asker, world: World, task: Task, call: str, when: int) -> None:
    """Run a task whose module is killed as it makes a system call for the `when`th time."""
    inject = f"inject={call}:signal=KILL:when={when}"
    strace = ["strace", "-f", "-qq", "-o", TRACE, "-e", f"trace={call}", "-e", inject]
    ask.controller.play(world, task, under=strace)
    assert "killed by SIGKILL" in world.read(TRACE)


def without_temporary_files(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Leave out the hidden files of a killed run.

    No loader reads them, and the next change of the same file removes them.
    """
    visible = {}
    for path, state in snapshot.items():
        name = path.rpartition("/")[2]
        if not name.startswith("."):
            visible[path] = state
    return visible


@pytest.mark.parametrize(
    ("call", "when"),
    [
        ("fsync", 1),
        ("rename", 1),
        ("fsync", 3),
        ("link,linkat", 1),
        ("fsync", 4),
    ],
)
def test_a_killed_change_can_be_taken_back_and_repeated(
    world: World, ask: Asker, call: str, when: int
) -> None:
    start = world.snapshot()
    kill(ask, world, apply("a"), call, when)
    is_recorded = world.exists(FIRST_ENTRY)
    assert is_recorded or world.snapshot() == start, "no change without an entry"
    if is_recorded:
        ask.ok(world, restore("a"))
        assert without_temporary_files(world.snapshot()) == without_temporary_files(start)
    ask.ok(world, apply("a"))
    assert now(world) == DOCUMENT
    ask.ok(world, restore("a"))
    assert world.snapshot() == start


@pytest.mark.parametrize(
    ("call", "when"),
    [
        ("unlink", 1),
        ("fsync", 1),
        ("rename", 1),
    ],
)
def test_a_killed_way_back_can_be_repeated(world: World, ask: Asker, call: str, when: int) -> None:
    start = world.snapshot()
    ask.ok(world, apply("a"))
    kill(ask, world, restore("a"), call, when)
    ask.ok(world, restore("a"))
    assert without_temporary_files(world.snapshot()) == without_temporary_files(start)
    ask.ok(world, apply("a"))
    ask.ok(world, restore("a"))
    assert world.snapshot() == start


# --- the playbook ---


def roll_back(world: World, *args: str, **variables: Any) -> Played:
    return run_playbook(world, "netops.tuning.rollback", *args, variables=variables)


def test_the_playbook_takes_a_rollout_back(world: World, ask: Asker) -> None:
    start = world.snapshot()
    ask.ok(world, apply("a"))
    rolled_out = world.snapshot()

    checked = roll_back(world, "--check", "--diff", rollout_name="a")
    assert checked.rc == 0, checked.output
    assert checked.stats["changed"] == 1, checked.output
    assert world.snapshot() == rolled_out, checked.output

    played = roll_back(world, rollout_name="a")
    assert played.rc == 0, played.output
    assert played.stats["changed"] == 1, played.output
    assert world.snapshot() == start, played.output

    again = roll_back(world, rollout_name="a")
    assert again.rc == 0, again.output
    assert again.stats["changed"] == 0, again.output


def test_the_playbook_refuses_a_rollout_that_no_host_knows(world: World, ask: Asker) -> None:
    ask.ok(world, apply("b"))
    before = world.snapshot(identity=True)
    played = roll_back(world, rollout_name="a")
    assert played.rc == 2
    expected = "No host knows the rollout a, so nothing was put back. They know b."
    assert expected in json.dumps(played.results)
    assert world.snapshot(identity=True) == before


def test_the_playbook_says_that_no_host_knows_any_rollout(world: World) -> None:
    played = roll_back(world, rollout_name="a")
    assert played.rc == 2
    assert "so nothing was put back. Their ledgers are empty" in json.dumps(played.results)
