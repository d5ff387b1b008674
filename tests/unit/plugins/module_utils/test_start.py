# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module does before it imports the engine."""

from __future__ import annotations

import gc
import json
import sys
import zipimport

import pytest
from ansible_collections.netops.tuning.plugins.module_utils import _start


@pytest.fixture(autouse=True)
def thaw():
    """Let the garbage collector see again what a module hides from it."""
    yield
    gc.unfreeze()


@pytest.mark.parametrize("version", [(2, 7, 18, "final", 0), (3, 6, 15, "final", 0)])
def test_an_old_python_is_refused_in_one_line(version, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(sys, "version", f"{version[0]}.{version[1]}.{version[2]} (main)")
    with pytest.raises(SystemExit) as ended:
        _start.start()
    assert ended.value.code
    told = json.loads(capsys.readouterr().out)
    assert told["failed"]
    assert f"{version[0]}.{version[1]}.{version[2]}" in told["msg"]
    assert "3.7" in told["msg"]
    assert "ansible_python_interpreter" in told["msg"]
    assert "\n" not in told["msg"]


def test_a_module_of_a_zip_is_compiled_once(monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(zipimport, "_get_module_code", lambda *args: calls.append(args) or args, raising=False)
    _start.start()
    once = [zipimport._get_module_code("zip", name) for name in ("a", "a", "b", "b", "a")]
    assert once == [("zip", name) for name in ("a", "a", "b", "b", "a")]
    assert calls == [("zip", "a"), ("zip", "b"), ("zip", "a")]
    assert capsys.readouterr().out == ""


def test_an_import_from_a_zip_that_works_otherwise_is_left_alone(monkeypatch):
    monkeypatch.delattr(zipimport, "_get_module_code", raising=False)
    _start.start()
    assert not hasattr(zipimport, "_get_module_code")
