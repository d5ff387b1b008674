# SPDX-License-Identifier: GPL-3.0-or-later

"""A function that runs in a child process, which may enter namespaces that this one must not."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from typing import Any, Callable, NoReturn


def call_in_child(function: Callable[[], object], timeout: float) -> Any:
    """Return what a function returns in a child process, None if there is no answer in time.

    function: returns what JSON can hold. timeout: in seconds; the child is then killed.
    Raise OSError if no child can be started.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        _run_child(function, write_end)
    os.close(write_end)
    try:
        text = _read_until(read_end, time.monotonic() + timeout)
    finally:
        os.close(read_end)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    try:
        return json.loads(text)
    except ValueError:
        return None  # it ended too early


def _run_child(function: Callable[[], object], pipe: int) -> NoReturn:
    """Answer through the pipe; whatever happens, do not go on as the parent does."""
    try:
        answer = json.dumps(function()).encode()
        with open(pipe, "wb") as file:
            file.write(answer)
    finally:
        os._exit(0)


def _read_until(pipe: int, deadline: float) -> bytes:
    """Return what is written to a pipe until it is closed, nothing if time is up before."""
    data = b""
    while True:
        if not is_readable_before(deadline, pipe):
            return b""
        part = os.read(pipe, 1 << 16)
        if not part:
            return data
        data += part


def is_readable_before(deadline: float, pipe: int) -> bool:
    """Wait until a pipe is written to or closed, and tell whether that was in time."""
    poll = select.poll()  # select(2) fails where a process has more than 1,024 open files
    poll.register(pipe, select.POLLIN)
    milliseconds = max(0, deadline - time.monotonic()) * 1000
    return bool(poll.poll(milliseconds))
