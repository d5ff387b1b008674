# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine, and the collection on it: a real boot, modules, and keys that no namespace lets us write.

What is done stands in `true_boot.yml`, between two runs of the playbook that users have; it is done once, then looked at.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lab.lab import Lab, open_lab
from lab_testing.machine import look, same_again, until
from lab_testing.plays import run_play

KEEPALIVE = {
    f"net.ipv4.tcp_keepalive_{name}": value
    for name, value in zip(("time", "probes", "intvl"), ("3600", "9", "25"))
}
CONNTRACK = "net.netfilter.nf_conntrack_max"
ASKED = {CONNTRACK: "12345", "vm.swappiness": "11", "kernel.panic": "7"}


@dataclass(frozen=True)
class Story:
    kernel: str
    fresh: dict[str, str]
    first: str
    """What the playbook for TCP keepalive printed."""
    told: dict[str, dict[str, Any]]
    last: str
    """What it printed after the boot."""
    ended: dict[str, str]
    units: str


@pytest.fixture(scope="module")
def vm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_lab(tmp_path_factory.mktemp("labs") / "vm") as opened:
        opened.up("vm", ["bookworm"], 1)
        yield opened


def values(lab: Lab, keys: list[str]) -> dict[str, str]:
    """Read those that are there."""
    lines = lab.run("debian12-1", "sysctl", "--ignore", *keys).splitlines()
    return dict(line.split(" = ") for line in lines)


@pytest.fixture(scope="module")
def story(vm: Lab, tmp_path_factory: pytest.TempPathFactory) -> Story:
    home = tmp_path_factory.mktemp("ansible")
    kernel = vm.run("debian12-1", "uname", "-r").strip()
    fresh = values(vm, [*KEEPALIVE, *ASKED])
    first = run_play(vm, home, "netops.tuning.tcp_keepalive")
    done = run_play(
        vm,
        home,
        "--extra-vars",
        f"told={home}/told",
        str(Path(__file__).with_name("true_boot.yml")),
    )
    print(first, done)
    told = json.loads((home / "told").read_text(encoding="utf-8"))
    ended = values(vm, [*KEEPALIVE, *ASKED])
    units = vm.run("debian12-1", "systemctl", "is-system-running", "--wait").strip()
    last = run_play(vm, home, "netops.tuning.tcp_keepalive")
    print(last)
    return Story(kernel, fresh, first, told, last, ended, units)


def changed(printed: str) -> int:
    found = re.search(r"changed=(\d+)", printed)
    assert found
    return int(found.group(1))


def test_the_kernel_is_debians(story: Story) -> None:
    assert story.kernel.startswith("6.1.")
    assert story.kernel != os.uname().release


def test_the_role_is_true_now_and_after_a_real_boot(vm: Lab, story: Story) -> None:
    assert {key: story.fresh[key] for key in KEEPALIVE} == dict(zip(KEEPALIVE, ("7200", "9", "75")))
    assert changed(story.first) == 1
    assert story.told["boot"]["rebooted"]
    assert [host["boots"] for host in vm.hosts()] == [2]
    assert {key: story.ended[key] for key in KEEPALIVE} == KEEPALIVE
    assert changed(story.last) == 0


def test_a_key_of_a_module_that_is_not_loaded_is_refused_by_name(story: Story) -> None:
    assert CONNTRACK not in story.fresh
    refused = story.told["refused"]
    assert refused["failed_key"] == CONNTRACK
    assert "ignore_missing" in refused["msg"]


def test_ignore_missing_persists_it_and_sets_the_rest(story: Story) -> None:
    missing, again = story.told["missing"], story.told["missing_again"]
    assert (missing["changed"], missing["missing"]) == (True, [CONNTRACK])
    assert missing["settings"]["vm.swappiness"]["runtime"] == {
        "before": story.fresh["vm.swappiness"],
        "after": "11",
    }
    assert (again["changed"], again["missing"]) == (False, [CONNTRACK])


def test_once_the_module_is_loaded_the_key_drifts_and_is_put_right(story: Story) -> None:
    assert CONNTRACK in story.told["loaded"]["drift"]
    found, again = story.told["found"], story.told["found_again"]
    assert (found["changed"], found["missing"]) == (True, [])
    runtime = found["settings"][CONNTRACK]["runtime"]
    assert runtime["before"] != runtime["after"] == "12345"
    assert not again["changed"]


def test_all_is_still_there_after_a_real_boot(story: Story) -> None:
    assert {key: story.ended[key] for key in ASKED} == ASKED
    assert story.told["booted"]["drift"] == []
    assert not story.told["booted_again"]["changed"]
    assert story.units == "running"


def test_ctrl_alt_del_reboots_it_and_the_power_can_go(vm: Lab, story: Story) -> None:
    del story  # comes first
    vm.reboot(["debian12-1"])
    assert [host["boots"] for host in vm.hosts()] == [3]
    vm.run("debian12-1", "sh", "-c", "echo here >/etc/mine; sync /etc/mine")
    vm.ask("stop", ["debian12-1"])
    assert not vm.hosts()[0]["up"]
    vm.start(["debian12-1"])
    assert vm.run("debian12-1", "cat", "/etc/mine").strip() == "here"


def test_one_that_is_killed_as_it_boots_leaves_no_trace(hierarchy: Path, tmp_path: Path) -> None:
    before = look(hierarchy)
    with open_lab(tmp_path / "lab") as lab:
        lab.ask("start", lab.make("vm", ["bookworm"], 1))
        cable = lab.inside("ip", "link", "show", "vb-debian12-1")
        until(lambda: not subprocess.run(cable, capture_output=True, check=False).returncode)
        os.kill(lab.first, signal.SIGKILL)
    same_again(before, hierarchy)
