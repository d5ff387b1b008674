# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's modules as tasks, and what their results must always hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .play import Controller, Result, Task
from .world import World

TIME, PROBES, INTVL = (
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_intvl",
)
KEEPALIVE = (TIME, PROBES, INTVL)
DOCUMENT, KERNEL = (3600, 9, 25), (7200, 9, 75)
FIN = "net.ipv4.tcp_fin_timeout"
OURS = "/etc/sysctl.d/90-ansible.conf"

SUCCESS = (
    "changed",
    "settings",
    "previous",
    "overridden",
    "missing",
    "path",
    "backup_files",
    "loader",
    "diff",
)
FAILURE = ("changed", "msg", "failed_key", "errno", "rolled_back")


def sysctl(settings: Mapping[str, Any], **options: Any) -> Task:
    return {"netops.tuning.sysctl": {"settings": dict(settings), **options}}


def info(**options: Any) -> Task:
    return {"netops.tuning.sysctl_info": options}


def tcp_keepalive(**options: Any) -> Task:
    return {"netops.tuning.tcp_keepalive": options}


def keepalive_info(**options: Any) -> Task:
    return {"netops.tuning.tcp_keepalive_info": options}


def now(world: World) -> tuple[int, ...]:
    """Give the three values of TCP keepalive."""
    return tuple(int(world.sysctl(key)) for key in KEEPALIVE)


def next_boot(world: World, loader: str = "systemd") -> tuple[int, ...]:
    """Give them as the real loader sets them."""
    values = world.boot(loader, KEEPALIVE).values
    return tuple(int(values[key]) for key in KEEPALIVE)


class Asker:
    """Run one task of the collection, and see to it that its result has what every result must have."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller

    def __call__(self, world: World, task: Task, **how: Any) -> Result:
        """Give the result, whatever it is, as long as it is no crash."""
        (result,) = self.controller.play(world, task, **how)
        told = json.dumps(result)
        assert not any(
            sign in told for sign in ("Traceback", "MODULE FAILURE", "deserialization failed")
        ), told
        if result.failed:
            assert "Unsupported parameters" not in result["msg"], told
        return result

    def ok(self, world: World, task: Task, **how: Any) -> Result:
        result = self(world, task, **how)
        assert not result.failed, json.dumps(result, indent=1)
        return result

    def fails(self, world: World, task: Task, **how: Any) -> Result:
        """Give the result of a task that fails, and leaves the host as it was."""
        before = world.snapshot(identity=True)
        result = self(world, task, **how)
        assert result.failed, json.dumps(result, indent=1)
        assert result["msg"], told_of(result)
        assert not result["changed"], told_of(result)
        after = world.snapshot(identity=True)
        assert after == before, {
            path: (before.get(path), after.get(path))
            for path in before.keys() | after
            if before.get(path) != after.get(path)
        }
        return result

    def again(self, world: World, task: Task, **how: Any) -> Result:
        """Run a task that has nothing to do: it says so, and touches nothing."""
        before = world.snapshot(identity=True)
        result = self.ok(world, task, **how)
        assert not result.changed, json.dumps(result, indent=1)
        assert world.snapshot(identity=True) == before
        return result


def told_of(result: Result) -> str:
    return json.dumps(result, indent=1)
