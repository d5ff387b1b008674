# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

UNIT = "netops-tuning-self-apply"
RESULT = f"/var/lib/{UNIT}/result.json"
STAMP = f"/var/lib/systemd/timers/stamp-{UNIT}.timer"
ENDED = f"systemctl show --property=InactiveEnterTimestampMonotonic --value {UNIT}.service"
KEYS = [f"net.ipv4.tcp_keepalive_{name}" for name in ("time", "probes", "intvl")]


@pytest.fixture(autouse=True)
def last(host: Any) -> dict[str, Any]:
    """Give the result of the last run, once there is one since the host booted; nobody but the timer starts it."""
    host.check_output(f"timeout 60 sh -c 'until [ \"$({ENDED})\" != 0 ]; do sleep 0.1; done'")
    return dict(json.loads(host.file(RESULT).content_string))


def test_the_timer_is_on_and_started_it(host: Any) -> None:
    timer = host.service(f"{UNIT}.timer")
    assert timer.is_enabled
    assert timer.is_running
    assert host.check_output(f"systemctl show --property=LastTriggerUSec --value {UNIT}.timer")
    assert host.check_output("systemctl is-system-running") == "running"
    host.check_output(
        f"touch --date '2 years ago' {STAMP}"
    )  # the next boot is to find that it missed a run


def test_the_settings_hold(sysctl: Callable[..., list[str]], release: int) -> None:
    assert sysctl(*KEYS) == ["1111", "7", str(release)]


def test_the_result_says_so(last: dict[str, Any], host: Any) -> None:
    assert (last["result"], last["exit_code"], last["error"]) == ("success", 0, None)
    assert last["last_success"] == {"time": last["time"], "revision": last["revision"]}
    if last["source"] == "/srv/tuning.tar.gz":
        checksum = host.check_output("cat /srv/tuning.tar.gz.sha256").split()[0]
        assert last["revision"] == f"sha256:{checksum}"
    else:
        assert last["revision"] == host.check_output("git -C /srv/tuning rev-parse HEAD")


def test_node_exporter_is_told_too(last: dict[str, Any], host: Any) -> None:
    told = host.file("/srv/textfiles/netops_tuning_self_apply.prom")
    assert told.mode == 0o644
    lines = [line for line in told.content_string.splitlines() if not line.startswith("#")]
    values = dict(
        re.fullmatch(r"netops_tuning_self_apply_(\S+) (\d+)", line).groups() for line in lines
    )  # type: ignore[union-attr]
    ended = int(host.check_output(f"date --date {last['time']} +%s"))
    assert values == {
        "exit_code": "0",
        "changed": str(int(last["changed"])),
        "last_run_timestamp_seconds": str(ended),
        "last_success_timestamp_seconds": str(ended),
        f'info{{source="{last["source"]}",revision="{last["revision"]}"}}': "1",
    }


def test_nothing_of_a_run_is_left(host: Any) -> None:
    assert not host.file(f"/run/{UNIT}").exists
    assert host.check_output("ls -A /srv/textfiles").split() == ["netops_tuning_self_apply.prom"]
