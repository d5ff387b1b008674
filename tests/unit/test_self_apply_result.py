# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role self_apply records of a run. Real runs: extensions/molecule/self_apply."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "roles/self_apply/files/result.py"
SOURCE = "https://git.example.com/tuning.git"
SOURCE_WITH_LOGIN = "https://me:secret@git.example.com/tuning.git"
METRICS_FILE = "netops_tuning_self_apply.prom"
PREFIX = "2026-11-24 10:00:00,001 p=7 u=root n=ansible "
FAILED_TASK = 'fatal: [localhost]: FAILED! => {"changed": false, "msg": "%s"}\n'
RECAP = "localhost  : ok=2    changed=%d    unreachable=0    failed=1    skipped=0\n"


class Service:
    """The folders that systemd gives to the service, and what result.py makes of a run."""

    def __init__(self, folder: Path) -> None:
        self.runtime_folder = folder / "run"
        self.state_folder = folder / "state"
        self.runtime_folder.mkdir()
        self.state_folder.mkdir()

    def end_run(
        self,
        log: str = "",
        source: str = SOURCE,
        textfile_folder: Path | None = None,
        result: str = "exit-code",
        status: str = "2",
    ) -> subprocess.CompletedProcess[bytes]:
        """Run result.py as systemd does after a run with this log of Ansible."""
        (self.runtime_folder / "log").write_text(log, encoding="utf-8")
        environment = dict(os.environ)
        environment["RUNTIME_DIRECTORY"] = str(self.runtime_folder)
        environment["STATE_DIRECTORY"] = str(self.state_folder)
        environment["SERVICE_RESULT"] = result
        environment["EXIT_STATUS"] = status
        command = [sys.executable, str(SCRIPT), source]
        if textfile_folder:
            command.append(str(textfile_folder))
        return subprocess.run(command, check=False, env=environment, stderr=subprocess.PIPE)

    def result(self) -> dict[str, Any]:
        """Return the recorded result."""
        text = (self.state_folder / "result.json").read_text(encoding="utf-8")
        return dict(json.loads(text))


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


@pytest.mark.parametrize(
    ("log", "error"),
    [
        (
            PREFIX + "| ERROR! Could not find a playbook to run.\n",
            "Could not find a playbook to run.",
        ),
        (
            PREFIX + "ERROR| [ERROR]: YAML parsing failed: Wrong.\nOrigin: local.yml:3:1\n",
            "YAML parsing failed: Wrong.",
        ),
        (
            PREFIX + "| " + FAILED_TASK % "no such key\\nand more",
            "no such key",
        ),
        (
            PREFIX + '| localhost | FAILED! => {\n    "changed": false,\n    "msg": "no net"\n}\n',
            "no net",
        ),
        (
            PREFIX + '| localhost | UNREACHABLE! => {"msg": "away", "unreachable": true}\n',
            "away",
        ),
        (
            "| " + FAILED_TASK % "ignored" + "...ignoring\n| " + FAILED_TASK % "fatal",
            "fatal",
        ),
        (
            '| fatal: [localhost]: FAILED! => {"msg": "cut',
            '{"msg": "cut',
        ),
        (
            PREFIX + "| " + FAILED_TASK % f"cannot clone {SOURCE_WITH_LOGIN}",
            f"cannot clone {SOURCE}",
        ),
        (
            "",
            "failed with result 'exit-code'; see the journal",
        ),
    ],
)
def test_error_is_the_first_line_of_the_last_error(service: Service, log: str, error: str) -> None:
    assert service.end_run(log).returncode == 0
    assert service.result()["error"] == error


@pytest.mark.parametrize(
    ("result", "status", "exit_code"),
    [
        ("exit-code", "4", 4),
        ("exit-code", "203", 203),
        ("timeout", "TERM", 143),
        ("oom-kill", "KILL", 137),
        ("resources", "", None),
    ],
)
def test_exit_code_is_what_a_shell_shows(
    service: Service, result: str, status: str, exit_code: int | None
) -> None:
    service.end_run(result=result, status=status)
    assert service.result()["result"] == result
    assert service.result()["exit_code"] == exit_code


@pytest.mark.parametrize(
    ("log", "changed"),
    [
        ("", None),
        (RECAP % 0, False),
        (RECAP % 1, True),
        (RECAP % 0 + RECAP % 3, True),
    ],
)
def test_changed_comes_from_the_recaps(service: Service, log: str, changed: bool | None) -> None:
    service.end_run(log)
    assert service.result()["changed"] is changed


def test_last_success_outlives_failures(service: Service) -> None:
    service.end_run()
    assert service.result()["last_success"] is None
    service.end_run(result="success", status="0")
    success = service.result()
    assert success["last_success"] == {"time": success["time"], "revision": None}
    service.end_run(FAILED_TASK % "no")
    assert service.result()["last_success"] == success["last_success"]


def test_unreadable_previous_result_counts_as_none(service: Service) -> None:
    (service.state_folder / "result.json").write_text("[", encoding="utf-8")
    assert service.end_run().returncode == 0
    assert service.result()["last_success"] is None


def test_password_in_the_source_is_not_recorded(service: Service) -> None:
    service.end_run(source=SOURCE_WITH_LOGIN)
    assert service.result()["source"] == SOURCE


def test_metrics_file_follows_the_textfile_folder(service: Service, tmp_path: Path) -> None:
    first = tmp_path / "first"
    second = tmp_path / "second"
    first.mkdir()
    second.mkdir()

    service.end_run(source='odd "name"', textfile_folder=first)
    metrics = (first / METRICS_FILE).read_text(encoding="utf-8")
    assert 'info{source="odd \\"name\\"",revision=""} 1\n' in metrics

    service.end_run(textfile_folder=second)
    assert not (first / METRICS_FILE).exists()
    assert os.listdir(second) == [METRICS_FILE]

    service.end_run()
    assert os.listdir(second) == []


def test_unknown_values_are_left_out_of_the_metrics(service: Service, tmp_path: Path) -> None:
    service.end_run(textfile_folder=tmp_path, result="resources", status="")
    lines = (tmp_path / METRICS_FILE).read_text(encoding="utf-8").splitlines()
    names = [line.split()[0].partition("{")[0] for line in lines if not line.startswith("#")]
    assert names == [
        "netops_tuning_self_apply_last_run_timestamp_seconds",
        "netops_tuning_self_apply_info",
    ]


def test_result_is_recorded_without_the_textfile_folder(service: Service, tmp_path: Path) -> None:
    completed = service.end_run(textfile_folder=tmp_path / "missing")
    assert completed.returncode == 1
    message = "cannot record the result: [Errno 2] No such file or directory: "
    assert completed.stderr.decode().startswith(message)
    assert service.result()["exit_code"] == 2


def test_metrics_file_may_already_be_removed(service: Service, tmp_path: Path) -> None:
    service.end_run(textfile_folder=tmp_path)
    (tmp_path / METRICS_FILE).unlink()
    assert service.end_run().returncode == 0
