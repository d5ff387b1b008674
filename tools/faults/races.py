# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once, and other programs that change keys and files while a run is under way."""

from __future__ import annotations

import os
import random
from itertools import combinations
from typing import Any, Callable, Iterator

from sandbox.agent import set_key

from .calls import Call
from .experiment import Experiment, without_backups
from .host import Host, State, differences
from .ptrace import Verdict
from .scenarios import EARLIER, FIN, INTVL, KERNEL, LATER, OURS, PROBES, SCENARIOS, TIME, setting
from .target import At, Ran, Target, changes_host

TREE = {OURS: f"# ours\n{TIME} = 7200\n", EARLIER: f"# others'\n{FIN} = 60\n"}
LIVE = dict(KERNEL)
RUNS = {
    "these keys": setting({TIME: 3600, PROBES: 5}),
    "other keys": setting({INTVL: 25, FIN: 50}),
    "the same keys, other values": setting({PROBES: 7, TIME: 1800}),
    "keys in another file": setting({INTVL: 30, PROBES: 5}, path=EARLIER),
    "one key taken out": setting({TIME: 7200}, state="absent"),
    "all others taken out": setting({FIN: 40}, exclusive=True),
    "others commented out": setting({FIN: 45}, on_override="comment_out", path=LATER),
    "a new file": setting({PROBES: 4}, path="/etc/sysctl.d/95-new.conf", on_override="warn"),
}
"""Each of them can be made alone, and they get in each other's way in every combination."""
WAITING = {"73", "7", "23", "35", "230", "270", "271"}
"""System calls in which a process waits for a lock, or until it looks for it again: flock, poll, select, nanosleep and their kin."""


def outcome(state: State, *runs: Ran) -> Any:
    """Return all that tells one course of events from another."""
    told = [run.told for run in runs]
    return without_backups(state), [(bool(each.get("failed")), each["changed"]) for each in told]


class Rivals:
    """Two runs on one host, and the two ways in which they may follow one another."""

    def __init__(self, one: str, other: str) -> None:
        self.options = (RUNS[one], RUNS[other])
        self.host = Host(TREE, LIVE)
        self.serial = [self._in_turn(0, 1), self._in_turn(1, 0)]
        self.host.reset()
        trace = At(-1, None, changes_host)
        self._start(0, followed=True).wait(trace)
        self.calls = len(trace.seen)

    def _start(self, number: int, *, followed: bool = False) -> Target:
        return Target("sysctl", self.options[number], followed=followed)

    def _in_turn(self, first: int, second: int) -> Any:
        self.host.reset()
        runs = {number: self._start(number).wait() for number in (first, second)}
        return outcome(self.host.state(), runs[0], runs[1])

    def meet_at(self, number: int) -> Any:
        """Hold one run before a call until the other has ended, or waits."""
        self.host.reset()
        other: list[Target] = []

        def meet(call: Call) -> Verdict | None:
            if at(call) is not None and not other:
                other.append(self._start(1))
                until_it_waits(other[0].pid)
            return None

        at = At(number, Verdict(), changes_host)
        one = self._start(0, followed=True).wait(meet)
        runs = one, other[0].wait()
        return outcome(self.host.state(), *runs)

    def run_free(self) -> Any:
        """Let the kernel decide."""
        self.host.reset()
        one, other = self._start(0), self._start(1)
        runs = one.wait(), other.wait()
        return outcome(self.host.state(), *runs)


def until_it_waits(pid: int) -> None:
    while True:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            state = file.read().rpartition(") ")[2][0]
        try:
            with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
                call = file.read().split()[0]
        except OSError:
            call = ""
        if state == "Z" or (state == "S" and call in WAITING):
            return
        os.sched_yield()


def two_at_once(rounds: int, seed: int) -> dict[str, Any]:
    """Let pairs of runs meet, by turns where the seed says and as the kernel has it."""
    rnd = random.Random(seed)
    pairs = [Rivals(*pair) for pair in combinations(RUNS, 2)] + [
        Rivals(same, same) for same in RUNS
    ]
    broken = []
    for number in range(rounds):
        rivals = pairs[number % len(pairs)]
        place = None if number % 3 == 2 else rnd.randrange(rivals.calls)
        found = rivals.run_free() if place is None else rivals.meet_at(place)
        if found not in rivals.serial:
            how = "side by side" if place is None else f"one waiting before its change {place}"
            found_by = [differences(found[0], serial[0]) for serial in rivals.serial]
            broken.append(f"round {number}, {rivals.options}, {how}: {found[1]}, {found_by}")
    return {"count": rounds, "broken": broken}


# --- other programs ------------------------------------------------------------------------------------------------

RIVAL_LINE = "\n# a rival was here\n"


def appends(path: str) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(RIVAL_LINE)


def replaces(path: str) -> None:
    with open(f"{path}.rival", "w", encoding="utf-8") as file:
        file.write(RIVAL_LINE)
    os.rename(f"{path}.rival", path)


def removes(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)


RIVALS: dict[str, Callable[[str], None]] = {
    "appends": appends,
    "replaces": replaces,
    "removes": removes,
}


class Meddle:
    """Before the call of one number, another program does something."""

    def __init__(self, number: int, act: Callable[[], None]) -> None:
        self.number = number
        self.act = act
        self.seen: list[Call] = []

    def __call__(self, call: Call) -> None:
        if any(path.startswith(("/etc/sysctl", "/proc/sys/", "/run/")) for path in call.paths):
            if len(self.seen) == self.number:
                self.act()
            self.seen.append(call)


def file_meddled_with(scenario: str) -> dict[str, Any]:
    """Have another program change each file of a run before each of its calls: what it did must not get lost."""
    experiment = Experiment(SCENARIOS[scenario])
    experiment.host.reset()
    trace = Meddle(-1, lambda: None)
    experiment.run(trace)
    paths = [*differences(experiment.before, experiment.after)]
    rounds = 0
    broken: list[str] = []
    windows: list[str] = []
    for path in [path for path in paths if path.endswith(".conf")]:
        for name, act in RIVALS.items():
            for number, call in enumerate(trace.seen):
                experiment.host.reset()
                ran = experiment.run(Meddle(number, lambda act=act, path=path: act(path)))  # type: ignore[misc]
                rounds += 1
                where = f"a rival {name} {path} before {call}"
                found = [f"{where}: {what}" for what in _lost(experiment, path, name, ran)]
                (windows if call.name == "rename" and call.paths[1] == path else broken).extend(
                    found
                )
    return {"count": rounds, "broken": broken, "windows": windows}


def _lost(experiment: Experiment, path: str, name: str, ran: Ran) -> Iterator[str]:
    left, told = experiment.host.state(), ran.told
    what = left.files.get(path)
    text = what[4].decode() if what else ""
    old = experiment.before.files.get(path)
    if name != "removes" and RIVAL_LINE not in text:
        yield f"what it wrote is gone: {text!r}"
    if name == "removes" and old and old[4].decode() in text:
        yield "what it removed is back"
    if not told.get("failed"):
        return
    others = {
        key: found for key, found in differences(experiment.before, left).items() if key != path
    }
    if others or not told["rolled_back"]:
        yield f"failed, but not all of it was taken back: {others}, {told['msg']}"
    if path not in told["msg"]:
        yield f"the file is not named: {told['msg']}"


def key_meddled_with(scenario: str, value: str = "1111") -> dict[str, Any]:
    """Have another program set a key before each call of a run."""
    experiment = Experiment(SCENARIOS[scenario])
    experiment.host.reset()
    trace = Meddle(-1, lambda: None)
    experiment.run(trace)
    uses = [
        n
        for n, call in enumerate(trace.seen)
        if call.paths[0].endswith("tcp_keepalive_time") and call.name in ("pread64", "write")
    ]
    written = next(n for n in uses if trace.seen[n].name == "write")
    read_back = uses[-1]
    broken = []
    for number, call in enumerate(trace.seen):
        experiment.host.reset()
        told = experiment.run(Meddle(number, lambda: set_key(TIME, value))).told
        where = f"another program set it before {call}"
        between = written < number <= read_back
        if bool(told.get("failed")) != between:
            broken.append(f"{where}: {told.get('msg', 'success')}")
        elif between and not (
            "another program" in told["msg"] and told["failed_key"] == TIME and value in told["msg"]
        ):
            broken.append(f"{where}, which is not told: {told['msg']}")
        elif between and (not told["rolled_back"] or experiment.host.state() != experiment.before):
            broken.append(f"{where}: {differences(experiment.before, experiment.host.state())}")
    return {"count": len(trace.seen), "broken": broken}
