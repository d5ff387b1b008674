# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run modules many times in one interpreter, as Mitogen does, and print what they leave changed.

Arguments: how many times, and a folder for scratch files. Standard input: a list of [module,
arguments] in JSON, which are run in turn. It runs in a world, on the Python of a managed host.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import json
import os
import runpy
import signal
import sys
import threading
import zipfile
import zipimport
from typing import Any, Iterator

from ansible.module_utils import basic

COLLECTION = "ansible_collections.netops.tuning.plugins."
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


def interpreter_state() -> dict[str, Any]:
    """Return what a module could change in its interpreter."""
    umask = os.umask(0)
    os.umask(umask)
    return {
        "collector": gc.isenabled(),
        "frozen objects": gc.get_freeze_count(),
        "zipimport": sorted(map(repr, vars(zipimport).values())),
        "signal handlers": [repr(signal.getsignal(number)) for number in SIGNALS],
        "umask": umask,
        "working directory": os.getcwd(),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "finders": [*map(repr, sys.meta_path), *map(repr, sys.path_hooks)],
        "threads": threading.active_count(),
        "file descriptors": sorted(os.listdir("/proc/self/fd")),
        "recursion limit": sys.getrecursionlimit(),
    }


def forget(prefix: str) -> None:
    """Have modules imported again, as the next task of Mitogen would."""
    for name in list(sys.modules):
        if name.startswith(prefix):
            del sys.modules[name]


def run_module(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Run a module as a program, and return its result."""
    with_internals = {
        "_ansible_remote_tmp": "/srv/tmp",
        "_ansible_keep_remote_files": False,
        **arguments,
    }
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": with_internals}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        runpy.run_module(f"{COLLECTION}modules.{name}", run_name="__main__")
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


def import_from_archive(folder: str) -> None:
    """Import a module from a zip file, which fails if its importer was wrapped too many times."""
    archive = f"{folder}/archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("module_in_archive.py", "")
    sys.path.insert(0, archive)
    __import__("module_in_archive")
    sys.path.remove(archive)


def problems(count: int, jobs: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    """Run the jobs in turn, `count` runs in all; yield what one left changed."""
    for name, arguments in jobs:
        run_module(name, arguments)  # imports, and whatever Ansible itself does once
    before = interpreter_state()
    exit_handlers = atexit._ncallbacks()
    for number in range(count):
        forget(f"{COLLECTION}module_utils._bootstrap")
        forget(f"{COLLECTION}module_utils._zipimport")
        if number % 100 == 0:
            forget(COLLECTION)
        name, arguments = jobs[number % len(jobs)]
        result = run_module(name, arguments)
        must_fail = "no.such.key" in str(arguments)
        if bool(result.get("failed")) != must_fail:
            yield f"run {number} of {name}: {result.get('msg', 'success')}"
            return
        after = interpreter_state()
        for what, value in before.items():
            if after[what] != value:
                yield f"run {number} of {name}: {what}: {value} -> {after[what]}"
                return
    added = atexit._ncallbacks() - exit_handlers
    if added:
        yield f"{added} more exit handlers"


def main() -> None:
    jobs = json.load(sys.stdin)
    messages = list(problems(int(sys.argv[1]), jobs))
    import_from_archive(sys.argv[2])
    print(json.dumps(messages))


if __name__ == "__main__":
    main()
