# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module that changes a host takes, as Ansible wants to be told."""

from __future__ import annotations

from typing import Any

COMMON: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "runtime": {"type": "bool", "default": True},
    "persistent": {"type": "bool", "default": True},
    "on_override": {"type": "str", "choices": ["fail", "warn", "comment_out"], "default": "fail"},
    "unsafe": {"type": "bool", "default": False},
    "root": {"type": "path", "default": "/"},
    "backup": {"type": "bool", "default": False},
}
HEADER = "Managed by Ansible (netops.tuning): changes made here by hand are overwritten."
