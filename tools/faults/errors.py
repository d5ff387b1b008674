# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make each system call on the host fail, once or from then on, and see what is told, and what is left."""

from __future__ import annotations

import errno
import json
import os
from typing import Any, Iterator, Mapping

from .calls import Call
from .experiment import Experiment
from .host import differences
from .ptrace import Decide, Fail, Shorten, Verdict
from .scenarios import Scenario
from .target import At, Ran, touches_host

ERRORS: Mapping[str, str] = {
    "read": "EIO EINTR",
    "write": "ENOSPC EIO EROFS EDQUOT EINTR",
    "close": "EIO",
    "fsync": "EIO ENOSPC EROFS EINTR",
    "rename": "ENOSPC EIO EROFS EACCES EBUSY",
    "link": "EPERM EMLINK ENOSPC EIO",
    "unlink": "EIO EROFS EACCES EBUSY",
    "mkdir": "ENOSPC EROFS EACCES",
    "rmdir": "EIO EROFS",
    "chmod": "EPERM EIO EROFS",
    "chown": "EPERM EIO EROFS",
    "setxattr": "ENOSPC EIO",
    "getxattr": "EIO",
    "listxattr": "ENOTSUP EIO",
    "getdents64": "EIO",
    "flock": "EINTR ENOLCK EIO",
    "stat": "EIO EACCES",
    "open to read": "EIO EACCES EMFILE EINTR",
    "open to write": "ENOSPC EIO EROFS EACCES EMFILE EINTR",
}
KINDS = {
    "openat": "open to read", "open": "open to read", "fdatasync": "fsync", "renameat": "rename", "renameat2": "rename", "linkat": "link",
    "unlinkat": "unlink", "mkdirat": "mkdir", "fchmod": "chmod", "fchmodat": "chmod", "fchmodat2": "chmod", "fchown": "chown", "lchown": "chown",
    "fchownat": "chown", "fsetxattr": "setxattr", "lsetxattr": "setxattr", "fgetxattr": "getxattr", "lgetxattr": "getxattr",
    "flistxattr": "listxattr", "llistxattr": "listxattr", "pread64": "read", "pwrite64": "write",
}  # fmt: skip
KERNEL_ERRORS = {"write": "EINVAL EPERM EIO EINTR", "open to write": "EACCES EROFS EMFILE EINTR"}
"""Of files below /proc/sys: no disk can be full there."""


def kind(call: Call) -> str:
    name = "open to write" if call.opens_to_write else KINDS.get(call.name, call.name)
    return name if name in ERRORS else "stat"


def faults(call: Call) -> Iterator[tuple[str, Verdict]]:
    """Yield how a call can go wrong."""
    of_kernel = call.paths[0].startswith("/proc/sys/")
    names = (of_kernel and KERNEL_ERRORS.get(kind(call))) or ERRORS[kind(call)]
    for name in names.split():
        yield name, Fail(getattr(errno, name))
    if call.name == "write" and call.size > 1:
        yield "short", Shorten(1)
        yield "short", Shorten(call.size - 1)


def in_scope(call: Call) -> bool:
    return touches_host(call) and call.name not in ("execve", "lseek")


class Broken:
    """From one call on, everything that changes files fails: the disk is full, or gone."""

    def __init__(self, first: int, error: int) -> None:
        self.first = first
        self.error = error
        self.seen: list[Call] = []

    def __call__(self, call: Call) -> Verdict | None:
        if not in_scope(call):
            return None
        self.seen.append(call)
        changes_file = call.changes and not call.paths[0].startswith("/proc/")
        return Fail(self.error) if changes_file and len(self.seen) > self.first else None


def words(experiment: Experiment, call: Call, error: str) -> str:
    """Name the error that must be told if the run fails: what Python only answers with yes or no (os.access, os.path) has none."""
    told = (
        kind(call) not in ("stat", "getdents64")
        and error != "short"
        and experiment.scenario.remedy is None
    )
    return error if told else ""


def trouble_after(experiment: Experiment, ran: Ran, error: str) -> Iterator[str]:
    """Yield what is not as promised: all of it done, or none of it and why, or what could not be put back."""
    left = experiment.host.state()
    try:
        told = ran.told
    except ValueError:
        yield f"no result: {ran.printed[-600:]}"
        return
    if not told.get("failed"):
        if not warned(told):
            yield from experiment.trouble_with_success(left)
        return
    message = told["msg"]
    if not any(name in message for name in experiment.names()):
        yield f"no key or path in: {message}"
    if error and os.strerror(getattr(errno, error)) not in message:
        yield f"no {error} in words in: {message}"
    changed = differences(experiment.before, left)
    if told["rolled_back"]:
        yield from (
            f"rolled back, but {path} is not as before: {what}; {message}"
            for path, what in changed.items()
        )
    elif "NOT put back" not in message:
        yield f"what was not put back is not told: {message}"
    else:
        missed = message.partition("NOT put back")[2]
        yield from (
            f"{path} is not as before, and not told: {what}; {message}"
            for path, what in changed.items()
            if path not in missed
        )


def warned(told: Mapping[str, Any]) -> bool:
    """Tell whether the user knows that something could not be looked at, and was left as it is."""
    return "cannot be read" in json.dumps(told.get("warnings"))


def cases(experiment: Experiment, calls: list[Call]) -> Iterator[tuple[str, str, Decide]]:
    """Yield what to try: all errors at each call that changes the host, one at each other, and from each change on a disk that fails."""
    for number, call in enumerate(calls):
        possible = list(faults(call))
        for error, verdict in possible if call.changes else [possible[number % len(possible)]]:
            yield (
                f"{error} at {call}",
                words(experiment, call, error),
                At(number, verdict, in_scope),
            )
        if call.changes:
            error = ("ENOSPC", "EROFS", "EIO")[number % 3]
            yield (
                f"{error} from {call} on",
                words(experiment, call, error),
                Broken(number, getattr(errno, error)),
            )


def error_everywhere(scenario: Scenario, share: int) -> dict[str, Any]:
    """Try one case of `share`, in turn."""
    experiment = Experiment(scenario)
    trace = At(-1, None, in_scope)
    experiment.host.reset()
    experiment.run(trace)
    tried = list(cases(experiment, trace.seen))[::share]
    broken: list[str] = []
    for where, error, decide in tried:
        experiment.host.reset()
        ran = experiment.run(decide)
        found = list(trouble_after(experiment, ran, error))
        if not found and experiment.host.state() not in (experiment.before, experiment.after):
            found += experiment.trouble_with_the_next_run(
                same=ran.told.get("rolled_back", not warned(ran.told))
            )
        broken += [f"{where}: {trouble}" for trouble in found]
    return {"count": len(tried), "broken": broken}
