# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No message says "1 hosts": a number is not put before a noun in the plural."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FOLDERS = ("plugins", "playbooks", "roles", "tools/lab")
NOUNS = (
    "hosts|keys|files|connections|lines|values|processes|batches|failures|runs|settings|namespaces"
    "|entries|rollouts|problems|numbers|times|reports"
)
COUNTED = re.compile(rf"\}}\}}?(</b>)? ({NOUNS})\b")
"""The end of a placeholder of Python, Jinja or JavaScript, and a noun in the plural."""
ALLOWED = {
    "plugins/plugin_utils/_report/html.py": ["{_grouped(hosts)} hosts"],
    "plugins/module_utils/_sysctl/kernel/value_checks.py": ["{count} numbers"],
    "tools/lab/__main__.py": ["{len(names)} hosts are up"],
}
"""File -> what is only shown where the number is not 1."""


def counted(text):
    """Return the lines of a text that put a number before a noun in the plural."""
    return [line.strip() for line in text.splitlines() if COUNTED.search(line)]


def test_no_number_comes_before_a_plural():
    problems = []
    for folder in FOLDERS:
        for path in sorted((PROJECT / folder).rglob("*.*")):
            if path.suffix not in (".py", ".yml", ".html", ".js"):
                continue
            name = str(path.relative_to(PROJECT))
            for line in counted(path.read_text(encoding="utf-8")):
                if not any(allowed in line for allowed in ALLOWED.get(name, [])):
                    problems.append(f"{name}: {line}")
    assert problems == []


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_is_there(name):
    text = (PROJECT / name).read_text(encoding="utf-8")
    assert all(allowed in text for allowed in ALLOWED[name])


@pytest.mark.parametrize(
    ("line", "is_counted"),
    [
        ('f"{len(hosts)} hosts"', True),
        ("msg: {{ hosts | length }} hosts", True),
        ("`${count} keys`", True),
        ("<b>{{ number }}</b> files", True),
        ('f"{name} says"', False),
        ("f\"{count_text(number, 'host')}\"", False),
    ],
)
def test_counted(line, is_counted):
    assert bool(counted(line)) is is_counted
