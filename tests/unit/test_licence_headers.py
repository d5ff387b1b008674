# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every file begins with the licence, in the form that files of its kind have."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LICENCE = (
    "Copyright: (c) 2026, the netops.tuning authors",
    "GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "SPDX-License-Identifier: GPL-3.0-or-later",
)
IN_COMMENTS = [f"# {line}" for line in LICENCE]
SHORT = [f"# {LICENCE[-1]}"]
"""What module_utils has: Ansible sends these files to a host with every task."""
HEADERS = {
    ".j2": IN_COMMENTS,
    ".md": ["<!--", *LICENCE, "-->"],
    ".py": IN_COMMENTS,
    ".sh": IN_COMMENTS,
    ".toml": IN_COMMENTS,
    ".yaml": IN_COMMENTS,
    ".yml": IN_COMMENTS,
}
"""Ending of a name -> the first lines of such files."""
BEFORE_HEADER = ("#!", "---")
"""How a line starts that comes before the licence."""
MADE_BY_TOOLS = {"changelogs/changelog.yaml": "antsibull-changelog writes it"}


def files_with_header() -> list[str]:
    """Return the files that git has or would take, of the kinds that have a header."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=str(PROJECT), check=True, stdout=subprocess.PIPE).stdout
    names = []
    for name in output.decode().split("\0"):
        path = PROJECT / name
        is_written = path.suffix in HEADERS and name not in MADE_BY_TOOLS
        if is_written and path.is_file() and path.stat().st_size:
            names.append(name)
    return names


def header_of(name: str) -> list[str]:
    """Return the header that a file must have."""
    return SHORT if name.startswith("plugins/module_utils/") else HEADERS[Path(name).suffix]


def first_lines(name: str, count: int) -> list[str]:
    """Return so many lines of a file from where its header begins."""
    lines = (PROJECT / name).read_text(encoding="utf-8").splitlines()
    if lines[0].startswith(BEFORE_HEADER):
        del lines[0]
    return lines[:count]


@pytest.mark.parametrize("name", files_with_header())
def test_a_file_begins_with_the_licence(name):
    header = header_of(name)
    assert first_lines(name, len(header)) == header


def test_what_tools_make_is_there():
    assert all((PROJECT / name).is_file() for name in MADE_BY_TOOLS)
