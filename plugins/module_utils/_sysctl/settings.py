# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the module sysctl; those of the files fragment come on top."""

from __future__ import annotations

from .options import COMMON, HEADER

OPTIONS = {
    **COMMON,
    "settings": {"type": "dict", "required": True},
    "path": {"type": "path", "default": "/etc/sysctl.d/90-ansible.conf"},
    "exclusive": {"type": "bool", "default": False},
    "ignore_missing": {"type": "bool", "default": False},
    "header": {"type": "str", "default": HEADER},
}
