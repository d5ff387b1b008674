# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scenario run undisturbed, and what must hold however it is disturbed. Runs inside of a world."""

from __future__ import annotations

import os
from typing import Any, Iterator

from .host import PLACES, Host, State, differences
from .scenarios import Scenario
from .target import At, Ran, Target, changes_host


class Experiment:
    """A scenario, and what it comes to undisturbed."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.host = Host(scenario.tree, scenario.live, scenario.without)
        self.host.reset()
        self.before = self.host.state()
        self.undisturbed = At(-1, None, changes_host)
        self._check(self.run(self.undisturbed).told)
        if scenario.remedy is not None:
            assert self.host.state() == self.before, differences(self.before, self.host.state())
            assert not self.run_to_the_end().told.get("failed")
        self.after = self.host.state()

    def _check(self, told: dict[str, Any]) -> None:
        assert bool(told.get("failed")) == (self.scenario.remedy is not None), told
        assert told.get("rolled_back", True), told
        assert self.scenario.remedy is not None or told["changed"], told

    def run(self, decide: Any = None) -> Ran:
        return Target(
            self.scenario.module, self.scenario.options, followed=decide is not None
        ).wait(decide)

    def run_to_the_end(self) -> Ran:
        """Run what goes well."""
        options = self.scenario.options if self.scenario.remedy is None else self.scenario.remedy
        return Target(self.scenario.module, options).wait()

    def names(self) -> list[str]:
        """What a message may name: a file or a key that this is about."""
        return [
            *self.before.files,
            *self.after.files,
            *self.before.keys,
            *self.scenario.options.get("settings", {}),
            *PLACES,
            "/proc/sys",
        ]

    def asked(self, key: str) -> str:
        return str(self.scenario.options.get("settings", {}).get(key))

    # --- what must hold whenever a run ends ---

    def trouble_with(self, left: State) -> Iterator[str]:
        """Yield what is neither whole-old nor whole-new, and what a loader would read that neither has."""
        for path in {**self.before.files, **self.after.files}:
            old, new, now = (state.files.get(path) for state in (self.before, self.after, left))
            if now not in (old, new) and not is_backup(path):
                yield f"{path} is neither old nor new: {str(now)[:300]}"
        for path in left.files.keys() - self.before.files.keys() - self.after.files.keys():
            if path.endswith(".conf"):
                yield f"{path} is left, and a loader would read it"
        for key, now in left.keys.items():
            if now not in (self.before.keys[key], self.after.keys[key], self.asked(key)):
                yield f"{key} is neither old nor new: {now}"

    def trouble_with_success(self, left: State) -> Iterator[str]:
        """Yield what is not done. What could not be removed at the end may be there, if nobody reads it."""
        found = differences(without_backups(self.after), without_backups(left))
        yield from (
            f"success, but {path} is not as it should be: {what}"
            for path, what in found.items()
            if not is_unread(path)
        )

    def trouble_with_the_next_run(self, same: bool = True) -> Iterator[str]:
        """Yield what keeps the next run from finishing the job (the same as without trouble), and the one after it from having nothing to do."""
        told = self.run_to_the_end().told
        if told.get("failed"):
            yield f"the next run: {told['msg']}"
            return
        found = differences(without_backups(self.after), without_backups(self.host.state()))
        if same and (told["changed"] or not all(map(is_unread, found))):
            yield from (
                f"the next run did not bring {path} to the same: {what}"
                for path, what in found.items()
            )
        again = self.run_to_the_end().told
        if again.get("failed") or again["changed"]:
            yield f"the run after the next still changes something: {again.get('msg') or again['diff']}"


def is_backup(path: str) -> bool:
    return path.endswith("~")


def is_unread(path: str) -> bool:
    """Tell whether it is a temporary file, and no loader reads it."""
    return os.path.basename(path)[:1] == "." and not path.endswith(".conf")


def without_backups(state: State) -> State:
    return State(
        {path: what for path, what in state.files.items() if not is_backup(path)}, state.keys
    )
