# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of the collection as tasks, and what holds for the result of every task."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .play import Controller, Result, Task
from .world import World

TIME = "net.ipv4.tcp_keepalive_time"
PROBES = "net.ipv4.tcp_keepalive_probes"
INTVL = "net.ipv4.tcp_keepalive_intvl"
KEEPALIVE = (TIME, PROBES, INTVL)
DOCUMENT = (3600, 9, 25)
"""The values of KEEPALIVE in the default profile."""
KERNEL = (7200, 9, 75)
"""The kernel's own."""
FIN = "net.ipv4.tcp_fin_timeout"
OURS = "/etc/sysctl.d/90-ansible.conf"
PROGRAMS = {"systemd": "systemd-sysctl", "procps": "procps"}
"""Loader -> what reads the files, as results call it."""
BY = {"by": PROGRAMS["systemd"]}
"""What a line of a result says on a host with systemd."""

SUCCESS = (
    "changed",
    "settings",
    "previous",
    "overridden",
    "doubts",
    "undone",
    "missing",
    "irreversible",
    "path",
    "backup_files",
    "loader",
    "diff",
)
"""The keys of every successful result of a module that changes a host."""
FAILURE = ("changed", "msg", "failed_key", "errno", "rolled_back")
"""The keys of every failure of such a module."""
CRASHES = ("Traceback", "MODULE FAILURE", "deserialization failed")


def sysctl(settings: Mapping[str, Any], **options: Any) -> Task:
    return {"netops.tuning.sysctl": {"settings": dict(settings), **options}}


def info(**options: Any) -> Task:
    return {"netops.tuning.sysctl_info": options}


def tcp_keepalive(**options: Any) -> Task:
    return {"netops.tuning.tcp_keepalive": options}


def keepalive_info(**options: Any) -> Task:
    return {"netops.tuning.tcp_keepalive_info": options}


def now(world: World) -> tuple[int, ...]:
    """Return the three values of TCP keepalive."""
    return tuple(int(world.sysctl(key)) for key in KEEPALIVE)


def next_boot(world: World, loader: str = "systemd") -> tuple[int, ...]:
    """Return the three values as the real loader sets them at the next boot."""
    values = world.boot(loader, KEEPALIVE).values
    return tuple(int(values[key]) for key in KEEPALIVE)


class Asker:
    """Run one task of the collection, and check what must hold for every result."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller

    def __call__(self, world: World, task: Task, **how: Any) -> Result:
        """Return the result, which may be a failure but not a crash.

        how: arguments of Controller.play.
        """
        (result,) = self.controller.play(world, task, **how)
        text = json.dumps(result)
        for sign in CRASHES:
            assert sign not in text, text
        if result.failed:
            assert "Unsupported parameters" not in result["msg"], text
        return result

    def ok(self, world: World, task: Task, **how: Any) -> Result:
        """Return the result of a task that must succeed."""
        result = self(world, task, **how)
        assert not result.failed, _indented(result)
        return result

    def fails(self, world: World, task: Task, **how: Any) -> Result:
        """Return the result of a task that must fail, and must leave the host as it was."""
        before = world.snapshot(identity=True)
        result = self(world, task, **how)
        assert result.failed, _indented(result)
        assert result["msg"], _indented(result)
        assert not result["changed"], _indented(result)
        after = world.snapshot(identity=True)
        assert after == before, _differences(before, after)
        return result

    def again(self, world: World, task: Task, **how: Any) -> Result:
        """Return the result of a task with nothing to do: it must change nothing, and say so."""
        before = world.snapshot(identity=True)
        result = self.ok(world, task, **how)
        assert not result.changed, _indented(result)
        after = world.snapshot(identity=True)
        assert after == before, _differences(before, after)
        return result


def _indented(result: Result) -> str:
    return json.dumps(result, indent=1)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return what differs: path -> what was there before and after."""
    differences = {}
    for path in before.keys() | after.keys():
        pair = (before.get(path), after.get(path))
        if pair[0] != pair[1]:
            differences[path] = pair
    return differences
