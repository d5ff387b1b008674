# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real boot loaders make of a tree of sysctl files."""

from __future__ import annotations

from collections.abc import Iterable

from .world import BootResult, Tree, World


class Oracle:
    """A host whose files are replaced for each question. Each boot has a new network namespace."""

    def __init__(self, interfaces: Iterable[str] = ()) -> None:
        self.world = World(interfaces=interfaces)

    def __enter__(self) -> Oracle:
        return self

    def __exit__(self, *error: object) -> None:
        self.world.close()

    def boot(self, tree: Tree, loader: str, keys: Iterable[str]) -> BootResult:
        """Run the loader on the tree, and return the values of these keys."""
        self.world.clear()
        self.world.place(tree)
        return self.world.boot(loader, keys)

    def values(self, tree: Tree, loader: str, keys: Iterable[str]) -> dict[str, str]:
        return self.boot(tree, loader, keys).values
