# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of programs: the lab's command line, and Ansible on the hosts of a lab."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lab import roots
from lab.lab import Lab

LAB_PROGRAM = [sys.executable, "-m", "lab"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(roots.PROJECT / "tools")}
"""The environment in which the lab's command line runs."""


def run_play(lab: Lab, home: Path, *arguments: str) -> str:
    """Run ansible-playbook on a lab's hosts; return its output."""
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(roots.PROJECT / ".build" / "installed"),
        "ANSIBLE_HOME": str(home),
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_PIPELINING": "1",
    }
    command = lab.inside(program, "--inventory", str(lab.inventory), *arguments)
    finished = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    output = finished.stdout.decode()
    assert finished.returncode == 0, output + finished.stderr.decode()
    return output
