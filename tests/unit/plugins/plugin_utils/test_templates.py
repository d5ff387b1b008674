# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables that a play sets, such as `import_playbook` with vars: `hostvars` has none of them."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("ansible", reason="no controller runs on this Python")

from ansible_collections.netops.tuning.plugins.plugin_utils._templates import (
    HostVariables,
    variables_of_play,
)


class HostVars:
    """What the controller knows of each host."""

    def __init__(self, **variables: dict[str, Any]) -> None:
        self._variables = variables

    def raw_get(self, host: str) -> dict[str, Any]:
        return self._variables[host]


HOSTVARS = HostVars(localhost={"audit_title": "A"}, web={"audit_title": "B", "rollout_name": "x"})


def test_variables_of_the_play_come_before_those_of_the_host() -> None:
    task_variables = {
        "hostvars": HOSTVARS,
        "inventory_hostname": "localhost",
        "audit_title": "A",
        "rollout_name": "{{ y }}",
    }
    play = variables_of_play(task_variables, ["audit_title", "rollout_name", "rollout_hosts"])
    assert play == {"rollout_name": "{{ y }}"}
    raw = HostVariables("web", HOSTVARS, templar=None, play_variables=play).raw
    assert raw == {"audit_title": "B", "rollout_name": "{{ y }}"}
