# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re
from typing import Any

import pytest

UNIT = "netops-tuning-self-apply"
RESULT = f"/var/lib/{UNIT}/result.json"
STAMP = f"/var/lib/systemd/timers/stamp-{UNIT}.timer"
METRICS_FILE = "netops_tuning_self_apply.prom"
RUN_ENDED = f"systemctl show --property=InactiveEnterTimestampMonotonic --value {UNIT}.service"
METRIC = re.compile(r"netops_tuning_self_apply_(?P<name>\S+) (?P<value>\d+)")


@pytest.fixture(autouse=True)
def result(host: Any) -> dict[str, Any]:
    """Wait for the run that the timer starts after boot, and return its result."""
    host.check_output(f"timeout 60 sh -c 'until [ \"$({RUN_ENDED})\" != 0 ]; do sleep 0.1; done'")
    return dict(json.loads(host.file(RESULT).content_string))


def test_timer_is_enabled_and_started_the_run(host: Any) -> None:
    timer = host.service(f"{UNIT}.timer")
    assert timer.is_enabled
    assert timer.is_running
    assert host.check_output(f"systemctl show --property=LastTriggerUSec --value {UNIT}.timer")
    assert host.check_output("systemctl is-system-running") == "running"
    # At the next boot systemd then believes that the timer has missed a run.
    host.check_output(f"touch --date '2 years ago' {STAMP}")


def test_settings_are_applied(keepalive: list[str], release: int) -> None:
    assert keepalive == ["1111", "7", str(release)]


def test_result_is_a_success(result: dict[str, Any], host: Any) -> None:
    assert (result["result"], result["exit_code"], result["error"]) == ("success", 0, None)
    assert result["last_success"] == {"time": result["time"], "revision": result["revision"]}
    if result["source"] == "/srv/tuning.tar.gz":
        checksum = host.check_output("cat /srv/tuning.tar.gz.sha256").split()[0]
        assert result["revision"] == f"sha256:{checksum}"
    else:
        assert result["revision"] == host.check_output("git -C /srv/tuning rev-parse HEAD")


def test_metrics_file_has_the_result(result: dict[str, Any], host: Any) -> None:
    file = host.file(f"/srv/textfiles/{METRICS_FILE}")
    assert file.mode == 0o644
    values = {}
    for line in file.content_string.splitlines():
        if not line.startswith("#"):
            metric = METRIC.fullmatch(line)
            assert metric, line
            values[metric["name"]] = metric["value"]
    ended = host.check_output(f"date --date {result['time']} +%s").strip()
    labels = f'source="{result["source"]}",revision="{result["revision"]}"'
    assert values == {
        "exit_code": "0",
        "changed": str(int(result["changed"])),
        "last_run_timestamp_seconds": ended,
        "last_success_timestamp_seconds": ended,
        f"info{{{labels}}}": "1",
    }


def test_run_leaves_no_other_files(host: Any) -> None:
    assert not host.file(f"/run/{UNIT}").exists
    assert host.check_output("ls -A /srv/textfiles").split() == [METRICS_FILE]
