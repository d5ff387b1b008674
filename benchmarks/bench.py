# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks share: runs timed in turn on a throw-away host, their ratios, and the table of them."""

from __future__ import annotations

import argparse
import functools
import json
import os
import re
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ansible.executor import module_common
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, module_loader
from ansible.release import __version__ as ansible_version
from ansible.template import Templar
from sandbox.agent import proc_path
from sandbox.play import PROJECT, collections_path
from sandbox.world import World

STOPWATCH = Path(__file__).with_name("stopwatch.py")
KEEPALIVE = {
    "net.ipv4.tcp_keepalive_time": 3600,
    "net.ipv4.tcp_keepalive_probes": 9,
    "net.ipv4.tcp_keepalive_intvl": 25,
}
BY_INTERFACE = (
    "net.ipv4.conf.{}.rp_filter",
    "net.ipv4.conf.{}.medium_id",
    "net.ipv4.conf.{}.log_martians",
    "net.ipv4.neigh.{}.app_solicit",
    "net.ipv4.neigh.{}.proxy_qlen",
)
EMPTY = """\
from ansible.module_utils.basic import AnsibleModule

AnsibleModule(argument_spec={}).exit_json(changed=False)
"""
FLOOR = """\
import json
import os
import sys

from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule(argument_spec={"settings": {"type": "dict"}})


net = os.open("/proc/sys/net", os.O_PATH)


def read(path):
    fd = os.open(path, os.O_RDONLY, dir_fd=net)
    data = os.read(fd, 4096)
    os.close(fd)
    return data.decode().strip()


def write(path, value):
    fd = os.open(path, os.O_WRONLY, dir_fd=net)
    os.write(fd, value.encode())
    os.close(fd)


wanted = {}
for key, value in module.params["settings"].items():
    head, star, tail = key.replace(".", "/")[len("net/"):].partition("*")
    for name in os.listdir("/proc/sys/net/" + head) if star else [""]:
        wanted[head + name + tail] = str(value)
before = {path: read(path) for path in wanted}
writes = [path for path, value in wanted.items() if before[path] != value]
for path in writes:
    write(path, wanted[path])
after = {path: read(path) for path in wanted} if writes else before
told = {
    path: {
        "value": value,
        "runtime": {"before": before[path], "after": after[path]},
        "persistent": {"before": value, "after": value},
        "boot": {"value": value, "path": "/etc/sysctl.d/90-ansible.conf", "line": 1},
    }
    for path, value in wanted.items()
}
print(json.dumps({"changed": bool(writes), "settings": told, "previous": before}))
sys.exit(0)
"""
"""Reads, writes, reads back and tells as much as our module, and does nothing else: no file, no boot value, no check, no roll back."""


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    pairs: int
    python: str
    instructions: bool
    hosts: int

    @classmethod
    def of(cls, args: argparse.Namespace) -> Options:
        return cls(args.pairs, args.python, args.instructions, args.hosts)


def keys(interfaces: Sequence[str]) -> dict[str, int]:
    """Give five keys for each interface, all with a value that they do not start with."""
    return {key.format(name): 2 for name in interfaces for key in BY_INTERFACE}


def bridges(number: int) -> list[str]:
    return [f"bench{n}" for n in range(number)]


# --- runs --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """One command; `expect` must be in what it prints, `write` and `remove` bring the host to where it starts from."""

    name: str
    argv: Sequence[str]
    expect: str = ""
    stdin: str = ""
    write: Mapping[str, str] = field(default_factory=dict)
    remove: Sequence[str] = ()

    def from_scratch(self, settings: Iterable[str], *files: str) -> Run:
        """Start from other values than the settings', and without these files."""
        other = {proc_path(key): "1" for key in settings}
        return Run(self.name, self.argv, self.expect, self.stdin, other, files)


@dataclass(frozen=True)
class Service:
    """A server that each run needs, by the port where it answers; its CPU counts."""

    argv: Sequence[str]
    port: int


@dataclass(frozen=True)
class Cost:
    """Of each run of a command: CPU seconds of all processes, wall seconds, thousand million instructions if valgrind counted them."""

    cpu: list[float]
    wall: list[float]
    instructions: list[float]


Costs = Mapping[str, Cost]
Row = Sequence[str]


@dataclass(frozen=True)
class Table:
    """Rows below a heading."""

    title: str
    heading: Row
    rows: list[Row]


def race(  # noqa: PLR0913
    world: World, sides: Sequence[Sequence[Run]], pairs: int, *, services: Sequence[Service] = (), warm_up: bool = True,
    env: Mapping[str, str] | None = None,
) -> Costs:  # fmt: skip
    """Run the sides in turn, in an order that changes from pair to pair; nothing of our own environment reaches them."""
    job = {
        "pairs": pairs,
        "warm_up": int(warm_up),
        "sides": [[asdict(run) for run in side] for side in sides],
        "services": [asdict(service) for service in services],
    }
    ran = world.run(
        [sys.executable, "-I", "-S", STOPWATCH], stdin=json.dumps(job), env=env, timeout=24 * 3600
    )
    if ran.rc != 0:
        raise SystemExit(ran.stderr)
    return {name: _cost(results) for name, results in json.loads(ran.stdout).items()}


def _cost(results: list[dict[str, Any]]) -> Cost:
    counted = [
        int(n) / 1e9
        for result in results
        for n in re.findall(r"Collected : (\d+)", result["stderr"])
    ]
    return Cost(
        [result["cpu"] for result in results], [result["wall"] for result in results], counted
    )


HEADING = ("", "ratio", "quartiles", "pairs", "target", "", "ours, ms", "other, ms")


def row(  # noqa: PLR0913
    what: str,
    ours: list[float],
    other: list[float],
    *,
    at_most: float = 0,
    at_least: float = 0,
    inverse: bool = False,
) -> Row:
    """Compare pair by pair: ours as a multiple of the other; with `at_least` or `inverse` the other as a multiple of ours."""
    ratios = [b / a if at_least or inverse else a / b for a, b in zip(ours, other)]
    median = statistics.median(ratios)
    low, _unused, high = (
        statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    )
    met = median >= at_least and (not at_most or median <= at_most)
    return (
        what,
        f"{median:.3f}" if median < 2 else f"{median:.1f}",
        f"{low:.3f} .. {high:.3f}" if median < 2 else f"{low:.1f} .. {high:.1f}",
        str(len(ratios)),
        f"at least {at_least:g}" if at_least else f"at most {at_most:g}" if at_most else "",
        ("met" if met else "MISSED") if at_least or at_most else "",
        f"{statistics.median(ours) * 1000:.0f}",
        f"{statistics.median(other) * 1000:.0f}",
    )


def text(table: Table, markdown: bool) -> str:
    """Line up the columns."""
    lines = [table.heading, *table.rows]
    widths = [max(len(line[n]) for line in lines) for n in range(len(table.heading))]
    padded = [[cell.ljust(width) for cell, width in zip(line, widths)] for line in lines]
    if not markdown:
        return "\n".join([table.title, *("  ".join(line).rstrip() for line in padded), ""])
    padded.insert(1, ["-" * width for width in widths])
    return "\n".join(
        [f"**{table.title}**", "", *(f"| {' | '.join(line)} |" for line in padded), ""]
    )


# --- what Ansible sends ------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=None)
def collections() -> str:
    """Make a collection of two modules, `bench.bench.empty`, what Ansible itself costs, and `.floor`. Give where to find it, ours and the peers'."""
    top = Path(os.environ["ANSIBLE_HOME"], "collections")
    modules = top / "ansible_collections" / "bench" / "bench" / "plugins" / "modules"
    modules.mkdir(parents=True)
    (modules / "empty.py").write_text(EMPTY, encoding="utf-8")
    (modules / "floor.py").write_text(FLOOR, encoding="utf-8")
    peers = (PROJECT / ".venv" / "peers" / "lib").glob("python3*/site-packages")
    return ":".join(map(str, [top, collections_path(), *peers]))


@functools.lru_cache(maxsize=None)
def find_collections() -> None:
    init_plugin_loader(collections().split(":"))


def payload(module: str, python: str, **args: Any) -> bytes:
    """Build what Ansible pipes into the Python of a managed host."""
    find_collections()
    path = module_loader.find_plugin_with_context(module, mod_type=".py").plugin_resolved_path
    if not path:
        raise SystemExit(f"{module} is not below {collections()}")
    told = {
        "check_mode": False, "no_log": False, "debug": False, "diff": False, "verbosity": 0, "version": ansible_version, "module_name": module,
        "syslog_facility": "LOG_USER", "selinux_special_fs": [], "socket": None, "shell_executable": "/bin/sh", "keep_remote_files": False,
        "tmpdir": None, "remote_tmp": "/srv/home/.ansible/tmp", "ignore_unknown_opts": False, "target_log_info": "", "tracebacks_for": [],
    }  # fmt: skip
    built = module_common.modify_module(
        module_name=module,
        module_path=path,
        module_args={**args, **{f"_ansible_{name}": value for name, value in told.items()}},
        templar=Templar(loader=DataLoader()),
        task_vars={"ansible_python_interpreter": python, "ansible_facts": {}},
        module_compression="ZIP_DEFLATED",
    )
    return bytes(built.b_module_data)
