# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/scaling.md says: ansible-runner, slices as AWX makes them, execution environments."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from fleet.fleet import PROGRAMS, SIZE, Fleet
from fleet.runner import Job, split_into_slices
from sandbox.play import PROJECT

AUDIT = "netops.tuning.audit"
MERGE = "netops.tuning.merge_reports"
ROLLOUT = "netops.tuning.rollout"
ROLLBACK = "netops.tuning.rollback"
PAGE = (PROJECT / "docs/scaling.md").read_text(encoding="utf-8")
SSH_FAILED = "Failed to connect to the host via ssh:"
SSH_ENDED_EARLY = "Data could not be sent to remote host [^:]*:"
"""Ansible's other message for the same error, if ssh ends before Ansible has sent its data."""
PROGRESS_LINES = (
    "6 hosts: [0-9]+ to change",
    "1 of [0-9]+ hosts, 1 done; .* to go",
    "6 hosts: .*done",
)


def read_report(directory: Path, name: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
    return report


def without_changing_parts(report: dict[str, Any]) -> dict[str, Any]:
    """Leave out what differs from minute to minute, such as Ansible's own connections."""
    report = json.loads(re.sub(SSH_ENDED_EARLY, SSH_FAILED, json.dumps(report)))
    hosts = [{**host, "connections": None, "processes": None} for host in report["hosts"]]
    summary = {**report["summary"], "connections": None}
    return {**report, "made": None, "summary": summary, "hosts": hosts}


def merge_reports(fleet: Fleet, directory: Path, pattern: str, name: str) -> dict[str, Any]:
    """Merge reports with the playbook; return the merged report."""
    run = fleet.play(
        MERGE,
        audit_reports=[str(directory / pattern)],
        audit_report_dir=str(directory),
        audit_report_name=name,
    )
    assert run.rc == 0, run.output
    return read_report(directory, name)


def run_program(directory: Path, program: str, *args: str) -> bytes:
    """Run a program of Ansible's in a directory; return its output."""
    env = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": str(directory), "LC_ALL": "C.UTF-8"}
    finished = subprocess.run(
        [program, *args], cwd=directory, env=env, check=True, stdout=subprocess.PIPE
    )
    return finished.stdout


def test_the_documented_execution_environment_can_be_built(tmp_path: Path) -> None:
    """Up to the container itself. The collection must need nothing else in it."""
    (definition,) = re.findall(r"```yaml\n(---\nversion: 3.*?)```", PAGE, re.DOTALL)
    (tmp_path / "execution-environment.yml").write_text(definition, encoding="utf-8")
    (tarball,) = (PROJECT / ".build/dist").glob("*.tar.gz")
    shutil.copy(tarball, tmp_path / "netops-tuning.tar.gz")
    installed = str(tmp_path / "installed")
    run_program(tmp_path, "ansible-builder", "create")
    # The build of the image runs the same command.
    install = ["collection", "install", "--offline", "--requirements-file", "requirements.yml"]
    build = tmp_path / "context/_build"
    run_program(build, "ansible-galaxy", *install, "--collections-path", installed)
    requirements = run_program(tmp_path, "ansible-builder", "introspect", installed)
    assert yaml.safe_load(requirements) == {"python": [], "system": []}


def test_merged_audits_of_slices_equal_the_audit_of_all_hosts(fleet: Fleet, tmp_path: Path) -> None:
    fleet.inject({fleet.hosts[2]: "stranger", fleet.hosts[-1]: "overridden"})
    run = fleet.play(AUDIT, audit_report_dir=str(tmp_path), audit_report_name="whole")
    assert run.rc == 0, run.output
    whole = read_report(tmp_path, "whole")
    states = whole["summary"]["states"]
    assert (states["drift"], states["unreachable"]) == (SIZE - 1, 1)

    slices = split_into_slices(fleet.hosts, 4)
    names = [f"part-{number}" for number in range(len(slices))]
    jobs = []
    for name, hosts in zip(names, slices):
        variables = {"audit_report_dir": str(tmp_path), "audit_report_name": name}
        jobs.append(Job(fleet, tmp_path / f"job-{name}", hosts, AUDIT, **variables))
    for job, hosts in zip(jobs, slices):
        assert job.wait().exit_status == (0, "successful"), job.output
        assert job.hosts_with_result_of("netops.tuning.tcp_keepalive_info") == hosts

    merged = merge_reports(fleet, tmp_path, "part-*.json", "whole")
    assert without_changing_parts(merged) == without_changing_parts(whole)
    total: Counter[str] = Counter()
    for name in names:
        total.update(read_report(tmp_path, name)["summary"]["connections"])
    assert merged["summary"]["connections"] == dict(total)
    # These hosts have only the connections of the audits themselves, which do not count.
    assert total["established"] < SIZE - 1


def test_a_rollout_in_slices(fleet: Fleet, tmp_path: Path) -> None:
    """Each slice has its own canary and failures; the merged report has all outcomes."""
    hosts = fleet.hosts[:6]
    start = fleet.state(hosts)
    fleet.inject({hosts[1]: "overridden"})
    jobs = []
    for number, part in enumerate(split_into_slices(hosts, 2)):
        job = Job(
            fleet,
            tmp_path / f"{number}",
            part,
            ROLLOUT,
            rollout_name="slices",
            rollout_report_dir=str(tmp_path),
            rollout_report_name=f"part-{number}",
        )
        jobs.append(job)
    assert jobs[0].wait().exit_status == (0, "successful"), jobs[0].output
    assert jobs[1].wait().exit_status == (2, "failed"), jobs[1].output

    report = merge_reports(fleet, tmp_path, "part-*.json", "keepalive-rollout")
    expected = dict.fromkeys(hosts, "done")
    expected[hosts[1]] = "failed"
    assert {host["name"]: host["outcome"] for host in report["hosts"]} == expected
    assert report["summary"]["outcomes"] == {"done": 5, "failed": 1}
    fleet.repair([hosts[1]])
    run = fleet.play(ROLLBACK, rollout_name="slices", rollback_hosts=hosts)
    assert (run.rc, fleet.state(hosts)) == (0, start), run.output


def test_a_cancelled_job_can_be_continued(fleet: Fleet, tmp_path: Path) -> None:
    """Each host is as before or as wanted, the next job completes it, and shows its progress."""
    hosts, variables = fleet.hosts[:6], {"rollout_name": "cancelled"}
    start = fleet.state(hosts)
    before = {host: fleet.ledgers(host) for host in hosts}
    job = Job(fleet, tmp_path / "cancelled", hosts, ROLLOUT, **variables)
    while not any(fleet.ledgers(host) != before[host] for host in hosts[2:]):
        assert job.process.poll() is None, "the rollout ended too early"
        time.sleep(0.01)
    job.process.send_signal(signal.SIGTERM)  # cancels the job
    assert job.wait().exit_status[1] == "canceled", job.output
    states = fleet.state(hosts)
    changed = [host for host, state in states.items() if state != start[host]]
    assert 2 <= len(changed) < len(hosts)

    job = Job(fleet, tmp_path / "again", hosts, ROLLOUT, **variables).wait()
    assert job.exit_status == (0, "successful"), job.output
    wanted = set(fleet.state(hosts).values())
    assert {states[host] for host in changed} <= wanted, "a host was changed in part"
    assert len(wanted) == 1
    assert set(job.hosts_with_result_of("netops.tuning.tcp_keepalive")) == set(hosts)
    for line in PROGRESS_LINES:
        assert re.search(f"^rollout 'cancelled': {line}", job.output, re.MULTILINE), job.output
    run = fleet.play(ROLLBACK, rollout_name="cancelled", rollback_hosts=hosts)
    assert (run.rc, fleet.state(hosts)) == (0, start), run.output
