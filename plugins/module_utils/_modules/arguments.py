# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the modules that change a host, as argument specs.

An option that is a field of ``Request`` has its default there. The controller imports this file
too, so it imports little.
"""

from __future__ import annotations

from typing import Any, Dict

from .._sysctl.plans.request import Request

Options = Dict[str, Dict[str, Any]]

FILE_OPTIONS = ("mode", "owner", "group", "seuser", "serole", "setype", "selevel", "attributes")
"""Those of Ansible's files fragment that concern a single file."""

DEFAULT_HEADER = "Managed by Ansible (netops.tuning): changes made here by hand are overwritten."


def _flag(name: str) -> dict[str, Any]:
    return {"type": "bool", "default": Request._field_defaults[name]}


COMMON_OPTIONS: Options = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "runtime": _flag("runtime"),
    "persistent": _flag("persistent"),
    "on_override": {
        "type": "str",
        "choices": ["fail", "warn", "comment_out"],
        "default": Request._field_defaults["on_override"],
    },
    "on_doubt": {
        "type": "str",
        "choices": ["ignore", "warn", "fail"],
        "default": Request._field_defaults["on_doubt"],
    },
    "unsafe": _flag("unsafe"),
    "root": {"type": "path", "default": "/"},
    "backup": {"type": "bool", "default": False},
    "rollout": {"type": "str"},
}
"""Of both sysctl and tcp_keepalive."""

SYSCTL_OPTIONS: Options = {
    **COMMON_OPTIONS,
    "settings": {"type": "raw", "required": True},
    "path": {"type": "path", "default": "/etc/sysctl.d/90-ansible.conf"},
    "exclusive": _flag("exclusive"),
    "ignore_missing": _flag("ignore_missing"),
    "load_modules": _flag("load_modules"),
    "modules": {"type": "raw"},
    "on_error": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
    "at_least": _flag("at_least"),
    "at_most": _flag("at_most"),
    "header": {"type": "str", "default": DEFAULT_HEADER},
}
"""Of sysctl, which takes those of Ansible's files fragment as well."""
