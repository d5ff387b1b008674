# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module of the collection in this process, as Ansible would start it."""

from __future__ import annotations

import json
from typing import Any

import pytest

basic = pytest.importorskip(
    "ansible.module_utils.basic",
    reason="Ansible does not run on this Python; targets get its code sent",
)


class Modules:
    """Runs modules with the options of a task, and returns their results."""

    def __init__(self, monkeypatch: Any, capsys: Any) -> None:
        self.monkeypatch = monkeypatch
        self.capsys = capsys

    def run(self, module: Any, check: bool = False, **options: Any) -> dict[str, Any]:
        arguments = {
            **options,
            "_ansible_check_mode": check,
            "_ansible_remote_tmp": "/tmp",
            "_ansible_keep_remote_files": False,
        }
        encoded = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
        self.monkeypatch.setattr(basic, "_ANSIBLE_ARGS", encoded)
        self.monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            module.main()
        result = json.loads(self.capsys.readouterr().out)
        assert bool(result.get("failed")) == bool(caught.value.code)
        return result

    def ok(self, module: Any, **options: Any) -> dict[str, Any]:
        """Run a module that must succeed."""
        result = self.run(module, **options)
        assert not result.get("failed"), result
        return result

    def fails(self, module: Any, **options: Any) -> dict[str, Any]:
        """Run a module that must fail and change nothing."""
        result = self.run(module, **options)
        assert result.get("failed"), result
        assert {"msg", "failed_key", "errno", "rolled_back"} <= set(result)
        assert not result["changed"]
        assert result["rolled_back"]
        return result
