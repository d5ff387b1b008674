# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users rely on, once through as they run it: on the versions at hand, or on each cell of `make matrix`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ansible.release
import pytest
from sandbox.play import Ansible, Played, Result, run_playbook, target_python
from sandbox.tasks import (
    DOCUMENT,
    FIN,
    KERNEL,
    TIME,
    info,
    keepalive_info,
    next_boot,
    now,
    sysctl,
    tcp_keepalive,
)
from sandbox.world import World

KEEPALIVE, OURS, LATER = (
    f"/etc/sysctl.d/{name}.conf" for name in ("90-tcp-keepalive", "90-ansible", "99-later")
)
SEVERAL = {FIN: 50, "net.core.somaxconn": "4321", "net.ipv4.ip_local_port_range": [20000, 60999]}
OLDEST_TARGET = {
    "2.16": (3, 6),
    "2.17": (3, 7),
    "2.18": (3, 8),
    "2.19": (3, 8),
    "2.20": (3, 9),
    "2.21": (3, 9),
}


@dataclass(frozen=True)
class Cell:
    """One ansible-core, by the folder of its programs, and one target Python."""

    core: str
    programs: Path
    target: tuple[int, ...]
    python: str

    def plays(self, world: World, play: dict[str, Any], *args: str) -> Played:
        plays = [{"hosts": "all", "gather_facts": False, **play}]
        return run_playbook(world, plays, *args, python=self.python, programs=self.programs)


def cells() -> list[Cell]:
    """Take the cells that `matrix` names, or the one of this very run."""
    named = json.loads(os.environ.get("NETOPS_CELLS", "{}"))
    if named:
        return [
            Cell(cell["core"], Path(cell["programs"]), dotted(cell["target"]), cell["python"])
            for cell in named
        ]
    asked = [target_python(), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    target = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    core = ".".join(ansible.release.__version__.split(".")[:2])
    return [Cell(core, Ansible.programs, dotted(target), target_python())]


def dotted(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def name(cell: Cell) -> str:
    return f"{cell.core}x{'.'.join(map(str, cell.target))}"


@pytest.mark.parametrize("cell", cells(), ids=name)
def test_acceptance(world: World, cell: Cell, record_property: Callable[[str, str], None]) -> None:
    """It works; on a Python that this ansible-core does not take, it is refused and nothing has happened."""
    if cell.target < OLDEST_TARGET[cell.core]:
        record_property("refused", refused(world, cell))
        return
    before = world.snapshot()
    the_role(world, cell)
    other_namespaces(world, cell)
    several_keys(world, cell)
    absent(world, cell)
    world.remove(LATER)
    assert world.snapshot() == before


def the_role(world: World, cell: Cell) -> None:
    play = {"roles": ["netops.tuning.tcp_keepalive"]}
    before = world.snapshot(identity=True)
    predicted = cell.plays(world, play, "--check", "--diff")
    assert (predicted.rc, predicted.stats["changed"]) == (0, 1), predicted.output
    assert world.snapshot(identity=True) == before
    done = cell.plays(world, play, "--diff")
    assert (done.rc, done.stats["changed"]) == (0, 1), done.output
    assert [result.action for result in done.results] == [
        "ansible.builtin.validate_argument_spec",
        "netops.tuning.tcp_keepalive",
    ], "one task, and no facts"
    assert ours(done)[0]["diff"] == ours(predicted)[0]["diff"]
    assert [entry["after_header"] for entry in ours(done)[0]["diff"]] == ["/proc/sys", KEEPALIVE]
    assert ours(done)[0]["dead_after"] == 3825
    assert now(world) == next_boot(world) == DOCUMENT
    again = cell.plays(world, play)
    assert (again.rc, again.stats["changed"]) == (0, 0), again.output


def other_namespaces(world: World, cell: Cell) -> None:
    assert world.run(["ip", "netns", "add", "other"]).rc == 0
    (told,) = ours(cell.plays(world, {"tasks": [keepalive_info()]}))
    assert (told["source"], told["connections"]["established"], told["problems"]) == (
        "sock_diag",
        0,
        [],
    )
    assert told["settings"]["time"] == {"runtime": 3600, "boot": 3600}
    (other,) = told["namespaces"]
    assert (other["name"], other["settings"]["time"], other["differs"]) == ("other", 7200, True)


def several_keys(world: World, cell: Cell) -> None:
    """Another file would win: refused before anything is written, then taken out of the way."""
    world.write(LATER, f"# theirs\n{FIN} = 40\n")
    before = world.snapshot(identity=True)
    played = cell.plays(world, {"tasks": [sysctl(SEVERAL)]})
    (refusal,) = ours(played)
    assert (played.rc, refusal.failed, refusal["rolled_back"]) == (2, True, True), played.output
    assert refusal["overridden"] == [{"key": FIN, "value": "40", "path": LATER, "line": 2}]
    assert world.snapshot(identity=True) == before
    task = sysctl(SEVERAL, on_override="comment_out")
    played = cell.plays(world, {"tasks": [task, task, info(keys=[*SEVERAL, TIME])]}, "--diff")
    assert played.rc == 0, played.output
    done, again, told = ours(played)
    assert (done.changed, again.changed, told.changed) == (True, False, False)
    assert done["previous"][FIN] == "60"
    assert told["drift"] == []
    values = {
        FIN: "50",
        "net.core.somaxconn": "4321",
        "net.ipv4.ip_local_port_range": "20000 60999",
        TIME: "3600",
    }
    assert (
        {key: world.sysctl(key) for key in values} == world.boot("systemd", values).values == values
    )
    assert {
        key: (told["settings"][key]["runtime"], told["settings"][key]["boot"]) for key in values
    } == {key: (value, value) for key, value in values.items()}


def absent(world: World, cell: Cell) -> None:
    keys = {FIN: 60, "net.core.somaxconn": 4096, "net.ipv4.ip_local_port_range": "32768 60999"}
    tasks = [sysctl(keys, state="absent"), tcp_keepalive(state="absent")]
    played = cell.plays(world, {"tasks": [*tasks, *tasks]})
    assert played.rc == 0, played.output
    assert [result.changed for result in ours(played)] == [True, True, False, False]
    assert now(world) == next_boot(world) == KERNEL


def refused(world: World, cell: Cell) -> str:
    """Give the words in which it is: a message, or the last line of what a Python says that cannot read ansible-core."""
    before = world.snapshot(identity=True)
    played = cell.plays(world, {"roles": ["netops.tuning.tcp_keepalive"]})
    (refusal,) = ours(played)
    assert (played.rc, refusal.failed) == (2, True), played.output
    assert world.snapshot(identity=True) == before
    message, traceback = refusal["msg"], refusal.get("module_stderr", "")
    assert "requires" in message or "/ansible/module_utils/_internal/" in traceback, (
        "not our own code's doing"
    )
    if "requires" in message:
        return str(message).partition(" Current version")[0]
    return f"ansible-core itself is no syntax to this Python ({traceback.splitlines()[-1]})"


def ours(played: Played) -> list[Result]:
    return [result for result in played.results if result.action.startswith("netops.tuning.")]
