# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run histories inside a world, and compare the boot with what the collection expects of it.

    python -m sandbox.history_runner LOADER FIRST COUNT

prints a line of JSON for each history that does not end as expected, and a count at the end.
The tasks run in this process: starting an interpreter for each would take ten times as long.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from typing import Any, Callable, Iterable, NoReturn

from ansible_collections.netops.tuning.plugins.module_utils._host.boot.reading import (
    read_boot_files,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.files import HostFiles
from ansible_collections.netops.tuning.plugins.module_utils._modules.arguments import (
    SYSCTL_OPTIONS,
    Options,
)
from ansible_collections.netops.tuning.plugins.module_utils._modules.flow import (
    HostChange,
    change_host,
)
from ansible_collections.netops.tuning.plugins.module_utils._modules.settings_change import (
    SettingsChange,
)
from ansible_collections.netops.tuning.plugins.module_utils._modules.sysctl_ledger import (
    OPTIONS as LEDGER_OPTIONS,
)
from ansible_collections.netops.tuning.plugins.module_utils._modules.sysctl_ledger import (
    Restoration,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.precedence import (
    precedence_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import LOADERS
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.couplings import (
    START_VALUES,
    variable_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    value_after_write,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import is_glob

from . import agent
from .histories import FIRST_WITH_MORE, INTERFACES, History, keys_of, make_history
from .open_keys import OpenKeys
from .world import single_spaced

ROLLOUT = "generated"


ReadValues = Callable[[], "dict[str, Any]"]
"""Returns the value of each key."""


class TaskEnd(BaseException):
    """A task has ended, with this result."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result)
        self.result = result


class TaskModule:
    """What the flow of a module needs of an AnsibleModule."""

    check_mode = False

    def __init__(self, specs: Options, options: dict[str, Any]) -> None:
        self.params = {name: spec.get("default") for name, spec in specs.items()}
        self.params.update(options)

    def warn(self, _message: str) -> None:
        """Accept a warning."""

    def exit_json(self, **result: Any) -> NoReturn:
        raise TaskEnd(result)

    def fail(self, error: Exception, **result: Any) -> NoReturn:
        rolled_back = getattr(error, "rolled_back", True)
        raise TaskEnd({**result, "failed": True, "msg": str(error), "rolled_back": rolled_back})


def run_task(options: dict[str, Any]) -> dict[str, Any]:
    """Run a task of the module sysctl, and return its result."""
    module = TaskModule(SYSCTL_OPTIONS, options)
    return result_of(SettingsChange(module))  # type: ignore[arg-type]


def roll_back() -> dict[str, Any]:
    """Go back to before the rollout, which may have changed nothing, and return the result."""
    options = {"rollout": ROLLOUT, "state": "restored", "ignore_unknown": True}
    module = TaskModule(LEDGER_OPTIONS, options)
    return result_of(Restoration(module))  # type: ignore[arg-type]


def result_of(change: HostChange) -> dict[str, Any]:
    try:
        change_host(change)
    except TaskEnd as finished:
        return finished.result


def make_network() -> None:
    """Enter a new network namespace with the interfaces of a history, lo being up."""
    agent.enter_new_network()
    agent.add_interfaces(list(INTERFACES))
    agent.set_loopback_up()
    for key, value in START_VALUES.items():
        is_there = key.startswith("net.") and os.path.exists(agent.proc_path(key))
        if is_there and agent.get_key(key) != value:
            agent.set_key(key, value)


def read_keys(keys: Iterable[str]) -> dict[str, str]:
    return {key: single_spaced(agent.get_key(key)) for key in keys}


def start(history: History) -> None:
    """Make the host as it is before the tasks of a history."""
    agent.clear()
    for path, text in history.files.items():
        agent.write(path, text, 0o644)
    make_network()


def check_history(history: History, loader: str) -> list[str]:
    """Run a history and the boot after it; return what is not as expected."""
    start(history)
    problems = []
    result: dict[str, Any] = {}
    with OpenKeys() as all_keys:
        for options in history.tasks:
            before = all_keys.values()
            result = run_task(options)
            problems.extend(_check_result(options, result, before, all_keys))
        if history.passes_previous_back and not result.get("failed"):
            problems.extend(check_previous(result, before, all_keys.values))
    make_network()
    keys = [key for key in keys_of(history.seed) if os.path.exists(agent.proc_path(key))]
    expected = read_keys(keys)
    start_values = {variable_of(key): value for key, value in expected.items()}
    boot_files = read_boot_files(HostFiles("/"))
    precedence = precedence_of(boot_files, LOADERS[loader], keys, start_values, expected)
    for key in keys:
        winner = precedence.winner(key)
        if history.seed >= FIRST_WITH_MORE and not precedence.are_certain([key]):
            del expected[key]
        elif winner and winner.value:
            expected[key] = value_after_write(key, winner.value, expected[key])
    log = run_loader(loader)
    for key, value in read_keys(expected).items():
        if value != expected[key]:
            problems.append(f"{key} boots as {value}, expected {expected[key]}; the log: {log}")
    problems += _check_boot(result)
    if history.is_rolled_back:
        start(history)
        with OpenKeys() as all_keys:
            problems += check_rollback(history.tasks, all_keys.values)
    return problems


def check_rollback(tasks: Iterable[dict[str, Any]], read_values: ReadValues) -> list[str]:
    """Run tasks as a rollout, and roll it back; return what is not as it was before."""
    before = read_values()
    files_before = _files()
    for options in tasks:
        result = run_task({**options, "rollout": ROLLOUT})
        if result.get("failed") and not result["rolled_back"]:
            return []
    result = roll_back()
    if result.get("failed"):
        return [f"the rollback fails: {result['msg']}"]
    after = read_values()
    for entry in result["not_restored"]:
        path = agent.proc_path(entry["key"])
        after[path] = before[path]
    problems = differences("rolled back a rollout", before, after)
    files = _files()
    for path in files_before.keys() | files.keys():
        if files.get(path) != files_before.get(path):
            problems.append(f"rolled back a rollout, but {path} is {files.get(path)}")
    return [f"{problem}; not restored: {result['not_restored']}" for problem in problems]


def _files() -> dict[str, Any]:
    return agent.snapshot(agent.SYSCTL_PLACES, identity=False)


def check_previous(
    result: dict[str, Any], before: dict[str, Any], read_values: ReadValues
) -> list[str]:
    """Pass `previous` of a task back as settings; return the keys that are not as before it."""
    if not result["previous"]:
        return []
    back = run_task({"settings": result["previous"], "persistent": False})
    if back.get("failed"):
        return [f"passing back {result['previous']} fails: {back['msg']}"]
    return differences(f"passed back {result['previous']}", before, read_values())


def differences(done: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the keys that have another value than before something was done."""
    changed = [key for key, value in before.items() if after.get(key) != value]
    return [f"{done}, but {key} is {after.get(key)!r}, was {before[key]!r}" for key in changed]


def _check_result(
    options: dict[str, Any], result: dict[str, Any], before: dict[str, bytes], all_keys: OpenKeys
) -> list[str]:
    """Return what a result claims that is not so on the host; before: all values until then."""
    if not result.get("failed"):
        return _check_values(options, result)
    if not result["rolled_back"]:
        return []
    return differences("rolled back", before, all_keys.values())


def _check_boot(result: dict[str, Any]) -> list[str]:
    """Return the keys that did not boot as the result of the last task says."""
    problems = []
    for key, setting in result.get("settings", {}).items():
        expected = setting["boot"]["value"]
        if expected is None or is_glob(key) or not setting["boot"]["certain"]:
            continue
        value = single_spaced(agent.get_key(key))
        if value != expected:
            problems.append(f"{key} boots as {value}, but the last result says {expected}")
    return problems


def _check_values(options: dict[str, Any], result: dict[str, Any]) -> list[str]:
    """Return the settings that do not have the value that the result of a task shows."""
    problems = []
    for key, setting in result["settings"].items():
        after = setting["runtime"]["after"]
        if after is not None and single_spaced(agent.get_key(key)) != after:
            problems.append(f"{key} is {agent.get_key(key)}, but the result of {options}: {after}")
    return problems


def run_loader(loader: str) -> str:
    """Run the real loader, and return what it logs."""
    argv = [agent.SYSTEMD_SYSCTL] if loader == "systemd" else ["sysctl", "--system"]
    completed = subprocess.run(
        argv,
        env=agent.LOADER_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        # A pipe, since subprocess polls with pauses for the end of a program that has none.
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        check=False,
        timeout=60,
    )
    return completed.stdout.decode("latin-1")


def check_in_child(
    check: Callable[[int, str], dict[str, Any]], seeds: Iterable[int], loader: str
) -> list[dict[str, Any]]:
    """Check seeds in a child process; return what does not end as expected.

    Each has network namespaces of its own.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        with open(write_end, "w", encoding="utf-8") as pipe:
            json.dump([check(seed, loader) for seed in seeds], pipe)
        os._exit(0)
    os.close(write_end)
    with open(read_end, encoding="utf-8") as pipe:
        outcomes = json.load(pipe)
    os.waitpid(child, 0)
    return [outcome for outcome in outcomes if outcome["problems"]]


def _check_seed(seed: int, loader: str) -> dict[str, Any]:
    history = make_history(seed)
    try:
        problems = check_history(history, loader)
    except BaseException:  # pylint: disable=broad-except
        problems = [traceback.format_exc()]
    return {"problems": problems, **history._asdict()}


AT_ONCE = 50
"""How many seeds a process checks, so that what it remembers cannot affect many."""


def run_checks(check: Callable[[int, str], dict[str, Any]]) -> None:
    """Check the seeds that the command line names; print what is not as expected, and a count."""
    loader = sys.argv[1]
    first = int(sys.argv[2])
    count = int(sys.argv[3])
    end = first + count
    for start in range(first, end, AT_ONCE):
        for outcome in check_in_child(check, range(start, min(start + AT_ONCE, end)), loader):
            print(json.dumps(outcome), flush=True)
    print(json.dumps({"checked": count}), flush=True)


if __name__ == "__main__":
    run_checks(_check_seed)
