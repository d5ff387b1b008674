# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose Python is too old is told so in one line, also where ansible-core still starts modules there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import ansible.release
import pytest
from sandbox.play import target_python
from sandbox.tasks import OURS, TIME, Asker, info, keepalive_info, sysctl, tcp_keepalive
from sandbox.world import World

TASKS = [sysctl({TIME: 3600}), info(), tcp_keepalive(), keepalive_info()]
OLD = ("2.7", "3.6")


def interpreter(version: str) -> str:
    """Find a Python on PATH, or beside the others: a folder of Python 2 alone is not on the PATH of the tests."""
    newest = Path(target_python()).resolve().parent.parent
    beside = newest.parent.glob(f"{version}.*/bin/python{version}")
    found = shutil.which(f"python{version}") or next(map(str, beside), None)
    if found is None:
        pytest.skip(f"there is no Python {version} on this machine")
    return found


@pytest.mark.skipif(
    not ansible.release.__version__.startswith("2.16."),
    reason="later releases of ansible-core wrap a module in what is no syntax to such a Python: it never starts",
)
@pytest.mark.parametrize("version", OLD)
@pytest.mark.parametrize(
    "task", TASKS, ids=["sysctl", "sysctl_info", "tcp_keepalive", "tcp_keepalive_info"]
)
def test_one_line_says_so(world: World, ask: Asker, task: dict[str, object], version: str) -> None:
    result = ask(world, task, python=interpreter(version))
    assert result.failed
    assert "SyntaxError" not in str(result)
    (line,) = result["msg"].strip().splitlines()
    assert version in line
    assert re.search(r"netops\.tuning needs Python 3\.7 or later", line), line
    assert not world.exists(OURS)
    assert world.sysctl(TIME) == "7200"
