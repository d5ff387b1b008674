# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in a virtual machine at each boot: compares it with what was expected, then goes on.

usage: python3 -m lab_testing.history_boot FOLDER

It runs the tasks of the next history, writes down what the collection expects of the next boot,
and reboots. FOLDER/outcomes gets a line for each history. The first boot has no history before it:
it shows the values of a kernel for which no file of ours sets anything.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

from ansible_collections.netops.tuning.plugins.module_utils._host.boot.reading import (
    detect_loader,
    read_boot_files,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.files import HostFiles
from ansible_collections.netops.tuning.plugins.module_utils._modules.sysctl_info import (
    inspect_settings,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    values_equal,
)
from sandbox import agent
from sandbox.histories import OTHER_FILES, OUR_PATHS, History
from sandbox.history_runner import check_previous, check_rollback, run_task
from sandbox.world import single_spaced

from .kernel_histories import STARTING_DIFFERENTLY, VALUES, make_history


def read_values() -> dict[str, str]:
    """Return the values of the keys that this kernel has."""
    values = {}
    for key in VALUES:
        if os.path.exists(agent.proc_path(key)):
            values[key] = single_spaced(agent.get_key(key))
    return values


def go_on(state: dict[str, Any]) -> dict[str, Any]:
    """Run the next history; return what the boot after it is compared with."""
    remove_files()
    history = make_history(state["next"])
    try:
        expected, problems = run_history(history, state["defaults"])
    except Exception:  # pylint: disable=broad-except
        expected = {}
        problems = [traceback.format_exc()]
    return {**state, "next": state["next"] + 1, "expected": expected, "problems": problems}


def remove_files() -> None:
    """Remove the files of the previous history."""
    for path in (*OTHER_FILES, *OUR_PATHS):
        if os.path.exists(path):
            os.unlink(path)


def run_history(history: History, defaults: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Write the files of a history, and run its tasks.

    Return what is expected of the next boot, and what went wrong before it.
    """
    for path, text in history.files.items():
        agent.write(path, text, 0o644)
    problems = []
    if history.is_rolled_back:
        problems += check_rollback(history.tasks, read_values)
        if os.path.exists(agent.LEDGER):
            agent.remove(agent.LEDGER)
    results = []
    for options in history.tasks:
        before = read_values()
        result = run_task(options)
        problems += check_result(result, before)
        results.append(result)
    if history.passes_previous_back and not (result.get("failed") or result["irreversible"]):
        problems += check_previous(result, before, read_values)
    expected, more = expected_values(defaults, results[-1])
    return expected, problems + more


def check_result(result: dict[str, Any], before: dict[str, str]) -> list[str]:
    """Return what a result claims that is not so on the machine."""
    after = read_values()
    if result.get("failed"):
        if not result["rolled_back"]:
            return []
        changed = [key for key, value in before.items() if not values_equal(key, after[key], value)]
        return [f"rolled back, but {key} is {after[key]}, was {before[key]}" for key in changed]
    problems = []
    for key, setting in result["settings"].items():
        value = setting["runtime"]["after"]
        if key in after and value is not None and not values_equal(key, after[key], value):
            problems.append(f"{key} is {after[key]}, but the result says {value}")
    return problems


def expected_values(
    defaults: dict[str, str], result: dict[str, Any]
) -> tuple[dict[str, str], list[str]]:
    """Return key -> its value after the next boot, as far as it is certain.

    The module sysctl_info says so for all keys, the last task for its own; they must agree.
    """
    files = HostFiles("/")
    info = inspect_settings(read_boot_files(files), detect_loader(files), list(defaults), files)
    expected = {}
    for key, setting in info["settings"].items():
        is_default = setting["boot"] is None
        if setting["certain"] and not (is_default and key in STARTING_DIFFERENTLY):
            expected[key] = defaults[key] if is_default else setting["boot"]
    problems = []
    for key, setting in result.get("settings", {}).items():
        value = setting["boot"]["value"]
        if key not in expected or value is None:
            continue
        if not values_equal(key, value, expected[key]):
            problems.append(f"{key}: sysctl says {value}, but sysctl_info {expected[key]}")
    return expected, problems


def compare(state: dict[str, Any]) -> list[str]:
    """Return how the last history differs from what was expected of it."""
    problems = list(state["problems"])
    values = read_values()
    for key, expected in state["expected"].items():
        if not values_equal(key, values[key], expected):
            problems.append(f"{key} boots as {values[key]}, expected {expected}")
    return problems


def main() -> None:
    folder = Path(sys.argv[1])
    state = json.loads((folder / "state").read_text(encoding="utf-8"))
    if "expected" in state:
        history = make_history(state["next"] - 1)
        outcome = {"problems": compare(state), **history._asdict()}
        with (folder / "outcomes").open("a", encoding="utf-8") as file:
            file.write(json.dumps(outcome) + "\n")
    else:
        state["defaults"] = read_values()
    if state["next"] == state["end"]:
        remove_files()
        subprocess.run(["systemctl", "--quiet", "set-default", "multi-user.target"], check=True)
        subprocess.run(["systemctl", "--no-block", "start", "multi-user.target"], check=True)
        return
    state = go_on(state)
    (folder / "state").write_text(json.dumps(state), encoding="utf-8")
    os.sync()
    subprocess.run(["systemctl", "reboot", "--force", "--force"], check=True)


if __name__ == "__main__":
    main()
