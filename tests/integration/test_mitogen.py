# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Under Mitogen one interpreter on the host runs all tasks, and ours leave it as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ansible.release
import pytest
from sandbox.play import PROJECT, run_playbook
from sandbox.tasks import FIN, now
from sandbox.world import World

PROGRAMS = PROJECT / ".venv" / "mitogen" / "bin"
TASKS_OF_EACH_KIND = 25
PROBE = """\
import gc, os, signal, zipimport
from ansible.module_utils.basic import AnsibleModule
state = [gc.isenabled(), gc.get_freeze_count(), str(vars(zipimport)), os.getpid()]
state += [str(signal.getsignal(number)) for number in (1, 2, 15)]
AnsibleModule({}).exit_json(state=state)
"""
"""A module that returns what another one could change in its interpreter."""


def strategy_folder() -> Path:
    (folder,) = PROGRAMS.parent.glob("lib/python3.*/site-packages/ansible_mitogen/plugins/strategy")
    return folder


@pytest.mark.skipif(
    ansible.release.__version__.startswith("2.16."),
    reason="Mitogen is tested with an ansible-core of its own; the run with another one does that",
)
def test_fifty_tasks_under_mitogen(world: World, tmp_path: Path) -> None:
    (tmp_path / "interpreter_state.py").write_text(PROBE, encoding="utf-8")
    settings = {
        "ANSIBLE_STRATEGY_PLUGINS": str(strategy_folder()),
        "ANSIBLE_LIBRARY": str(tmp_path),
    }
    probe: dict[str, Any] = {"interpreter_state": {}}
    loop = {"loop": list(range(TASKS_OF_EACH_KIND))}
    tasks = [
        probe,
        {"netops.tuning.sysctl": {"settings": {FIN: "{{ 30 + item }}"}}, **loop},
        {"netops.tuning.tcp_keepalive_info": {}, **loop},
        {"netops.tuning.tcp_keepalive": {"profile": "gce"}},
        {"netops.tuning.sysctl_info": {}},
        probe,
    ]
    play = {
        "hosts": "all",
        "gather_facts": False,
        "strategy": "mitogen_linear",
        "tasks": [{"name": "task", **task} for task in tasks],
    }
    played = run_playbook(world, [play], programs=PROGRAMS, settings=settings)
    assert played.rc == 0, played.output
    assert world.sysctl(FIN) == str(30 + TASKS_OF_EACH_KIND - 1)
    assert now(world) == (60, 5, 60)
    before, after = played.results[0]["state"], played.results[-1]["state"]
    assert before == after
