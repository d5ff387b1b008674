# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab leaves no trace, however it ends.

No other lab of these tests is open meanwhile: its connections would come and go.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import inotify
from lab.lab import Lab, open_lab
from lab.waiting import wait_until
from lab_testing.machine import assert_unchanged, is_running, take_snapshot
from lab_testing.plays import ENVIRONMENT, LAB_PROGRAM


@contextlib.contextmanager
def process_with_a_lab(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that opens a lab with two hosts and runs a command in it forever."""
    up = f'{sys.executable} -m lab --lab "$NETOPS_LAB" up --kind'
    commands = (
        f"{up} booted --release 13",
        f"{up} light",
        f"touch {directory}/up",
        "(setsid sleep 1000 & sleep 1000)",
    )
    script = " && ".join(commands)
    with subprocess.Popen(
        [*LAB_PROGRAM, "--lab", str(directory), "open", "--", "sh", "-c", script], env=ENVIRONMENT
    ) as process:
        try:
            wait_until((directory / "up").exists, lambda: "the host does not come up")
            yield process
        except BaseException:
            process.kill()
            raise


@pytest.mark.parametrize("end", ["SIGTERM", "SIGKILL", "SIGKILL of the init process", "an error"])
def test_a_lab_leaves_no_trace(directory: Path, hierarchy: Path, end: str) -> None:
    before = take_snapshot(hierarchy)
    if end == "an error":
        with contextlib.suppress(ZeroDivisionError), open_lab(directory) as opened:
            opened.up("booted", ["trixie"], 1)
            raise ZeroDivisionError
    else:
        with process_with_a_lab(directory) as process:
            differences = before.differences(take_snapshot(hierarchy))
            assert differences.keys() >= {"processes", "namespaces", "cgroups"}
            if "init" in end:
                os.kill(Lab(directory).init_pid, signal.SIGKILL)
            else:
                process.send_signal(getattr(signal, end))
    assert_unchanged(before, hierarchy)
    assert not directory.exists()


def test_the_next_lab_removes_what_a_killed_supervisor_left(
    directory: Path, hierarchy: Path
) -> None:
    before = take_snapshot(hierarchy)
    with process_with_a_lab(directory) as process:
        init_pid = Lab(directory).init_pid
        os.kill(Lab(directory).supervisor_pid, signal.SIGKILL)
        process.kill()
    wait_until(lambda: not is_running(init_pid), lambda: "the lab has not ended")
    with open_lab(directory):
        pass
    assert_unchanged(before, hierarchy)


# --- the limit of inotify instances ---


def limit_is_restored() -> bool:
    """Return whether the limit is the machine's again, or another lab still needs it."""
    return inotify.current_limit() < inotify.ENOUGH or inotify.is_needed()


def test_the_inotify_limit_is_raised_for_booted_hosts_and_restored(
    directory: Path, hierarchy: Path
) -> None:
    before = take_snapshot(hierarchy)
    with open_lab(directory) as opened:
        opened.up("light", ["bookworm"], 1)
        assert limit_is_restored()
        opened.up("booted", ["bookworm"], 1)
        assert inotify.current_limit() == inotify.ENOUGH
        assert inotify.is_needed()
    wait_until(limit_is_restored, lambda: "the inotify limit is not restored")
    assert_unchanged(before, hierarchy)


def test_the_last_lab_restores_the_inotify_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit, saved = tmp_path / "limit", tmp_path / "saved"
    limit.write_text("128\n", encoding="ascii")
    monkeypatch.setattr(inotify, "LIMIT", limit)
    monkeypatch.setattr(inotify, "SAVED", saved)
    first, last = inotify.raise_limit(), inotify.raise_limit()
    assert inotify.current_limit() == inotify.ENOUGH
    os.close(first)
    inotify.restore_limit()
    assert inotify.current_limit() == inotify.ENOUGH
    assert inotify.is_needed()
    os.close(last)
    assert not inotify.is_needed()
    inotify.restore_limit()
    assert inotify.current_limit() == 128
    assert not saved.exists()
