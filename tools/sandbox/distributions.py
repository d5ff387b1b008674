# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trees of sysctl files of real distributions, with what the next boot makes of their keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator, Mapping, NamedTuple

import yaml

from .world import Content, Link, Tree

TREES = Path(__file__).parents[2] / "tests" / "unit" / "trees"


class Distribution(NamedTuple):
    """A host as its distribution, and perhaps its administrator, set it up."""

    name: str
    loader: str
    tree: Tree
    expect: Mapping[str, Mapping[str, Any]]
    """Key -> the value, path and line that decide it.

    Without a value, the line keeps globs off the key. An empty mapping: no line decides the key.
    """


def distributions() -> Iterator[Distribution]:
    """Yield what the data files say, a file for each distribution."""
    for path in sorted(TREES.glob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        tree: dict[str, Content] = {}
        for name, content in data["files"].items():
            tree[name] = Link(content["link"]) if isinstance(content, dict) else content
        yield Distribution(
            name=data["name"],
            loader=data["loader"],
            tree=tree,
            expect=data["expect"],
        )
