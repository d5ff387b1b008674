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
    """Run modules with the options of a task, and return what they print."""

    def __init__(self, monkeypatch: Any, capsys: Any) -> None:
        self.monkeypatch = monkeypatch
        self.capsys = capsys

    def run(self, module: Any, check: bool = False, **options: Any) -> dict[str, Any]:
        args = {
            "ANSIBLE_MODULE_ARGS": {
                **options,
                "_ansible_check_mode": check,
                "_ansible_remote_tmp": "/tmp",
                "_ansible_keep_remote_files": False,
            }
        }
        self.monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps(args).encode())
        self.monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            module.main()
        told = json.loads(self.capsys.readouterr().out)
        assert bool(told.get("failed")) == bool(ended.value.code)
        return told

    def ok(self, module: Any, **options: Any) -> dict[str, Any]:
        told = self.run(module, **options)
        assert not told.get("failed"), told
        return told

    def fails(self, module: Any, **options: Any) -> dict[str, Any]:
        told = self.run(module, **options)
        assert told.get("failed"), told
        assert {"msg", "failed_key", "errno", "rolled_back"} <= set(told)
        assert not told["changed"]
        assert told["rolled_back"]
        return told
