# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command line of Ansible in README and docs runs as printed, in the order of its page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from sandbox.play import PROJECT, SETTINGS, Ansible, collections_path, target_python
from sandbox.tasks import DOCUMENT, KEEPALIVE
from sandbox.world import World

COMMAND = re.compile(r"^\$ (ansible(?:-playbook)? .*)$", re.MULTILINE)
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
WITH_COMMANDS = [path for path in PAGES if COMMAND.search(path.read_text("utf-8"))]
EARLIER_REPORTS = ("part-1.json", "audit-2026-11-01.json")
"""Names of reports that commands expect from earlier runs."""
KEEPALIVE_FILE = "/etc/sysctl.d/90-tcp-keepalive.conf"
OTHER_PROGRAMS = ("ANSIBLE_STDOUT_CALLBACK", "ANSIBLE_CALLBACK_PLUGINS", "ANSIBLE_FORKS")
"""Settings of the harness that a user does not have."""


def commands(path: Path) -> list[str]:
    """Return the commands of a page, each once."""
    return list(dict.fromkeys(COMMAND.findall(path.read_text("utf-8"))))


def shell(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with a /srv of its own that stays in the folder."""
    settings = {name: value for name, value in SETTINGS.items() if name not in OTHER_PROGRAMS}
    env = {
        **settings,
        "PATH": f"{Ansible.programs}:{os.environ['PATH']}",
        "HOME": str(folder),
        "ANSIBLE_HOME": str(folder / ".ansible"),
        "ANSIBLE_INVENTORY": str(folder / "inventory"),
        "ANSIBLE_COLLECTIONS_PATH": collections_path(),
    }
    script = f"mount --bind {folder} /srv\n{command}"
    unshared = ["unshare", "--mount", "--propagation", "private", "bash", "-ec", script]
    return subprocess.run(
        unshared,
        check=False,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=lambda path: path.name)
def test_the_commands_of_a_page_run_as_printed(
    make_world: Callable[..., World], tmp_path: Path, path: Path
) -> None:
    """On a host that is as wanted, but for rollouts."""
    world = make_world()
    if path.name != "rolling-out.md":
        lines = [f"{key} = {value}\n" for key, value in zip(KEEPALIVE, DOCUMENT)]
        world.write(KEEPALIVE_FILE, "".join(lines))
        for key, value in zip(KEEPALIVE, DOCUMENT):
            world.set_sysctl(key, value)
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": world.interpreter(target_python()),
    }
    inventory = {"web": {"hosts": {"web1": variables}}}
    (tmp_path / "inventory").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    for command in commands(path):
        completed = shell(tmp_path, command)
        assert completed.returncode == 0, f"{command}\n{completed.stdout}{completed.stderr}"
        assert "web1" in completed.stdout or "merge_reports" in command, command
        report = tmp_path / "keepalive-audit.json"
        for name in EARLIER_REPORTS:
            if report.exists():
                shutil.copy(report, tmp_path / name)
