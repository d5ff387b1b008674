# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of fleets of growing size, made of what real hosts answered: CPU, memory, and the size of the page."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sandbox.connections import ARMED, Holder
from sandbox.tasks import INTVL, PROBES, TIME
from sandbox.world import World

from .bench import Options, Row, Table, payload

SIZES = (100, 1_000, 10_000)
SECONDS, MEBIBYTES = 20, 1024
OURS, LATER = "/etc/sysctl.d/90-tcp-keepalive.conf", "/etc/sysctl.d/99-later.conf"
RIGHT = f"{TIME} = 3600\n{PROBES} = 9\n{INTVL} = 25\n"


def answer(python: str, files: dict[str, str], now: tuple[int, int, int], connections: int) -> Any:
    """Make a host that is so, and ask it as the audit does."""
    with World(files) as world:
        world.run(["ip", "link", "set", "lo", "up"])
        for key, value in zip((TIME, PROBES, INTVL), now):
            world.set_sysctl(key, value)
        with Holder(world) as holder:
            for number in range(connections):
                holder.pair(str(number), ARMED if number % 3 else ())
            ran = world.run(
                [python],
                stdin=payload(
                    "netops.tuning.tcp_keepalive_info", python, assignments=True
                ).decode(),
            )
    if ran.rc != 0:
        raise SystemExit(ran.stdout + ran.stderr)
    return json.loads(ran.stdout)


def answers(python: str) -> list[Any]:
    """Ask hosts of each kind, and one that is away."""
    right, document, kernel = {OURS: RIGHT}, (3600, 9, 25), (7200, 9, 75)
    return [
        *(answer(python, right, document, connections) for connections in (0, 1, 5, 20, 60)),
        answer(python, right, kernel, 10),
        answer(python, {}, kernel, 10),
        answer(python, {**right, LATER: f"# later\n{TIME} = 300\n"}, document, 10),
        {"unreachable": True, "msg": "Failed to connect to the host via ssh: Connection timed out"},
    ]


def make(path: str, count: int) -> None:
    """Write the report of so many hosts in this process, and tell what it took."""
    from ansible_collections.netops.tuning.plugins.plugin_utils._report import build, write  # noqa: PLC0415
    from reports import fleets  # noqa: PLC0415

    real = json.loads(Path(path).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="netops-bench-") as folder:
        before = time.process_time()
        asked = {
            name: build.Answer(real[place % len(real)])
            for place, name in enumerate(fleets.host_names(count))
        }
        files = write.file_paths(folder, "report", list(write.FORMATS))
        write.write_files(fleets.report(asked, {"audit_idle_limit": 350}), files)
        took = time.process_time() - before
        size = Path(files["html"]).stat().st_size
    print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, size]))


def _row(count: int, took: float, memory: float, size: int) -> Row:
    met = "met" if took <= SECONDS and memory <= MEBIBYTES else "MISSED"
    target = f"at most {SECONDS} s, {MEBIBYTES} MiB: {met}" if count == SIZES[-1] else ""
    ours = (f"{took:.2f}", f"{1000 * took / count:.2f}", f"{memory:.0f}", f"{size / 2**20:.2f}")
    return (f"{count:,} hosts", *ours, target)


def run(options: Options) -> list[Table]:
    rows: list[Row] = []
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(answers(options.python), file)
        file.flush()
        for count in SIZES:
            code = f"from benchmarks.report import make; make({file.name!r}, {count})"
            code = f"import sys; sys.path[:0] = {sys.path[:3]!r}; {code}"
            told = subprocess.run(
                [sys.executable, "-c", code], check=True, stdout=subprocess.PIPE
            ).stdout
            rows.append(_row(count, *json.loads(told)))
    heading = ("", "CPU, s", "ms a host", "memory, MiB", "page, MiB", "target")
    return [Table("A report in all formats, made of what real hosts answered", heading, rows)]
