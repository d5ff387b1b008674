# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a throw-away host: reads its connections as the module does, and by ss, in turn; prints the CPU seconds of each.

usage: python reading.py COLLECTIONS PAIRS
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


def in_children(argv: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if not told:
        raise RuntimeError(argv)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def here(function: Callable[[], Any]) -> float:
    before = time.process_time()
    function()
    return time.process_time() - before


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    gc.freeze()  # as the module does when it starts
    connections_module = importlib.import_module(f"{ENGINE}.connections")
    inet_diag = importlib.import_module(f"{ENGINE}.inet_diag")
    processes = importlib.import_module(f"{ENGINE}.processes")
    problems: list[Any] = []

    def connections() -> Any:
        found = connections_module.read_connections(7200_000, problems)
        return found, inet_diag.count_states(found.states)

    def with_processes() -> Any:
        return processes.count_by_process(connections()[0], 20, problems)

    def from_proc() -> Any:
        return inet_diag.count_states(connections_module._read_proc_net(math.inf).states)

    sides: dict[str, Callable[[], float]] = {
        "sock_diag": lambda: here(connections),
        "processes": lambda: here(with_processes),
        "proc": lambda: here(from_proc),
        "ss": lambda: in_children(["ss", "-tnoH"]),
        "ss -p": lambda: in_children(["ss", "-tnoHp"]),
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(int(sys.argv[2]) + 1):
        for name, run in sides.items():
            seconds = run()
            if turn:
                taken[name].append(seconds)
    if problems:
        raise RuntimeError(problems)
    json.dump({"taken": taken, "counts": connections()[1]}, sys.stdout)


if __name__ == "__main__":
    main()
