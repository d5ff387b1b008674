# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection expects the next boot to make of a tree of sysctl files.

Only here do tests call the collection's own code for this.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Iterable, Mapping

from ansible_collections.netops.tuning.plugins.module_utils._host.boot.reading import (
    read_boot_files,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.files import HostFiles
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.precedence import (
    precedence_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import (
    LOADERS,
    Loader,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.script_loaders import (
    script_loader,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.sysctl_d import Line
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    value_after_write,
)

from .world import Link, Tree, single_spaced


def loader_named(name: str) -> Loader:
    """Return a loader: systemd, procps, or the script and the sysctl of one, with a dash."""
    script, dash, program = name.partition("-")
    return script_loader(script, program) if dash else LOADERS[name]


def write_tree(root: Path, tree: Tree) -> None:
    """Write a tree below a folder, as it would be below /."""
    for path, content in tree.items():
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            os.symlink(content.target, target)
        elif isinstance(content, bytes):
            target.write_bytes(content)
        else:
            target.write_bytes(content.encode())


def winners(
    tree: Tree, loader: str, keys: Iterable[str], live: Mapping[str, str | None] | None = None
) -> dict[str, Line | None]:
    """Return the line that decides each key, None if no line does.

    live: key -> its value before the boot, if known.
    """
    listed = list(keys)
    with tempfile.TemporaryDirectory(prefix="netops-predict-") as folder:
        write_tree(Path(folder), tree)
        Path(folder, "srv").mkdir(exist_ok=True)  # as in a world, where links lead to it
        boot_files = read_boot_files(HostFiles(folder))
    precedence = precedence_of(boot_files, loader_named(loader), listed, live=live)
    return {key: precedence.winner(key) for key in listed}


def predict(tree: Tree, loader: str, default: Mapping[str, str]) -> dict[str, str]:
    """Return the values after a boot. default: key -> its value after a boot without files."""
    values = dict(default)
    for key, line in winners(tree, loader, default, default).items():
        if line and line.value is not None:
            values[key] = single_spaced(value_after_write(key, line.value, default[key]))
    return values
