# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cost of the alternatives relative to ours, over ssh, each used as its users use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sandbox.play import PROJECT
from sandbox.world import World

from .bench import Options, Row, Table
from .play import (
    EMPTY_PLAY,
    PORT,
    SSHD,
    USER_KEY,
    ansible_env,
    playbook_run,
    serve_ssh,
)
from .race import NO_GOAL, Cost, Goal, RaceOptions, Ratios, Run, race
from .settings import KEEPALIVE, interface_names, interface_settings

PROGRAMS = PROJECT / ".venv" / "peers" / "bin"
MEASURES = {"cpu": "CPU", "wall": "wall time"}
OUR_PATH = "/etc/sysctl.d/90-ansible.conf"
PEER_PATH = "/etc/sysctl.d/90-theirs.conf"
PYINFRA_INVENTORY = f"""\
hosts = [("127.0.0.1", {{
    "ssh_port": {PORT}, "ssh_user": "root", "ssh_key": "{USER_KEY}",
    "ssh_strict_host_key_checking": "off", "ssh_known_hosts_file": "/srv/known_hosts",
}})]
"""
HEADING = (
    "",
    "changed",
    "again",
    "upper bound for any module",
    "goal, changed",
    "",
    "goal, again",
    "",
    "quartiles, changed",
    "quartiles, again",
    "pairs",
)
POSIX_TASK = {
    "ansible.posix.sysctl": {
        "name": "{{ item.key }}",
        "value": "{{ item.value }}",
        "sysctl_file": PEER_PATH,
    },
    "loop": "{{ settings | dict2items }}",
}
Settings = Mapping[str, int]


def copy_task(settings: Settings) -> dict[str, Any]:
    content = "".join(f"{key} = {value}\n" for key, value in settings.items())
    return {"ansible.builtin.copy": {"dest": PEER_PATH, "content": content}, "notify": "apply"}


def pyinfra_deploy(settings: Settings) -> str:
    """Return a deploy of pyinfra that sets these keys."""
    lines = ["from pyinfra.operations import server"]
    for key, value in settings.items():
        options = f'key="{key}", value={value}, persist=True, persist_file="{PEER_PATH}"'
        lines.append(f"server.sysctl({options})")
    return "\n".join([*lines, ""])


# --- the runs of each side ---


def our_runs(world: World, settings: Settings) -> list[Run]:
    play = {"tasks": [{"netops.tuning.sysctl": {"settings": dict(settings)}}]}
    return _playbook_runs(world, "ours", settings, play)


def posix_loop_runs(world: World, settings: Settings) -> list[Run]:
    play = {"vars": {"settings": dict(settings)}, "tasks": [POSIX_TASK]}
    return _playbook_runs(world, "theirs", settings, play)


def copy_and_handler_runs(world: World, settings: Settings) -> list[Run]:
    play = {
        "tasks": [copy_task(settings)],
        "handlers": [{"name": "apply", "ansible.builtin.command": "sysctl --system"}],
    }
    return _playbook_runs(world, "theirs", settings, play, changes=2)


def _playbook_runs(
    world: World, side: str, settings: Settings, play: Mapping[str, Any], *, changes: int = 1
) -> list[Run]:
    changed = playbook_run(world, f"{side}, changed", play, changed=changes)
    again = playbook_run(world, f"{side}, again", play, changed=0)
    return [changed.from_scratch(settings, OUR_PATH, PEER_PATH), again]


def pyinfra_runs(world: World, settings: Settings) -> list[Run]:
    world.write("/srv/inventory.py", PYINFRA_INVENTORY)
    world.write("/srv/deploy.py", pyinfra_deploy(settings))
    argv = ["pyinfra", "-y", "/srv/inventory.py", "/srv/deploy.py"]
    changed = Run(name="theirs, changed", argv=argv)
    return [
        changed.from_scratch(settings, OUR_PATH, PEER_PATH),
        Run(name="theirs, again", argv=argv),
    ]


# --- the comparison ---


class Peer(NamedTuple):
    """An alternative, with the goals for its cost relative to ours."""

    label: str
    runs: Callable[[World, Settings], list[Run]]
    settings: Settings
    changed: Goal
    again: Goal
    measures: Sequence[str] = ("cpu",)
    """The first is the one that the goals are for."""

    def rows(self, world: World, options: Options) -> Iterator[Row]:
        empty = playbook_run(world, "empty", EMPTY_PLAY, changed=0)
        sides = [[empty], our_runs(world, self.settings), self.runs(world, self.settings)]
        env = ansible_env(PROGRAMS)
        costs = race(world, sides, RaceOptions(options.pairs, services=[SSHD], env=env))
        for measure in self.measures:
            yield self._row(measure, costs)

    def _row(self, measure: str, costs: Mapping[str, Cost]) -> Row:
        seconds = {name: getattr(cost, measure) for name, cost in costs.items()}
        changed = Ratios.of(seconds["theirs, changed"], seconds["ours, changed"])
        again = Ratios.of(seconds["theirs, again"], seconds["ours, again"])
        # No module can cost less than one that does nothing.
        changed_bound = Ratios.of(seconds["theirs, changed"], seconds["empty"])
        again_bound = Ratios.of(seconds["theirs, again"], seconds["empty"])
        has_goals = measure == self.measures[0]
        changed_goal = self.changed if has_goals else NO_GOAL
        again_goal = self.again if has_goals else NO_GOAL
        return (
            f"{self.label}, {MEASURES[measure]}",
            str(changed),
            str(again),
            f"{changed_bound} and {again_bound}",
            str(changed_goal),
            changed_goal.verdict(changed.median),
            str(again_goal),
            again_goal.verdict(again.median),
            changed.quartiles,
            again.quartiles,
            str(len(changed.values)),
        )


INTERFACES = interface_names(10)
FIFTY_KEYS = interface_settings(INTERFACES)
PEERS = (
    Peer(
        label="`ansible.posix.sysctl` in a loop, 3 keys",
        runs=posix_loop_runs,
        settings=KEEPALIVE,
        changed=Goal(at_least=1.3),
        again=Goal(at_least=1.3),
    ),
    Peer(
        label="`ansible.posix.sysctl` in a loop, 50 keys",
        runs=posix_loop_runs,
        settings=FIFTY_KEYS,
        changed=Goal(at_least=10),
        again=Goal(at_least=10),
    ),
    Peer(
        label="`copy` and a handler, 3 keys",
        runs=copy_and_handler_runs,
        settings=KEEPALIVE,
        changed=Goal(at_least=1.6),
        again=Goal(at_least=1.2),
        measures=("wall",),
    ),
    Peer(
        label="pyinfra `server.sysctl`, 50 keys",
        runs=pyinfra_runs,
        settings=FIFTY_KEYS,
        changed=Goal(at_least=10),
        again=Goal(at_least=4),
        measures=("wall", "cpu"),
    ),
)


def run(options: Options) -> list[Table]:
    rows: list[Row] = []
    with World(interfaces=INTERFACES) as world:
        serve_ssh(world, options.python)
        for peer in PEERS:
            rows += peer.rows(world, options)
    return [Table("Cost of the alternatives relative to ours, over ssh", HEADING, rows)]
