# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of the real kernel, in new network, IPC and UTS namespaces, written as the loaders do it.

The class below runs this same file as its program, which answers one question a line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import NamedTuple

SAFE_KEYS = ("net.", "kernel.sem", "kernel.shm", "kernel.msg", "kernel.domainname")
"""How the keys of these namespaces start; no others are written."""


class Written(NamedTuple):
    """What became of a key."""

    error: int
    """The errno of the write; 0: there was no error."""
    before: str
    after: str


class KernelKeys:
    """A process in new namespaces that writes keys."""

    def __init__(self) -> None:
        namespaces = ["unshare", "--net", "--ipc", "--uts"]
        self._process = subprocess.Popen(
            [*namespaces, sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> KernelKeys:
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def write(self, key: str, before: str, text: str) -> Written:
        """Give a key a value, write a text to it, and return what became of it."""
        assert self._process.stdin
        assert self._process.stdout
        question = json.dumps([key, before, text])
        self._process.stdin.write(question.encode() + b"\n")
        self._process.stdin.flush()
        error, value_before, value_after = json.loads(self._process.stdout.readline())
        return Written(error, value_before, value_after)


def _path(key: str) -> str:
    assert key.startswith(SAFE_KEYS), f"{key} belongs to the whole machine"
    return "/proc/sys/" + key.replace(".", "/")


def _read(key: str) -> str:
    with open(_path(key), encoding="utf-8", errors="surrogateescape") as file:
        return file.read().rstrip("\n")


def _write(key: str, text: str) -> int:
    """Write a text and a line end, in as many writes as the kernel wants; return the errno."""
    data = (text + "\n").encode("utf-8", "surrogateescape")
    fd = os.open(_path(key), os.O_WRONLY)
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError as error:
        return error.errno or 0
    finally:
        os.close(fd)
    return 0


def _answer_questions() -> None:
    for line in sys.stdin:
        key, before, text = json.loads(line)
        _write(key, before)
        value_before = _read(key)
        error = _write(key, text)
        print(json.dumps([error, value_before, _read(key)]), flush=True)


if __name__ == "__main__":
    _answer_questions()
