# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module does before it imports the engine."""

from __future__ import annotations

import gc
import json
import sys
import zipimport
from contextlib import suppress

import pytest
from ansible_collections.netops.tuning.plugins.module_utils import _bootstrap


@pytest.mark.parametrize("version", [(2, 7, 18, "final", 0), (3, 6, 15, "final", 0)])
def test_an_old_python_is_refused_in_one_line(version, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(sys, "version", f"{version[0]}.{version[1]}.{version[2]} (main)")
    with pytest.raises(SystemExit) as ended, _bootstrap.PreparedInterpreter():
        pytest.fail("it was not refused")
    assert ended.value.code
    result = json.loads(capsys.readouterr().out)
    assert result["failed"]
    assert f"{version[0]}.{version[1]}.{version[2]}" in result["msg"]
    assert "3.7" in result["msg"]
    assert "ansible_python_interpreter" in result["msg"]
    assert "\n" not in result["msg"]


@pytest.mark.parametrize("had_collector", [True, False])
@pytest.mark.parametrize("error", [None, SystemExit(0), RuntimeError()])
def test_the_interpreter_is_as_before_when_a_module_ends(had_collector, error, capsys):
    before = dict(vars(zipimport))
    try:
        if not had_collector:
            gc.disable()
        with suppress(SystemExit, RuntimeError), _bootstrap.PreparedInterpreter():
            assert not gc.isenabled()
            if error is not None:
                raise error
        assert gc.isenabled() == had_collector
    finally:
        gc.enable()
    assert gc.get_freeze_count() == 0
    assert dict(vars(zipimport)) == before
    assert capsys.readouterr().out == ""


def test_objects_that_another_program_froze_stay_frozen():
    gc.freeze()
    try:
        with _bootstrap.PreparedInterpreter():
            pass
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


@pytest.mark.parametrize(
    ("path", "freezes_at_exit"),
    [("/tmp/payload.zip/ansible_collections/x.py", True), ("/srv/ansible_collections/x.py", False)],
)
def test_only_a_process_of_its_own_gets_an_exit_handler(path, freezes_at_exit, monkeypatch):
    registered = []
    monkeypatch.setattr(_bootstrap, "__file__", path)
    monkeypatch.setattr(_bootstrap.atexit, "register", registered.append)
    with _bootstrap.PreparedInterpreter():
        pass
    assert registered == ([gc.freeze] if freezes_at_exit else [])
