# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode predicts the real run without a write, and a second real run changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from sandbox.play import Result
from sandbox.tasks import (
    FAILURE,
    FIN,
    INTVL,
    OURS,
    PROBES,
    SUCCESS,
    TIME,
    Asker,
    sysctl,
    tcp_keepalive,
)
from sandbox.world import Content, Link, World

VENDOR = "/usr/lib/sysctl.d/50-vendor.conf"
LATER = "/etc/sysctl.d/99-z.conf"
SYSCTL_CONF = "/etc/sysctl.conf"
PREDICTED = {*SUCCESS, *FAILURE, "warnings"} - {"backup_files"}
"""What check mode and the real run have in common in their results."""


class Scenario(NamedTuple):
    """A host, and a task for it."""

    settings: Mapping[str, Any]
    options: Mapping[str, Any] = {}
    files: Mapping[str, Content] = {}
    runtime: Mapping[str, int] = {}
    loader: str = "systemd"
    fails: bool = False


SCENARIOS = {
    "new file": Scenario({TIME: 3600, INTVL: 25}),
    "no change": Scenario(
        {TIME: 3600},
        files={OURS: f"{TIME}=3600\n"},
        runtime={TIME: 3600},
    ),
    "runtime value differs": Scenario({TIME: 3600}, files={OURS: f"{TIME}=3600\n"}),
    "file differs": Scenario(
        {TIME: 3600},
        files={OURS: f"# x\n{TIME}=1\n{FIN} = 50\n"},
        runtime={TIME: 3600},
    ),
    "runtime only": Scenario(settings={TIME: 3600}, options={"persistent": False}),
    "file only": Scenario(settings={TIME: 3600}, options={"runtime": False}),
    "absent removes the file": Scenario(
        settings={TIME: 7200},
        options={"state": "absent"},
        files={OURS: f"{TIME} = 3600\n"},
        runtime={TIME: 3600},
    ),
    "absent removes a line": Scenario(
        settings={TIME: None},
        options={"state": "absent"},
        files={OURS: f"{TIME} = 3600\n{FIN} = 60\n"},
        runtime={TIME: 3600},
    ),
    "absent restores the vendor's value": Scenario(
        settings={TIME: None},
        options={"state": "absent"},
        files={OURS: f"{TIME} = 3600\n", VENDOR: f"{TIME} = 1000\n"},
        runtime={TIME: 3600},
    ),
    "absent already": Scenario(settings={TIME: None}, options={"state": "absent"}),
    "exclusive": Scenario(
        settings={TIME: 3600},
        options={"exclusive": True},
        files={OURS: f"{FIN} = 50\n", VENDOR: f"{FIN} = 40\n"},
        runtime={FIN: 50},
    ),
    "overridden": Scenario(
        {TIME: 3600},
        files={LATER: f"{TIME} = 1\n"},
        fails=True,
    ),
    "overridden, warn": Scenario(
        settings={TIME: 3600},
        options={"on_override": "warn"},
        files={LATER: f"{TIME} = 1\n"},
    ),
    "overridden, comment out": Scenario(
        settings={TIME: 3600},
        options={"on_override": "comment_out"},
        files={LATER: f"{TIME} = 1\n# x\n"},
    ),
    "overridden by a vendor's file": Scenario(
        settings={TIME: 3600},
        options={"on_override": "comment_out"},
        files={"/usr/lib/sysctl.d/99-z.conf": f"{TIME}=1\n"},
        fails=True,
    ),
    "sysctl.conf that is not read": Scenario({TIME: 3600}, files={SYSCTL_CONF: f"{TIME} = 1\n"}),
    "sysctl.conf that is read last": Scenario(
        {TIME: 3600},
        files={SYSCTL_CONF: f"{TIME} = 1\n"},
        loader="procps",
        fails=True,
    ),
    "path that is not read": Scenario(
        settings={TIME: 3600},
        options={"path": "/etc/sysctl.d/ours.txt"},
        fails=True,
    ),
    "new file masks another": Scenario(
        settings={TIME: 3600},
        options={"path": "/etc/sysctl.d/50-vendor.conf"},
        files={VENDOR: f"{FIN} = 50\n"},
    ),
    "glob": Scenario({"net.ipv4.conf.*.log_martians": 1}),
    "glob and key": Scenario({"net.ipv4.tcp_keepalive_*": 20, PROBES: 5}),
    "missing key, ignored": Scenario(
        settings={"net.ipv4.nope": 1, TIME: 3600},
        options={"ignore_missing": True},
    ),
    "missing key": Scenario({"net.ipv4.nope": 1, TIME: 3600}, fails=True),
    "number out of range": Scenario({TIME: 3600, "net.ipv4.ip_default_ttl": 999}, fails=True),
    "unsafe value": Scenario({PROBES: 0}, fails=True),
    "unsafe value, allowed": Scenario(settings={PROBES: 0}, options={"unsafe": True}),
    "two spellings of a key": Scenario(
        {TIME: 1, "net/ipv4/tcp_keepalive_time": 1},
        fails=True,
    ),
    "link": Scenario({TIME: 3600}, files={OURS: Link("../sysctl.conf"), SYSCTL_CONF: "# x\n"}),
    "mode differs": Scenario(
        settings={TIME: 3600},
        options={"mode": "0600"},
        files={OURS: f"{TIME} = 3600\n"},
        runtime={TIME: 3600},
    ),
}


def predictable(result: Result) -> dict[str, Any]:
    """Return the part of a result that check mode has to predict."""
    return {name: result.get(name) for name in PREDICTED}


def without_identity(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """Return a snapshot with identity as one without: files lose their inode and times."""
    plain = {}
    for name, entry in snapshot.items():
        plain[name] = entry[:-3] if isinstance(entry, list) else entry
    return plain


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_check_mode_predicts_the_real_run(
    make_world: Callable[..., World], ask: Asker, scenario: Scenario
) -> None:
    world = make_world(scenario.files, loader=scenario.loader)
    for key, value in scenario.runtime.items():
        world.set_sysctl(key, value)
    task = sysctl(scenario.settings, **scenario.options)

    before = world.snapshot(identity=True)
    predicted = ask(world, task, check=True, diff=True)
    assert world.snapshot(identity=True) == before, "check mode must not change anything"

    result = ask(world, task, diff=True)
    assert predictable(predicted) == predictable(result)
    assert result.failed is scenario.fails
    if scenario.fails:
        assert world.snapshot(identity=True) == before
    else:
        assert result.changed == (world.snapshot() != without_identity(before))
        assert bool(result["diff"]) == result.changed
        assert ask.again(world, task, diff=True)["diff"] == []


def test_the_diff_has_the_kernel_first_and_then_each_file(world: World, ask: Asker) -> None:
    world.write(LATER, f"{TIME} = 1\n# x\n")
    task = sysctl({TIME: 3600, PROBES: 9}, on_override="comment_out")
    result = ask.ok(world, task, diff=True, check=True)
    kernel, *files = result["diff"]
    assert kernel == {
        "before_header": "/proc/sys",
        "after_header": "/proc/sys",
        "before": f"{TIME} = 7200\n",
        "after": f"{TIME} = 3600\n",
    }
    assert len(files) == 2
    ours = next(entry for entry in files if OURS in entry["after_header"])
    assert ours["before"] == ""
    assert ours["after"].endswith(f"{TIME} = 3600\n{PROBES} = 9\n")
    later = next(entry for entry in files if LATER in entry["before_header"])
    assert later["before"] == f"{TIME} = 1\n# x\n"


def test_the_result_has_a_diff_without_diff_mode(world: World, ask: Asker) -> None:
    result = ask.ok(world, sysctl({TIME: 3600}), check=True)
    assert "diff" in result


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"profile": "gce"},
        {"state": "absent"},
        {"time": 100, "probes": 3, "intvl": 10},
    ],
    ids=["defaults", "profile", "absent", "values"],
)
def test_check_mode_predicts_the_real_run_of_tcp_keepalive(
    world: World, ask: Asker, options: dict[str, Any]
) -> None:
    world.write("/etc/sysctl.d/90-tcp-keepalive.conf", f"{TIME} = 50\n{PROBES} = 9\n")
    task = tcp_keepalive(**options)
    predicted = ask.ok(world, task, check=True, diff=True)
    result = ask.ok(world, task, diff=True)
    assert predictable(predicted) == predictable(result)
    assert predicted["dead_after"] == result["dead_after"]
    ask.again(world, task)
