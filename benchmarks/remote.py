# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time of the module on the host, relative to an Ansible module that does nothing.

Only the remote half is measured: what Ansible pipes into the host's Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sandbox.world import World

from .bench import BARE_MODULE, EMPTY_MODULE, Options, Row, Table, payload
from .race import NO_GOAL, Cost, Goal, RaceOptions, Ratios, Run, milliseconds, race
from .settings import KEEPALIVE, interface_names, interface_settings, tcp_settings

PATH = "/etc/sysctl.d/90-ansible.conf"
SYSCTL_FILE = """\
# Settings of one service, as its package ships them.
# They came with the release; see its manual.

kernel.sysrq = 438
kernel.pid_max = 4194304
kernel.kptr_restrict = 1
kernel.printk = 4 4 1 7
vm.swappiness = 10
vm.max_map_count = 1048576
vm.dirty_ratio = 20
fs.file-max = 9223372036854775807
fs.inotify.max_user_watches = 524288
fs.protected_hardlinks = 1
net.core.somaxconn = 4096
net.core.rmem_max = 16777216
net.core.wmem_max = 16777216
net.ipv4.tcp_rmem = 4096 131072 6291456
net.ipv4.tcp_syncookies = 1
net.ipv4.ip_local_port_range = 32768 60999
net.ipv4.conf.all.rp_filter = 2
"""
GLOB = "net.ipv4.conf.*.rp_filter"
VALGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--vgdb=no")
HEADING = (
    "",
    "changed",
    "again",
    "goal",
    "",
    "quartiles, changed",
    "quartiles, again",
    "pairs",
    "changed, ms",
    "again, ms",
    "empty module, ms",
)


class Case(NamedTuple):
    """Settings to measure with."""

    label: str
    settings: Mapping[str, int]
    goal: Goal = NO_GOAL
    matched_keys: Sequence[str] = ()
    """What a glob in the settings matches."""
    with_bare_module: bool = False
    """Show what reading and writing alone cost; with many keys this is most of it."""

    def rows(self, world: World, options: Options) -> Iterator[Row]:
        costs = race(world, self._sides(world, options), _race_options(options))
        seconds = {name: _seconds(cost, options) for name, cost in costs.items()}
        empty = seconds["empty"]
        yield _row(self.label, seconds["changed"], seconds["again"], empty, self.goal)
        if self.with_bare_module:
            label = "  the bare reads and writes alone"
            yield _row(label, seconds["bare, changed"], seconds["bare, again"], empty)

    def _sides(self, world: World, options: Options) -> Sequence[Sequence[Run]]:
        """Return the runs: `changed` starts with other values and no file, `again` with ours."""
        settings = dict(self.settings)
        modules = {
            "ours": payload("netops.tuning.sysctl", options.python, settings=settings),
            "empty": payload(EMPTY_MODULE, options.python),
            "bare": payload(BARE_MODULE, options.python, settings=settings),
        }
        for name, content in modules.items():
            world.write(f"/srv/{name}", content)
        argv = [options.python]
        if options.instructions:
            argv = [*VALGRIND, options.python]
        keys = self.matched_keys or self.settings
        empty = Run(name="empty", argv=argv, expect='"changed": false', stdin="/srv/empty")
        changed = Run(name="changed", argv=argv, expect='"changed": true', stdin="/srv/ours")
        again = Run(name="again", argv=argv, expect='"changed": false', stdin="/srv/ours")
        sides = [[empty], [changed.from_scratch(keys, PATH), again]]
        if self.with_bare_module:
            bare_changed = Run(name="bare, changed", argv=argv, stdin="/srv/bare")
            bare_again = Run(name="bare, again", argv=argv, stdin="/srv/bare")
            sides.append([bare_changed.from_scratch(keys), bare_again])
        return sides


def _race_options(options: Options) -> RaceOptions:
    if options.instructions:
        # The counts are nearly the same in every run.
        return RaceOptions(pairs=1, env={"PYTHONHASHSEED": "0"}, warm_up=False)
    return RaceOptions(options.pairs)


def _seconds(cost: Cost, options: Options) -> Sequence[float]:
    return cost.instructions if options.instructions else cost.cpu


def _row(
    label: str,
    changed: Sequence[float],
    again: Sequence[float],
    empty: Sequence[float],
    goal: Goal = NO_GOAL,
) -> Row:
    changed_ratios = Ratios.of(changed, empty)
    again_ratios = Ratios.of(again, empty)
    return (
        label,
        str(changed_ratios),
        str(again_ratios),
        str(goal),
        goal.verdict(changed_ratios.median, again_ratios.median),
        changed_ratios.quartiles,
        again_ratios.quartiles,
        str(len(changed)),
        milliseconds(changed),
        milliseconds(again),
        milliseconds(empty),
    )


def run(options: Options) -> list[Table]:
    rows: list[Row] = []
    few = interface_names(10)
    with World(interfaces=few) as world:
        case = Case(label="3 keys", settings=KEEPALIVE, goal=Goal(at_most=1.12))
        rows += case.rows(world, options)
        case = Case(label="50 keys", settings=tcp_settings(), goal=Goal(at_most=1.12))
        rows += case.rows(world, options)
        label = "50 keys that may act on each other"
        case = Case(label=label, settings=interface_settings(few), goal=Goal(at_most=1.25))
        rows += case.rows(world, options)
        for number in range(1000):
            world.write(f"/etc/sysctl.d/{number % 100:02}-service{number}.conf", SYSCTL_FILE)
        label = "3 keys, 1,000 files in sysctl.d"
        case = Case(label=label, settings=KEEPALIVE, goal=Goal(at_most=1.10))
        rows += case.rows(world, options)
    many = interface_names(1000)
    with World(interfaces=many) as world:
        settings = interface_settings(many[:200])
        case = Case(label="1,000 keys", settings=settings, with_bare_module=True)
        rows += case.rows(world, options)
        names = ["all", "default", "lo", *many]
        case = Case(
            label="a glob over 1,000 interfaces",
            settings={GLOB: 2},
            matched_keys=[GLOB.replace("*", name) for name in names],
            with_bare_module=True,
        )
        rows += case.rows(world, options)
    unit = "CPU time"
    if options.instructions:
        unit = "Instructions (last columns: millions)"
    title = f"{unit} of the module on the host, relative to an Ansible module that does nothing"
    return [Table(title, HEADING, rows)]
