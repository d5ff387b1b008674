# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/scaling.md says: ansible-runner and what AWX makes of it, slices whose reports are merged, and execution environments."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import yaml
from fleet.fleet import PROGRAMS, SIZE, Fleet
from fleet.runner import Job, slices
from sandbox.play import PROJECT

AUDIT, MERGE, ROLLOUT, ROLLBACK = (
    f"netops.tuning.{name}" for name in ("audit", "merge_reports", "rollout", "rollback")
)
PAGE = (PROJECT / "docs/scaling.md").read_text(encoding="utf-8")


def report_in(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


def lasting(report: dict[str, Any]) -> dict[str, Any]:
    """Give what does not change from one minute to the next, as the connections do, Ansible's own among them."""
    hosts = [{**host, "connections": None, "processes": None} for host in report["hosts"]]
    return {
        **report,
        "made": None,
        "summary": {**report["summary"], "connections": None},
        "hosts": hosts,
    }


def merged(fleet: Fleet, folder: Path, parts: str, name: str) -> dict[str, Any]:
    played = fleet.play(
        MERGE,
        audit_reports=[str(folder / parts)],
        audit_report_dir=str(folder),
        audit_report_name=name,
    )
    assert played.rc == 0, played.output
    return report_in(folder, name)


def run(folder: Path, program: str, *args: str) -> bytes:
    """Run a program of Ansible's in a folder; give what it printed."""
    env = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [program, *args], cwd=folder, env=env, check=True, stdout=subprocess.PIPE
    ).stdout


def test_an_execution_environment(tmp_path: Path) -> None:
    """What the page has is built into what a container is made of, up to the container; the collection needs nothing more in it."""
    (definition,) = re.findall(r"```yaml\n(---\nversion: 3.*?)```", PAGE, re.DOTALL)
    (tmp_path / "execution-environment.yml").write_text(definition, encoding="utf-8")
    (built,) = (PROJECT / ".build/dist").glob("*.tar.gz")
    shutil.copy(built, tmp_path / "netops-tuning.tar.gz")
    installed = str(tmp_path / "installed")
    run(tmp_path, "ansible-builder", "create")
    # As the build of the image does it, there.
    options = [
        "--offline",
        "--requirements-file",
        "requirements.yml",
        "--collections-path",
        installed,
    ]
    run(tmp_path / "context/_build", "ansible-galaxy", "collection", "install", *options)
    told = run(tmp_path, "ansible-builder", "introspect", installed)
    assert yaml.safe_load(told) == {"python": [], "system": []}


def test_an_audit_in_slices(fleet: Fleet, tmp_path: Path) -> None:
    """Side by side, merged by one command: the same report as that of one run over all hosts."""
    fleet.break_down({fleet.hosts[2]: "stranger", fleet.hosts[-1]: "overridden"})
    played = fleet.play(AUDIT, audit_report_dir=str(tmp_path), audit_report_name="whole")
    assert played.rc == 0, played.output
    whole = report_in(tmp_path, "whole")
    states = whole["summary"]["states"]
    assert (states["drift"], states["unreachable"]) == (SIZE - 1, 1)
    parts = slices(fleet.hosts, 4)
    jobs = [
        Job(
            fleet,
            tmp_path / f"{number}",
            part,
            AUDIT,
            audit_report_dir=str(tmp_path),
            audit_report_name=f"part-{number}",
        )
        for number, part in enumerate(parts)
    ]
    for job, part in zip(jobs, parts):
        assert job.wait().ended == (0, "successful"), job.output
        assert job.asked("netops.tuning.tcp_keepalive_info") == part
    again = merged(fleet, tmp_path, "part-*.json", "whole")
    assert lasting(again) == lasting(whole)
    seen = [
        report_in(tmp_path, f"part-{number}")["summary"]["connections"]
        for number in range(len(parts))
    ]
    assert again["summary"]["connections"] == {
        name: sum(part[name] for part in seen) for name in seen[0]
    }
    assert again["summary"]["connections"]["established"] >= SIZE - 1


def test_a_rollout_in_slices(fleet: Fleet, tmp_path: Path) -> None:
    """Each has a canary and failures of its own; the merged report says what became of each host."""
    hosts = fleet.hosts[:6]
    start = fleet.state(hosts)
    fleet.break_down({hosts[1]: "overridden"})
    jobs = [
        Job(fleet, tmp_path / f"{number}", part, ROLLOUT,
            rollout_name="slices", rollout_report_dir=str(tmp_path), rollout_report_name=f"part-{number}")
        for number, part in enumerate(slices(hosts, 2))
    ]  # fmt: skip
    for number, job in enumerate(jobs):
        assert job.wait().ended == ((2, "failed") if number == 1 else (0, "successful")), job.output
    report = merged(fleet, tmp_path, "part-*.json", "keepalive-rollout")
    expected = {host: "failed" if host == hosts[1] else "done" for host in hosts}
    assert {host["name"]: host["outcome"] for host in report["hosts"]} == expected
    assert report["summary"]["outcomes"] == {"done": 5, "failed": 1}
    fleet.mend([hosts[1]])
    played = fleet.play(ROLLBACK, rollout_name="slices", rollback_hosts=hosts)
    assert (played.rc, fleet.state(hosts)) == (0, start), played.output


def test_a_job_that_is_cancelled(fleet: Fleet, tmp_path: Path) -> None:
    """Each host is as before or as wanted, and the next job finishes; what it tells meanwhile can be followed."""
    hosts, variables = fleet.hosts[:6], {"rollout_name": "cancelled"}
    start = fleet.state(hosts)
    before = {host: fleet.ledgers(host) for host in hosts}
    job = Job(fleet, tmp_path / "cancelled", hosts, ROLLOUT, **variables)
    while not any(fleet.ledgers(host) != before[host] for host in hosts[2:]):
        assert job.process.poll() is None, "it ended before its time"
        time.sleep(0.01)
    job.process.send_signal(signal.SIGTERM)  # has its cancel callback say yes
    assert job.wait().ended[1] == "canceled", job.output
    states = fleet.state(hosts)
    halfway = [host for host, state in states.items() if state != start[host]]
    assert 2 <= len(halfway) < len(hosts)

    job = Job(fleet, tmp_path / "again", hosts, ROLLOUT, **variables).wait()
    assert job.ended == (0, "successful"), job.output
    assert {states[host] for host in halfway} <= set(fleet.state(hosts).values()), (
        "whole-old or whole-new"
    )
    assert len(set(fleet.state(hosts).values())) == 1
    assert set(job.asked("netops.tuning.rollout_host")) == set(hosts)
    for line in (
        "6 hosts: [0-9]+ to change",
        "1 of [0-9]+ hosts, 1 done; .* to go",
        "6 hosts: .*done",
    ):
        assert re.search(f"^rollout 'cancelled': {line}", job.output, re.MULTILINE), job.output
    played = fleet.play(ROLLBACK, rollout_name="cancelled", rollback_hosts=hosts)
    assert (played.rc, fleet.state(hosts)) == (0, start), played.output
