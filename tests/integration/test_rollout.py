# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook netops.tuning.rollout on one host. tests/fleet runs it on many hosts."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sandbox.play import Played, Result, Task, run_playbook, target_python
from sandbox.tasks import DOCUMENT, FIN, OURS, TIME, next_boot, now
from sandbox.world import World

KEEPALIVE_FILE = "/etc/sysctl.d/90-tcp-keepalive.conf"
LATER = "/etc/sysctl.d/99-later.conf"
TIME_FILE = f"/proc/sys/{TIME.replace('.', '/')}"
START_ACTION = "netops.tuning.playbook_start"


def roll_out(world: World, *args: str, **variables: Any) -> Played:
    all_variables = {"rollout_name": "a", **variables}
    return run_playbook(world, "netops.tuning.rollout", *args, variables=all_variables)


def summaries(played: Played) -> list[dict[str, Any]]:
    """Return the outcomes by host of each summary that the run made."""
    return [result["outcomes"] for result in played.results if "outcomes" in result]


def outcome(played: Played) -> str:
    (outcomes,) = summaries(played)
    return str(outcomes["world"]["outcome"])


def reason(played: Played) -> str:
    (outcomes,) = summaries(played)
    return str(outcomes["world"]["reason"])


def module_results(played: Played) -> list[Result]:
    """Return the results of the module that is rolled out, one for each step."""
    return [result for result in played.results if "changed_keys" in result]


def messages(played: Played) -> str:
    """Return the messages of all results as JSON."""
    return json.dumps([result.get("msg") for result in played.results])


def actions(played: Played) -> set[str]:
    return {result.action for result in played.results}


def write_tasks(path: Path, *tasks: Task) -> None:
    path.write_text(json.dumps(tasks), encoding="utf-8")


# --- from the preflight to the way back ---


def test_a_host_is_changed_then_already_right_then_put_back(world: World) -> None:
    start = world.snapshot()

    checked = roll_out(world, "--check", "--diff")
    assert checked.rc == 0, checked.output
    assert outcome(checked) == "would_change", checked.output
    assert "would change" in checked.output
    assert world.snapshot() == start, checked.output
    preflights = module_results(checked)
    assert [len(result["changed_keys"]) for result in preflights] == [2]
    assert [result["changed_files"] for result in preflights] == [[KEEPALIVE_FILE]]

    played = roll_out(world)
    assert played.rc == 0, played.output
    assert played.stdout == "", "it belongs to the callback, and ours of the tests prints nothing"
    assert outcome(played) == "done", played.output
    assert played.stats["changed"] == 1, played.output
    assert now(world) == next_boot(world) == DOCUMENT
    assert len(module_results(played)) == 3, "preflight, apply, verify"

    again = roll_out(world)
    assert again.rc == 0, again.output
    assert outcome(again) == "already_right", again.output
    assert again.stats["changed"] == 0, again.output

    listed = run_playbook(world, "netops.tuning.rollouts")
    assert listed.rc == 0, listed.output
    assert re.search("^20.*Z  a: on 1 host$", listed.output, re.MULTILINE), listed.output

    rollback = run_playbook(world, "netops.tuning.rollback", variables={"rollout_name": "a"})
    assert rollback.rc == 0, rollback.output
    assert world.snapshot() == start, rollback.output


def test_the_variables_of_the_role_are_used(world: World) -> None:
    played = roll_out(
        world,
        tcp_keepalive_profile="gce",
        tcp_keepalive_intvl="{{ 20 + 1 }}",
        tcp_keepalive_idle_limit=600,
    )
    assert played.rc == 0, played.output
    assert outcome(played) == "done", played.output
    assert now(world) == (60, 5, 21), played.output

    refused = roll_out(world, tcp_keepalive_idle_limit=350)
    assert refused.rc == 2, refused.output
    assert outcome(refused) == "failed", refused.output
    assert "is not below tcp_keepalive_idle_limit 350 s" in reason(refused)


# --- rollout_via: sysctl ---


def test_other_settings_are_rolled_out_with_sysctl(world: World) -> None:
    played = roll_out(world, rollout_via="sysctl", rollout_options={"settings": {FIN: 40}})
    assert played.rc == 0, played.output
    assert outcome(played) == "done", played.output
    assert world.sysctl(FIN) == "40", played.output


def test_with_at_least_a_host_with_a_higher_value_is_already_right(world: World) -> None:
    world.write(OURS, f"{FIN} = 70\n")
    world.set_sysctl(FIN, 70)
    before = world.snapshot(identity=True)
    options = {"settings": {FIN: 50}, "at_least": True}

    played = roll_out(world, rollout_via="sysctl", rollout_options=options)

    assert played.rc == 0, played.output
    assert outcome(played) == "already_right", played.output
    assert played.stats["changed"] == 0, played.output
    assert len(module_results(played)) == 1, "preflight only"
    assert world.snapshot(identity=True) == before


# --- hosts that cannot be changed ---


def test_a_later_file_that_would_win_fails_the_preflight(world: World) -> None:
    world.write(LATER, f"{TIME} = 1\n")
    before = world.snapshot(identity=True)
    played = roll_out(world)
    assert played.rc == 2, played.output
    assert outcome(played) == "failed", played.output
    assert f"{LATER} line 1" in reason(played)
    assert world.snapshot(identity=True) == before


def test_a_change_that_fails_has_undone_itself(world: World) -> None:
    full_folder = "nr_inodes=1,mode=755"
    mount = world.run(["mount", "-t", "tmpfs", "-o", full_folder, "tmpfs", "/etc/sysctl.d"])
    assert mount.rc == 0
    before = world.snapshot(identity=True)
    played = roll_out(world)
    assert played.rc == 2, played.output
    assert outcome(played) == "failed", played.output
    assert "No space left" in reason(played)
    assert world.snapshot(identity=True) == before


def test_nothing_is_changed_if_a_required_host_cannot_be_changed(world: World) -> None:
    world.write(LATER, f"{TIME} = 1\n")
    played = roll_out(world, rollout_require="all")
    assert played.rc == 2
    assert "rollout_require" in messages(played)
    assert outcome(played) == "failed"
    assert played.failed_hosts == {"localhost", "world"}


@pytest.mark.parametrize("serial", ["1,50%,100%", '["1", "50%"]', "", None])
def test_the_sizes_of_the_batches_may_be_text(world: World, serial: str | None) -> None:
    played = roll_out(world, rollout_serial=serial, rollout_canary="", rollout_soak=None)
    assert played.rc == 0, played.output
    assert outcome(played) == "done", played.output


def test_an_unreachable_host_is_blamed_and_no_other(world: World, tmp_path: Path) -> None:
    interpreter = world.interpreter(target_python())
    hosts = {
        "world": {"ansible_connection": "local", "ansible_python_interpreter": interpreter},
        "away": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1},
    }
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")

    def play(*args: str, **variables: Any) -> Played:
        variables["rollout_name"] = "a"
        playbook = "netops.tuning.rollout"
        return run_playbook(None, playbook, *args, inventory=inventory, variables=variables)

    played = play()
    assert played.rc == 4, played.output
    assert played.failed_hosts == {"localhost", "away"}
    assert summaries(played)[-1]["world"]["outcome"] == "done"
    assert play(rollout_max_unreachable=1).rc == 0
    # With --limit Ansible has no localhost.
    played = play("--limit", "away")
    assert (played.rc, played.failed_hosts) == (4, {"away"}), played.output
    played = play("--limit", "away", rollout_require="away", rollout_max_unreachable=1)
    assert (played.rc, played.failed_hosts) == (2, {"away"}), played.output
    assert play("--limit", "away", rollout_require="world").rc == 2


# --- health check and verification ---


def test_a_failed_health_check_puts_the_host_back(world: World, tmp_path: Path) -> None:
    world.write(KEEPALIVE_FILE, "# theirs\n", mode=0o640)
    start = world.snapshot()
    health_check = tmp_path / "health.yml"
    see_change = {
        "name": "See the change",
        "ansible.builtin.command": {"argv": ["grep", "-x", "3600", TIME_FILE]},
    }
    fail = {"name": "The service", "ansible.builtin.fail": {"msg": "it does not answer"}}

    write_tasks(health_check, see_change, fail)
    played = roll_out(world, rollout_health_check=str(health_check))
    assert played.rc == 2, played.output
    assert outcome(played) == "put_back", played.output
    expected = "The service: it does not answer"
    assert reason(played) == expected, "the first task of the check must see the change"
    assert world.snapshot() == start

    write_tasks(health_check, see_change)
    played = roll_out(world, rollout_health_check=str(health_check))
    assert played.rc == 0, played.output
    assert outcome(played) == "done", played.output


SERVER = """
import http.server
import sys


class Health(http.server.BaseHTTPRequestHandler):
    status_codes = sys.argv[1:]

    def do_GET(self):
        self.send_response(int(self.status_codes.pop(0)))
        self.end_headers()


with http.server.HTTPServer(("127.0.0.1", 8080), Health) as server:
    print("ready", flush=True)
    server.serve_forever()
"""
"""A web server that answers each request with the next of its arguments."""


@pytest.mark.parametrize(
    ("status_codes", "expected_outcome"),
    [("503 200", "done"), ("503 503 503", "put_back")],
)
def test_a_health_check_by_url_is_retried(
    world: World, status_codes: str, expected_outcome: str
) -> None:
    """The controller's request comes from the world too: delegated tasks use the world's Python."""
    start = world.snapshot()
    assert world.run(["ip", "link", "set", "lo", "up"]).rc == 0
    command = [*world.enter(), "--", "/usr/bin/python3", "-c", SERVER, *status_codes.split()]
    variables = {
        "rollout_health_check": "http://127.0.0.1:8080/",
        "rollout_health_retries": 2,
        "rollout_health_delay": 0,
    }
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout
        assert server.stdout.readline() == b"ready\n"
        played = roll_out(world, **variables)
        server.kill()
    assert outcome(played) == expected_outcome, played.output
    is_as_before = world.snapshot() == start
    assert is_as_before == (expected_outcome == "put_back")


def test_a_host_that_fails_the_verification_is_put_back(world: World, tmp_path: Path) -> None:
    """Somebody else sets another value while the health check runs."""
    start = world.snapshot()
    health_check = tmp_path / "health.yml"
    meddle = {"name": "Meddle", "ansible.builtin.shell": f"echo 77 > {TIME_FILE}"}
    write_tasks(health_check, meddle)
    played = roll_out(world, rollout_health_check=str(health_check))
    assert played.rc == 2, played.output
    assert outcome(played) == "put_back", played.output
    assert f"{TIME} is 77 instead of 3600" in reason(played)
    assert world.snapshot() == start


# --- the rollback ---


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "rollout_name is not set; name the rollout to go back to the start of: -e rollout_na"),
        ({"rollout_name": "b"}, "No host knows the rollout b, so nothing was put back."),
        ({"rollout_name": "a", "rollback_hosts": "wrold"}, "rollback_hosts: 'wrold' names no host"),
        ({"rollout_name": "a", "rollback_host": "x"}, "did you mean rollback_hosts?"),
    ],
)
def test_a_rollback_that_cannot_be_meant_fails_on_no_host(
    world: World, variables: Mapping[str, Any], message: str
) -> None:
    before = world.snapshot(identity=True)
    played = run_playbook(world, "netops.tuning.rollback", variables=variables)
    assert played.rc == 2, played.output
    assert message in messages(played)
    assert played.failed_hosts == {"localhost"}
    assert world.snapshot(identity=True) == before


# --- refused before any host is asked ---


def test_a_missing_health_check_is_refused_before_any_host_is_asked(world: World) -> None:
    played = roll_out(world, rollout_health_check="no/such/file.yml")
    assert played.rc == 2
    assert "there is no file" in messages(played)
    assert actions(played) == {START_ACTION}


@pytest.mark.parametrize(
    ("variables", "problem", "remedy"),
    [
        (
            {"rollout_via": "sysctl", "rollout_options": {"setings": {FIN: 40}}},
            "rollout_options: 'setings' is not an option that can be rolled out",
            r"give some of .*\bsettings\b",
        ),
        (
            {"rollout_via": "tcp_keepalive", "rollout_options": {"settings": {FIN: 40}}},
            "rollout_options are for rollout_via=sysctl, and rollout_via is tcp_keepalive",
            "set the variables of the role tcp_keepalive instead",
        ),
        ({"rollout_name": None}, "rollout_name is not set", "give .*: -e rollout_name=NAME"),
        ({"rollout_canary": "wrold"}, "rollout_canary: 'wrold' names no host", "correct it"),
        ({"rollout_require": "all,wrold"}, "rollout_require: 'wrold' names no host", "correct it"),
        ({"rollout_hosts": "wrold"}, "rollout_hosts: 'wrold' names no host", "correct it"),
        ({"rollout_hosts": "all:!wrold"}, "rollout_hosts: '!wrold' names no host", "correct it"),
        ({"rollout_max_failure": 1}, "rollout_max_failure: there is no", "did you mean rollout_m"),
    ],
)
def test_wrong_rollout_options_are_refused_before_any_host_is_asked(
    world: World, variables: Mapping[str, Any], problem: str, remedy: str
) -> None:
    before = world.snapshot(identity=True)
    played = roll_out(world, **variables)
    assert played.rc == 2, played.output
    assert actions(played) == {START_ACTION}, played.output
    (result,) = played.results
    message = result["msg"]
    assert problem in message
    assert re.search(f"; {remedy}", message)
    assert "\n" not in message
    assert world.snapshot(identity=True) == before
