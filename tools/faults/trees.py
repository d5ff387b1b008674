# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real folders full of traps: link loops, links out of the image, FIFOs, sockets, devices."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .calls import Call
from .host import IMAGE, FileState, read_file_state, walk
from .hostile import HostileInput
from .module_run import HOST_FOLDERS, FinishedRun, ModuleRun
from .ptrace import Verdict
from .scenarios import TIME

FOREIGN_FOLDER = "/srv/outside"
FOREIGN_VALUE = "0utside"
"""Stands in a file outside the image; no result may show it."""
FOLDERS = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
    "/etc",
)
NAMES = (
    "10-a.conf",
    "50-b.conf",
    "90-ansible.conf",
    "99-z.conf",
    "sysctl.conf",
    ".hidden.conf",
    "x.conf",
    "\udcff.conf",
    "a\nb.conf",
    "$(id).conf",
)
PATHS = (
    "/etc/sysctl.d/90-ansible.conf",
    "/etc/sysctl.d/x.conf",
    "/usr/lib/sysctl.d/50-b.conf",
    "/etc/sysctl.conf",
    "/etc/sysctl.d/../x.conf",
    "/srv/x.conf",
)
LINK_TARGETS = (
    "/etc/sysctl.d/10-a.conf",
    "99-z.conf",
    "../../../../../../srv/outside/out.conf",
    "/srv/outside/out.conf",
    "/proc/self/root/srv/outside/out.conf",
    "/dev/zero",
    "/dev/null",
    "loop",
    ".",
    "..",
    "/",
    "/nowhere",
    "x" * 300,
    "a/" * 2000,
    "/etc/sysctl.d",
    "//srv//outside/./out.conf",
)
TIMEOUT = 30
"""Seconds after which a run counts as a hang."""


def make_link(path: str, rng: random.Random) -> None:
    os.symlink(rng.choice(LINK_TARGETS), path)


def make_device(path: str, rng: random.Random) -> None:
    null = 3
    zero = 5
    urandom = 9
    minor = rng.choice((null, zero, urandom))
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, minor))


def make_socket(path: str, _rng: random.Random) -> None:
    with socket.socket(socket.AF_UNIX) as unix_socket:
        unix_socket.bind(path)


def make_fifo(path: str, _rng: random.Random) -> None:
    os.mkfifo(path)


def make_folder(path: str, _rng: random.Random) -> None:
    os.mkdir(path)


TRAPS: tuple[Callable[[str, random.Random], None], ...] = (
    make_link,
    make_link,
    make_link,
    make_device,
    make_socket,
    make_fifo,
    make_folder,
)


class HostileImage:
    """Create the folders of a host at IMAGE, filled from hostile input, and a file outside."""

    def __init__(self, hostile: HostileInput) -> None:
        self.hostile = hostile
        self.rng = hostile.rng
        for top in (IMAGE, FOREIGN_FOLDER):
            shutil.rmtree(top, ignore_errors=True)
            os.mkdir(top)
        with open(f"{FOREIGN_FOLDER}/out.conf", "w", encoding="ascii") as file:
            file.write(f"{TIME} = {FOREIGN_VALUE}\n")
        for folder in FOLDERS:
            self._fill_folder(f"{IMAGE}{folder}")

    def _fill_folder(self, path: str) -> None:
        rng = self.rng
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if rng.random() < 0.1 and not os.path.lexists(path):
            make_link(path, rng)
        elif not os.path.lexists(path):
            os.mkdir(path)
        if os.path.isdir(path) and os.path.realpath(path).startswith(IMAGE):
            for name in rng.sample(NAMES, rng.randrange(6)):
                self._create(f"{path}/{name}")

    def _create(self, path: str) -> None:
        if os.path.lexists(path):
            return
        try:
            if self.rng.random() < 0.4:
                make_trap = self.rng.choice(TRAPS)
                make_trap(path, self.rng)
            else:
                with open(path, "wb") as file:
                    file.write(self.hostile.file() + f"\n{TIME} = 1\n".encode())
        except OSError:  # a target that is too long, say
            return


Snapshot = dict[str, FileState]


def take_snapshot() -> Snapshot:
    files = {}
    for top in (IMAGE, FOREIGN_FOLDER):
        for path in walk(top):
            files[path] = read_file_state(path)
    return files


class ForeignCalls:
    """A handler that records each call that changes a file of settings outside the image."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, call: Call) -> Verdict | None:
        if not call.changes or call.name in ("write", "fsync"):
            return None
        for path in call.paths:
            if path.startswith(HOST_FOLDERS) and ("sysctl" in path or FOREIGN_FOLDER in path):
                folder = os.path.realpath(os.path.dirname(path))
                if not folder.startswith(IMAGE):
                    self.calls.append(str(call))
        return None


class TreeRun(NamedTuple):
    """A run on a hostile image."""

    run: FinishedRun
    options: dict[str, Any]
    before: Snapshot
    after: Snapshot
    foreign_calls: list[str]


def check_tree(hostile: HostileInput) -> Iterator[str]:
    """Run the module on one hostile image; yield what is wrong."""
    rng = hostile.rng
    HostileImage(hostile)
    options = {
        "settings": {TIME: 3600},
        "path": rng.choice(PATHS),
        "root": IMAGE,
        "runtime": False,
        "on_override": rng.choice(("fail", "warn", "comment_out")),
    }
    if rng.random() < 0.3:
        options.update(state="absent")
    before = take_snapshot()
    watch = ForeignCalls()
    run = _run_with_timeout(options, watch)
    if os.WIFSIGNALED(run.status):
        yield f"no end after {TIMEOUT} s"
        return
    yield from _find_problems(
        TreeRun(
            run=run,
            options=options,
            before=before,
            after=take_snapshot(),
            foreign_calls=watch.calls,
        )
    )


def _run_with_timeout(options: dict[str, Any], watch: ForeignCalls) -> FinishedRun:
    run = ModuleRun("sysctl", options, traced=True)
    signal.signal(signal.SIGALRM, lambda *_unused: os.kill(run.pid, signal.SIGKILL))
    signal.alarm(TIMEOUT)
    finished = run.finish(watch)
    signal.alarm(0)
    return finished


def _find_problems(tree_run: TreeRun) -> Iterator[str]:
    before = tree_run.before
    after = tree_run.after
    try:
        result = tree_run.run.result
    except ValueError:
        yield f"no result: {tree_run.run.output[-800:]}"
        return
    if FOREIGN_VALUE in json.dumps(result):
        yield f"the result shows what is outside: {result}"
    for call in tree_run.foreign_calls:
        yield f"outside: {call}"
    changed = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    if result.get("failed") and changed:
        yield f"failed, but changed {changed}: {result['msg']}"
    for path in changed:
        if not _may_change(path, tree_run):
            yield f"changed {path}, which is none of its files"


def _may_change(path: str, tree_run: TreeRun) -> bool:
    """Tell whether the run may change a file: its own, one of /etc, a folder, a link's target."""
    options = tree_run.options
    own_path = IMAGE + options["path"]
    if path in (own_path, os.path.realpath(own_path)):
        return True
    if options["on_override"] == "comment_out" and path.startswith(f"{IMAGE}/etc/"):
        return True
    if path in [IMAGE + folder for folder in FOLDERS]:
        return True
    return _may_be_link_target(path, tree_run.before)


def _may_be_link_target(path: str, before: Snapshot) -> bool:
    """Tell whether a link of the image may lead to a file; its links start from its own root."""
    has_links = any(file.kind == stat.S_IFLNK for file in before.values())
    return path.startswith(IMAGE) and has_links


def hostile_trees(inputs: int, seed: int) -> dict[str, Any]:
    problems: list[str] = []
    for number in range(inputs):
        for problem in check_tree(HostileInput(seed, number)):
            problems.append(f"tree {number} of seed {seed}: {problem}")
    shutil.rmtree(IMAGE)
    shutil.rmtree(FOREIGN_FOLDER)
    return {"count": inputs, "problems": problems}
