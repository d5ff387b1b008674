# SPDX-License-Identifier: GPL-3.0-or-later

"""Walk the processes in /proc."""

from __future__ import annotations

import os
from typing import Any, Callable, Iterator, TypeVar

PROC = "/proc"

Result = TypeVar("Result")


def visit_processes(
    look: Callable[[int], Result], path: str, what: str, problems: list[dict[str, Any]]
) -> Iterator[tuple[int, Result]]:
    """Yield each process, in the order of their numbers, with what is found in it; those that are not for us are a problem."""
    numbers, hidden = _process_ids(), 0
    for pid in numbers:
        try:
            yield pid, look(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
        except OSError:
            hidden += 1
    if hidden:
        who = (
            "this user (become root: 'become: true')"
            if os.geteuid()
            else "a root without all capabilities"
        )
        why = f"the {what} of {hidden} of {len(numbers)} processes are not for {who} to see"
        problems.append({"path": path, "problem": why})


def _process_ids() -> list[int]:
    try:
        return sorted(int(name) for name in os.listdir(PROC) if name.isdigit())
    except OSError:
        return []


def read_proc_file(path: str) -> str | None:
    """Return what a file of /proc says, None if it is gone or not for us."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return None
