# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run modules inside of a world as Ansible runs them there, but from a process that has imported them already: a fork for each run."""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Iterator, Mapping

from ansible.module_utils import basic

from .calls import Call
from .ptrace import Decide, Verdict, be_followed, follow

PACKAGE = "ansible_collections.netops.tuning.plugins"
IMPORTED = (
    "_host.transaction",
    "_ledger.recording",
    "_ledger.store",
    "_modules.sysctl",
    "_modules.tcp_keepalive",
)
"""What modules import as they run; the rest comes with these."""
INTERNAL = {
    "check_mode": False,
    "diff": True,
    "remote_tmp": "/srv/tmp",
    "keep_remote_files": False,
    "no_log": False,
}


OF_HOST = ("/proc/sys/", "/etc/", "/run/", "/usr/local/lib/", "/usr/lib/sysctl.d", "/srv/")


@dataclass(frozen=True)
class Ran:
    """What became of a run: how it ended (as os.waitpid says), and what it printed."""

    status: int
    printed: str

    @property
    def told(self) -> dict[str, Any]:
        """The result that Ansible would see; anything else than one JSON object raises."""
        return dict(json.loads(self.printed))


def was_killed(ran: Ran) -> bool:
    return os.WIFSIGNALED(ran.status) and os.WTERMSIG(ran.status) == signal.SIGKILL


def warm_up() -> None:
    """Import all that a run imports, and keep it out of the way of the collector: a fork then costs little."""
    for name in IMPORTED:
        importlib.import_module(f"{PACKAGE}.module_utils.{name}")
    for name in ("sysctl", "tcp_keepalive"):
        importlib.import_module(f"{PACKAGE}.modules.{name}")
    gc.freeze()


class Target:
    """A run that is under way, or that has ended."""

    def __init__(
        self, module: str, options: Mapping[str, Any], *, followed: bool = False, **internal: Any
    ) -> None:
        self._out = os.memfd_create("out")
        self.pid = os.fork()
        if not self.pid:
            self._be_module(
                importlib.import_module(f"{PACKAGE}.modules.{module}"), options, followed, internal
            )

    def _be_module(
        self, module: ModuleType, options: Mapping[str, Any], followed: bool, internal: Any
    ) -> None:
        code = 1
        try:
            os.dup2(self._out, 1)
            os.dup2(self._out, 2)
            given = {
                **options,
                **{f"_ansible_{name}": value for name, value in {**INTERNAL, **internal}.items()},
            }
            vars(basic).update(
                _ANSIBLE_ARGS=json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode(),
                _ANSIBLE_PROFILE="legacy",
            )
            sys.argv = ["ansible"]
            if followed:
                be_followed()
            module.main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def wait(self, decide: Decide | None = None) -> Ran:
        """Let it go to its end."""
        status = follow(self.pid, decide) if decide else os.waitpid(self.pid, 0)[1]
        os.lseek(self._out, 0, os.SEEK_SET)
        with open(self._out, encoding="utf-8", errors="surrogateescape") as out:
            return Ran(status, out.read())


class At:
    """Decide on the call of one number, counted among those that count; note them all."""

    def __init__(self, number: int, verdict: Verdict | None, counts: Any) -> None:
        self.number = number
        self.verdict = verdict
        self.counts = counts
        self.seen: list[Call] = []

    def __call__(self, call: Call) -> Verdict | None:
        if not self.counts(call):
            return None
        self.seen.append(call)
        return self.verdict if len(self.seen) == self.number + 1 else None


def places(call: Call) -> Iterator[str]:
    """Yield what of the host a call is about: files of settings, the kernel, our lock. Python's and Ansible's own files are not."""
    for path in call.paths:
        if path.startswith(OF_HOST) and (
            "sysctl" in path or path.startswith("/proc/sys/") or "netops-tuning" in path
        ):
            yield path


def changes_host(call: Call) -> bool:
    return call.changes and any(places(call))


def touches_host(call: Call) -> bool:
    return any(places(call))
