# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The docstring of a package in tools/ names every file of it, and none that does not exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
PACKAGES = sorted(path.parent for path in TOOLS.glob("*/__init__.py"))
NAME = re.compile(r"(?<![\w./])\w+(?:\.py\b|/(?!\w))")
"""A file of Python, or a folder; what stands below another folder is not of this package."""
NOT_NAMED = {"__init__.py", "__pycache__/"}


def names_in_docstring(package: Path) -> list[str]:
    source = (package / "__init__.py").read_text(encoding="utf-8")
    return NAME.findall(ast.get_docstring(ast.parse(source)) or "")


def names_in_folder(package: Path) -> set[str]:
    """Return the files of a package, and its folders with a slash at their end."""
    names = {path.name for path in package.glob("*.py")}
    for path in package.iterdir():
        if path.is_dir():
            names.add(f"{path.name}/")
    return names - NOT_NAMED


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_the_docstring_names_the_files_of_the_package(package):
    assert set(names_in_docstring(package)) == names_in_folder(package)


def test_what_is_a_name(tmp_path):
    text = '"""A package.\n\none.py, two/   see other/three.py and `lab.lab`; four.pyc\n"""\n'
    (tmp_path / "__init__.py").write_text(text)
    assert names_in_docstring(tmp_path) == ["one.py", "two/"]
