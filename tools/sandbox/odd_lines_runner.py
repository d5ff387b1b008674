# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare, inside a world, what sysctl_info says of odd lines with what the loader makes of them.

    python -m sandbox.odd_lines_runner LOADER FIRST COUNT

prints as ``history_runner`` does.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

from ansible_collections.netops.tuning.plugins.module_utils._host.boot.reading import (
    read_boot_files,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.files import HostFiles
from ansible_collections.netops.tuning.plugins.module_utils._modules.sysctl_info import (
    inspect_settings,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import LOADERS
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    values_equal,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import (
    ACTIONS,
    path_to_key,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.secrets import is_secret

from . import agent
from .history_runner import make_network, run_checks, run_loader
from .odd_lines import make_odd_lines
from .world import single_spaced


def check_lines(seed: int, loader: str) -> dict[str, Any]:
    """Return the lines of a seed, with what the boot contradicts."""
    make_network()
    lines = make_odd_lines(seed, keys_of_the_network())
    agent.clear()
    for path, text in lines.files.items():
        agent.write(path, text, 0o644)
    for key, text in lines.live.items():
        with contextlib.suppress(OSError):
            agent.set_key(key, text)
    files = HostFiles("/")
    info = inspect_settings(read_boot_files(files), LOADERS[loader], lines.keys, files)
    make_network()
    before = read_values(lines.keys)
    log = run_loader(loader)
    booted = read_values(lines.keys)
    problems = []
    for key, setting in info["settings"].items():
        expected = before[key] if setting["boot"] is None else setting["boot"]
        if setting["certain"] and not values_equal(key, booted[key], expected):
            problems.append(f"{key} boots as {booted[key]!r}, expected {expected!r}; log: {log}")
    return {"problems": problems, **lines._asdict()}


def keys_of_the_network() -> list[str]:
    """Return the keys that can be read and are neither secret nor changed by the kernel."""
    keys = []
    for folder, _folders, names in os.walk("/proc/sys/net"):
        for name in names:
            path = f"{folder}/{name}"
            key = path_to_key(path[len("/proc/sys/") :])
            is_setting = key not in ACTIONS and not is_secret(key) and path != agent.OF_THE_KERNEL
            if is_setting and not any(part in path for part in agent.VOLATILE):
                with contextlib.suppress(OSError):
                    agent.get_key(key)
                    keys.append(key)
    return sorted(keys)


def read_values(keys: list[str]) -> dict[str, str]:
    return {key: single_spaced(agent.get_key(key)) for key in keys}


if __name__ == "__main__":
    run_checks(check_lines)
