# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose names Ansible takes for patterns, as an inventory of a program may have them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.play import Played, run_playbook, target_python
from sandbox.tasks import INTVL, PROBES, TIME, now
from sandbox.world import World

ALL = [{"hosts": "all", "gather_facts": False, "tasks": []}]
"""A playbook for --list-hosts."""
PROGRAMS = {"ANSIBLE_INVENTORY_ENABLED": "script"}
STRANGE = ["!web", "*", "web[0]", "web,db", " web", "fe80::1"]
PLAIN = ["web", "db"]
KEEPALIVE_FILE = "/etc/sysctl.d/90-tcp-keepalive.conf"
DESIRED = {TIME: 3600, PROBES: 9, INTVL: 25}
DESIRED_FILE = "".join(f"{key} = {value}\n" for key, value in DESIRED.items())


def program_inventory(folder: Path, hosts: Mapping[str, World]) -> Path:
    """Write a program that prints an inventory: the names in a file of hosts may be ranges."""
    variables = {}
    for name, world in hosts.items():
        interpreter = world.interpreter(target_python())
        variables[name] = {
            "ansible_connection": "local",
            "ansible_python_interpreter": interpreter,
        }
    content = {"_meta": {"hostvars": variables}, "all": {"hosts": list(hosts)}}
    data = folder / "hosts.json"
    data.write_text(json.dumps(content), encoding="utf-8")
    program = folder / "inventory"
    program.write_text(f"#!/bin/sh\ncat {data}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def run(inventory: Path, playbook: str | list[dict[str, Any]], *args: str) -> Played:
    played = run_playbook(None, playbook, *args, inventory=inventory, settings=PROGRAMS)
    assert played.rc == 0, played.output
    return played


def listed_hosts(inventory: Path, limit: str) -> list[str]:
    """Return the hosts on which Ansible would run."""
    played = run(inventory, ALL, "--list-hosts", limit)
    (count,) = re.findall(r"hosts \((\d+)\):\n", played.output)
    _before, listing = played.output.split(f"hosts ({count}):\n")
    return [line[6:] for line in listing.splitlines()[: int(count)]]


def test_the_files_and_commands_of_a_report_name_exactly_their_hosts(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    right, wrong = make_world({KEEPALIVE_FILE: DESIRED_FILE}), make_world()
    for key, value in DESIRED.items():
        right.set_sysctl(key, value)
    hosts = {**dict.fromkeys(STRANGE, wrong), **dict.fromkeys(PLAIN, right)}
    inventory = program_inventory(tmp_path, hosts)
    folder = tmp_path / "report"
    run(inventory, "netops.tuning.audit", f"-eaudit_report_dir={folder}")
    report = json.loads((folder / "keepalive-audit.json").read_text(encoding="utf-8"))
    states = {host["name"]: host["state"] for host in report["hosts"]}
    assert states == {**dict.fromkeys(STRANGE, "drift"), **dict.fromkeys(PLAIN, "as_wanted")}

    limit = f"--limit=@{folder}/keepalive-audit.limit"
    assert sorted(listed_hosts(inventory, limit)) == sorted(STRANGE)
    (step,) = report["todo"]
    assert sorted(listed_hosts(inventory, limit_of(step))) == sorted(STRANGE)
    for host in report["hosts"][:2]:
        assert listed_hosts(inventory, limit_of(host["todo"][0])) == [host["name"]]


def limit_of(step: Mapping[str, str]) -> str:
    """Return the option by which a command is limited."""
    arguments = shlex.split(step["command"])
    (limit,) = [argument for argument in arguments if argument.startswith("--limit=")]
    return limit


def test_a_rollout_changes_the_hosts_of_its_plan_and_no_others(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    hosts = {name: make_world() for name in ("*", "!web", "web,db", "web")}
    inventory = program_inventory(tmp_path, hosts)
    before = hosts["web"].snapshot(identity=True)
    limit = r"--limit=~\x2a\Z,~\x21web\Z,~web\x2cdb\Z"
    played = run_playbook(
        None,
        "netops.tuning.rollout",
        limit,
        "-erollout_name=a",
        inventory=inventory,
        settings=PROGRAMS,
    )
    (outcomes,) = [result["outcomes"] for result in played.results if "outcomes" in result]
    assert {name: outcome["outcome"] for name, outcome in outcomes.items()} == {
        "*": "done",
        "!web": "done",
        "web,db": "done",
    }
    assert hosts["web"].snapshot(identity=True) == before
    played = run_playbook(
        None,
        "netops.tuning.rollback",
        limit,
        "-erollout_name=a",
        inventory=inventory,
        settings=PROGRAMS,
    )
    assert now(hosts["*"]) == now(hosts["web,db"]) == now(hosts["!web"]) == now(hosts["web"])
