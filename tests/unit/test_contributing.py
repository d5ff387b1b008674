# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The map of the code in CONTRIBUTING.md names every file once, and none that does not exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Iterator

import pytest

PROJECT = Path(__file__).parents[2]
SECTION = "## Architecture"
MAPPED_FOLDERS = ("plugins/module_utils", "plugins/plugin_utils", "plugins/action")


def section_lines() -> Iterator[str]:
    """Yield the lines of the section with the map."""
    in_section = False
    for line in (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            in_section = line == SECTION
        elif in_section:
            yield line


def mapped_paths() -> list[str]:
    """Return the paths in the first column of each table, below the folder in its heading."""
    paths = []
    folder = None
    for line in section_lines():
        heading = re.match(r"### `(.+?)/?`$", line)
        if heading:
            folder = heading.group(1)
        elif line.startswith("| `") and folder:
            first_cell = line.split("|")[1]
            for name in re.findall(r"`([^`]+)`", first_cell):
                paths.append(f"{folder}/{name}")
    return paths


def python_files(folder: str) -> list[str]:
    files = []
    for path in (PROJECT / folder).rglob("*.py"):
        if path.name != "__init__.py":
            files.append(path.relative_to(PROJECT).as_posix())
    return sorted(files)


def tool_names() -> list[str]:
    """Return the files and packages of tools/, a package with a slash at its end."""
    names = []
    for path in (PROJECT / "tools").iterdir():
        if path.is_dir() and path.name != "__pycache__":
            names.append(f"tools/{path.name}/")
        elif path.suffix == ".py":
            names.append(f"tools/{path.name}")
    return sorted(names)


@pytest.mark.parametrize("folder", MAPPED_FOLDERS)
def test_the_map_names_every_file_of_the_collection_once(folder):
    mapped = [path for path in mapped_paths() if path.startswith(f"{folder}/")]
    assert sorted(path for path in mapped if path.endswith(".py")) == python_files(folder)


def test_the_map_names_every_tool_once():
    assert sorted(path for path in mapped_paths() if path.startswith("tools/")) == tool_names()


def test_the_map_names_only_what_exists():
    missing = [path for path in mapped_paths() if not (PROJECT / path).exists()]
    assert missing == []
