# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module inside a world as Ansible does, in a fork of a process that has imported it."""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ansible.module_utils import basic

from .calls import Call
from .ptrace import CallHandler, Verdict, trace, wait_for_tracer

PLUGINS = "ansible_collections.netops.tuning.plugins"
LAZY_IMPORTS = (
    "_host.transaction",
    "_host.runtime.coupled_values",
    "_host.runtime.effects_of_writes",
    "_ledger.recording",
    "_ledger.store",
)
"""What the engine imports only when a run needs it."""
ANSIBLE_ARGUMENTS = {
    "_ansible_check_mode": False,
    "_ansible_diff": True,
    "_ansible_remote_tmp": "/srv/tmp",
    "_ansible_keep_remote_files": False,
    "_ansible_no_log": False,
}
HOST_FOLDERS = (
    "/proc/sys/",
    "/etc/",
    "/run/",
    "/usr/local/lib/",
    "/usr/lib/sysctl.d",
    "/srv/",
)


class FinishedRun(NamedTuple):
    """A run that has ended."""

    status: int
    """As waitpid(2) returns it."""
    output: str

    @property
    def result(self) -> dict[str, Any]:
        """The result that Ansible would see. Raises ValueError unless it is one JSON object."""
        return dict(json.loads(self.output))

    @property
    def was_killed(self) -> bool:
        return os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL


def import_engine() -> None:
    """Import all that a run imports, so that a run is only a fork."""
    for name in LAZY_IMPORTS:
        importlib.import_module(f"{PLUGINS}.module_utils.{name}")
    for name in ("sysctl", "tcp_keepalive"):
        importlib.import_module(f"{PLUGINS}.module_utils._modules.{name}")
        importlib.import_module(f"{PLUGINS}.modules.{name}")
    gc.freeze()  # the collector would copy the pages that forks share


class ModuleRun:
    """A run of a module that has been started.

    traced: the run waits until `finish` is called with a handler.
    """

    def __init__(self, module: str, options: Mapping[str, Any], *, traced: bool = False) -> None:
        self._output = os.memfd_create("output")
        self.pid = os.fork()
        if not self.pid:
            self._run_child(module, options, traced)

    def _run_child(self, module: str, options: Mapping[str, Any], traced: bool) -> None:
        exit_code = 1
        try:
            os.dup2(self._output, 1)
            os.dup2(self._output, 2)
            main = importlib.import_module(f"{PLUGINS}.modules.{module}").main
            _set_module_arguments({**options, **ANSIBLE_ARGUMENTS})
            if traced:
                wait_for_tracer()
            main()
        except SystemExit as error:
            exit_code = error.code if isinstance(error.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(exit_code)

    def finish(self, handler: CallHandler | None = None) -> FinishedRun:
        """Wait for the end of the run. handler: called before each of its system calls."""
        if handler:
            status = trace(self.pid, handler)
        else:
            _pid, status = os.waitpid(self.pid, 0)
        os.lseek(self._output, 0, os.SEEK_SET)
        with open(self._output, encoding="utf-8", errors="surrogateescape") as output:
            return FinishedRun(status, output.read())


def _set_module_arguments(arguments: Mapping[str, Any]) -> None:
    """Give AnsibleModule its arguments where Ansible's wrapper of modules leaves them."""
    vars(basic).update(
        _ANSIBLE_ARGS=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode(),
        _ANSIBLE_PROFILE="legacy",
    )
    sys.argv = ["ansible"]


class CallRecorder:
    """A handler that records the system calls in scope, and lets all of them happen."""

    def __init__(self, in_scope: Callable[[Call], bool]) -> None:
        self.in_scope = in_scope
        self.calls: list[Call] = []

    def __call__(self, call: Call) -> Verdict | None:
        if not self.in_scope(call):
            return None
        self.calls.append(call)
        return self.verdict(call)

    def verdict(self, _call: Call) -> Verdict | None:
        """Decide on the call that was recorded last."""
        return None


class InterveneAt(CallRecorder):
    """A handler with a verdict on one call, by its number among those in scope (from 0)."""

    def __init__(self, number: int, verdict: Verdict, in_scope: Callable[[Call], bool]) -> None:
        super().__init__(in_scope)
        self.number = number
        self.verdict_there = verdict

    def verdict(self, _call: Call) -> Verdict | None:
        return self.verdict_there if len(self.calls) == self.number + 1 else None


def host_paths(call: Call) -> Iterator[str]:
    """Yield the paths of a call that belong to the host: settings, the kernel, our lock.

    Python's and Ansible's own files are not among them.
    """
    for path in call.paths:
        is_ours = "sysctl" in path or path.startswith("/proc/sys/") or "netops-tuning" in path
        if is_ours and path.startswith(HOST_FOLDERS):
            yield path


def changes_host(call: Call) -> bool:
    return call.changes and any(host_paths(call))


def touches_host(call: Call) -> bool:
    return any(host_paths(call))
