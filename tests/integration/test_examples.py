# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example of the documentation runs as printed, and results are as RETURN describes them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from sandbox.play import PROJECT, Controller, Result, run_playbook
from sandbox.tasks import FIN, OURS, TIME
from sandbox.world import World

MODULES = ("sysctl", "sysctl_info", "sysctl_ledger", "tcp_keepalive", "tcp_keepalive_info")
"""Those that a task of a user names; tests of the actions run theirs."""
NOT_NETWORK_KEYS = {"vm": {"swappiness": "60"}, "fs/inotify": {"max_user_watches": "65536"}}
"""Keys of the whole kernel, which a throw-away host must not set: it gets files in their place."""
NO_PLAYS = {
    "monitoring.md": "a part of the configuration of Prometheus, which its own tests load",
    "scaling.md": "the definition of an execution environment, which its own tests build",
    "pulling.md": "hosts that apply their own settings need a repository: extensions/molecule",
    "migrating-from-ansible-posix-sysctl.md": "it shows what it replaces, which is not installed",
}
"""Document whose blocks of YAML are not run here -> why."""
ADDED_BY_ANSIBLE = {
    "changed",
    "deprecations",
    "exception",
    "failed",
    "invocation",
    "msg",
    "warnings",
}
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "bool": bool,
    "float": (int, float),
    "dict": dict,
    "list": list,
}


def string_of(module: str, name: str) -> str:
    """Return a documentation string of a module file."""
    tree = ast.parse((PROJECT / "plugins" / "modules" / f"{module}.py").read_text("utf-8"))
    strings = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            strings[node.targets[0].id] = node.value
    return str(ast.literal_eval(strings[name]))


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


@pytest.mark.parametrize(
    "path",
    [path for path in DOCUMENTS if path.name not in NO_PLAYS and "self_apply" not in str(path)],
    ids=lambda path: str(path.relative_to(PROJECT)),
)
def test_the_plays_of_a_document_run_as_printed(world: World, path: Path) -> None:
    """Each runs on the one host there is. Variables that are printed before it are its own."""
    variables: dict[str, Any] = {}
    for block in yaml_blocks(path):
        if isinstance(block, dict):
            variables.update(block)
            continue
        plays = [{**play, "hosts": "all", "become": False} for play in block]
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
        {"settings": {"net.ipv4.none": 1}, "ignore_missing": True},
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
    returned = {name for result in results for name in result}
    assert set(documentation) <= returned, "documented, but never returned"


def differences(result: Result, documentation: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a result has that is not documented, and what it lacks."""
    own = {name: value for name, value in result.items() if name not in ADDED_BY_ANSIBLE}
    public = {name: value for name, value in own.items() if not name.startswith("_ansible")}
    yield from undocumented(public, documentation, "")
    for name, field in documentation.items():
        always = field["returned"] in ("always", "failure" if result.failed else "success")
        if always and name not in result:
            yield f"{name} is missing"


def undocumented(value: Mapping[str, Any], fields: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, part in value.items():
        if name not in fields:
            yield f"{where}{name} is not documented"
        else:
            yield from wrong_value(part, fields[name], f"{where}{name}")


def wrong_value(value: Any, field: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield what differs between a value and its documentation; null is of every type."""
    if value is None:
        return
    if not isinstance(value, TYPES[field["type"]]):
        yield f"{where} is no {field['type']}: {value!r}"
        return
    parts = field.get("contains")
    if not parts:
        return
    if isinstance(value, list):
        entries = {str(number): entry for number, entry in enumerate(value)}
    elif set(value) <= set(parts):
        entries = {"": value}
    else:
        entries = value  # the names are keys, or the like: each entry has these parts
    for name, entry in entries.items():
        if isinstance(entry, dict):
            yield from undocumented(entry, parts, f"{where}.{name}.")
        else:
            yield f"{where}.{name} is {entry!r}"
