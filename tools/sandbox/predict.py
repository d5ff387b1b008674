# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection says that a tree of sysctl files gives at boot: the one place where tests call its code for that."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Iterable

from ansible_collections.netops.tuning.plugins.module_utils._host.boot import read_boot_files
from ansible_collections.netops.tuning.plugins.module_utils._host.files import HostFiles
from ansible_collections.netops.tuning.plugins.module_utils._sysctl import precedence
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.loaders import LOADERS
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.sysctl_d import Line

from .world import Link, Tree


def lay_out(root: Path, tree: Tree) -> None:
    """Put a tree below a folder, as it would be below /."""
    for path, content in tree.items():
        here = root / path.lstrip("/")
        here.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            os.symlink(content.target, here)
        else:
            here.write_bytes(content.encode() if isinstance(content, str) else content)


def winners(tree: Tree, loader: str, keys: Iterable[str]) -> dict[str, Line | None]:
    """Give the line that decides each key."""
    with tempfile.TemporaryDirectory(prefix="netops-predict-") as folder:
        lay_out(Path(folder), tree)
        found = read_boot_files(HostFiles(folder))
    rules = precedence.precedence_of(found, LOADERS[loader], list(keys))
    return {key: rules.winner(key) for key in keys}


def predict(tree: Tree, loader: str, keys: Iterable[str]) -> dict[str, str]:
    """Give the boot value of those keys that the tree gives a value to."""
    decided = winners(tree, loader, keys)
    return {
        key: " ".join(line.value.split()) for key, line in decided.items() if line and line.value
    }
