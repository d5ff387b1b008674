# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trees of sysctl files of real distributions: a data file each, with what the next boot makes of its keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator, Mapping, NamedTuple

import yaml

from .world import Link, Tree

TREES = Path(__file__).parents[2] / "tests" / "unit" / "trees"


class Distribution(NamedTuple):
    """A host as its distribution (and its administrator) left it."""

    name: str
    loader: str
    tree: Tree
    expect: Mapping[str, Mapping[str, Any]]
    """Key -> value, path, line. No value: that line keeps globs off the key. Nothing: no line decides it."""


def distributions() -> Iterator[Distribution]:
    for path in sorted(TREES.glob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        tree = {
            name: Link(content["link"]) if isinstance(content, dict) else content
            for name, content in data["files"].items()
        }
        yield Distribution(data["name"], data["loader"], tree, data["expect"])
