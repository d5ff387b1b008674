# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab leaves no trace, however it ends. No other lab of these tests is open meanwhile: its connections come and go."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import limits
from lab.lab import Lab, open_lab
from lab_testing.machine import look, runs, same_again, until
from lab_testing.plays import ENVIRONMENT, HOSTS


@contextlib.contextmanager
def caller(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Have a process of its own open a lab with a host of each kind, and a command in it that never ends."""
    up = f'{sys.executable} -m lab --lab "$NETOPS_LAB" up --kind'
    script = f"{up} booted --release 13 && {up} light && touch {folder}/up && (setsid sleep 1000 & sleep 1000)"
    with subprocess.Popen(
        [*HOSTS, "--lab", str(folder), "open", "--", "sh", "-c", script], env=ENVIRONMENT
    ) as process:
        try:
            until((folder / "up").exists, 300)
            yield process
        except BaseException:
            process.kill()
            raise


@pytest.mark.parametrize("end", ["SIGTERM", "SIGKILL", "SIGKILL of the first process", "an error"])
def test_a_lab_leaves_no_trace(folder: Path, hierarchy: Path, end: str) -> None:
    before = look(hierarchy)
    if end == "an error":
        with contextlib.suppress(ZeroDivisionError), open_lab(folder) as opened:
            opened.up("booted", ["trixie"], 1)
            raise ZeroDivisionError
    else:
        with caller(folder) as process:
            assert before.differs(look(hierarchy)).keys() >= {"processes", "namespaces", "cgroups"}
            if "first" in end:
                os.kill(Lab(folder).first, signal.SIGKILL)
            else:
                process.send_signal(getattr(signal, end))
    same_again(before, hierarchy)
    assert not folder.exists()


def test_a_killed_keeper_leaves_nothing_but_what_the_next_one_takes_away(
    folder: Path, hierarchy: Path
) -> None:
    before = look(hierarchy)
    with caller(folder) as process:
        first = Lab(folder).first
        os.kill(Lab(folder).keeper, signal.SIGKILL)
        process.kill()
    until(lambda: not runs(first))
    with open_lab(folder):
        pass
    same_again(before, hierarchy)


# --- the limit that systemds reach ---


def test_systemds_have_room_and_the_machine_its_limit_back(folder: Path, hierarchy: Path) -> None:
    before = look(hierarchy)
    with open_lab(folder) as opened:
        opened.up("light", ["bookworm"], 1)
        assert limits.current() < limits.ENOUGH or limits.needed()
        opened.up("booted", ["bookworm"], 1)
        assert limits.current() == limits.ENOUGH
        assert limits.needed()
    until(lambda: limits.current() < limits.ENOUGH or limits.needed())
    same_again(before, hierarchy)


def test_the_last_lab_puts_the_limit_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit, saved = tmp_path / "limit", tmp_path / "saved"
    limit.write_text("128\n", encoding="ascii")
    monkeypatch.setattr(limits, "INSTANCES", limit)
    monkeypatch.setattr(limits, "SAVED", saved)
    one, other = limits.make_room(), limits.make_room()
    assert limits.current() == limits.ENOUGH
    os.close(one)
    limits.put_back()
    assert limits.current() == limits.ENOUGH
    assert limits.needed()
    os.close(other)
    assert not limits.needed()
    limits.put_back()
    assert limits.current() == 128
    assert not saved.exists()
