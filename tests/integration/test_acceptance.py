# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users rely on, on this machine's versions, or on each cell of `make matrix`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import ansible.release
import pytest
from sandbox.play import Ansible, Played, Result, run_playbook, target_python
from sandbox.tasks import (
    BY,
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

KEEPALIVE_FILE = "/etc/sysctl.d/90-tcp-keepalive.conf"
LATER = "/etc/sysctl.d/99-later.conf"
SOMAXCONN = "net.core.somaxconn"
PORT_RANGE = "net.ipv4.ip_local_port_range"
ROLE = {"roles": ["netops.tuning.tcp_keepalive"]}
OLDEST_TARGET = {
    "2.16": (3, 6),
    "2.17": (3, 7),
    "2.18": (3, 8),
    "2.19": (3, 8),
    "2.20": (3, 9),
    "2.21": (3, 9),
}
"""ansible-core -> the oldest Python that it supports on a managed host."""


class Cell(NamedTuple):
    """One ansible-core, by the folder of its programs, and one Python of the managed host."""

    core: str
    programs: Path
    target: tuple[int, ...]
    python: str

    def play(self, world: World, play: dict[str, Any], *args: str) -> Played:
        """Run a play in a world with these versions."""
        plays = [{"hosts": "all", "gather_facts": False, **play}]
        return run_playbook(world, plays, *args, python=self.python, programs=self.programs)


def cells() -> list[Cell]:
    """Return the cells that `make matrix` names, or the one of this very run."""
    named = json.loads(os.environ.get("NETOPS_CELLS", "{}"))
    if not named:
        return [cell_of_this_run()]
    matrix = []
    for entry in named:
        cell = Cell(
            core=entry["core"],
            programs=Path(entry["programs"]),
            target=parse_version(entry["target"]),
            python=entry["python"],
        )
        matrix.append(cell)
    return matrix


def cell_of_this_run() -> Cell:
    """Return the ansible-core that runs the tests and the Python of its managed hosts."""
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    command = [target_python(), "-c", script]
    version = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Cell(
        core=".".join(ansible.release.__version__.split(".")[:2]),
        programs=Ansible.programs,
        target=parse_version(version),
        python=target_python(),
    )


def parse_version(version: str) -> tuple[int, ...]:
    """Return 3.13 as (3, 13)."""
    return tuple(int(part) for part in version.split("."))


def cell_id(cell: Cell) -> str:
    """Return the name of a cell as `make matrix` writes it."""
    target = ".".join(str(part) for part in cell.target)
    return f"{cell.core}x{target}"


def results_of_ours(played: Played) -> list[Result]:
    """Return the results of the collection's own modules."""
    return [result for result in played.results if result.action.startswith("netops.tuning.")]


@pytest.mark.parametrize("cell", cells(), ids=cell_id)
def test_the_collection_works_or_ansible_refuses_the_python(
    world: World, cell: Cell, record_property: Callable[[str, str], None]
) -> None:
    """A run on a Python that ansible-core does not support changes nothing on the host."""
    if cell.target < OLDEST_TARGET[cell.core]:
        reason = check_refusal(world, cell)
        record_property("refused", reason)
        return
    before = world.snapshot()
    check_role(world, cell)
    check_namespaces(world, cell)
    check_several_keys(world, cell)
    check_absent(world, cell)
    world.remove(LATER)
    assert world.snapshot() == before


def check_role(world: World, cell: Cell) -> None:
    """Check the role: check mode predicts its one change, and a second run changes nothing."""
    before = world.snapshot(identity=True)
    predicted = cell.play(world, ROLE, "--check", "--diff")
    assert predicted.rc == 0, predicted.output
    assert predicted.stats["changed"] == 1
    assert world.snapshot(identity=True) == before

    played = cell.play(world, ROLE, "--diff")
    assert played.rc == 0, played.output
    assert played.stats["changed"] == 1
    assert [result.action for result in played.results] == [
        "ansible.builtin.validate_argument_spec",
        "netops.tuning.tcp_keepalive",
    ], "the role must be one task, without facts"
    result = results_of_ours(played)[0]
    assert result["diff"] == results_of_ours(predicted)[0]["diff"]
    assert [entry["after_header"] for entry in result["diff"]] == [
        "/proc/sys # profile one_hour (3600 / 9 / 25)",
        KEEPALIVE_FILE,
    ]
    assert result["dead_after"] == 3825
    assert now(world) == DOCUMENT
    assert next_boot(world) == DOCUMENT

    again = cell.play(world, ROLE)
    assert again.rc == 0, again.output
    assert again.stats["changed"] == 0


def check_namespaces(world: World, cell: Cell) -> None:
    """Check that tcp_keepalive_info reports a network namespace with other settings."""
    assert world.run(["ip", "netns", "add", "other"]).rc == 0
    played = cell.play(world, {"tasks": [keepalive_info()]})
    (result,) = results_of_ours(played)
    assert result["source"] == "sock_diag"
    assert result["connections"]["established"] == 0
    assert result["problems"] == []
    time = result["settings"]["time"]
    assert (time["runtime"], time["boot"], time["undone"]) == (3600, 3600, False)
    (namespace,) = result["namespaces"]
    assert namespace["name"] == "other"
    assert namespace["settings"]["time"] == 7200
    assert namespace["differs"] is True


def check_several_keys(world: World, cell: Cell) -> None:
    """Check that a later file is refused by default, and commented out on request."""
    settings = {FIN: 50, SOMAXCONN: "4321", PORT_RANGE: [20000, 60999]}
    world.write(LATER, f"# theirs\n{FIN} = 40\n")
    before = world.snapshot(identity=True)
    played = cell.play(world, {"tasks": [sysctl(settings)]})
    (refusal,) = results_of_ours(played)
    assert played.rc == 2, played.output
    assert refusal.failed
    assert refusal["rolled_back"] is True
    assert refusal["overridden"] == [{"key": FIN, "value": "40", "path": LATER, "line": 2, **BY}]
    assert world.snapshot(identity=True) == before

    task = sysctl(settings, on_override="comment_out")
    tasks = [task, task, info(keys=[*settings, TIME])]
    played = cell.play(world, {"tasks": tasks}, "--diff")
    assert played.rc == 0, played.output
    first, second, inspection = results_of_ours(played)
    assert first.changed
    assert not second.changed
    assert not inspection.changed
    assert first["previous"][FIN] == "60"
    assert inspection["drift"] == []

    expected = {FIN: "50", SOMAXCONN: "4321", PORT_RANGE: "20000 60999", TIME: "3600"}
    assert world.boot("systemd", expected).values == expected
    for key, value in expected.items():
        assert world.sysctl(key) == value
        assert inspection["settings"][key]["runtime"] == value
        assert inspection["settings"][key]["boot"] == value
    assert set(inspection["settings"]) == set(expected)


def check_absent(world: World, cell: Cell) -> None:
    """Check that state: absent removes everything, and a second run changes nothing."""
    defaults = {FIN: 60, SOMAXCONN: 4096, PORT_RANGE: "32768 60999"}
    tasks = [sysctl(defaults, state="absent"), tcp_keepalive(state="absent")]
    played = cell.play(world, {"tasks": [*tasks, *tasks]})
    assert played.rc == 0, played.output
    changed = [result.changed for result in results_of_ours(played)]
    assert changed == [True, True, False, False]
    assert now(world) == KERNEL
    assert next_boot(world) == KERNEL


def check_refusal(world: World, cell: Cell) -> str:
    """Check that ansible-core refuses this Python and nothing changes; return its reason.

    It either says which Python it requires, or is itself a syntax error to an old Python.
    """
    before = world.snapshot(identity=True)
    played = cell.play(world, ROLE)
    (refusal,) = results_of_ours(played)
    assert played.rc == 2, played.output
    assert refusal.failed
    assert world.snapshot(identity=True) == before
    message = str(refusal["msg"])
    if "requires" in message:
        return message.partition(" Current version")[0]
    traceback = refusal.get("module_stderr", "")
    assert "/ansible/module_utils/_internal/" in traceback, "the error must not be in our own code"
    return f"ansible-core itself is a syntax error to this Python ({traceback.splitlines()[-1]})"
