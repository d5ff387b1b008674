# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make each system call on the host fail, once or from then on; check the message and the host."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .calls import Call
from .experiment import Experiment
from .host import HostState, differences
from .module_run import CallRecorder, FinishedRun, InterveneAt, touches_host
from .ptrace import CallHandler, Fail, Shorten, Verdict
from .scenarios import Scenario

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
"""Kind of a call -> the errors that it can return."""
PROC_SYS_ERRORS: Mapping[str, str] = {
    "write": "EINVAL EPERM EIO EINTR",
    "open to write": "EACCES EROFS EMFILE EINTR",
}
"""The same for files in /proc/sys, where no disk can be full."""
KINDS = {
    "openat": "open to read",
    "open": "open to read",
    "fdatasync": "fsync",
    "renameat": "rename",
    "renameat2": "rename",
    "linkat": "link",
    "unlinkat": "unlink",
    "mkdirat": "mkdir",
    "fchmod": "chmod",
    "fchmodat": "chmod",
    "fchmodat2": "chmod",
    "fchown": "chown",
    "lchown": "chown",
    "fchownat": "chown",
    "fsetxattr": "setxattr",
    "lsetxattr": "setxattr",
    "fgetxattr": "getxattr",
    "lgetxattr": "getxattr",
    "flistxattr": "listxattr",
    "llistxattr": "listxattr",
    "pread64": "read",
    "pwrite64": "write",
}
"""Name of a call -> its kind, where they differ."""
DISK_ERRORS = ("ENOSPC", "EROFS", "EIO")


class Fault(NamedTuple):
    """One way in which a call can go wrong."""

    error: str
    """Name of the errno, or ``short``."""
    verdict: Verdict


class Case(NamedTuple):
    """One run with faults."""

    where: str
    expected_error: str
    """Name of the errno that the message must give if the run fails, or nothing."""
    handler: CallHandler


def kind_of(call: Call) -> str:
    kind = KINDS.get(call.name, call.name)
    if call.opens_to_write:
        kind = "open to write"
    return kind if kind in ERRORS else "stat"


def faults_of(call: Call) -> Iterator[Fault]:
    kind = kind_of(call)
    names = ERRORS[kind]
    if call.paths[0].startswith("/proc/sys/"):
        names = PROC_SYS_ERRORS.get(kind, names)
    for name in names.split():
        yield Fault(name, Fail(getattr(errno, name)))
    if call.name == "write" and call.size > 1:
        yield Fault("short", Shorten(1))
        yield Fault("short", Shorten(call.size - 1))


def in_scope(call: Call) -> bool:
    return touches_host(call) and call.name not in ("execve", "lseek")


class FailingDisk(CallRecorder):
    """From the call of a number on, each change of a file fails: the disk is full, or gone."""

    def __init__(self, first: int, error: int) -> None:
        super().__init__(in_scope)
        self.first = first
        self.error = error

    def verdict(self, call: Call) -> Verdict | None:
        changes_file = call.changes and not call.paths[0].startswith("/proc/")
        if changes_file and len(self.calls) > self.first:
            return Fail(self.error)
        return None


def expected_error(experiment: Experiment, call: Call, error: str) -> str:
    """Return the error that the message must name if the run fails, or nothing.

    Where Python itself turns an error into yes or no (os.access, os.path), nobody can name it.
    """
    lost_in_python = kind_of(call) in ("stat", "getdents64")
    if lost_in_python or error == "short" or experiment.is_refused:
        return ""
    return error


def cases(experiment: Experiment, calls: list[Call]) -> Iterator[Case]:
    """Yield what to try.

    A call that changes the host fails with each of its errors, any other call with one of them.
    The disk also fails from each change on.
    """
    for number, call in enumerate(calls):
        faults = list(faults_of(call))
        if not call.changes:
            faults = [faults[number % len(faults)]]
        for fault in faults:
            yield Case(
                where=f"{fault.error} at {call}",
                expected_error=expected_error(experiment, call, fault.error),
                handler=InterveneAt(number, fault.verdict, in_scope),
            )
        if call.changes:
            error = DISK_ERRORS[number % len(DISK_ERRORS)]
            yield Case(
                where=f"{error} from {call} on",
                expected_error=expected_error(experiment, call, error),
                handler=FailingDisk(number, getattr(errno, error)),
            )


def find_problems(experiment: Experiment, run: FinishedRun, error: str) -> Iterator[str]:
    """Yield what is not as promised after a run with a fault.

    All is done, or nothing is and the message says why, or the message names what could not be
    undone. error: name of the errno that the message must give.
    """
    state = experiment.host.state()
    try:
        result = run.result
    except ValueError:
        yield f"no result: {run.output[-600:]}"
        return
    if result.get("failed"):
        yield from _problems_of_message(experiment, result["msg"], error)
        yield from _problems_of_undoing(experiment, result, state)
    elif not warns_of_unreadable(result):
        yield from experiment.find_unfinished(state)


def _problems_of_message(experiment: Experiment, message: str, error: str) -> Iterator[str]:
    if not any(name in message for name in experiment.nameable()):
        yield f"the message names no key or path: {message}"
    if error and os.strerror(getattr(errno, error)) not in message:
        yield f"the message does not describe {error}: {message}"


def _problems_of_undoing(
    experiment: Experiment, result: Mapping[str, Any], state: HostState
) -> Iterator[str]:
    message = result["msg"]
    different = differences(experiment.before, state)
    if result["rolled_back"]:
        for path, difference in different.items():
            yield f"rolled back, but {path} is not as before: {difference}; {message}"
        return
    if "NOT put back" not in message:
        yield f"the message does not name what was not put back: {message}"
        return
    _before, _separator, not_put_back = message.partition("NOT put back")
    for path, difference in different.items():
        if path not in not_put_back:
            problem = f"{path} is not as before, and the message does not name it"
            yield f"{problem}: {difference}; {message}"


def warns_of_unreadable(result: Mapping[str, Any]) -> bool:
    """Tell whether a warning says that something could not be read, and so was left as it is."""
    return "cannot be read" in json.dumps(result.get("warnings"))


def error_everywhere(scenario: Scenario, share: int) -> dict[str, Any]:
    """Try every `share`-th case."""
    experiment = Experiment(scenario)
    recorder = CallRecorder(in_scope)
    experiment.host.reset()
    experiment.run(recorder)
    tried = list(cases(experiment, recorder.calls))[::share]
    problems: list[str] = []
    for case in tried:
        for problem in _try_case(experiment, case):
            problems.append(f"{case.where}: {problem}")
    return {"count": len(tried), "problems": problems}


def _try_case(experiment: Experiment, case: Case) -> list[str]:
    experiment.host.reset()
    run = experiment.run(case.handler)
    problems = list(find_problems(experiment, run, case.expected_error))
    if not problems and experiment.host.state() not in (experiment.before, experiment.after):
        complete = not warns_of_unreadable(run.result)
        same = run.result.get("rolled_back", complete)
        problems += experiment.check_next_runs(same)
    return problems
