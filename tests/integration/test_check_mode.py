# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode does everything but write: what it says is what the run then does, and a run after that has nothing to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
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


@dataclass(frozen=True)
class Scenario:
    """A host, and what is asked of it."""

    name: str
    settings: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    tree: Mapping[str, Content] = field(default_factory=dict)
    runtime: Mapping[str, int] = field(default_factory=dict)
    loader: str = "systemd"
    fails: bool = False


SCENARIOS = [
    Scenario("new file", {TIME: 3600, INTVL: 25}),
    Scenario("all right", {TIME: 3600}, tree={OURS: f"{TIME}=3600\n"}, runtime={TIME: 3600}),
    Scenario("runtime differs", {TIME: 3600}, tree={OURS: f"{TIME}=3600\n"}),
    Scenario(
        "file differs",
        {TIME: 3600},
        tree={OURS: f"# x\n{TIME}=1\n{FIN} = 50\n"},
        runtime={TIME: 3600},
    ),
    Scenario("runtime alone", {TIME: 3600}, {"persistent": False}),
    Scenario("file alone", {TIME: 3600}, {"runtime": False}),
    Scenario(
        "file removed", {TIME: 7200}, {"state": "absent"}, {OURS: f"{TIME} = 3600\n"}, {TIME: 3600}
    ),
    Scenario(
        "line removed",
        {TIME: None},
        {"state": "absent"},
        {OURS: f"{TIME} = 3600\n{FIN} = 60\n"},
        {TIME: 3600},
    ),
    Scenario(
        "back to the vendor's",
        {TIME: None},
        {"state": "absent"},
        {OURS: f"{TIME} = 3600\n", VENDOR: f"{TIME} = 1000\n"},
        {TIME: 3600},
    ),
    Scenario("absent already", {TIME: None}, {"state": "absent"}),
    Scenario(
        "exclusive",
        {TIME: 3600},
        {"exclusive": True},
        {OURS: f"{FIN} = 50\n", VENDOR: f"{FIN} = 40\n"},
        {FIN: 50},
    ),
    Scenario("overridden", {TIME: 3600}, tree={LATER: f"{TIME} = 1\n"}, fails=True),
    Scenario("overridden, warned", {TIME: 3600}, {"on_override": "warn"}, {LATER: f"{TIME} = 1\n"}),
    Scenario(
        "overridden, commented out",
        {TIME: 3600},
        {"on_override": "comment_out"},
        {LATER: f"{TIME} = 1\n# x\n"},
    ),
    Scenario(
        "vendor overrides",
        {TIME: 3600},
        {"on_override": "comment_out"},
        {"/usr/lib/sysctl.d/99-z.conf": f"{TIME}=1\n"},
        fails=True,
    ),
    Scenario("sysctl.conf, not read", {TIME: 3600}, tree={"/etc/sysctl.conf": f"{TIME} = 1\n"}),
    Scenario(
        "sysctl.conf, read last",
        {TIME: 3600},
        tree={"/etc/sysctl.conf": f"{TIME} = 1\n"},
        loader="procps",
        fails=True,
    ),
    Scenario("not read", {TIME: 3600}, {"path": "/etc/sysctl.d/ours.txt"}, fails=True),
    Scenario(
        "masks a file",
        {TIME: 3600},
        {"path": "/etc/sysctl.d/50-vendor.conf"},
        {VENDOR: f"{FIN} = 50\n"},
    ),
    Scenario("a glob", {"net.ipv4.conf.*.log_martians": 1}),
    Scenario("a glob and a key", {"net.ipv4.tcp_keepalive_*": 20, PROBES: 5}),
    Scenario("missing", {"net.ipv4.nope": 1, TIME: 3600}, {"ignore_missing": True}),
    Scenario("missing, fails", {"net.ipv4.nope": 1, TIME: 3600}, fails=True),
    Scenario("harmful", {PROBES: 0}, fails=True),
    Scenario("harmful, wanted", {PROBES: 0}, {"unsafe": True}),
    Scenario("two spellings", {TIME: 1, "net/ipv4/tcp_keepalive_time": 1}, fails=True),
    Scenario(
        "a link", {TIME: 3600}, tree={OURS: Link("../sysctl.conf"), "/etc/sysctl.conf": "# x\n"}
    ),
    Scenario(
        "other mode", {TIME: 3600}, {"mode": "0600"}, {OURS: f"{TIME} = 3600\n"}, {TIME: 3600}
    ),
]


def told(result: Mapping[str, Any]) -> dict[str, Any]:
    """All that the contract promises, and the warnings."""
    return {name: result.get(name) for name in {*SUCCESS, *FAILURE, "warnings"} - {"backup_files"}}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_predicted_is_done(
    make_world: Callable[..., World], ask: Asker, scenario: Scenario
) -> None:
    world = make_world(scenario.tree, loader=scenario.loader)
    for key, value in scenario.runtime.items():
        world.set_sysctl(key, value)
    task = sysctl(scenario.settings, **scenario.options)
    before = world.snapshot(identity=True)
    predicted = ask(world, task, check=True, diff=True)
    assert world.snapshot(identity=True) == before, "check mode changes nothing"
    done = ask(world, task, diff=True)
    assert told(predicted) == told(done)
    assert done.failed is scenario.fails
    if scenario.fails:
        assert world.snapshot(identity=True) == before
    else:
        assert done.changed == (
            world.snapshot()
            != {
                key: entry[: len(entry) - 3] if isinstance(entry, list) else entry
                for key, entry in before.items()
            }
        )
        assert bool(done["diff"]) == done.changed
        assert ask.again(world, task, diff=True)["diff"] == []


def test_the_diff_has_the_kernel_first_and_then_each_file(world: World, ask: Asker) -> None:
    world.write(LATER, f"{TIME} = 1\n# x\n")
    result = ask.ok(
        world, sysctl({TIME: 3600, PROBES: 9}, on_override="comment_out"), diff=True, check=True
    )
    kernel, *files = result["diff"]
    assert kernel == {
        "before_header": "/proc/sys",
        "after_header": "/proc/sys",
        "before": f"{TIME} = 7200\n",
        "after": f"{TIME} = 3600\n",
    }
    ours = next(entry for entry in files if OURS in entry["after_header"])
    assert ours["before"] == ""
    assert ours["after"].endswith(f"{TIME} = 3600\n{PROBES} = 9\n")
    later = next(entry for entry in files if LATER in entry["before_header"])
    assert later["before"] == f"{TIME} = 1\n# x\n"
    assert len(files) == 2


def test_no_diff_mode_no_diff_of_contents_is_needed_but_the_result_has_it(
    world: World, ask: Asker
) -> None:
    assert "diff" in ask.ok(world, sysctl({TIME: 3600}), check=True)


@pytest.mark.parametrize(
    "options",
    [{}, {"profile": "gce"}, {"state": "absent"}, {"time": 100, "probes": 3, "intvl": 10}],
)
def test_tcp_keepalive_too(world: World, ask: Asker, options: dict[str, Any]) -> None:
    world.write("/etc/sysctl.d/90-tcp-keepalive.conf", f"{TIME} = 50\n{PROBES} = 9\n")
    predicted = ask.ok(world, tcp_keepalive(**options), check=True, diff=True)
    done = ask.ok(world, tcp_keepalive(**options), diff=True)
    assert told(predicted) == told(done)
    assert predicted["dead_after"] == done["dead_after"]
    ask.again(world, tcp_keepalive(**options))
