# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit's report for fleets of growing size: CPU time, memory, and the size of the page.

It is made of results that throw-away hosts returned, and written in all formats.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sandbox.connections import ARMED, Holder
from sandbox.tasks import INTVL, PROBES, TIME
from sandbox.world import World

from .bench import Options, Row, Table, payload

SIZES = (100, 1_000, 10_000)
LONGEST = 20
"""Seconds that the largest report may take."""
LARGEST = 1024
"""MiB of memory that it may take."""
PATH = "/etc/sysctl.d/90-tcp-keepalive.conf"
LATER_PATH = "/etc/sysctl.d/99-later.conf"
SETTINGS = f"{TIME} = 3600\n{PROBES} = 9\n{INTVL} = 25\n"
DOCUMENT, KERNEL = (3600, 9, 25), (7200, 9, 75)
UNREACHABLE = {
    "unreachable": True,
    "msg": "Failed to connect to the host via ssh: Connection timed out",
}


def info_result(
    python: str, files: Mapping[str, str], values: tuple[int, int, int], connections: int
) -> Any:
    """Make a host in this state; return the result of tcp_keepalive_info as the audit runs it."""
    module = payload("netops.tuning.tcp_keepalive_info", python, assignments=True)
    with World(files) as world:
        world.run(["ip", "link", "set", "lo", "up"])
        for key, value in zip((TIME, PROBES, INTVL), values):
            world.set_sysctl(key, value)
        with Holder(world) as holder:
            for number in range(connections):
                options = ARMED if number % 3 else ()
                holder.pair(str(number), options)
            finished = world.run([python], stdin=module.decode())
    if finished.rc != 0:
        raise SystemExit(finished.stdout + finished.stderr)
    return json.loads(finished.stdout)


def info_results(python: str) -> list[Any]:
    """Return the results of hosts in all states, one of them unreachable."""
    persisted = {PATH: SETTINGS}
    overridden = {**persisted, LATER_PATH: f"# later\n{TIME} = 300\n"}
    results = []
    for connections in (0, 1, 5, 20, 60):
        results.append(info_result(python, persisted, DOCUMENT, connections))
    results += [
        info_result(python, persisted, KERNEL, 10),
        info_result(python, {}, KERNEL, 10),
        info_result(python, overridden, DOCUMENT, 10),
        UNREACHABLE,
    ]
    return results


class Cost(NamedTuple):
    """What a report cost."""

    seconds: float
    """Of CPU time."""
    memory: float
    """The maximum, in MiB."""
    page: int
    """The size of the HTML page in bytes."""


def write_report(results_path: str, count: int) -> None:
    """Write the report of so many hosts, and print what it cost. Runs in a process of its own."""
    # Only the process that writes the report needs these.
    from ansible_collections.netops.tuning.plugins.plugin_utils._report import (  # noqa: PLC0415
        build,
        write,
    )
    from reports import fleets  # noqa: PLC0415

    results = json.loads(Path(results_path).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="netops-bench-") as directory:
        before = time.process_time()
        answers = {}
        for number, name in enumerate(fleets.host_names(count)):
            answers[name] = build.Answer(results[number % len(results)])
        report = fleets.report(answers, {"audit_idle_limit": 350})
        paths = write.file_paths(directory, "report", list(write.FORMATS))
        write.write_files(report, paths)
        seconds = time.process_time() - before
        page = Path(paths["html"]).stat().st_size
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(Cost(seconds, memory, page)))


def measure(results_path: str, count: int) -> Cost:
    code = (
        f"import sys; sys.path[:0] = {sys.path[:3]!r}\n"
        f"from benchmarks.report import write_report\n"
        f"write_report({results_path!r}, {count})"
    )
    command = [sys.executable, "-c", code]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return Cost(*json.loads(output))


def _row(count: int, cost: Cost) -> Row:
    goal = verdict = ""
    if count == SIZES[-1]:
        goal = f"at most {LONGEST} s, {LARGEST} MiB"
        met = cost.seconds <= LONGEST and cost.memory <= LARGEST
        verdict = "met" if met else "MISSED"
    return (
        f"{count:,} hosts",
        f"{cost.seconds:.2f}",
        f"{1000 * cost.seconds / count:.2f}",
        f"{cost.memory:.0f}",
        f"{cost.page / 2**20:.2f}",
        goal,
        verdict,
    )


def run(options: Options) -> list[Table]:
    rows: list[Row] = []
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(info_results(options.python), file)
        file.flush()
        for count in SIZES:
            rows.append(_row(count, measure(file.name, count)))
    heading = ("", "CPU, s", "ms a host", "memory, MiB", "page, MiB", "goal", "")
    return [Table("The audit's report in all formats", heading, rows)]
