# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times runs on a throw-away host: reads a job (JSON) from standard input, prints all costs.

A job has the numbers of `pairs` and `warm_up` rounds, the `sides`, each a list of runs (see `Run`
in race.py), and the `services` (see `Service`).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from typing import Any

STDOUT, STDERR = "/srv/tmp/out", "/srv/tmp/err"
PR_SET_CHILD_SUBREAPER = 36
ATTEMPTS = 1000
SHOWN = 4000
"""Characters of an output that an error shows."""


def children_cpu_time() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def prepare(run: dict[str, Any]) -> None:
    """Bring the host into the state from which this run starts."""
    for path in run["remove"]:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    for path, value in run["write"].items():
        fd = os.open(path, os.O_WRONLY)
        os.write(fd, value.encode())
        os.close(fd)


def start(service: dict[str, Any]) -> None:
    """Start a server, and wait until it accepts connections."""
    subprocess.Popen(
        service["argv"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _attempt in range(ATTEMPTS):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", service["port"])) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(service["argv"])


def remaining_children() -> list[int]:
    """Return the PIDs of our children. Orphaned descendants have become children, too."""
    pids = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8") as file:
                fields = file.read().rpartition(")")[2].split()
                if int(fields[1]) == os.getpid():
                    pids.append(int(name))
    return pids


def end_children() -> None:
    """Terminate all children, and wait for them, so that their CPU time counts."""
    with contextlib.suppress(ChildProcessError):
        while True:
            for pid in remaining_children():
                os.kill(pid, signal.SIGTERM)
            os.waitpid(-1, 0)


def measure(run: dict[str, Any], services: list[dict[str, Any]]) -> dict[str, Any]:
    """Run once. The CPU time is that of the command, the services, and all their descendants."""
    prepare(run)
    cpu_before = children_cpu_time()
    for service in services:
        start(service)
    rc, wall = execute(run)
    end_children()
    check_output(run, rc)
    cpu = children_cpu_time() - cpu_before
    return {"cpu": cpu, "wall": wall, "stderr": read(STDERR)[-1000:]}


def execute(run: dict[str, Any]) -> tuple[int, float]:
    """Run the command; return its exit code and the wall time."""
    with contextlib.ExitStack() as files:
        stdin = files.enter_context(open(run["stdin"] or os.devnull, "rb"))
        stdout = files.enter_context(open(STDOUT, "wb"))
        stderr = files.enter_context(open(STDERR, "wb"))
        before = time.perf_counter()
        rc = subprocess.Popen(run["argv"], stdin=stdin, stdout=stdout, stderr=stderr).wait()
        return rc, time.perf_counter() - before


def check_output(run: dict[str, Any], rc: int) -> None:
    stdout, stderr = read(STDOUT), read(STDERR)
    if rc != 0 or run["expect"] not in stdout + stderr:
        raise RuntimeError(
            f"{run['argv']}: rc {rc}, expected {run['expect']!r} in:\n"
            f"{stdout[-SHOWN:]}\n{stderr[-SHOWN:]}"
        )


def read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def main() -> None:
    job = json.load(sys.stdin)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    soft_limit = min(1024, hard_limit)  # as a login has it
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft_limit, hard_limit))
    costs: dict[str, list[dict[str, Any]]] = {}
    sides = list(job["sides"])
    for round_number in range(job["warm_up"] + job["pairs"]):
        random.shuffle(sides)
        for side in sides:
            for run in side:
                cost = measure(run, job["services"])
                if round_number >= job["warm_up"]:
                    costs.setdefault(run["name"], []).append(cost)
    json.dump(costs, sys.stdout)


if __name__ == "__main__":
    main()
