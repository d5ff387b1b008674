# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules that change a host take, as Ansible wants to be told."""

from __future__ import annotations

from typing import Any

HEADER = "Managed by Ansible (netops.tuning): changes made here by hand are overwritten."

COMMON: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "runtime": {"type": "bool", "default": True},
    "persistent": {"type": "bool", "default": True},
    "on_override": {"type": "str", "choices": ["fail", "warn", "comment_out"], "default": "fail"},
    "unsafe": {"type": "bool", "default": False},
    "root": {"type": "path", "default": "/"},
    "backup": {"type": "bool", "default": False},
}
"""Of every one of them."""

SYSCTL = {
    **COMMON,
    "settings": {"type": "dict", "required": True},
    "path": {"type": "path", "default": "/etc/sysctl.d/90-ansible.conf"},
    "exclusive": {"type": "bool", "default": False},
    "ignore_missing": {"type": "bool", "default": False},
    "header": {"type": "str", "default": HEADER},
}
"""Of the module sysctl; those of the files fragment come on top."""
