# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells the tests every result as a line of JSON, and waits for their word before each step file is read."""

from __future__ import annotations

DOCUMENTATION = """
name: harness
type: stdout
short_description: results as lines of JSON for the tests
description: Writes to the file descriptor NETOPS_EVENTS; reads a line from NETOPS_STEPS, if that is set, before each step file is included.
"""

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """One event a line: step, result, end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "harness"

    def __init__(self) -> None:
        super().__init__()
        self._events = int(os.environ["NETOPS_EVENTS"])
        steps = os.environ.get("NETOPS_STEPS")
        self._steps = open(int(steps), "rb", buffering=0) if steps else None  # noqa: SIM115

    def _tell(self, **event: Any) -> None:
        os.write(self._events, json.dumps(event, default=str).encode() + b"\n")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        if self._steps and task.get_name().startswith("step "):
            self._tell(event="step", name=task.get_name())
            self._steps.readline()

    def _result(self, status: str, result: Any) -> None:
        if not result._task.get_name().startswith("step "):
            self._tell(
                event="result",
                status=status,
                task=result._task.get_name(),
                action=result._task.action,
                result=result._result,
            )

    def v2_runner_on_ok(self, result: Any) -> None:
        self._result("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._result("failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._result("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._result("unreachable", result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._tell(event="end", stats={host: stats.summarize(host) for host in stats.processed})
