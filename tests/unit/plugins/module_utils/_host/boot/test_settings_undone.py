# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files are older than the boot, and when that was."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host.boot import settings_undone
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.sysctl_d import Line

KEY, FILE, TARGET = "net.ipv4.tcp_fin_timeout", "/etc/sysctl.d/90-a.conf", "/srv/a.conf"
FUTURE = time.time() + 1000
"""A boot after every file of a test was written: their ctime cannot be set back."""


def process_stat(ticks, name="init"):
    """Return a /proc/PID/stat with this start time, as in proc_pid_stat(5)."""
    fields = ["1", f"({name})", "S", *["0"] * 18, str(ticks), *["0"] * 30]
    return " ".join(fields) + "\n"


PROCESS = process_stat(250)


@pytest.fixture
def proc(tmp_path, monkeypatch):
    """Return a function that writes the two files of /proc that give the time of the boot."""

    def write(stat="cpu 1 2\nbtime 1000\nprocesses 5\n", process=PROCESS):
        for name, content in [("PROC_STAT", stat), ("PROCESS_1", process)]:
            path = tmp_path / name
            monkeypatch.setattr(settings_undone, name, str(path))
            if content is not None:
                path.write_text(content)

    return write


@pytest.mark.parametrize("name", ["init", "tini -- x)", "(sd-pam) 1 2 3", "a\nb"])
def test_the_boot_is_when_process_1_started(proc, name):
    ticks = 250 * os.sysconf("SC_CLK_TCK")
    proc(process=process_stat(ticks, name))
    assert settings_undone.read_boot_time() == 1250


@pytest.mark.parametrize(
    "files",
    [{"stat": None}, {"process": None}, {"stat": "cpu 1\n"}, {"process": ""}, {"process": "1 (a)"}],
)
def test_a_boot_that_is_not_known(proc, files):
    proc(**files)
    assert settings_undone.read_boot_time() is None
    assert settings_undone.find_undone([(KEY, "60", line())], files=None) == ()


def test_the_boot_of_this_system_is_in_the_past():
    booted = settings_undone.read_boot_time()
    assert booted is not None
    assert 0 < booted <= time.time()


def line(path=FILE, real_path=FILE):
    return Line(path=path, real_path=real_path, number=1, segment=0, key=KEY, value="30")


def find(root, **paths):
    return settings_undone.find_undone([(KEY, "60", line(**paths))], root.files)


def test_a_file_from_before_the_boot_was_undone(host_root, monkeypatch):
    monkeypatch.setattr(settings_undone, "read_boot_time", lambda: FUTURE)
    root = host_root({FILE: f"{KEY} = 30\n"})
    (setting,) = find(root)
    booted = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(FUTURE))
    assert setting == settings_undone.Undone(KEY, runtime="60", line=line(), booted=booted)


@pytest.mark.parametrize("when", ["written", "inode", "future"])
def test_a_file_from_after_the_boot_was_not(host_root, monkeypatch, when):
    root = host_root({FILE: f"{KEY} = 30\n"})
    status = root.at(FILE).stat()
    booted = status.st_ctime - 1
    monkeypatch.setattr(settings_undone, "read_boot_time", lambda: booted)
    mtimes = {"written": status.st_mtime, "inode": booted - 1000, "future": FUTURE * 2}
    os.utime(str(root.at(FILE)), (mtimes[when], mtimes[when]))
    assert find(root) == ()


def test_a_link_from_after_the_boot_was_not_followed_then(host_root, monkeypatch):
    root = host_root({TARGET: f"{KEY} = 30\n", FILE: {"link": TARGET}})
    moments = {str(root.at(FILE)): 300, str(root.at(TARGET)): 100}
    real_lstat = os.lstat

    def lstat(path):
        moment = moments.get(str(path))
        if moment is None:
            return real_lstat(path)
        return os.stat_result((0, 0, 0, 0, 0, 0, 0, 0, moment, moment))

    monkeypatch.setattr(os, "lstat", lstat)
    monkeypatch.setattr(settings_undone, "read_boot_time", lambda: 200)
    assert find(root, real_path=TARGET) == ()
    moments[str(root.at(FILE))] = 100
    assert len(find(root, real_path=TARGET)) == 1
    moments[str(root.at(TARGET))] = 300
    assert find(root, real_path=TARGET) == ()


def test_a_file_that_is_gone_was_not(host_root, monkeypatch):
    monkeypatch.setattr(settings_undone, "read_boot_time", lambda: FUTURE)
    assert find(host_root({})) == ()
    assert not Path(FILE).exists()
