# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of a module that is only an action lists the options that the action validates."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytest.importorskip("ansible", reason="Actions run on the controller, where Ansible is installed")

import yaml
from ansible_collections.netops.tuning.plugins.action import audit_report

PLUGINS = Path(__file__).parents[2] / "plugins"

OPTIONS = {
    "audit_report": audit_report.OPTIONS,
}
"""Action -> the argument spec that it validates. The module file of the same name documents it."""

NOT_COMPARED = {
    "rollout_fleet": "its documentation is in a sidecar",
    "rollout_host": "its documentation is in a sidecar",
    "tcp_keepalive": "it wraps a real module, whose options are those of the module",
}
"""Action -> why it is not in the table above."""

COMPARED = ("type", "elements", "choices", "default", "required")


def documented_options(name):
    """Return the options in the string DOCUMENTATION of a module file, without importing the file."""
    tree = ast.parse((PLUGINS / "modules" / f"{name}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "DOCUMENTATION":
            return yaml.safe_load(node.value.value)["options"]
    raise AssertionError(f"{name}.py has no DOCUMENTATION")


def comparable(options):
    """Keep what documentation and argument specs share: the text is only in one, `required: false` often in none."""
    result = {}
    for name, option in options.items():
        shared = {field: option[field] for field in COMPARED if field in option}
        shared.setdefault("required", False)
        result[name] = shared
    return result


@pytest.mark.parametrize("name", OPTIONS)
def test_the_documentation_lists_the_options_of_the_action(name):
    assert comparable(documented_options(name)) == comparable(OPTIONS[name])


def test_every_action_is_compared_or_has_a_reason_not_to_be():
    actions = {path.stem for path in (PLUGINS / "action").glob("*.py")}
    assert actions <= {*OPTIONS, *NOT_COMPARED}
    assert not set(OPTIONS) & set(NOT_COMPARED)
