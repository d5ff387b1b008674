# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The remote half alone: what Ansible pipes into the host's Python, against an empty AnsibleModule, in CPU seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sandbox.world import World

from .bench import HEADING, KEEPALIVE, Options, Row, Run, Table, bridges, keys, payload, race, row

OURS = "/etc/sysctl.d/90-ansible.conf"
ORDINARY = """\
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
THE_LEAST = "of it read, write, read back, tell"
VALGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--vgdb=no")


@dataclass(frozen=True)
class Case:
    """Settings, and what they may cost at most as a multiple of an empty module; `keys` are what a glob in them matches."""

    name: str
    settings: Mapping[str, int]
    at_most: float
    keys: Sequence[str] = ()
    many: bool = False
    """So many keys that reading, writing and telling of them is what it costs: show that alone, too."""

    def rows(self, world: World, options: Options) -> Iterator[Row]:
        """Time the module: `changed` from other values and no file, `again` with nothing to do."""
        world.write(
            "/srv/ours",
            payload("netops.tuning.sysctl", options.python, settings=dict(self.settings)),
        )
        world.write("/srv/empty", payload("bench.bench.empty", options.python))
        once = options.instructions
        world.write(
            "/srv/floor", payload("bench.bench.floor", options.python, settings=dict(self.settings))
        )
        argv = [*(VALGRIND if once else ()), options.python]
        empty = Run("empty", argv, '"changed": false', "/srv/empty")
        changed = Run("changed", argv, '"changed": true', "/srv/ours").from_scratch(
            self.keys or self.settings, OURS
        )
        again = Run("again", argv, '"changed": false', "/srv/ours")
        floor = [Run(f"{how}, the least", argv, stdin="/srv/floor") for how in ("changed", "again")]
        floor[0] = floor[0].from_scratch(self.keys or self.settings)
        sides = [[empty], [changed, again], *([floor] if self.many else [])]
        env = {"PYTHONHASHSEED": "0"} if once else {}
        costs = race(world, sides, 1 if once else options.pairs, env=env, warm_up=not once)
        of = {name: cost.instructions if once else cost.cpu for name, cost in costs.items()}
        for how in ("changed", "again"):
            yield row(f"{self.name}, {how}", of[how], of["empty"], at_most=self.at_most)
            if self.many:
                yield row(f"  {THE_LEAST}", of[f"{how}, the least"], of["empty"])


FEW, MANY = bridges(10), bridges(1000)
MATCHED = [f"net.ipv4.conf.{name}.rp_filter" for name in ("all", "default", "lo", *MANY)]


def run(options: Options) -> list[Table]:
    rows: list[Row] = []
    with World(interfaces=FEW) as world:
        rows += Case("3 keys", KEEPALIVE, 1.08).rows(world, options)
        rows += Case("50 keys", keys(FEW), 1.10).rows(world, options)
        for n in range(1000):
            world.write(f"/etc/sysctl.d/{n % 100:02}-service{n}.conf", ORDINARY)
        rows += Case("3 keys beside 1,000 files", KEEPALIVE, 1.10).rows(world, options)
    with World(interfaces=MANY) as world:
        rows += Case("1,000 keys", keys(MANY[:200]), 1.30, many=True).rows(world, options)
        rows += Case("a glob over 1,000 interfaces", {GLOB: 2}, 1.15, MATCHED, many=True).rows(
            world, options
        )
    unit = "instructions (last columns: millions)" if options.instructions else "CPU"
    return [
        Table(
            f"Remote half of the module, as a multiple of an empty AnsibleModule's {unit}",
            HEADING,
            rows,
        )
    ]
