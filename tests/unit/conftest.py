# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures that stand in for a host, and hypothesis with the same inputs in every run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host import lock
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir
from unit.hosts_on_disk import HostRoot, Kernel

set_hypothesis_home_dir(str(Path(__file__).parents[2] / ".build/hypothesis"))
settings.register_profile(
    "unit",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("unit")


@pytest.fixture
def kernel(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Kernel]:
    """Return a function that makes a folder in place of /proc/sys, with these keys and values."""

    def make(**values: str) -> Kernel:
        return Kernel(tmp_path / "proc-sys", values, monkeypatch)

    return make


@pytest.fixture
def host_root(tmp_path: Any) -> Callable[..., HostRoot]:
    """Return a function that makes the root folder of a host with these files."""

    def make(files: Any = (), name: str = "root") -> HostRoot:
        root = tmp_path / name
        root.mkdir()
        return HostRoot(root, dict(files))

    return make


@pytest.fixture
def umask() -> Any:
    """Set a umask that would show in the mode of every new file."""
    old = os.umask(0o077)
    yield
    os.umask(old)


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, tmp_path: Any) -> Any:
    """Return a runner of modules that leaves the log and the lock of this system alone."""
    monkeypatch.setattr(lock, "LOCK", str(tmp_path / "lock"))
    # Most unit tests run no module, and some where there is no ansible-core.
    from ansible.module_utils.common import warnings  # noqa: PLC0415
    from unit.in_process import Modules, basic  # noqa: PLC0415

    monkeypatch.setattr(basic.AnsibleModule, "_log_to_syslog", lambda *_args, **_named: None)
    monkeypatch.setattr(basic, "has_journal", False)
    # Ansible collects warnings for the life of the process, which is one module's only there.
    monkeypatch.setattr(warnings, "_global_warnings", type(warnings._global_warnings)())
    return Modules(monkeypatch, capsys)
