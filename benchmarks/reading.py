# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the connections of a host with the engine and with ss in turn; prints the CPU seconds.

usage: python reading.py COLLECTIONS PAIRS

Runs on a throw-away host. Prints JSON: `seconds`, by side, and the `counts` of the connections.
"""

from __future__ import annotations

import gc
import importlib
import json
import math
import resource
import subprocess
import sys
import time
from typing import Any, Callable

ENGINE = "ansible_collections.netops.tuning.plugins.module_utils._keepalive"
LONGEST_TIMER = 7200_000
"""In ms, with the kernel's own settings."""
PROCESS_LIMIT = 20


class Engine:
    """The engine's functions, without the module around them."""

    def __init__(self) -> None:
        self._connections = importlib.import_module(f"{ENGINE}.connections")
        self._inet_diag = importlib.import_module(f"{ENGINE}.inet_diag")
        self._processes = importlib.import_module(f"{ENGINE}.processes")
        self.problems: list[Any] = []
        self.counts: dict[str, int] = {}

    def read_sock_diag(self) -> Any:
        connections = self._connections.read_connections(LONGEST_TIMER, self.problems)
        self.counts = self._inet_diag.count_states(connections.states)
        return connections

    def read_with_processes(self) -> None:
        connections = self.read_sock_diag()
        self._processes.count_by_process(connections, PROCESS_LIMIT, self.problems)

    def read_proc(self) -> None:
        connections = self._connections._read_proc_net(math.inf)
        self._inet_diag.count_states(connections.states)


def time_function(function: Callable[[], Any]) -> float:
    """Return the CPU seconds that a function uses."""
    before = time.process_time()
    function()
    return time.process_time() - before


def time_command(argv: list[str]) -> float:
    """Return the CPU seconds that a command uses."""
    before = children_cpu_time()
    output = subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout
    after = children_cpu_time()
    if not output:
        raise RuntimeError(f"no output: {argv}")
    return after - before


def children_cpu_time() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    pairs = int(sys.argv[2])
    gc.freeze()  # as the module does when it starts
    engine = Engine()
    sides: dict[str, Callable[[], float]] = {
        "sock_diag": lambda: time_function(engine.read_sock_diag),
        "processes": lambda: time_function(engine.read_with_processes),
        "proc": lambda: time_function(engine.read_proc),
        "ss": lambda: time_command(["ss", "-tnoH"]),
        "ss -p": lambda: time_command(["ss", "-tnoHp"]),
    }
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for run in sides.values():
        run()  # a warm-up
    for _pair in range(pairs):
        for name, run in sides.items():
            seconds[name].append(run())
    engine.read_sock_diag()
    if engine.problems:
        raise RuntimeError(engine.problems)
    json.dump({"seconds": seconds, "counts": engine.counts}, sys.stdout)


if __name__ == "__main__":
    main()
