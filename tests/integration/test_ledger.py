# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout that can be taken back: on a real kernel, with ansible-playbook, killed on the way, over the next boot."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sandbox.play import Played, run_playbook
from sandbox.tasks import (
    DOCUMENT,
    FIN,
    KERNEL,
    TIME,
    Asker,
    Task,
    next_boot,
    now,
    sysctl,
    tcp_keepalive,
)
from sandbox.world import NOBODY, World

LEDGER, OURS, LATER = (
    "/var/lib/netops-tuning",
    "/etc/sysctl.d/90-tcp-keepalive.conf",
    "/etc/sysctl.d/99-later.conf",
)


def applied(rollout: str, module: str = "tcp_keepalive", **options: Any) -> Task:
    return {f"netops.tuning.{module}": {"rollout": rollout, **options}}


def restored(rollout: str, **options: Any) -> Task:
    return {"netops.tuning.sysctl_ledger": {"state": "restored", "rollout": rollout, **options}}


def test_it_does_what_the_module_does_and_goes_back(
    make_world: Callable[..., World], ask: Asker
) -> None:
    """Two hosts that are alike: one changed by the module, one by the ledger. Then by somebody else's file, too."""
    tree = {LATER: f"# theirs\n{TIME} = 1200\n", OURS: f"# old\n{FIN} = 50\n{TIME} = 600\n"}
    plain, world = make_world(tree), make_world(tree)
    start = world.snapshot()
    options = {"profile": "gce", "on_override": "comment_out"}
    before = ask.ok(plain, tcp_keepalive(**options))
    predicted = ask.ok(world, applied("a", **options), check=True, diff=True)
    assert (world.snapshot(), world.exists(LEDGER)) == (start, False)
    done = ask.ok(world, applied("a", **options), diff=True)
    told = (
        "changed",
        "settings",
        "previous",
        "overridden",
        "missing",
        "path",
        "loader",
        "dead_after",
    )
    assert {name: done[name] for name in told} == {name: before[name] for name in told}
    assert done["diff"] == predicted["diff"]
    assert world.snapshot() == plain.snapshot() != start
    ask.again(world, applied("a", **options))
    assert world.files(LEDGER)[LEDGER][:3] == ["0o700", 0, 0]
    predicted = ask.ok(world, restored("a"), check=True, diff=True)
    back = ask.ok(world, restored("a"), diff=True)
    assert back["diff"] == predicted["diff"]
    assert [entry["before_header"] for entry in back["diff"]] == ["/proc/sys", OURS, LATER]
    assert world.snapshot() == start
    ask.again(world, restored("a"))


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_over_a_reboot(make_world: Callable[..., World], ask: Asker, loader: str) -> None:
    """What the next boot sets is what the rollout asked for, then again what was there before it."""
    world = make_world(loader=loader)
    start = world.snapshot()
    ask.ok(world, applied("a"))
    assert next_boot(world, loader) == DOCUMENT
    back = ask.ok(world, restored("a"))
    assert {
        key: entry["boot"]["value"]
        for key, entry in back["settings"].items()
        if entry["boot"]["value"]
    } == {}
    assert (now(world), next_boot(world, loader)) == (KERNEL, KERNEL)
    assert world.snapshot() == start


def test_a_key_that_left_our_file_has_its_value_again_after_a_reboot(
    world: World, ask: Asker
) -> None:
    """Until then it kept its value without a file; with the reboot that was lost."""
    world.write(OURS, f"{FIN} = 50\n")
    world.set_sysctl(FIN, 50)
    start = world.snapshot()
    ask.ok(world, applied("a"))
    assert FIN not in world.read(OURS)
    world.set_sysctl(FIN, 60)  # as the kernel starts with it
    back = ask.ok(world, restored("a"))
    assert f"{FIN}: it was '60' meanwhile" in str(back["warnings"])
    assert world.snapshot() == start


def test_two_rollouts_and_back_to_either(world: World, ask: Asker) -> None:
    start = world.snapshot()
    ask.ok(world, applied("first", time=1000))
    between = world.snapshot()
    ask.ok(world, applied("second", module="sysctl", settings={FIN: 40}))
    ask.ok(world, applied("second", profile="gce"))
    ask.ok(world, restored("second"))
    assert world.snapshot() == between
    ask.ok(world, applied("second", profile="sap"))
    ask.ok(world, restored("first"))
    assert world.snapshot() == start


def test_what_others_wrote_is_not_lost(world: World, ask: Asker) -> None:
    start = world.snapshot()
    ask.ok(world, applied("a"))
    world.write(OURS, world.read(OURS) + "# theirs\n")
    refusal = ask.fails(world, restored("a"))
    assert OURS in refusal["msg"]
    ask.ok(world, restored("a", overwrite_changes=True))
    assert world.snapshot() == start


def test_what_the_module_itself_changed_since_is_that_of_others(world: World, ask: Asker) -> None:
    """It was not noted, so nobody could say what it was for."""
    ask.ok(world, applied("a"))
    ask.ok(world, tcp_keepalive(profile="gce"))
    assert OURS in ask.fails(world, restored("a"))["msg"]


def test_a_name_that_is_not_known(world: World, ask: Asker) -> None:
    assert "the ledger is empty" in ask.fails(world, restored("a"))["msg"]
    ask.ok(world, applied("keepalive 2026-11"))
    assert "'keepalive 2026-11' (2" in ask.fails(world, restored("a"))["msg"]
    assert not ask.again(world, restored("a", ignore_unknown=True))["changed"]


def test_an_ordinary_user(world: World, ask: Asker) -> None:
    assert (
        "become: true"
        in ask.fails(world, applied("a"), user=NOBODY, python="/usr/bin/python3")["msg"]
    )
    ask.ok(world, applied("a"))
    assert (
        "become: true"
        in ask.fails(world, restored("a"), user=NOBODY, python="/usr/bin/python3")["msg"]
    )


@pytest.mark.parametrize(
    "options", ["ro,mode=755", "mode=755,nr_inodes=1"], ids=["read-only", "full"]
)
def test_a_ledger_without_a_place(world: World, ask: Asker, options: str) -> None:
    """No change without a note of what was there: nothing is touched."""
    assert world.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", "/var/lib"]).rc == 0
    assert LEDGER in ask.fails(world, applied("a"))["msg"]


def kill(ask: Asker, world: World, task: Task, call: str, when: int) -> None:
    """Run a task that is killed as it makes a system call for the nth time."""
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={when}"]
    ask.controller.play(world, task, under=["strace", "-f", "-qq", "-o", "/srv/trace", *inject])
    assert "killed by SIGKILL" in world.read("/srv/trace")


@pytest.mark.parametrize(
    ("call", "when"), [("fsync", 1), ("rename", 1), ("fsync", 3), ("link,linkat", 1), ("fsync", 4)]
)
def test_killed_on_its_way_it_can_go_back_or_on(
    world: World, ask: Asker, call: str, when: int
) -> None:
    start = world.snapshot()
    kill(ask, world, applied("a"), call, when)
    noted = world.exists(f"{LEDGER}/000001.json")
    assert noted or world.snapshot() == start, "no change without a note"
    if noted:
        ask.ok(world, restored("a"))
        assert ours_only(world.snapshot()) == ours_only(start)
    ask.ok(world, applied("a"))
    assert now(world) == DOCUMENT
    ask.ok(world, restored("a"))
    assert world.snapshot() == start


@pytest.mark.parametrize(("call", "when"), [("unlink", 1), ("fsync", 1), ("rename", 1)])
def test_killed_on_the_way_back(world: World, ask: Asker, call: str, when: int) -> None:
    start = world.snapshot()
    ask.ok(world, applied("a"))
    kill(ask, world, restored("a"), call, when)
    ask.ok(world, restored("a"))
    assert ours_only(world.snapshot()) == ours_only(start)
    ask.ok(world, applied("a"))
    ask.ok(world, restored("a"))
    assert world.snapshot() == start


def ours_only(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a killed run leaves under a name that no loader reads, until the next change of that file."""
    return {
        path: what for path, what in found.items() if not path.rpartition("/")[2].startswith(".")
    }


# --- the playbook ---


def rolled_back(world: World, *args: str, **variables: Any) -> Played:
    return run_playbook(world, "netops.tuning.rollback", *args, variables=variables)


def test_the_playbook(world: World, ask: Asker) -> None:
    start = world.snapshot()
    ask.ok(world, applied("a"))
    done = world.snapshot()
    played = rolled_back(world, "--check", "--diff", rollout_name="a")
    assert (played.rc, played.stats["changed"], world.snapshot()) == (0, 1, done), played.output
    played = rolled_back(world, rollout_name="a")
    assert (played.rc, played.stats["changed"], world.snapshot()) == (0, 1, start), played.output
    played = rolled_back(world, rollout_name="a")
    assert (played.rc, played.stats["changed"]) == (0, 0), played.output


def test_the_playbook_with_a_name_that_no_host_knows(world: World, ask: Asker) -> None:
    ask.ok(world, applied("b"))
    before = world.snapshot(identity=True)
    played = rolled_back(world, rollout_name="a")
    assert played.rc == 2
    assert "No host knows the rollout a, so nothing was put back. They know b." in json.dumps(
        played.results
    )
    assert world.snapshot(identity=True) == before


def test_settings_of_the_module_sysctl(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl({FIN: 30}))
    start = world.snapshot()
    ask.ok(
        world,
        applied(
            "a", module="sysctl", settings={FIN: 40, "net.core.somaxconn": 1234}, exclusive=True
        ),
    )
    assert world.snapshot() != start
    ask.ok(world, restored("a"))
    assert world.snapshot() == start
