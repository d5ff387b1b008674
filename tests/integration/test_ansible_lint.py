# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-lint checks the options of our modules in the playbooks of users."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sandbox.play import collections_path

LINT = Path(sys.executable).parent / "ansible-lint"


@pytest.mark.skipif(not LINT.exists(), reason="ansible-lint is only next to the newest Ansible")
@pytest.mark.parametrize(
    ("module", "options", "problems"),
    [
        ("sysctl", {"settings": {"net.ipv4.tcp_fin_timeout": 40}}, []),
        ("sysctl", {"setings": {"net.ipv4.tcp_fin_timeout": 40}}, ["settings"]),
        ("tcp_keepalive", {"time": 300, "intvl": 30}, []),
        ("tcp_keepalive", {"interval": 30}, ["interval"]),
        ("tcp_keepalive", {"from_variables": "tcp_keepalive_"}, []),
    ],
)
def test_options_are_checked(
    tmp_path: Path, module: str, options: dict[str, object], problems: list[str]
) -> None:
    """An action plugin, as tcp_keepalive has one, keeps ansible-lint from it without our main."""
    task = {"name": "Set it", f"netops.tuning.{module}": options}
    play = {"name": "A play", "hosts": "all", "gather_facts": False, "tasks": [task]}
    (tmp_path / "play.yml").write_text(f"---\n{json.dumps([play])}\n", encoding="utf-8")
    env = {
        **os.environ,
        "PATH": f"{LINT.parent}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": collections_path(),
        "ANSIBLE_HOME": str(tmp_path / "home"),
    }
    command = [str(LINT), "--offline", "--format", "json", "--project-dir", ".", "play.yml"]
    finished = subprocess.run(command, check=False, cwd=tmp_path, env=env, capture_output=True)
    rules = json.loads(finished.stdout)
    descriptions = [rule["description"] for rule in rules if rule["check_name"] == "args[module]"]
    assert len(descriptions) == len(problems), finished.stderr
    for description, problem in zip(descriptions, problems):
        assert problem in description
