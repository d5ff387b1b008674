# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once, and other programs that change keys and files during a run."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

from sandbox.agent import set_key

from .calls import Call
from .experiment import Experiment, without_backups
from .host import Host, HostState, differences
from .module_run import CallRecorder, FinishedRun, ModuleRun, changes_host
from .ptrace import Verdict
from .scenarios import (
    DEFAULTS,
    EARLIER,
    FIN,
    INTVL,
    LATER,
    OURS,
    PROBES,
    SCENARIOS,
    TIME,
    sysctl,
)

TREE = {OURS: f"# ours\n{TIME} = 7200\n", EARLIER: f"# others'\n{FIN} = 60\n"}
RUNTIME = dict(DEFAULTS)
OPTIONS = {
    "these keys": sysctl({TIME: 3600, PROBES: 5}),
    "other keys": sysctl({INTVL: 25, FIN: 50}),
    "the same keys, other values": sysctl({PROBES: 7, TIME: 1800}),
    "keys in another file": sysctl({INTVL: 30, PROBES: 5}, path=EARLIER),
    "one key removed": sysctl({TIME: 7200}, state="absent"),
    "all other keys removed": sysctl({FIN: 40}, exclusive=True),
    "other files commented out": sysctl({FIN: 45}, on_override="comment_out", path=LATER),
    "a new file": sysctl({PROBES: 4}, path="/etc/sysctl.d/95-new.conf", on_override="warn"),
}
"""Each of them succeeds alone, and any two of them get in each other's way."""
WAITING_CALLS = {"73", "7", "23", "35", "230", "270", "271"}
"""System calls in which a process waits for a lock, or until it tries again.

flock, poll, select, nanosleep, clock_nanosleep, pselect6, ppoll (x86-64).
"""


class Outcome(NamedTuple):
    """What two runs came to."""

    state: HostState
    results: list[tuple[bool, bool]]
    """Whether each of the runs failed, and whether it changed something."""


def outcome(host: Host, *runs: FinishedRun) -> Outcome:
    results = []
    for run in runs:
        result = run.result
        results.append((bool(result.get("failed")), result["changed"]))
    return Outcome(without_backups(host.state()), results)


class RunPair:
    """Two runs on one host, and the outcomes of one after the other."""

    def __init__(self, one: str, other: str) -> None:
        self.options = (OPTIONS[one], OPTIONS[other])
        self.host = Host(TREE, RUNTIME)
        self.serial_outcomes = [self._run_in_turn(0, 1), self._run_in_turn(1, 0)]
        self.host.reset()
        recorder = CallRecorder(changes_host)
        self._start(0, traced=True).finish(recorder)
        self.call_count = len(recorder.calls)

    def _start(self, number: int, *, traced: bool = False) -> ModuleRun:
        return ModuleRun("sysctl", self.options[number], traced=traced)

    def _run_in_turn(self, first: int, second: int) -> Outcome:
        self.host.reset()
        runs = {}
        for number in (first, second):
            runs[number] = self._start(number).finish()
        return outcome(self.host, runs[0], runs[1])

    def run_interrupted(self, number: int) -> Outcome:
        """Stop one run before a change until the other run has ended, or waits."""
        self.host.reset()
        started: list[ModuleRun] = []
        recorder = CallRecorder(changes_host)

        def start_other(call: Call) -> None:
            recorder(call)
            if len(recorder.calls) == number + 1 and not started:
                started.append(self._start(1))
                wait_until_it_waits(started[0].pid)

        one = self._start(0, traced=True).finish(start_other)
        other = started[0].finish()
        return outcome(self.host, one, other)

    def run_concurrently(self) -> Outcome:
        """Start both at once; the kernel decides which goes first."""
        self.host.reset()
        one = self._start(0)
        other = self._start(1)
        return outcome(self.host, one.finish(), other.finish())


def wait_until_it_waits(pid: int) -> None:
    """Wait until a process waits for another one, or has ended."""
    while True:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            state = file.read().rpartition(") ")[2][0]
        try:
            with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
                call = file.read().split()[0]
        except OSError:
            call = ""
        if state == "Z" or (state == "S" and call in WAITING_CALLS):
            return
        os.sched_yield()


def two_at_once(rounds: int, seed: int) -> dict[str, Any]:
    """Let pairs of runs meet: two rounds of three at a change chosen by the seed, the third freely.

    The outcome must be that of one run after the other.
    """
    rng = random.Random(seed)
    pairs = [RunPair(one, other) for one, other in combinations(OPTIONS, 2)]
    pairs += [RunPair(name, name) for name in OPTIONS]
    problems = []
    for number in range(rounds):
        pair = pairs[number % len(pairs)]
        if number % 3 == 2:
            how = "side by side"
            reached = pair.run_concurrently()
        else:
            call_number = rng.randrange(pair.call_count)
            how = f"one waiting before its change {call_number}"
            reached = pair.run_interrupted(call_number)
        if reached not in pair.serial_outcomes:
            serial_states = [serial.state for serial in pair.serial_outcomes]
            different = [differences(reached.state, state) for state in serial_states]
            problems.append(
                f"round {number}, {pair.options}, {how}: {reached.results}, {different}"
            )
    return {"count": rounds, "problems": problems}


# --- other programs ---

RIVAL_LINE = "\n# a rival was here\n"


def append_line(path: str) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(RIVAL_LINE)


def replace_file(path: str) -> None:
    with open(f"{path}.rival", "w", encoding="utf-8") as file:
        file.write(RIVAL_LINE)
    os.rename(f"{path}.rival", path)


def remove_file(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)


RIVALS: dict[str, Callable[[str], None]] = {
    "appends": append_line,
    "replaces": replace_file,
    "removes": remove_file,
}
"""What another program does to a file."""


def may_be_disturbed(call: Call) -> bool:
    """Tell whether a call is one before which another program acts."""
    return any(path.startswith(("/etc/sysctl", "/proc/sys/", "/run/")) for path in call.paths)


class Disturb(CallRecorder):
    """Another program acts before the call of this number."""

    def __init__(self, number: int, act: Callable[[], None]) -> None:
        super().__init__(may_be_disturbed)
        self.number = number
        self.act = act

    def verdict(self, _call: Call) -> Verdict | None:
        if len(self.calls) == self.number + 1:
            self.act()
        return None


def _undisturbed_calls(experiment: Experiment) -> list[Call]:
    experiment.host.reset()
    recorder = CallRecorder(may_be_disturbed)
    experiment.run(recorder)
    return recorder.calls


def other_program_changes_files(scenario: str) -> dict[str, Any]:
    """Let another program change each file of a run before each of its calls.

    Nothing that it did may get lost, except before the rename of the file: that is the window
    between our last look and our rename (``windows``).
    """
    experiment = Experiment(SCENARIOS[scenario])
    calls = _undisturbed_calls(experiment)
    count = 0
    problems: list[str] = []
    windows: list[str] = []
    for path in differences(experiment.before, experiment.after):
        if not path.endswith(".conf"):
            continue
        for name, act in RIVALS.items():
            for number, call in enumerate(calls):
                experiment.host.reset()
                run = experiment.run(Disturb(number, partial(act, path)))
                count += 1
                is_window = call.name == "rename" and call.paths[1] == path
                for loss in _find_losses(experiment, path, name, run):
                    problem = f"a rival {name} {path} before {call}: {loss}"
                    if is_window:
                        windows.append(problem)
                    else:
                        problems.append(problem)
    return {"count": count, "problems": problems, "windows": windows}


def _find_losses(experiment: Experiment, path: str, rival: str, run: FinishedRun) -> Iterator[str]:
    """Yield what is lost of what a rival did to a file, and what a failed run has left changed."""
    state = experiment.host.state()
    result = run.result
    file = state.files.get(path)
    text = file.text if file else ""
    old_file = experiment.before.files.get(path)
    if rival != "removes" and RIVAL_LINE not in text:
        yield f"the line of the rival is gone: {text!r}"
    if rival == "removes" and old_file and old_file.text in text:
        yield "the content that the rival removed is back"
    if not result.get("failed"):
        return
    different = differences(experiment.before, state)
    different.pop(path, None)
    if different or not result["rolled_back"]:
        yield f"failed, but not everything was undone: {different}, {result['msg']}"
    if path not in result["msg"]:
        yield f"the message does not name the file: {result['msg']}"


def other_program_sets_key(scenario: str, value: str = "1111") -> dict[str, Any]:
    """Let another program set a key before each call of a run.

    The run must fail where that happens between our write and our reading it back, and only there.
    """
    experiment = Experiment(SCENARIOS[scenario])
    calls = _undisturbed_calls(experiment)
    uses = []
    writes = []
    for number, call in enumerate(calls):
        if call.paths[0].endswith("tcp_keepalive_time") and call.name in ("pread64", "write"):
            uses.append(number)
            if call.name == "write":
                writes.append(number)
    written = writes[0]
    read_back = uses[-1]
    problems = []
    for number, call in enumerate(calls):
        experiment.host.reset()
        result = experiment.run(Disturb(number, partial(set_key, TIME, value))).result
        where = f"another program set it before {call}"
        must_fail = written < number <= read_back
        if bool(result.get("failed")) != must_fail:
            problems.append(f"{where}: {result.get('msg', 'success')}")
        elif must_fail:
            for problem in _check_failure(experiment, result, value):
                problems.append(f"{where}: {problem}")
    return {"count": len(calls), "problems": problems}


def _check_failure(experiment: Experiment, result: dict[str, Any], value: str) -> Iterator[str]:
    message = result["msg"]
    names_program = "another program" in message and value in message
    if not names_program or result["failed_key"] != TIME:
        yield f"the message does not say so: {message}"
        return
    state = experiment.host.state()
    if not result["rolled_back"] or state != experiment.before:
        yield f"not everything was undone: {differences(experiment.before, state)}"
