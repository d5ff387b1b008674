# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook netops.tuning.audit on real hosts: its report is true, and it changes nothing.

Hosts that give no answer are in the report too.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sandbox.connections import ARMED, Holder
from sandbox.play import Played, collections_path, run_playbook, target_python
from sandbox.tasks import INTVL, PROBES, TIME
from sandbox.world import NOBODY, World

OURS, LATER = "/etc/sysctl.d/90-tcp-keepalive.conf", "/etc/sysctl.d/99-later.conf"
RIGHT = f"# ours\n{TIME} = 3600\n{PROBES} = 9\n{INTVL} = 25\n"
AUDIT = "netops.tuning.audit"
AWAY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}


class Audit:
    """Runs audits of several worlds, and reads the last report."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        hosts: Mapping[str, World | Mapping[str, Any]],
        *args: str,
        user: int | None = None,
        **variables: Any,
    ) -> Played:
        """Audit hosts: worlds, or the variables of hosts that are no worlds."""
        host_variables = {name: self._host(host, user) for name, host in hosts.items()}
        inventory = self.folder / "hosts.json"
        inventory.write_text(json.dumps({"all": {"hosts": host_variables}}), encoding="utf-8")
        extra_variables = {"audit_report_dir": str(self.folder), **variables}
        return run_playbook(None, AUDIT, *args, inventory=inventory, variables=extra_variables)

    def _host(self, host: World | Mapping[str, Any], user: int | None) -> Mapping[str, Any]:
        if not isinstance(host, World):
            return host
        # Other users may have no access to the folder of our Python.
        python = target_python() if user is None else "/usr/bin/python3"
        interpreter = host.interpreter(python, user=user)
        return {"ansible_connection": "local", "ansible_python_interpreter": interpreter}

    @property
    def report(self) -> Any:
        return json.loads((self.folder / "keepalive-audit.json").read_text(encoding="utf-8"))

    def host(self, name: str) -> dict[str, Any]:
        (host,) = (host for host in self.report["hosts"] if host["name"] == name)
        return dict(host)


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(tmp_path)


def set_now(world: World, time: int, probes: int, intvl: int) -> None:
    for key, value in ((TIME, time), (PROBES, probes), (INTVL, intvl)):
        world.set_sysctl(key, value)


def test_what_is_found_is_so_and_nothing_is_changed(
    make_world: Callable[..., World], audit: Audit
) -> None:
    right, drifted, overridden = (
        make_world({OURS: RIGHT}),
        make_world({OURS: RIGHT}),
        make_world({OURS: RIGHT}),
    )
    overridden.write(LATER, f"\n{TIME} = 300\n")
    set_now(right, 3600, 9, 25)
    set_now(overridden, 3600, 9, 25)
    worlds = {"right": right, "drifted": drifted, "overridden": overridden}
    before = {name: world.snapshot(identity=True) for name, world in worlds.items()}

    played = audit(worlds)

    assert {name: world.snapshot(identity=True) for name, world in worlds.items()} == before
    assert played.rc == 0, played.output
    assert not any(result["changed"] for result in played.results)
    assert audit.report["summary"]["states"] == {
        "as_wanted": 1,
        "drift": 1,
        "overridden": 1,
        "failed": 0,
        "unreachable": 0,
        "not_reached": 0,
    }
    time = audit.host("overridden")["settings"]["time"]
    assert (time["now"], time["boot"], time["persisted"], time["wanted"]) == (3600, 300, 3600, 3600)
    assert (time["winner"]["path"], time["winner"]["line"]) == (LATER, 2)
    assert [(line["path"], line["fate"]) for line in time["assignments"]] == [
        (OURS, "overridden"),
        (LATER, "winner"),
    ]
    assert overridden.boot("systemd", [TIME]).values == {TIME: "300"}
    assert [audit.host(name)["dead_after"] for name in ("right", "drifted")] == [3825, 7875]
    limit = (audit.folder / "keepalive-audit.limit").read_text(encoding="utf-8")
    assert limit == "drifted\noverridden\n"


def test_a_host_whose_keepalive_was_set_by_hand_loses_it_at_the_next_boot(
    world: World, audit: Audit
) -> None:
    set_now(world, 3600, 9, 25)
    assert audit({"world": world}).rc == 0
    time = audit.host("world")["settings"]["time"]
    assert (time["now"], time["boot"]) == (3600, 7200)
    assert time["persisted"] is time["winner"] is None
    assert audit.host("world")["state"] == "drift"
    assert world.boot("systemd", [TIME]).values == {TIME: "7200"}


def test_hosts_that_give_no_answer_are_in_the_report(world: World, audit: Audit) -> None:
    set_now(world, 3600, 9, 25)
    world.write(OURS, RIGHT)
    broken = {"ansible_connection": "local", "ansible_python_interpreter": "/bin/false"}
    played = audit({"away": AWAY, "broken": broken, "world": world})
    assert played.rc == 0, played.output
    assert [(host["name"], host["state"]) for host in audit.report["hosts"]] == [
        ("away", "unreachable"),
        ("broken", "failed"),
        ("world", "as_wanted"),
    ]
    assert "Connection refused" in audit.host("away")["message"]
    assert all(audit.host(name)["todo"] for name in ("away", "broken"))


@pytest.mark.parametrize(
    "hosts", [{"a": AWAY, "b": AWAY}, {"a": {"ansible_connection": "no_such_plugin"}, "b": AWAY}]
)
def test_also_where_every_host_fails_there_is_a_report(
    audit: Audit, hosts: Mapping[str, Mapping[str, Any]]
) -> None:
    played = audit(hosts, audit_fail_on=["unreachable"])
    assert played.rc == 2, played.output
    assert "Traceback" not in played.output
    assert audit.report["summary"]["hosts"] == 2
    assert not {host["state"] for host in audit.report["hosts"]} - {"failed", "unreachable"}
    assert (audit.folder / "keepalive-audit.html").read_text(encoding="utf-8").endswith("</html>\n")


@pytest.mark.parametrize(
    ("fail_on", "rc"), [(["unprotected", "unreachable"], 0), (["drift", "unprotected"], 2)]
)
def test_the_exit_code_says_what_it_was_asked_to(
    world: World, audit: Audit, fail_on: list[str], rc: int
) -> None:
    played = audit({"world": world}, audit_fail_on=fail_on)
    assert played.rc == rc, played.output
    assert audit.host("world")["state"] == "drift"
    if rc:
        assert "the audit is to fail on: drift: world" in played.results[-1]["msg"]


def test_no_root_is_needed(world: World, audit: Audit) -> None:
    set_now(world, 3600, 9, 25)
    world.write(OURS, RIGHT)
    world.write("/etc/sysctl.d/99-secret.conf", f"{TIME} = 1\n", mode=0o600)
    assert audit({"world": world}, user=NOBODY).rc == 0
    host = audit.host("world")
    assert host["state"] == "as_wanted"
    assert [problem["path"] for problem in host["problems"] if "99-secret" in problem["path"]]


def test_what_is_wanted_is_what_the_role_would_set_on_that_host(
    make_world: Callable[..., World], audit: Audit
) -> None:
    hosts = {name: make_world() for name in ("plain", "gce", "templated", "absent")}
    variables = {
        "gce": {"tcp_keepalive_profile": "gce"},
        "templated": {
            "tcp_keepalive_time": "{{ limit - 50 }}",
            "tcp_keepalive_idle_limit": "{{ limit }}",
            "limit": 350,
        },
        "absent": {"tcp_keepalive_state": "absent"},
    }
    inventory = {
        name: {**audit._host(world, None), **variables.get(name, {})}
        for name, world in hosts.items()
    }
    assert audit(inventory).rc == 0
    wanted = {
        name: [audit.host(name)["settings"][key]["wanted"] for key in ("time", "probes", "intvl")]
        for name in hosts
    }
    assert wanted == {
        "plain": [3600, 9, 25],
        "gce": [60, 5, 60],
        "templated": [300, 9, 25],
        "absent": [7200, 9, 75],
    }
    assert audit.host("absent")["state"] == "as_wanted"
    assert (
        audit.host("templated")["idle_limit"],
        audit.host("templated")["clears_idle_limit"],
    ) == (350, False)
    assert audit(inventory, audit_profile="kernel").rc == 0
    assert audit.report["summary"]["states"]["as_wanted"] == 4


@pytest.fixture
def holder(world: World) -> Iterator[Holder]:
    world.run(["ip", "link", "set", "lo", "up"])
    with Holder(world) as made:
        yield made


def test_connections_without_keepalive(world: World, holder: Holder, audit: Audit) -> None:
    holder.pair("armed", ARMED, "127.0.0.1")
    played = audit({"world": world}, audit_fail_on=["unprotected"])
    assert played.rc == 2, played.output
    assert "unprotected: world" in played.results[-1]["msg"]
    host = audit.host("world")
    assert (host["connections"]["with_keepalive"], host["connections"]["without_keepalive"]) == (
        1,
        1,
    )
    assert host["source"] == "sock_diag"
    (process,) = host["processes"]
    assert (process["established"], process["without_keepalive"]) == (2, 1)
    assert "1 of 2 connections without keepalive" in " ".join(host["findings"])


def test_connections_are_not_looked_at_where_that_is_not_asked_for(
    world: World, holder: Holder, audit: Audit
) -> None:
    holder.pair("armed", ARMED, "127.0.0.1")
    played = audit({"world": world}, audit_sockets=False, audit_fail_on=["unprotected"])
    assert played.rc == 0, played.output
    assert (
        audit.host("world")["connections"],
        audit.report["summary"]["asked_for_connections"],
    ) == (None, 0)
    assert (
        len(
            [
                result
                for result in played.results
                if result.action == "netops.tuning.tcp_keepalive_info"
            ]
        )
        == 1
    )


@pytest.mark.parametrize(
    ("variables", "parts"),
    [
        (
            {"audit_time": "{{ no_such_variable }}"},
            ["audit_time", "of host world", "no_such_variable"],
        ),
        ({"audit_profile": "aws"}, ["audit_profile", "'aws'", "of host world"]),
        ({"audit_fail_on": ["everything"]}, ["fail_on", "everything"]),
        ({"audit_report_formats": ["pdf"]}, ["formats", "pdf"]),
        (
            {"audit_report_dir": "/dev/null/reports"},
            ["/dev/null/reports", "cannot be written", "Not a directory"],
        ),
    ],
)
def test_refused(
    world: World, audit: Audit, variables: Mapping[str, Any], parts: list[str]
) -> None:
    played = audit({"world": world}, **variables)
    assert played.rc == 2
    assert all(part in played.results[-1]["msg"] for part in parts), played.results[-1]["msg"]
    assert "Traceback" not in played.output
    assert not list(audit.folder.glob("keepalive-audit*"))


def test_check_mode_writes_nothing(world: World, audit: Audit) -> None:
    played = audit({"world": world}, "--check")
    assert played.rc == 0
    assert played.results[-1]["states"]["drift"] == 1
    assert not list(audit.folder.glob("keepalive-audit*"))


def test_part_of_an_inventory(make_world: Callable[..., World], audit: Audit) -> None:
    assert audit({"one": make_world(), "two": make_world()}, "--limit", "two").rc == 0
    assert [host["name"] for host in audit.report["hosts"]] == ["two"]


def test_reports_of_parts_become_one(make_world: Callable[..., World], audit: Audit) -> None:
    hosts = {name: make_world() for name in ("one", "two", "three")}
    assert audit(hosts, audit_report_name="whole").rc == 0
    for name in hosts:
        assert audit(hosts, "--limit", name, audit_report_name=f"part-{name}").rc == 0
    variables = {
        "audit_reports": f"{audit.folder}/part-*.json",
        "audit_report_dir": str(audit.folder),
    }
    inventory = audit.folder / "hosts.json"
    played = run_playbook(
        None, "netops.tuning.merge_reports", variables=variables, inventory=inventory
    )
    assert played.rc == 0, played.output
    whole = json.loads((audit.folder / "whole.json").read_text(encoding="utf-8"))
    assert (audit.report["summary"], audit.report["hosts"]) == (whole["summary"], whole["hosts"])


def test_the_terminal_view(world: World, audit: Audit) -> None:
    played = audit({"world": world, "away": AWAY})
    away = played.output.partition("\nTCP keepalive audit\n\n")[2].partition("\n")[0]
    assert away.startswith("  away   unreachable  ")
    assert away.endswith("Connection refused")
    assert (
        "\n  world  drift        time 7200 instead of 3600, intvl 75 instead of 25, now and after"
        in played.output
    )
    assert "\n  2 hosts: 1 drift, 1 unreachable\n" in played.output
    assert f"\n  {audit.folder}/keepalive-audit.html\n" in played.output


def test_only_the_required_folders_of_the_collection_are_needed(
    world: World, audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A distribution may drop all others, and galaxy.yml and MANIFEST.json with them."""
    collection = Path("ansible_collections/netops/tuning")
    installed = Path(collections_path())
    reduced = tmp_path / "collections"
    for folder in ("meta", "plugins", "roles", "playbooks"):
        shutil.copytree(installed / collection / folder, reduced / collection / folder)
    monkeypatch.setenv("NETOPS_COLLECTIONS_PATH", str(reduced))

    played = audit({"world": world})

    assert played.rc == 0, played.output
    manifest = json.loads((installed / collection / "MANIFEST.json").read_text(encoding="utf-8"))
    assert audit.report["version"] == manifest["collection_info"]["version"]
    assert audit.host("world")["state"] == "drift"
