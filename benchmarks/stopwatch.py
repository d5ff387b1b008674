# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a throw-away host: takes a job (JSON on standard input), times its sides in turn, and prints what each run cost."""

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

OUT, ERR = "/srv/tmp/out", "/srv/tmp/err"
PR_SET_CHILD_SUBREAPER = 36


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def reset(run: dict[str, Any]) -> None:
    """Put the host back to where this run starts from."""
    for path in run["remove"]:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    for path, value in run["write"].items():
        fd = os.open(path, os.O_WRONLY)
        os.write(fd, value.encode())
        os.close(fd)


def start(service: dict[str, Any]) -> None:
    """Start a server, and wait until it answers."""
    subprocess.Popen(
        service["argv"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _unused in range(1000):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", service["port"])) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(service["argv"])


def descendants() -> list[int]:
    """Find who is left: all of them became our children when their own parents ended."""
    found = []
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError), open(
            f"/proc/{int(name)}/stat", encoding="utf-8"
        ) as file:
            if int(file.read().rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(name))
    return found


def end_all() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            for pid in descendants():
                os.kill(pid, signal.SIGTERM)
            os.waitpid(-1, 0)


def measure(run: dict[str, Any], services: list[dict[str, Any]]) -> dict[str, Any]:
    """Run once. The CPU is that of the command, of the services, and of all their descendants."""
    reset(run)
    before = children_cpu()
    for service in services:
        start(service)
    with open(run["stdin"] or os.devnull, "rb") as stdin, open(OUT, "wb") as out, open(
        ERR, "wb"
    ) as err:
        began = time.perf_counter()
        rc = subprocess.Popen(run["argv"], stdin=stdin, stdout=out, stderr=err).wait()
        wall = time.perf_counter() - began
    end_all()
    told = []
    for path in (OUT, ERR):
        with open(path, encoding="utf-8", errors="replace") as file:
            told.append(file.read())
    if rc != 0 or run["expect"] not in told[0] + told[1]:
        raise RuntimeError(
            f"{run['argv']}: rc {rc}, no {run['expect']!r} in:\n{told[0][-4000:]}\n{told[1][-4000:]}"
        )
    return {"cpu": children_cpu() - before, "wall": wall, "stderr": told[1][-1000:]}


def main() -> None:
    job = json.load(sys.stdin)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))  # as a login has it
    taken: dict[str, list[dict[str, Any]]] = {}
    sides = list(job["sides"])
    for turn in range(job["warm_up"] + job["pairs"]):
        random.shuffle(sides)
        for run in (run for side in sides for run in side):
            result = measure(run, job["services"])
            if turn >= job["warm_up"]:
                taken.setdefault(run["name"], []).append(result)
    json.dump(taken, sys.stdout)


if __name__ == "__main__":
    main()
