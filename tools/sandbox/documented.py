# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of modules, and what differs between it and their results."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from .play import PROJECT, Result

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
    for name, entry in entries_of(value, parts).items():
        if isinstance(entry, dict):
            yield from undocumented(entry, parts, f"{where}.{name}.")
        else:
            yield f"{where}.{name} is {entry!r}"


def entries_of(value: Any, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of a list or a dictionary, each of which has these parts."""
    if isinstance(value, list):
        return {str(number): entry for number, entry in enumerate(value)}
    if set(value) <= set(parts):
        return {"": value}
    return dict(value)  # the names are keys, or the like: each entry has these parts
