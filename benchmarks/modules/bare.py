# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads, writes and reads back keys, and returns as much as netops.tuning.sysctl.

It does nothing else: no file, no boot value, no check, no rollback.
"""

from __future__ import annotations

import json
import os
import sys

from ansible.module_utils.basic import AnsibleModule

NET = "/proc/sys/net"


def read(net: int, path: str) -> str:
    fd = os.open(path, os.O_RDONLY, dir_fd=net)
    data = os.read(fd, 4096)
    os.close(fd)
    return data.decode().strip()


def write(net: int, path: str, value: str) -> None:
    fd = os.open(path, os.O_WRONLY, dir_fd=net)
    os.write(fd, value.encode())
    os.close(fd)


def expand_globs(settings: dict[str, object]) -> dict[str, str]:
    """Return path below /proc/sys/net -> value."""
    values = {}
    for key, value in settings.items():
        path = key.replace(".", "/")[len("net/") :]
        before, star, after = path.partition("*")
        names = os.listdir(f"{NET}/{before}") if star else [""]
        for name in names:
            values[before + name + after] = str(value)
    return values


def result_of(value: str, before: str, after: str) -> dict[str, object]:
    return {
        "value": value,
        "runtime": {"before": before, "after": after},
        "persistent": {"before": value, "after": value},
        "boot": {"value": value, "path": "/etc/sysctl.d/90-ansible.conf", "line": 1},
    }


def main() -> None:
    module = AnsibleModule(argument_spec={"settings": {"type": "dict"}})
    net = os.open(NET, os.O_PATH)
    values = expand_globs(module.params["settings"])
    before = {path: read(net, path) for path in values}
    changed = [path for path, value in values.items() if before[path] != value]
    for path in changed:
        write(net, path, values[path])
    after = before
    if changed:
        after = {path: read(net, path) for path in values}
    settings = {}
    for path, value in values.items():
        settings[path] = result_of(value, before[path], after[path])
    print(json.dumps({"changed": bool(changed), "settings": settings, "previous": before}))
    sys.exit(0)  # a module that returns has failed, for Ansible


main()
