# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module that is only an action documents the options that the action validates."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ansible", reason="Actions run on the controller, where Ansible is installed")

import yaml

PROJECT = Path(__file__).parents[2]
PLUGINS = PROJECT / "plugins"

COMPARED = [
    "audit_report",
    "playbook_end",
    "playbook_start",
    "rollout_plan",
    "rollout_progress",
    "rollout_summary",
    "rollouts_list",
]
"""Actions with a constant OPTIONS, whose documentation is in the module file of the same name."""

NOT_COMPARED = {
    "self_apply_validate": "its own unit test compares them",
    "tcp_keepalive": "it wraps a real module, whose options are those of the module",
}
"""Action -> why it is not in the list above."""

FIELDS = ("type", "elements", "choices", "default", "required")


def options_of_action(name):
    """Return the argument spec of an action.

    Another process imports it: in a process that has imported an action, modules no longer
    collect their warnings.
    """
    action = f"ansible_collections.netops.tuning.plugins.action.{name}"
    code = f"import json; from {action} import OPTIONS; print(json.dumps(OPTIONS))"
    env = {**os.environ, "PYTHONPATH": str(PROJECT / ".build/src")}
    output = subprocess.run(
        [sys.executable, "-c", code], env=env, check=True, stdout=subprocess.PIPE
    ).stdout
    return json.loads(output)


def documented_options(name):
    """Return the options in the documentation of a module file and its fragments."""
    documentation = documentation_of(PLUGINS / "modules" / f"{name}.py")
    options = dict(documentation.get("options") or {})
    for fragment in documentation.get("extends_documentation_fragment", ()):
        file_name = fragment.rpartition(".")[2]
        options.update(documentation_of(PLUGINS / "doc_fragments" / f"{file_name}.py")["options"])
    return options


def documentation_of(path):
    """Return the string DOCUMENTATION of a file, at its top or in its class."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and node.targets[0].id == "DOCUMENTATION":
            return yaml.safe_load(node.value.value)
    raise AssertionError(f"{path} has no DOCUMENTATION")


def comparable(options):
    """Return the fields that documentation and argument specs share, with `required`."""
    result = {}
    for name, option in options.items():
        shared = {field: option[field] for field in FIELDS if field in option}
        shared.setdefault("required", False)
        result[name] = shared
    return result


@pytest.mark.parametrize("name", COMPARED)
def test_the_documentation_lists_the_options_of_the_action(name):
    assert comparable(documented_options(name)) == comparable(options_of_action(name))


def test_every_action_is_compared_or_has_a_reason_not_to_be():
    actions = {path.stem for path in (PLUGINS / "action").glob("*.py")}
    assert actions <= {*COMPARED, *NOT_COMPARED}
    assert not set(COMPARED) & set(NOT_COMPARED)
