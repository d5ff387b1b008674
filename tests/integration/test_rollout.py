# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook netops.tuning.rollout on one host: what it does with it. What it does with many is in tests/fleet."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sandbox.play import Played, run_playbook
from sandbox.tasks import DOCUMENT, FIN, TIME, next_boot, now
from sandbox.world import World

OURS, LATER = "/etc/sysctl.d/90-tcp-keepalive.conf", "/etc/sysctl.d/99-later.conf"


def rolled_out(world: World, *args: str, **variables: Any) -> Played:
    return run_playbook(
        world, "netops.tuning.rollout", *args, variables={"rollout_name": "a", **variables}
    )


def outcome(played: Played) -> str:
    (told,) = reports(played)
    return str(told["world"]["outcome"])


def reason(played: Played) -> str:
    (told,) = reports(played)
    return str(told["world"]["reason"])


def reports(played: Played) -> list[dict[str, Any]]:
    return [result["outcomes"] for result in played.results if "outcomes" in result]


def test_a_host_is_changed_then_right_then_put_back(world: World) -> None:
    start = world.snapshot()
    checked = rolled_out(world, "--check", "--diff")
    assert (checked.rc, outcome(checked), world.snapshot()) == (0, "not_reached", start), (
        checked.output
    )
    preflights = [result for result in checked.results if "changed_keys" in result]
    assert [len(result["changed_keys"]) for result in preflights] == [2]
    assert [result["changed_files"] for result in preflights] == [[OURS]]
    played = rolled_out(world)
    assert (played.rc, outcome(played), played.stats["changed"]) == (0, "done", 1), played.output
    assert now(world) == next_boot(world) == DOCUMENT
    steps = [result for result in played.results if "changed_keys" in result]
    assert len(steps) == 3, "preflight, apply, verify"
    again = rolled_out(world)
    assert (again.rc, outcome(again), again.stats["changed"]) == (0, "already_right", 0), (
        again.output
    )
    back = run_playbook(world, "netops.tuning.rollback", variables={"rollout_name": "a"})
    assert (back.rc, world.snapshot()) == (0, start), back.output


def test_the_variables_of_the_role(world: World) -> None:
    played = rolled_out(
        world,
        tcp_keepalive_profile="gce",
        tcp_keepalive_intvl="{{ 20 + 1 }}",
        tcp_keepalive_idle_limit=600,
    )
    assert (played.rc, outcome(played), now(world)) == (0, "done", (60, 5, 21)), played.output
    refused = rolled_out(world, tcp_keepalive_idle_limit=350)
    assert (refused.rc, outcome(refused)) == (2, "failed"), refused.output
    assert "idle_limit 350 s" in reason(refused)


def test_any_other_settings(world: World) -> None:
    played = rolled_out(world, rollout_via="sysctl", rollout_options={"settings": {FIN: 40}})
    assert (played.rc, outcome(played), world.sysctl(FIN)) == (0, "done", "40"), played.output


def test_another_file_would_win(world: World) -> None:
    world.write(LATER, f"{TIME} = 1\n")
    before = world.snapshot(identity=True)
    played = rolled_out(world)
    assert (played.rc, outcome(played)) == (2, "failed"), played.output
    assert f"{LATER} line 1" in reason(played)
    assert world.snapshot(identity=True) == before


def test_a_failed_health_check_puts_back(world: World, tmp_path: Path) -> None:
    world.write(OURS, "# theirs\n", mode=0o640)
    start = world.snapshot()
    check = tmp_path / "health.yml"
    see = {
        "name": "See the change",
        "ansible.builtin.command": {
            "argv": ["grep", "-x", "3600", f"/proc/sys/{TIME.replace('.', '/')}"]
        },
    }
    fail = {"name": "The service", "ansible.builtin.fail": {"msg": "it does not answer"}}
    check.write_text(json.dumps([see, fail]), encoding="utf-8")
    played = rolled_out(world, rollout_health_check=str(check))
    assert (played.rc, outcome(played)) == (2, "put_back"), played.output
    assert reason(played) == "The service: it does not answer", (
        "the first of its tasks saw the change"
    )
    assert world.snapshot() == start
    check.write_text(json.dumps([see]), encoding="utf-8")
    played = rolled_out(world, rollout_health_check=str(check))
    assert (played.rc, outcome(played)) == (0, "done"), played.output


SERVER = """
import http.server
import sys


class Health(http.server.BaseHTTPRequestHandler):
    answers = sys.argv[1:]

    def do_GET(self):
        self.send_response(int(self.answers.pop(0)))
        self.end_headers()


with http.server.HTTPServer(("127.0.0.1", 8080), Health) as server:
    print("ready", flush=True)
    server.serve_forever()
"""


@pytest.mark.parametrize(("answers", "became"), [("503 200", "done"), ("503 503 503", "put_back")])
def test_a_health_check_by_url(world: World, answers: str, became: str) -> None:
    """One that does not answer at once is asked again. What is delegated runs in the world too: all has its Python."""
    start = world.snapshot()
    assert world.run(["ip", "link", "set", "lo", "up"]).rc == 0
    command = [*world.enter(), "--", "/usr/bin/python3", "-c", SERVER, *answers.split()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout
        assert server.stdout.readline() == b"ready\n"
        check = {
            "rollout_health_check": "http://127.0.0.1:8080/",
            "rollout_health_retries": 2,
            "rollout_health_delay": 0,
        }
        played = rolled_out(world, **check)
        server.kill()
    assert outcome(played) == became, played.output
    assert (world.snapshot() == start) == (became == "put_back")


def test_what_does_not_hold_is_put_back(world: World, tmp_path: Path) -> None:
    """Somebody else sets another value while the health check runs: the verification notices."""
    start = world.snapshot()
    check = tmp_path / "health.yml"
    meddle = {
        "name": "Meddle",
        "ansible.builtin.shell": f"echo 77 > /proc/sys/{TIME.replace('.', '/')}",
    }
    check.write_text(json.dumps([meddle]), encoding="utf-8")
    played = rolled_out(world, rollout_health_check=str(check))
    assert (played.rc, outcome(played)) == (2, "put_back"), played.output
    assert f"{TIME} is 77 instead of 3600" in reason(played)
    assert world.snapshot() == start


def test_a_change_that_fails_has_put_itself_back(world: World) -> None:
    assert (
        world.run(
            ["mount", "-t", "tmpfs", "-o", "nr_inodes=1,mode=755", "tmpfs", "/etc/sysctl.d"]
        ).rc
        == 0
    )
    before = world.snapshot(identity=True)
    played = rolled_out(world)
    assert (played.rc, outcome(played)) == (2, "failed"), played.output
    assert "No space left" in reason(played)
    assert world.snapshot(identity=True) == before


def test_what_cannot_be_meant_is_refused_before_any_host_is_asked(world: World) -> None:
    played = rolled_out(world, rollout_health_check="no/such/file.yml")
    assert played.rc == 2
    assert "there is no file" in json.dumps([result.get("msg") for result in played.results])
    assert {result.action for result in played.results} == {"netops.tuning.rollout_start"}


def test_without_a_host_that_is_required_nothing_is_changed(world: World) -> None:
    world.write(LATER, f"{TIME} = 1\n")
    played = rolled_out(world, rollout_require="all")
    assert played.rc == 2
    assert "rollout_require" in json.dumps([result.get("msg") for result in played.results])
    assert reports(played) == []
