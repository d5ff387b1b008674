# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service of the role self_apply keeps of a run, as systemd has it kept. Real runs: extensions/molecule/self_apply."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

SCRIPT = Path(__file__).parents[2] / "roles/self_apply/files/result.py"
BEGUN = "2026-11-24 10:00:00,001 p=7 u=root n=ansible "
FATAL = 'fatal: [localhost]: FAILED! => {"changed": false, "msg": "%s"}\n'
RECAP = (
    "localhost                  : ok=2    changed=%d    unreachable=0    failed=1    skipped=0\n"
)
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """End a run as systemd does; what it told and what Ansible logged are given."""
    for name in ("run", "state"):
        (tmp_path / name).mkdir()

    def end(
        log: str = "", *args: str, result: str = "exit-code", status: str = "2"
    ) -> subprocess.CompletedProcess[bytes]:
        (tmp_path / "run/log").write_text(log, encoding="utf-8")
        told = {
            "RUNTIME_DIRECTORY": str(tmp_path / "run"), "STATE_DIRECTORY": str(tmp_path / "state"),
            "SERVICE_RESULT": result, "EXIT_STATUS": status,
        }  # fmt: skip
        command = [sys.executable, str(SCRIPT), *(args or ("https://git.example.com/tuning.git",))]
        return subprocess.run(
            command, check=False, env={**os.environ, **told}, stderr=subprocess.PIPE
        )

    return end


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[], dict[str, Any]]:
    """Give what was kept last."""
    return lambda: dict(json.loads((tmp_path / "state/result.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("log", "error"),
    [
        (BEGUN + "| ERROR! Could not find a playbook to run.\n", "Could not find a playbook to run."),
        (BEGUN + "ERROR| [ERROR]: YAML parsing failed: Wrong.\nOrigin: local.yml:3:1\n", "YAML parsing failed: Wrong."),
        (BEGUN + "| " + FATAL % "no such key\\nand more", "no such key"),
        (BEGUN + '| localhost | FAILED! => {\n    "changed": false,\n    "msg": "no network"\n}\n', "no network"),
        (BEGUN + '| localhost | UNREACHABLE! => {"msg": "away", "unreachable": true}\n', "away"),
        ("| " + FATAL % "first" + "...ignoring\n| " + FATAL % "the one that ended it", "the one that ended it"),
        ('| fatal: [localhost]: FAILED! => {"msg": "cut', '{"msg": "cut'),
        (BEGUN + "| " + FATAL % "cannot clone https://me:secret@git.example.com/a", "cannot clone https://git.example.com/a"),
        ("", "it ended by exit-code; the journal knows more"),
    ],
)  # fmt: skip
def test_the_first_line_of_the_error_that_ended_it(
    run: Run, kept: Callable[[], dict[str, Any]], log: str, error: str
) -> None:
    assert run(log).returncode == 0
    assert kept()["error"] == error


@pytest.mark.parametrize(
    ("result", "status", "code"),
    [("exit-code", "4", 4), ("exit-code", "203", 203), ("timeout", "TERM", 143), ("oom-kill", "KILL", 137), ("resources", "", None)],
)  # fmt: skip
def test_an_exit_code_as_a_shell_would_show_it(
    run: Run, kept: Callable[[], dict[str, Any]], result: str, status: str, code: int | None
) -> None:
    run(result=result, status=status)
    assert (kept()["result"], kept()["exit_code"]) == (result, code)


@pytest.mark.parametrize(
    ("log", "changed"),
    [("", None), (RECAP % 0, False), (RECAP % 1, True), (RECAP % 0 + RECAP % 3, True)],
)
def test_whether_it_changed_something(
    run: Run, kept: Callable[[], dict[str, Any]], log: str, changed: bool | None
) -> None:
    run(log)
    assert kept()["changed"] is changed


def test_the_last_success_outlives_failures(run: Run, kept: Callable[[], dict[str, Any]]) -> None:
    run()
    assert kept()["last_success"] is None
    run(result="success", status="0")
    good = kept()
    assert good["last_success"] == {"time": good["time"], "revision": None}
    run(FATAL % "no")
    assert kept()["last_success"] == good["last_success"]


def test_a_result_that_is_broken_is_as_none(
    run: Run, kept: Callable[[], dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "state/result.json").write_text("[", encoding="utf-8")
    assert run().returncode == 0
    assert kept()["last_success"] is None


def test_a_password_in_the_source_is_not_kept(run: Run, kept: Callable[[], dict[str, Any]]) -> None:
    run("", "https://me:secret@git.example.com/a")
    assert kept()["source"] == "https://git.example.com/a"


def test_a_textfile_goes_where_it_is_wanted_and_from_where_it_was(run: Run, tmp_path: Path) -> None:
    name = "netops_tuning_self_apply.prom"
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    run("", 'odd "name"', str(tmp_path / "one"))
    assert 'info{source="odd \\"name\\"",revision=""} 1\n' in (tmp_path / "one" / name).read_text(
        encoding="utf-8"
    )
    run("", "source", str(tmp_path / "two"))
    assert not (tmp_path / "one" / name).exists()
    assert os.listdir(tmp_path / "two") == [name]
    run("", "source")
    assert os.listdir(tmp_path / "two") == []


def test_a_textfile_says_nothing_that_is_not_known(run: Run, tmp_path: Path) -> None:
    run("", "source", str(tmp_path), result="resources", status="")
    lines = (tmp_path / "netops_tuning_self_apply.prom").read_text(encoding="utf-8").splitlines()
    names = [line.split()[0].partition("{")[0] for line in lines if not line.startswith("#")]
    assert names == [
        "netops_tuning_self_apply_last_run_timestamp_seconds",
        "netops_tuning_self_apply_info",
    ]


def test_without_the_folder_of_textfiles_the_result_is_kept_all_the_same(
    run: Run, kept: Callable[[], dict[str, Any]], tmp_path: Path
) -> None:
    done = run("", "source", str(tmp_path / "away"))
    assert done.returncode == 1
    assert done.stderr.decode().startswith(
        "The result cannot be kept: [Errno 2] No such file or directory: "
    )
    assert kept()["exit_code"] == 2


def test_a_textfile_that_somebody_removed_is_not_missed(run: Run, tmp_path: Path) -> None:
    run("", "source", str(tmp_path))
    (tmp_path / "netops_tuning_self_apply.prom").unlink()
    assert run("", "source").returncode == 0
