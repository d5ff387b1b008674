# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection on a virtual machine: a real boot, kernel modules, and keys of no namespace.

The tasks are in `true_boot.yml`, between two runs of the playbook that users run. They run once;
each test looks at a part of their results.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from lab.lab import Lab, open_lab
from lab.waiting import wait_until
from lab_testing.machine import assert_unchanged, take_snapshot
from lab_testing.plays import run_play

HOST = "debian12-1"
KEEPALIVE = {
    "net.ipv4.tcp_keepalive_time": "3600",
    "net.ipv4.tcp_keepalive_probes": "9",
    "net.ipv4.tcp_keepalive_intvl": "25",
}
KERNEL_DEFAULTS = {
    "net.ipv4.tcp_keepalive_time": "7200",
    "net.ipv4.tcp_keepalive_probes": "9",
    "net.ipv4.tcp_keepalive_intvl": "75",
}
CONNTRACK = "net.netfilter.nf_conntrack_max"
LATE = {"net.sctp.max_burst": "5", "net.bridge.bridge-nf-call-iptables": "0"}
LATE_MODULES = "/etc/modules-load.d/90-ansible-91-late.conf"
SETTINGS = {CONNTRACK: "12345", "vm.swappiness": "11", "kernel.panic": "7"}


class Run(NamedTuple):
    """What was found before, during and after the playbooks."""

    kernel: str
    values_before: dict[str, str]
    first_output: str
    """Of the playbook netops.tuning.tcp_keepalive, before the reboot."""
    results: dict[str, dict[str, Any]]
    """Of the tasks in true_boot.yml, by the name under which they are registered."""
    last_output: str
    """Of the playbook netops.tuning.tcp_keepalive, after the reboot."""
    values_after: dict[str, str]
    system_state: str


@pytest.fixture(scope="module")
def vm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_lab(tmp_path_factory.mktemp("labs") / "vm") as opened:
        opened.up("vm", ["bookworm"], 1)
        yield opened


def read_values(lab: Lab, keys: list[str]) -> dict[str, str]:
    """Return the values of the keys that exist."""
    values = {}
    for line in lab.run(HOST, "sysctl", "--ignore", *keys).splitlines():
        key, value = line.split(" = ")
        values[key] = value
    return values


@pytest.fixture(scope="module")
def run(vm: Lab, tmp_path_factory: pytest.TempPathFactory) -> Run:
    home = tmp_path_factory.mktemp("ansible")
    keys = [*KEEPALIVE, *SETTINGS]
    kernel = vm.run(HOST, "uname", "-r").strip()
    values_before = read_values(vm, keys)
    first_output = run_play(vm, home, "netops.tuning.tcp_keepalive")
    playbook = str(Path(__file__).with_name("true_boot.yml"))
    output = run_play(vm, home, "--extra-vars", f"results_file={home}/results", playbook)
    print(first_output, output)
    results = json.loads((home / "results").read_text(encoding="utf-8"))
    values_after = read_values(vm, keys)
    system_state = vm.run(HOST, "systemctl", "is-system-running", "--wait").strip()
    last_output = run_play(vm, home, "netops.tuning.tcp_keepalive")
    print(last_output)
    return Run(
        kernel=kernel,
        values_before=values_before,
        first_output=first_output,
        results=results,
        last_output=last_output,
        values_after=values_after,
        system_state=system_state,
    )


def changed_tasks(output: str) -> int:
    match = re.search(r"changed=(\d+)", output)
    assert match
    return int(match.group(1))


def test_the_kernel_is_debians(run: Run) -> None:
    assert run.kernel.startswith("6.1.")
    assert run.kernel != os.uname().release


def test_the_role_sets_the_values_now_and_at_a_real_boot(vm: Lab, run: Run) -> None:
    assert {key: run.values_before[key] for key in KEEPALIVE} == KERNEL_DEFAULTS
    assert changed_tasks(run.first_output) == 1
    assert run.results["reboot"]["rebooted"]
    assert [host["boots"] for host in vm.hosts()] == [2]
    assert {key: run.values_after[key] for key in KEEPALIVE} == KEEPALIVE
    assert changed_tasks(run.last_output) == 0


def test_a_key_of_a_kernel_module_that_is_not_loaded_is_refused(run: Run) -> None:
    assert CONNTRACK not in run.values_before
    refused = run.results["refused"]
    assert refused["failed_key"] == CONNTRACK
    assert "set 'load_modules: true' to load its module nf_conntrack" in refused["msg"]
    assert "ignore_missing" in refused["msg"]


def test_ignore_missing_persists_the_key_and_sets_the_others(run: Run) -> None:
    first, second = run.results["ignored"], run.results["ignored_again"]
    assert (first["changed"], first["missing"]) == (True, [CONNTRACK])
    assert first["settings"]["vm.swappiness"]["runtime"] == {
        "before": run.values_before["vm.swappiness"],
        "after": "11",
    }
    assert (second["changed"], second["missing"]) == (False, [CONNTRACK])
    for result in (first, second):
        (doubt,) = result["doubts"]
        assert (doubt["by"], doubt["affected_keys"]) == ("nf_conntrack", [CONNTRACK])
        assert not result["settings"][CONNTRACK]["boot"]["certain"]


def test_once_the_kernel_module_is_loaded_the_key_is_set(run: Run) -> None:
    assert CONNTRACK in run.results["info_with_module"]["drift"]
    first, second = run.results["set_with_module"], run.results["set_with_module_again"]
    assert (first["changed"], first["missing"]) == (True, [])
    runtime = first["settings"][CONNTRACK]["runtime"]
    assert runtime["before"] != runtime["after"]
    assert runtime["after"] == "12345"
    assert not second["changed"]


def test_a_failure_unloads_the_kernel_module_that_was_loaded(run: Run) -> None:
    failed = run.results["failed_with_module"]
    assert failed["failed_key"] == "net.ipv4.tcp_retries1"
    assert failed["rolled_back"], failed["msg"]
    modules = run.results["modules_after_failure"]["stdout_lines"]
    assert "nf_conntrack" in modules
    assert not {"br_netfilter", "bridge", "stp", "llc"}.intersection(modules)


def test_kernel_modules_are_loaded_now_and_at_boot(run: Run) -> None:
    predicted, load, again = (
        run.results[name] for name in ("load_predicted", "load", "load_again")
    )
    for name in ("changed", "settings", "diff", "loaded_modules", "missing"):
        assert predicted[name] == load[name], name
    assert load["loaded_modules"] == ["sctp", "br_netfilter"]
    assert load["changed_files"] == ["/etc/sysctl.d/91-late.conf", LATE_MODULES]
    assert load["doubts"] == []
    assert not again["changed"]
    assert again["doubts"] == []


def test_a_real_boot_keeps_the_keys_of_kernel_modules(run: Run) -> None:
    info = run.results["info_after_boot"]
    assert {key: info["settings"][key]["runtime"] for key in LATE} == LATE
    assert not run.results["load_after_boot"]["changed"]
    taken_out = run.results["taken_out"]
    assert taken_out["changed_files"] == ["/etc/sysctl.d/91-late.conf", LATE_MODULES]
    assert [entry["after"] for entry in taken_out["diff"][-2:]] == ["", ""]


def test_a_real_boot_keeps_all_settings(run: Run) -> None:
    assert {key: run.values_after[key] for key in SETTINGS} == SETTINGS
    assert run.results["info_after_boot"]["drift"] == []
    assert not run.results["set_after_boot"]["changed"]
    assert run.system_state == "running"


def test_it_survives_ctrl_alt_del_and_a_power_cut(vm: Lab, run: Run) -> None:
    del run  # must be finished first
    vm.reboot([HOST])
    assert [host["boots"] for host in vm.hosts()] == [3]
    vm.run(HOST, "sh", "-c", "echo here >/etc/mine; sync /etc/mine")
    vm.cut_power([HOST])
    assert not vm.hosts()[0]["up"]
    vm.start([HOST])
    assert vm.run(HOST, "cat", "/etc/mine").strip() == "here"


def test_a_machine_killed_while_it_boots_leaves_no_trace(hierarchy: Path, tmp_path: Path) -> None:
    before = take_snapshot(hierarchy)
    with open_lab(tmp_path / "lab") as lab:
        lab.request("start", lab.make("vm", ["bookworm"], 1))
        command = lab.inside("ip", "link", "show", f"vb-{HOST}")

        def is_plugged_in() -> bool:
            finished = subprocess.run(command, capture_output=True, check=False)
            return finished.returncode == 0

        wait_until(is_plugged_in, lambda: "the interface is not plugged in")
        os.kill(lab.init_pid, signal.SIGKILL)
    assert_unchanged(before, hierarchy)
