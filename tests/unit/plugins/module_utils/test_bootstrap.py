# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module does before it imports the engine."""

from __future__ import annotations

import gc
import json
import sys

import pytest
from ansible_collections.netops.tuning.plugins.module_utils import _bootstrap


@pytest.fixture(autouse=True)
def thaw():
    """Let the garbage collector see again what a module hides from it."""
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.parametrize("version", [(2, 7, 18, "final", 0), (3, 6, 15, "final", 0)])
def test_an_old_python_is_refused_in_one_line(version, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(sys, "version", f"{version[0]}.{version[1]}.{version[2]} (main)")
    with pytest.raises(SystemExit) as ended:
        _bootstrap.start()
    assert ended.value.code
    told = json.loads(capsys.readouterr().out)
    assert told["failed"]
    assert f"{version[0]}.{version[1]}.{version[2]}" in told["msg"]
    assert "3.7" in told["msg"]
    assert "ansible_python_interpreter" in told["msg"]
    assert "\n" not in told["msg"]


def test_nothing_is_printed_where_the_python_will_do(capsys):
    _bootstrap.start()
    assert capsys.readouterr().out == ""
    assert not gc.isenabled()
