# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scenario, and what must hold however a run of it ends. Runs inside a world."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from .host import HOST_PATHS, Host, HostState, differences
from .module_run import CallRecorder, FinishedRun, ModuleRun, changes_host
from .ptrace import CallHandler
from .scenarios import Scenario


class Experiment:
    """A scenario, the state that it starts from, and the state after an undisturbed run.

    calls: the system calls of the undisturbed run that change the host.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.host = Host(
            scenario.tree, scenario.runtime, scenario.missing_folders, scenario.lower_layer
        )
        self.host.reset()
        self.before = self.host.state()
        recorder = CallRecorder(changes_host)
        self._require_expected(self.run(recorder).result)
        self.calls = recorder.calls
        if self.is_refused:
            assert self.host.state() == self.before, differences(self.before, self.host.state())
            assert not self.run_accepted().result.get("failed")
        self.after = self.host.state()

    @property
    def is_refused(self) -> bool:
        """Whether the kernel refuses a value, so that the undisturbed run fails."""
        return self.scenario.accepted_options is not None

    def _require_expected(self, result: dict[str, Any]) -> None:
        assert bool(result.get("failed")) == self.is_refused, result
        assert result.get("rolled_back", True), result
        assert self.is_refused or result["changed"], result

    def run(self, handler: CallHandler | None = None) -> FinishedRun:
        """Run the module. handler: called before each of its system calls."""
        run = ModuleRun(self.scenario.module, self.scenario.options, traced=handler is not None)
        return run.finish(handler)

    def run_accepted(self) -> FinishedRun:
        """Run the module undisturbed, with options that the kernel accepts."""
        options = self.scenario.accepted_options
        if options is None:
            options = self.scenario.options
        return ModuleRun(self.scenario.module, options).finish()

    def nameable(self) -> list[str]:
        """Return the files and keys of which a message must name one."""
        return [
            *self.before.files,
            *self.after.files,
            *self.before.keys,
            *self.scenario.options.get("settings", {}),
            *HOST_PATHS,
            "/proc/sys",
        ]

    def desired(self, key: str) -> str:
        return str(self.scenario.options.get("settings", {}).get(key))

    # --- what must hold whenever a run ends ---

    def find_damage(self, state: HostState) -> Iterator[str]:
        """Yield each file and key that is neither old nor new, and each new file for a loader."""
        old_files = self.before.files
        new_files = self.after.files
        for path in {**old_files, **new_files}:
            file = state.files.get(path)
            is_whole = file in (old_files.get(path), new_files.get(path))
            if not is_whole and not is_backup(path):
                yield f"{path} is neither old nor new: {str(file)[:300]}"
        for path in state.files.keys() - old_files.keys() - new_files.keys():
            if path.endswith(".conf"):
                yield f"{path} is left over, and a loader would read it"
        for key, value in state.keys.items():
            if key in self.scenario.changed_along:
                continue
            if value not in (self.before.keys[key], self.after.keys[key], self.desired(key)):
                yield f"{key} is neither old nor new: {value}"

    def find_unfinished(self, state: HostState) -> Iterator[str]:
        """Yield what a successful run has not done.

        A temporary file that could not be removed may remain if no loader reads it.
        """
        different = differences(without_backups(self.after), without_backups(state))
        for path, difference in different.items():
            if not is_unread(path):
                yield f"success, but {path} is not as it should be: {difference}"

    def check_next_runs(self, same: bool = True) -> Iterator[str]:
        """Run the module again, twice; yield what is wrong.

        The first of the two runs must finish the job, the second must find nothing to do.
        same: the first must come to the same state as the undisturbed run.
        """
        result = self.run_accepted().result
        if result.get("failed"):
            yield f"the next run: {result['msg']}"
            return
        different = differences(without_backups(self.after), without_backups(self.host.state()))
        only_unread = all(is_unread(path) for path in different)
        if same and (result["changed"] or not only_unread):
            for path, difference in different.items():
                yield f"the next run did not bring {path} to the same: {difference}"
        second = self.run_accepted().result
        if second.get("failed") or second["changed"]:
            reason = second.get("msg") or second["diff"]
            yield f"the run after the next still changes something: {reason}"


def is_backup(path: str) -> bool:
    return path.endswith("~")


def is_unread(path: str) -> bool:
    """Tell whether it is a temporary file, which no loader reads."""
    return os.path.basename(path)[:1] == "." and not path.endswith(".conf")


def without_backups(state: HostState) -> HostState:
    files = {path: file for path, file in state.files.items() if not is_backup(path)}
    return HostState(files, state.keys)
