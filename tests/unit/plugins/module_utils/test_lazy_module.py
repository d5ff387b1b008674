# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules that are imported when they are first used."""

from __future__ import annotations

import sys
import zipfile
from importlib import import_module
from pathlib import Path

import pytest
from ansible_collections.netops.tuning.plugins.module_utils import _lazy_module

FILES = {
    "engine/__init__.py": "",
    "engine/_lazy_module.py": Path(_lazy_module.__file__).read_text(encoding="utf-8"),
    "engine/room/__init__.py": "",
    "engine/room/importer.py": (
        "from .._lazy_module import LazyModule\n"
        "beside = LazyModule(__name__, '.beside')\n"
        "above = LazyModule(__name__, '..above')\n"
    ),
    "engine/room/beside.py": "NAME = 'beside'\n",
    "engine/above.py": "NAME = 'above'\n",
}


@pytest.fixture(autouse=True)
def _archive(tmp_path, monkeypatch):
    """Make a package in an archive importable, as Ansible sends modules to hosts."""
    path = tmp_path / "payload.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
    monkeypatch.syspath_prepend(str(path))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "engine"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("variable", "name"), [("beside", "engine.room.beside"), ("above", "engine.above")]
)
def test_a_module_is_imported_when_it_is_first_used(variable, name):
    lazy_module = getattr(import_module("engine.room.importer"), variable)
    assert name not in sys.modules
    assert variable == lazy_module.NAME
    assert name in sys.modules


def test_a_name_that_the_module_does_not_have_is_an_attribute_error():
    lazy_module = import_module("engine.room.importer").beside
    with pytest.raises(AttributeError, match="no_such_name"):
        _value = lazy_module.no_such_name
