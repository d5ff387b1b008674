# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An interpreter that runs many tasks, as under Mitogen, is after each of them as it was."""

from __future__ import annotations

import json
from pathlib import Path

import ansible
from sandbox.play import PROJECT, collections_path, target_python
from sandbox.tasks import FIN, TIME
from sandbox.world import World

RUNS = 2000
SCRIPT = PROJECT / "tools" / "sandbox" / "long_lived.py"
JOBS = [
    ["sysctl", {"settings": {FIN: 50}, "persistent": False}],
    ["sysctl", {"settings": {FIN: 51}}],
    ["sysctl", {"settings": {FIN: 51}, "state": "absent"}],
    ["sysctl", {"settings": {"no.such.key": 1}}],
    ["tcp_keepalive", {"time": 600, "rollout": "many"}],
    ["tcp_keepalive", {"state": "absent"}],
    ["sysctl_info", {"keys": [TIME]}],
    ["tcp_keepalive_info", {"namespaces": False}],
    ["sysctl_ledger", {"rollout": "many", "state": "restored", "overwrite_changes": True}],
]


def test_many_tasks_in_one_interpreter_leave_nothing_behind(world: World) -> None:
    library = Path(ansible.__path__[0]).parent
    run = world.run(
        [target_python(), "-S", SCRIPT, str(RUNS), "/srv/tmp"],
        env={
            "PYTHONPATH": f"{collections_path()}:{library}",
            "PYTHONPYCACHEPREFIX": "/srv/tmp/compiled",  # it compiles each file only once
        },
        stdin=json.dumps(JOBS),
        timeout=300,
    )
    assert run.rc == 0, run.stderr[-3000:]
    assert json.loads(run.stdout) == []
