# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The workaround for zipimport, and whether it is still needed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
import zipimport

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._zipimport_cache import (
    FIRST_VERSION,
    LAST_VERSION,
    compile_each_module_again,
    compile_each_module_once,
)

COUNT_COMPILATIONS = """
import sys, zipimport
compiled = []
compile_source = zipimport._compile_source
def count(path, source):
    compiled.append(path)
    return compile_source(path, source)
zipimport._compile_source = count
sys.path.insert(0, sys.argv[1])
import a_module
print(len(compiled))
"""


def test_each_module_is_compiled_once(monkeypatch):
    calls = []

    def get_module_code(*args):
        calls.append(args)
        return args

    monkeypatch.setattr(zipimport, "_get_module_code", get_module_code, raising=False)
    monkeypatch.setattr(sys, "version_info", (*FIRST_VERSION, 0, "final", 0))
    original = compile_each_module_once()
    results = [zipimport._get_module_code("zip", name) for name in "aabba"]
    assert results == [("zip", name) for name in "aabba"]
    assert calls == [("zip", "a"), ("zip", "b"), ("zip", "a")]
    compile_each_module_again(original)
    assert zipimport._get_module_code is get_module_code


@pytest.mark.parametrize("version", [(3, 7), (LAST_VERSION[0], LAST_VERSION[1] + 1)])
def test_a_python_that_is_not_known_to_need_it_is_left_alone(version, monkeypatch):
    function = object()
    monkeypatch.setattr(zipimport, "_get_module_code", function, raising=False)
    monkeypatch.setattr(sys, "version_info", (*version, 0, "final", 0))
    compile_each_module_again(compile_each_module_once())
    assert zipimport._get_module_code is function


def test_a_zipimport_without_that_function_is_left_alone(monkeypatch):
    monkeypatch.delattr(zipimport, "_get_module_code", raising=False)
    compile_each_module_again(compile_each_module_once())
    assert not hasattr(zipimport, "_get_module_code")


@pytest.mark.skipif(
    not FIRST_VERSION <= sys.version_info[:2] <= LAST_VERSION,
    reason="the workaround does nothing on this Python",
)
def test_this_python_still_compiles_twice(tmp_path):
    """Fails once CPython issue 141276 is fixed: then lower LAST_VERSION, or remove the file."""
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(str(archive), "w") as file:
        file.writestr("a_module.py", "x = 1\n")
    command = [sys.executable, "-c", COUNT_COMPILATIONS, str(archive)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    assert int(output) == 2
