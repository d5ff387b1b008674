# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send each result to the tests as a line of JSON, and wait for them before each step file."""

from __future__ import annotations

DOCUMENTATION = """
name: harness
type: stdout
short_description: results as lines of JSON for the tests
description:
  - Writes events to the file descriptor NETOPS_EVENTS.
  - Reads a line from the file descriptor NETOPS_STEPS, if set, before each step file is included.
"""

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Writes one event a line: step, result or end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "harness"

    def __init__(self) -> None:
        super().__init__()
        self._events = int(os.environ["NETOPS_EVENTS"])
        steps = os.environ.get("NETOPS_STEPS")
        # It is open until the process ends.
        self._steps = open(int(steps), "rb", buffering=0) if steps else None  # noqa: SIM115

    def _send(self, **event: Any) -> None:
        os.write(self._events, json.dumps(event, default=str).encode() + b"\n")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        if self._steps and task.get_name().startswith("step "):
            self._send(event="step", name=task.get_name())
            self._steps.readline()

    def _send_result(self, status: str, result: Any) -> None:
        name = result._task.get_name()
        if name.startswith("step "):
            return
        self._send(
            event="result",
            status=status,
            task=name,
            action=result._task.action,
            result=result._result,
        )

    def v2_runner_on_ok(self, result: Any) -> None:
        self._send_result("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._send_result("failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._send_result("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._send_result("unreachable", result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._send(event="end", stats={host: stats.summarize(host) for host in stats.processed})
