# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Against what people use today, each as its users run it, over ssh to the same host in the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.play import PROJECT
from sandbox.world import World

from .bench import HEADING, KEEPALIVE, Options, Row, Run, Table, bridges, keys, race, row
from .play import PORT, SSHD, USER_KEY, ansible_env, playbook, serve_ssh

BIN = PROJECT / ".venv" / "peers" / "bin"
CEILING = "of it for a module that does nothing"
"""The most that any module could reach: what is left is Ansible's own start, and ssh."""
NAMES = {"cpu": "total CPU", "wall": "wall time"}
OURS, THEIRS = "/etc/sysctl.d/90-ansible.conf", "/etc/sysctl.d/90-theirs.conf"
PYINFRA_INVENTORY = f"""\
hosts = [("127.0.0.1", {{
    "ssh_port": {PORT}, "ssh_user": "root", "ssh_key": "{USER_KEY}",
    "ssh_strict_host_key_checking": "off", "ssh_known_hosts_file": "/srv/known_hosts",
}})]
"""


POSIX_TASK = {
    "ansible.posix.sysctl": {
        "name": "{{ item.key }}",
        "value": "{{ item.value }}",
        "sysctl_file": THEIRS,
    },
    "loop": "{{ settings | dict2items }}",
}


def copy_task(settings: Mapping[str, int]) -> dict[str, Any]:
    content = "".join(f"{key} = {value}\n" for key, value in settings.items())
    return {"ansible.builtin.copy": {"dest": THEIRS, "content": content}, "notify": "apply"}


def pyinfra_deploy(settings: Mapping[str, int]) -> str:
    call = 'server.sysctl(key="{}", value={}, persist=True, persist_file="{}")'
    calls = [call.format(key, value, THEIRS) for key, value in settings.items()]
    return "\n".join(["from pyinfra.operations import server", *calls, ""])


def ours(world: World, settings: Mapping[str, int]) -> list[Run]:
    return changed_and_again(
        world, "ours", settings, {"tasks": [{"netops.tuning.sysctl": {"settings": dict(settings)}}]}
    )


def posix_loop(world: World, settings: Mapping[str, int]) -> list[Run]:
    play = {"vars": {"settings": dict(settings)}, "tasks": [POSIX_TASK]}
    return changed_and_again(world, "theirs", settings, play)


def copy_and_handler(world: World, settings: Mapping[str, int]) -> list[Run]:
    play = {
        "tasks": [copy_task(settings)],
        "handlers": [{"name": "apply", "ansible.builtin.command": "sysctl --system"}],
    }
    return changed_and_again(world, "theirs", settings, play, changes=2)


def changed_and_again(
    world: World,
    side: str,
    settings: Mapping[str, int],
    play: Mapping[str, Any],
    *,
    changes: int = 1,
) -> list[Run]:
    return [
        playbook(world, f"{side}, changed", play, changed=changes).from_scratch(
            settings, OURS, THEIRS
        ),
        playbook(world, f"{side}, again", play, changed=0),
    ]


def pyinfra(world: World, settings: Mapping[str, int]) -> list[Run]:
    world.write("/srv/inventory.py", PYINFRA_INVENTORY)
    world.write("/srv/deploy.py", pyinfra_deploy(settings))
    argv = ["pyinfra", "-y", "/srv/inventory.py", "/srv/deploy.py"]
    return [
        Run("theirs, changed", argv).from_scratch(settings, OURS, THEIRS),
        Run("theirs, again", argv),
    ]


@dataclass(frozen=True)
class Peer:
    """One other way to the same settings, and how many times what ours costs it must cost at least."""

    name: str
    runs: Callable[[World, Mapping[str, int]], list[Run]]
    settings: Mapping[str, int]
    changed: float
    again: float
    measures: tuple[str, ...] = ("cpu",)

    def rows(self, world: World, pairs: int) -> Iterator[Row]:
        empty = playbook(world, "empty", {"tasks": [{"bench.bench.empty": {}}]}, changed=0)
        sides = [[empty], ours(world, self.settings), self.runs(world, self.settings)]
        costs = race(world, sides, pairs, services=[SSHD], env=ansible_env(BIN))
        for how, target in (("changed", self.changed), ("again", self.again)):
            for measure in self.measures:
                what = f"{self.name}, {how}, {NAMES[measure]}"
                mine, other = (
                    getattr(costs[f"{side}, {how}"], measure) for side in ("ours", "theirs")
                )
                yield row(what, mine, other, at_least=target)
                yield row(f"  {CEILING}", getattr(costs["empty"], measure), other, inverse=True)


INTERFACES = bridges(10)
PEERS = (
    Peer("ansible.posix.sysctl in a loop, 3 keys", posix_loop, KEEPALIVE, 1.3, 1.3),
    Peer("ansible.posix.sysctl in a loop, 50 keys", posix_loop, keys(INTERFACES), 10, 10),
    Peer("copy and a handler, 3 keys", copy_and_handler, KEEPALIVE, 1.6, 1.2, ("wall",)),
    Peer("pyinfra server.sysctl, 50 keys", pyinfra, keys(INTERFACES), 10, 4, ("cpu", "wall")),
)


def run(options: Options) -> list[Table]:
    with World(interfaces=INTERFACES) as world:
        serve_ssh(world, options.python)
        rows = [line for peer in PEERS for line in peer.rows(world, options.pairs)]
    return [Table("What the others cost, as a multiple of ours, over ssh", HEADING, rows)]
