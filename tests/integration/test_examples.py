# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example of the documentation runs as printed, and results are as RETURN describes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from sandbox.documented import differences, string_of
from sandbox.play import PROJECT, Controller, run_playbook
from sandbox.tasks import FIN, OURS, TIME
from sandbox.world import World

MODULES = ("sysctl", "sysctl_info", "sysctl_ledger", "tcp_keepalive", "tcp_keepalive_info")
"""Those that a task of a user names; tests of the actions run theirs."""
NOT_NETWORK_KEYS = {"vm": {"swappiness": "60"}, "fs/inotify": {"max_user_watches": "65536"}}
"""Keys of the whole kernel, which a throw-away host must not set: it gets files in their place."""
NO_PLAYS = {
    "monitoring.md": "a part of the configuration of Prometheus, which its own tests load",
    "scaling.md": "the definition of an execution environment, which its own tests build",
}
"""Document whose blocks of YAML are not run here -> why."""
NOT_HERE = {
    "netops.tuning.self_apply": "it needs systemd and a repository: extensions/molecule",
    "ansible.posix.sysctl": "what a guide replaces: extensions/molecule/migrate",
    "alert": "a rule of Prometheus: extensions/prometheus has those that are tested",
}
"""What is in a play, a task or a rule that is not run here -> why."""
VARIABLES = {"settings": {FIN: 40}}
"""Variables that examples read, and that users have already."""


@pytest.fixture
def documented_host(make_world: Callable[..., World]) -> World:
    """Make a host with what the examples name: an interface with a dot, an image, other keys."""
    world = make_world(interfaces=["eth0.100"])
    commands = ["mount -t tmpfs image /mnt", "mkdir -p /mnt/image/etc/sysctl.d /mnt/image/run"]
    for folder, values in NOT_NETWORK_KEYS.items():
        commands.append(f"mount -t tmpfs keys /proc/sys/{folder}")
        commands += [f"echo {value} > /proc/sys/{folder}/{key}" for key, value in values.items()]
    script = "set -e\n" + "\n".join(commands)
    completed = world.run(["sh", "-c", script])
    assert completed.rc == 0, completed.stderr
    return world


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_run_as_printed(
    documented_host: World, controller: Controller, module: str
) -> None:
    tasks = yaml.safe_load(string_of(module, "EXAMPLES"))
    results = controller.play(documented_host, tasks)
    assert len(results) == len(tasks)
    for task, result in zip(tasks, results):
        assert not result.failed, (task["name"], result)


def yaml_blocks(path: Path) -> list[Any]:
    blocks = re.findall(r"```yaml\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    return [yaml.safe_load(block) for block in blocks]


DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
DOCUMENTS += sorted((PROJECT / "roles").glob("*/README.md"))


def test_what_is_not_run_is_there() -> None:
    assert set(NO_PLAYS) <= {path.name for path in DOCUMENTS}


def runs_here(item: Any) -> bool:
    """Tell whether a play or a task names nothing that this machine does not have."""
    return not any(name in str(item) for name in NOT_HERE)


def plays_of(block: list[Any]) -> list[dict[str, Any]]:
    """Return the plays in a block of YAML that run here; tasks become a play."""
    here = [item for item in block if runs_here(item)]
    plays = [item for item in here if "hosts" in item]
    tasks = [item for item in here if "hosts" not in item]
    if tasks:
        plays.append({"gather_facts": False, "tasks": tasks})
    return [{**play, "hosts": "all", "become": False} for play in plays]


def test_what_is_not_run_is_in_some_document() -> None:
    text = "".join(path.read_text("utf-8") for path in DOCUMENTS)
    assert all(name in text for name in NOT_HERE)


@pytest.mark.parametrize(
    "path",
    [path for path in DOCUMENTS if path.name not in NO_PLAYS and "self_apply" not in str(path)],
    ids=lambda path: str(path.relative_to(PROJECT)),
)
def test_the_plays_of_a_document_run_as_printed(world: World, path: Path) -> None:
    """Each runs on the one host there is. Variables that are printed before it are its own."""
    variables: dict[str, Any] = dict(VARIABLES)
    for block in yaml_blocks(path):
        if isinstance(block, dict):
            variables.update(block)
            continue
        plays = plays_of(block)
        if not plays:
            continue
        played = run_playbook(world, plays, variables=variables)
        assert played.rc == 0, played.output


# --- results ---

CLASH = {"/etc/sysctl.d/99-z.conf": f"{TIME} = 1\n{FIN} = 1\n"}
"""A file that wins over ours."""
RUNS: Mapping[str, list[dict[str, Any]]] = {
    "sysctl": [
        {"settings": {FIN: 30, "net.ipv4.conf.*.accept_redirects": 0}, "on_override": "warn"},
        {"settings": {FIN: 31}},
        {"settings": {"net.ipv4.none": 1}, "on_error": "skip", "ignore_missing": False},
        {"settings": {"net.ipv4.none": 1}, "ignore_missing": True, "load_modules": True},
        {"settings": {FIN: 32}, "on_override": "comment_out", "rollout": "r", "backup": True},
        {"settings": {FIN: "x"}},
        {"settings": {FIN: 60}, "state": "absent"},
        {"settings": {"net.ipv4.ip_forward": 1}},
        {"settings": 7},
    ],
    "sysctl_info": [{}, {"keys": [FIN, "net.ipv4.none"]}, {"rehearse": True}, {"keys": ["a b"]}],
    "sysctl_ledger": [
        {"rollout": "none", "state": "restored"},
        {"rollout": "none", "state": "restored", "ignore_unknown": True},
    ],
    "tcp_keepalive": [
        {"on_override": "warn"},
        {"time": 120},
        {"on_override": "comment_out", "rollout": "r", "backup": True},
        {"idle_limit": 10},
        {"state": "absent"},
        {"time": 0},
    ],
    "tcp_keepalive_info": [
        {"rehearse": True},
        {"sockets": False, "assignments": True},
        {"process_limit": -1},
    ],
}
"""Options of modules, with which they succeed or fail in each way."""


@pytest.mark.parametrize("module", MODULES)
def test_results_are_as_documented(world: World, controller: Controller, module: str) -> None:
    world.place({**CLASH, OURS: "net.ipv4.tcp_sack = 1\nnonsense\n"})
    documentation = yaml.safe_load(string_of(module, "RETURN"))
    tasks = [{f"netops.tuning.{module}": options} for options in RUNS[module]]
    results = controller.play(world, tasks)
    assert {result.failed for result in results} == {True, False}
    problems = []
    for options, result in zip(RUNS[module], results):
        for problem in differences(result, documentation):
            problems.append(f"{options}: {problem}")
    assert not problems, "\n".join(problems)
    returned = set().union(*results)
    assert set(documentation) <= returned, "documented, but never returned"
