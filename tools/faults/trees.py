# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real folders that somebody has filled to do harm: link loops, links out of the image, pipes, sockets, devices, folders where files should be."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import stat
from typing import Any, Callable, Iterator

from .calls import Call
from .host import below, described
from .hostile import Hostile
from .ptrace import Verdict
from .scenarios import TIME
from .target import OF_HOST, Ran, Target

IMAGE, OUTSIDE = "/srv/image", "/srv/outside"
MARK = "0utside"
"""What stands outside of the image, and must never be told."""
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
TARGETS = (
    "/etc/sysctl.d/10-a.conf", "99-z.conf", "../../../../../../srv/outside/out.conf", "/srv/outside/out.conf", "/proc/self/root/srv/outside/out.conf",
    "/dev/zero", "/dev/null", "loop", ".", "..", "/", "/nowhere", "x" * 300, "a/" * 2000, "/etc/sysctl.d", "//srv//outside/./out.conf",
)  # fmt: skip
SECONDS = 30
"""After which a run counts as a hang."""


def link(path: str, rnd: random.Random) -> None:
    os.symlink(rnd.choice(TARGETS), path)


def device(path: str, rnd: random.Random) -> None:
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, rnd.choice((3, 5, 9))))


def bound_socket(path: str, _rnd: random.Random) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path)


MAKERS: tuple[Callable[[str, random.Random], None], ...] = (
    link, link, link, device, bound_socket, lambda path, _rnd: os.mkfifo(path), lambda path, _rnd: os.mkdir(path),
)  # fmt: skip


class Image:
    """A folder with the files of a host, made from a seed."""

    def __init__(self, made: Hostile) -> None:
        self.made = made
        for top in (IMAGE, OUTSIDE):
            shutil.rmtree(top, ignore_errors=True)
            os.mkdir(top)
        with open(f"{OUTSIDE}/out.conf", "w", encoding="ascii") as file:
            file.write(f"{TIME} = {MARK}\n")
        for folder in FOLDERS:
            self._folder(f"{IMAGE}{folder}")

    def _folder(self, path: str) -> None:
        rnd = self.made.rnd
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if rnd.random() < 0.1 and not os.path.lexists(path):
            link(path, rnd)
        elif not os.path.lexists(path):
            os.mkdir(path)
        if os.path.isdir(path) and os.path.realpath(path).startswith(IMAGE):
            for name in rnd.sample(NAMES, rnd.randrange(6)):
                self._file(f"{path}/{name}")

    def _file(self, path: str) -> None:
        rnd = self.made.rnd
        if os.path.lexists(path):
            return
        try:
            if rnd.random() < 0.4:
                rnd.choice(MAKERS)(path, rnd)
            else:
                with open(path, "wb") as file:
                    file.write(self.made.file() + f"\n{TIME} = 1\n".encode())
        except OSError:  # a name that is too long, say
            return


def found(*tops: str) -> dict[str, Any]:
    return {path: described(path) for top in tops for path in below(top)}


class Watch:
    """See to it that nothing outside is opened to write, made, renamed or removed."""

    def __init__(self) -> None:
        self.host_path: list[str] = []

    def __call__(self, call: Call) -> Verdict | None:
        if call.changes and call.name not in ("write", "fsync"):
            of_hosts = [
                path
                for path in call.paths
                if path.startswith(OF_HOST) and ("sysctl" in path or OUTSIDE in path)
            ]
            places = [os.path.realpath(os.path.dirname(path)) for path in of_hosts]
            self.host_path += [str(call) for place in places if not place.startswith(IMAGE)]
        return None


def one_tree(made: Hostile) -> Iterator[str]:
    """Yield what is wrong with a run on one tree."""
    rnd = made.rnd
    Image(made)
    path, on_override = rnd.choice(PATHS), rnd.choice(("fail", "warn", "comment_out"))
    options = {
        "settings": {TIME: 3600},
        "path": path,
        "root": IMAGE,
        "runtime": False,
        "on_override": on_override,
    }
    if rnd.random() < 0.3:
        options.update(state="absent")
    before = found(IMAGE, OUTSIDE)
    watch = Watch()
    run = Target("sysctl", options, followed=True)
    signal.signal(signal.SIGALRM, lambda *_unused: os.kill(run.pid, signal.SIGKILL))
    signal.alarm(SECONDS)
    ran = run.wait(watch)
    signal.alarm(0)
    if os.WIFSIGNALED(ran.status):
        yield f"no end after {SECONDS} s"
        return
    yield from _wrong(ran, options, before, found(IMAGE, OUTSIDE), watch)


def _wrong(
    ran: Ran, options: dict[str, Any], before: dict[str, Any], after: dict[str, Any], watch: Watch
) -> Iterator[str]:
    try:
        told = ran.told
    except ValueError:
        yield f"no result: {ran.printed[-800:]}"
        return
    if MARK in json.dumps(told):
        yield f"what is outside is told: {told}"
    yield from (f"outside: {call}" for call in watch.host_path)
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if told.get("failed") and changed:
        yield f"failed, but changed {changed}: {told['msg']}"
    for name in changed:
        own = name == os.path.realpath(IMAGE + options["path"]) or name == IMAGE + options["path"]
        etc = options["on_override"] == "comment_out" and name.startswith(f"{IMAGE}/etc/")
        folder = name in [IMAGE + folder for folder in FOLDERS]
        if not (own or etc or folder or is_target(name, before)):
            yield f"changed {name}, which is none of its files"


def is_target(name: str, before: dict[str, Any]) -> bool:
    """Tell whether a link of the image leads to a file, as the image itself sees it: links there start from its root."""
    return name.startswith(IMAGE) and any(what[0] == stat.S_IFLNK for what in before.values())


def hostile_trees(inputs: int, seed: int) -> dict[str, Any]:
    broken = []
    for number in range(inputs):
        broken += [
            f"tree {number} of seed {seed}: {what}" for what in one_tree(Hostile(seed, number))
        ]
    shutil.rmtree(IMAGE)
    shutil.rmtree(OUTSIDE)
    return {"count": inputs, "broken": broken}
