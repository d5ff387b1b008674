# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python that is too old is refused in one line, where ansible-core still runs modules on it."""

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
CORE_REASON = "later releases of ansible-core wrap modules in syntax that such a Python cannot read"


def interpreter(version: str) -> str:
    """Return a Python on PATH, or of pyenv: the PATH of the tests has no folder of a Python 2."""
    on_path = shutil.which(f"python{version}")
    if on_path:
        return on_path
    pyenv_versions = Path(target_python()).resolve().parents[2]
    for path in pyenv_versions.glob(f"{version}.*/bin/python{version}"):
        return str(path)
    return pytest.skip(f"there is no Python {version} on this machine")


@pytest.mark.skipif(not ansible.release.__version__.startswith("2.16."), reason=CORE_REASON)
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
