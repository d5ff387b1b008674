# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook netops.tuning.audit: its report is true, and it changes nothing.

Hosts that cannot be reached or fail are in the report too.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sandbox.connections import ARMED, Holder
from sandbox.play import (
    Played,
    Result,
    collections_path,
    run_playbook,
    target_python,
)
from sandbox.tasks import INTVL, PROBES, TIME
from sandbox.world import NOBODY, World

KEEPALIVE_FILE = "/etc/sysctl.d/90-tcp-keepalive.conf"
LATER = "/etc/sysctl.d/99-later.conf"
UNREADABLE_FILE = "/etc/sysctl.d/99-secret.conf"
DESIRED_FILE = f"# ours\n{TIME} = 3600\n{PROBES} = 9\n{INTVL} = 25\n"
"""The content of our file with the values of the role's default profile."""
AUDIT = "netops.tuning.audit"
INFO_ACTION = "netops.tuning.tcp_keepalive_info"
REPORT_ACTION = "netops.tuning.audit_report"
UNREACHABLE = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
BROKEN = {"ansible_connection": "local", "ansible_python_interpreter": "/bin/false"}
NO_CONNECTION = {"ansible_connection": "no_such_plugin"}
COLLECTION = Path("ansible_collections/netops/tuning")
REPORT_NAME = "keepalive-audit"


class Audit:
    """Runs audits of worlds and of other hosts, and reads the last report."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        hosts: Mapping[str, World | Mapping[str, Any]],
        *args: str,
        user: int | None = None,
        **variables: Any,
    ) -> Played:
        """Audit hosts: worlds, or the inventory variables of hosts that are no worlds.

        args: options of ansible-playbook.
        user: the uid that the modules run as; default is root.
        variables: extra variables of the playbook.
        """
        host_variables = {}
        for name, host in hosts.items():
            if isinstance(host, World):
                host_variables[name] = inventory_variables(host, user)
            else:
                host_variables[name] = dict(host)
        content = json.dumps({"all": {"hosts": host_variables}})
        self.inventory.write_text(content, encoding="utf-8")
        extra_variables = {"audit_report_dir": str(self.folder), **variables}
        return run_playbook(None, AUDIT, *args, inventory=self.inventory, variables=extra_variables)

    @property
    def inventory(self) -> Path:
        return self.folder / "hosts.json"

    @property
    def report(self) -> Any:
        return json.loads(self.report_file("json"))

    def report_file(self, extension: str) -> str:
        """Return the text of one file of the report: json, html or limit."""
        path = self.folder / f"{REPORT_NAME}.{extension}"
        return path.read_text(encoding="utf-8")

    def report_files(self) -> list[Path]:
        return list(self.folder.glob(f"{REPORT_NAME}*"))

    def host(self, name: str) -> dict[str, Any]:
        """Return the part of the report on one host."""
        (host,) = [host for host in self.report["hosts"] if host["name"] == name]
        return dict(host)

    def states(self) -> list[tuple[str, str]]:
        """Return the name and the state of each host, in the order of the report."""
        return [(host["name"], host["state"]) for host in self.report["hosts"]]


def inventory_variables(world: World, user: int | None = None) -> dict[str, Any]:
    """Return the variables with which Ansible enters a world."""
    python = target_python()
    if user is not None:
        python = "/usr/bin/python3"  # an ordinary user may have no access to the folder of ours
    interpreter = world.interpreter(python, user=user)
    return {"ansible_connection": "local", "ansible_python_interpreter": interpreter}


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(tmp_path)


def set_live_values(world: World) -> None:
    """Set the values of DESIRED_FILE in the kernel."""
    world.set_sysctl(TIME, 3600)
    world.set_sysctl(PROBES, 9)
    world.set_sysctl(INTVL, 25)


def snapshots(worlds: Mapping[str, World]) -> dict[str, Any]:
    return {name: world.snapshot(identity=True) for name, world in worlds.items()}


# --- what the report says ---


def test_the_report_is_true_and_nothing_is_changed(
    make_world: Callable[..., World], audit: Audit
) -> None:
    right = make_world({KEEPALIVE_FILE: DESIRED_FILE})
    drifted = make_world({KEEPALIVE_FILE: DESIRED_FILE})
    overridden = make_world({KEEPALIVE_FILE: DESIRED_FILE, LATER: f"\n{TIME} = 300\n"})
    set_live_values(right)
    set_live_values(overridden)
    worlds = {"right": right, "drifted": drifted, "overridden": overridden}
    before = snapshots(worlds)

    played = audit(worlds)

    assert snapshots(worlds) == before
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
    assert audit.host("right")["dead_after"] == 3825
    assert audit.host("drifted")["dead_after"] == 7875
    assert audit.report_file("limit") == "drifted\noverridden\n"

    time = audit.host("overridden")["settings"]["time"]
    assert time["now"] == 3600
    assert time["boot"] == 300
    assert time["persisted"] == 3600
    assert time["wanted"] == 3600
    assert time["winner"]["path"] == LATER
    assert time["winner"]["line"] == 2
    fates = [(line["path"], line["fate"]) for line in time["assignments"]]
    assert fates == [(KEEPALIVE_FILE, "overridden"), (LATER, "winner")]
    assert overridden.boot("systemd", [TIME]).values == {TIME: "300"}


def test_values_set_by_hand_are_lost_at_the_next_boot(world: World, audit: Audit) -> None:
    set_live_values(world)
    assert audit({"world": world}).rc == 0
    time = audit.host("world")["settings"]["time"]
    assert time["now"] == 3600
    assert time["boot"] == 7200
    assert time["persisted"] is None
    assert time["winner"] is None
    assert audit.host("world")["state"] == "drift"
    assert world.boot("systemd", [TIME]).values == {TIME: "7200"}


def test_no_root_is_needed(world: World, audit: Audit) -> None:
    set_live_values(world)
    world.write(KEEPALIVE_FILE, DESIRED_FILE)
    world.write(UNREADABLE_FILE, f"{TIME} = 1\n", mode=0o600)
    assert audit({"world": world}, user=NOBODY).rc == 0
    host = audit.host("world")
    assert host["state"] == "as_wanted"
    problem_paths = [problem["path"] for problem in host["problems"]]
    assert [path for path in problem_paths if "99-secret" in path]


ROLE_VARIABLES: dict[str, dict[str, Any]] = {
    "plain": {},
    "gce": {"tcp_keepalive_profile": "gce"},
    "templated": {
        "tcp_keepalive_time": "{{ limit - 50 }}",
        "tcp_keepalive_idle_limit": "{{ limit }}",
        "limit": 350,
    },
    "absent": {"tcp_keepalive_state": "absent"},
}


def test_the_desired_values_are_those_of_the_role_on_that_host(
    make_world: Callable[..., World], audit: Audit
) -> None:
    hosts = {}
    for name, variables in ROLE_VARIABLES.items():
        hosts[name] = {**inventory_variables(make_world()), **variables}
    assert audit(hosts).rc == 0
    desired = {}
    for name in hosts:
        settings = audit.host(name)["settings"]
        desired[name] = [settings[key]["wanted"] for key in ("time", "probes", "intvl")]
    assert desired == {
        "plain": [3600, 9, 25],
        "gce": [60, 5, 60],
        "templated": [300, 9, 25],
        "absent": [7200, 9, 75],
    }
    assert audit.host("absent")["state"] == "as_wanted"
    assert audit.host("templated")["idle_limit"] == 350
    assert audit.host("templated")["clears_idle_limit"] is False
    assert audit(hosts, audit_profile="kernel").rc == 0
    assert audit.report["summary"]["states"]["as_wanted"] == 4


def test_the_command_of_the_report_sets_what_the_report_wants(world: World, audit: Audit) -> None:
    """Also if the values come from the command line."""
    assert audit({"world": world}, tcp_keepalive_time=300).rc == 0
    time = audit.host("world")["settings"]["time"]
    assert (time["wanted"], time["wanted_from"]) == (300, "tcp_keepalive_time (-e)")
    change = shlex.split(audit.host("world")["todo"][-1]["command"])
    assert change[0] == "ansible-playbook"
    played = run_playbook(None, change[2], *change[3:], inventory=audit.inventory)
    assert played.rc == 0, played.output
    assert world.sysctl(TIME) == "300"
    # The next audit does not know that command line, but the file on the host.
    assert audit({"world": world}).rc == 0
    assert audit.states() == [("world", "as_wanted")]
    assert audit.host("world")["as_managed"]
    assert "as managed" in audit.report_file("html")


def test_the_terminal_shows_a_line_for_each_host(world: World, audit: Audit) -> None:
    played = audit({"world": world, "away": UNREACHABLE})
    lines = played.output.partition("\nTCP keepalive audit\n\n")[2]
    first_line = lines.partition("\n")[0]
    assert first_line.startswith("  away   unreachable  ")
    assert first_line.endswith("Connection refused")
    drift = "time 7200 instead of 3600, intvl 75 instead of 25, now and after"
    assert f"\n  world  drift        {drift}" in played.output
    assert "\n  2 hosts: 1 drift, 1 unreachable\n" in played.output
    assert f"\n  {audit.folder}/keepalive-audit.html\n" in played.output
    for step in audit.report["todo"]:
        assert f". {step['what']}: {step['command']}\n" in played.output
    assert len(audit.report["todo"]) == 2


# --- hosts that give no answer, and the exit code ---


def test_hosts_that_give_no_answer_are_in_the_report(world: World, audit: Audit) -> None:
    set_live_values(world)
    world.write(KEEPALIVE_FILE, DESIRED_FILE)
    played = audit({"away": UNREACHABLE, "broken": BROKEN, "world": world})
    assert played.rc == 0, played.output
    assert audit.states() == [
        ("away", "unreachable"),
        ("broken", "failed"),
        ("world", "as_wanted"),
    ]
    assert "Connection refused" in audit.host("away")["message"]
    assert audit.host("away")["todo"]
    assert audit.host("broken")["todo"]


@pytest.mark.parametrize(
    "hosts",
    [
        {"a": UNREACHABLE, "b": UNREACHABLE},
        {"a": NO_CONNECTION, "b": UNREACHABLE},
    ],
    ids=["unreachable", "failed and unreachable"],
)
def test_a_report_is_written_even_if_every_host_fails(
    audit: Audit, hosts: Mapping[str, Mapping[str, Any]]
) -> None:
    played = audit(hosts, audit_fail_on=["unreachable"])
    assert played.rc == 4, played.output
    assert "Traceback" not in played.output
    assert audit.report["summary"]["hosts"] == 2
    for host in audit.report["hosts"]:
        assert host["state"] in ("failed", "unreachable")
    assert audit.report_file("html").endswith("</html>\n")


@pytest.mark.parametrize(
    ("fail_on", "rc"),
    [
        (["unprotected", "unreachable"], 0),
        (["drift", "unprotected"], 2),
    ],
)
def test_the_exit_code_follows_audit_fail_on(
    world: World, audit: Audit, fail_on: list[str], rc: int
) -> None:
    played = audit({"world": world}, audit_fail_on=fail_on)
    assert played.rc == rc, played.output
    assert audit.host("world")["state"] == "drift"
    if rc:
        assert "the audit is to fail on: drift: world" in failures(played)
        assert "drift: time 7200 instead of 3600" in failures(played)


# --- what to do next ---


def test_the_commands_of_the_report_make_every_host_as_wanted(
    make_world: Callable[..., World], audit: Audit
) -> None:
    """Also where the plain role would be refused, since another file wins over ours."""
    vendor = "/usr/lib/sysctl.d/99-vendor.conf"
    worlds = {
        "drift": make_world({KEEPALIVE_FILE: DESIRED_FILE}),
        "no-file": make_world(),
        "overridden": make_world({KEEPALIVE_FILE: DESIRED_FILE, LATER: f"{TIME} = 300\n"}),
        "no-file-and-a-later-one": make_world({LATER: f"{TIME} = 300\n"}),
        "overridden-by-a-vendor": make_world({vendor: f"{TIME} = 300\n"}),
    }
    assert audit(worlds).rc == 0
    groups = []
    for step in audit.report["todo"]:
        _program, _inventory, playbook, *args = shlex.split(step["command"])
        groups.append(next(arg for arg in args if arg.startswith("--limit=")))
        args.remove("--check")
        change = run_playbook(None, playbook, *args, inventory=audit.inventory)
        assert change.rc == 0, change.output

    assert groups == [
        "--limit=drift,no-file",
        "--limit=no-file-and-a-later-one,overridden",
        "--limit=overridden-by-a-vendor",
    ]
    assert audit(worlds, audit_fail_on=["drift"]).rc == 0
    assert audit.report["todo"] == []


# --- what changed since an earlier report ---


def test_what_changed_since_an_earlier_report(
    make_world: Callable[..., World], audit: Audit
) -> None:
    worlds = {name: make_world({KEEPALIVE_FILE: DESIRED_FILE}) for name in ("one", "two", "three")}
    for name in ("one", "three"):
        set_live_values(worlds[name])
    assert audit(worlds, audit_report_name="audit-%Y-%m-%d").rc == 0
    (earlier,) = audit.folder.glob("audit-2*.json")
    assert re.fullmatch(r"audit-\d{4}-\d\d-\d\d\.json", earlier.name)
    compare = {"audit_compare": f"{audit.folder}/audit-*.json", "audit_fail_on": ["worse"]}
    still_wrong = audit(worlds, **compare)
    assert still_wrong.rc == 0, still_wrong.output

    worlds["one"].set_sysctl(TIME, 7200)
    set_live_values(worlds["two"])
    worlds["four"] = make_world()
    del worlds["three"]
    played = audit(worlds, **compare)

    assert played.rc == 2, played.output
    (report,) = (result for result in played.results if result.action == REPORT_ACTION)
    assert report["violations"] == {"worse": ["four", "one"]}
    changes = {host["name"]: host["change"] for host in audit.report["hosts"]}
    assert changes == {"one": "newly_wrong", "two": "mended", "four": "new"}
    gone = [{"name": "three", "state": "as_wanted"}]
    made = json.loads(earlier.read_text(encoding="utf-8"))["made"]
    assert audit.report["comparison"] == {"made": made, "gone": gone, "not_asked": 0}
    assert "    newly wrong  one\n    mended       two\n" in played.output


@pytest.mark.parametrize(("tolerated", "rc"), [(1, 0), (0, 4)])
def test_some_hosts_may_be_unreachable(world: World, audit: Audit, tolerated: int, rc: int) -> None:
    played = audit(
        {"world": world, "away": UNREACHABLE},
        audit_fail_on=["unreachable"],
        audit_max_unreachable=tolerated,
    )
    assert played.rc == rc, played.output
    assert played.failed_hosts == ({"localhost", "away"} if rc else set())


def test_the_output_for_people_does_not_break_the_output_for_machines(
    world: World, audit: Audit
) -> None:
    played = audit({"world": world})
    assert "TCP keepalive audit" in played.output
    assert played.stdout == "", "it belongs to the callback, and ours of the tests prints nothing"
    played = audit({"world": world}, audit_terminal=False)
    assert "TCP keepalive audit" not in played.output


# --- connections ---


@pytest.fixture
def holder(world: World) -> Iterator[Holder]:
    world.run(["ip", "link", "set", "lo", "up"])
    with Holder(world) as opened:
        yield opened


def test_connections_without_keepalive_are_in_the_report(
    world: World, holder: Holder, audit: Audit
) -> None:
    holder.pair("armed", ARMED, "127.0.0.1")
    played = audit({"world": world}, audit_fail_on=["unprotected"])
    assert played.rc == 2, played.output
    assert "unprotected: world" in failures(played)
    host = audit.host("world")
    assert host["connections"]["with_keepalive"] == 1
    assert host["connections"]["without_keepalive"] == 1
    assert host["source"] == "sock_diag"
    (process,) = host["processes"]
    assert process["established"] == 2
    assert process["without_keepalive"] == 1
    assert "1 of 2 connections without keepalive" in " ".join(host["findings"])


def failures(played: Played) -> str:
    """Return the messages of the tasks that failed."""
    return "\n".join(str(result.get("msg")) for result in played.results if result.failed)


def info_results(played: Played) -> list[Result]:
    return [result for result in played.results if result.action == INFO_ACTION]


def test_connections_are_read_only_if_asked_for(world: World, holder: Holder, audit: Audit) -> None:
    holder.pair("armed", ARMED, "127.0.0.1")
    played = audit({"world": world}, audit_sockets=False, audit_fail_on=["unprotected"])
    assert played.rc == 0, played.output
    assert audit.host("world")["connections"] is None
    assert audit.report["summary"]["asked_for_connections"] == 0
    assert len(info_results(played)) == 1


def test_the_loader_of_each_host_is_rehearsed_if_asked_for(world: World, audit: Audit) -> None:
    world.write("/etc/sysctl.d/90-ansible.conf", f"{TIME} = 3600\n")
    played = audit({"world": world}, audit_rehearse=True)
    assert played.rc == 0, played.output
    (result,) = info_results(played)
    assert result["rehearsed"] == {TIME: "3600", PROBES: "9", INTVL: "75"}
    assert result["disagreements"] == result["not_rehearsed"] == []
    assert audit.host("world")["disagreements"] == []


# --- options ---


@pytest.mark.parametrize(
    ("variables", "parts"),
    [
        ({"audit_profile": "acme"}, ["audit_profile", "'acme'"]),
        ({"audit_hosts": "wrold"}, ["audit_hosts: 'wrold' names no host"]),
        ({"audit_profle": "gce"}, ["audit_profle", "did you mean audit_profile?"]),
        ({"tcp_keepalive_interval": 5}, ["did you mean tcp_keepalive_intvl?"]),
        ({"audit_fail_on": ["worse"]}, ["'worse'", "earlier report", "audit_compare"]),
        ({"audit_compare": "none-*.json"}, ["audit_compare", "none-*.json", "leave audit_compare"]),
        ({"audit_compare": "/etc/passwd"}, ["/etc/passwd", "not JSON"]),
        ({"audit_report_name": "audit-%x"}, ["audit-%x", "'%x'", "%Y, %m, %d"]),
        (
            {"audit_report_dir": "/dev/null/reports"},
            ["/dev/null/reports", "cannot be written", "Not a directory"],
        ),
    ],
)
def test_a_wrong_option_is_refused_and_no_report_is_written(
    world: World, audit: Audit, variables: Mapping[str, Any], parts: list[str]
) -> None:
    played = audit({"world": world}, **variables)
    assert played.rc == 2
    for part in parts:
        assert part in failures(played)
    assert "Traceback" not in played.output
    assert not audit.report_files()


def test_a_host_whose_variables_are_wrong_is_in_the_report(
    make_world: Callable[..., World], audit: Audit
) -> None:
    """And only that host fails, if the audit is to fail."""
    wrong: dict[str, dict[str, Any]] = {
        "misspelled": {"tcp_keepalive_interval": 5},
        "undefined": {"audit_time": "{{ no_such_variable }}"},
        "text": {"tcp_keepalive_time": "soon"},
    }
    hosts: dict[str, Any] = {"right": make_world({KEEPALIVE_FILE: DESIRED_FILE})}
    set_live_values(hosts["right"])
    other = inventory_variables(make_world())
    for name, variables in wrong.items():
        hosts[name] = {**other, **variables}
    played = audit(hosts, audit_fail_on="unreachable, drift")
    assert played.rc == 2, played.output
    assert dict(audit.states()) == {
        "right": "as_wanted",
        "misspelled": "failed",
        "undefined": "failed",
        "text": "failed",
    }
    assert "did you mean tcp_keepalive_intvl?" in audit.host("misspelled")["message"]
    assert "audit_time" in audit.host("undefined")["message"]
    assert "no_such_variable" in audit.host("undefined")["message"]
    assert "tcp_keepalive_time: 'soon'" in audit.host("text")["message"]
    assert played.failed_hosts == {"localhost", *wrong}


def test_the_next_command_changes_nobody_if_nobody_is_wrong(
    make_world: Callable[..., World], audit: Audit
) -> None:
    right, other = make_world({KEEPALIVE_FILE: DESIRED_FILE}), make_world()
    set_live_values(right)
    hosts = {"right": right, "other": other}
    before = snapshots(hosts)
    assert audit(hosts, "--limit", "right").rc == 0
    limit = f"--limit=@{audit.folder}/{REPORT_NAME}-limited.limit"
    played = run_playbook(None, "netops.tuning.tcp_keepalive", limit, inventory=audit.inventory)
    assert played.rc != 0
    assert "no hosts to target" in played.output
    assert snapshots(hosts) == before


def test_check_mode_writes_nothing(world: World, audit: Audit) -> None:
    played = audit({"world": world}, "--check")
    assert played.rc == 0
    (states,) = [result["states"] for result in played.results if "states" in result]
    assert states["drift"] == 1
    assert not audit.report_files()


# --- parts of an inventory ---


@pytest.mark.parametrize("name", [REPORT_NAME, "mine"])
def test_a_limit_restricts_the_report(
    make_world: Callable[..., World], audit: Audit, name: str
) -> None:
    hosts = {"one": make_world(), "two": make_world()}
    variables = {} if name == REPORT_NAME else {"audit_report_name": name}
    assert audit(hosts, **variables).rc == 0
    whole_file = audit.folder / f"{name}.json"
    whole = whole_file.read_text(encoding="utf-8")
    assert audit(hosts, "--limit", "two", **variables).rc == 0
    assert whole_file.read_text(encoding="utf-8") == whole
    part = json.loads((audit.folder / f"{name}-limited.json").read_text(encoding="utf-8"))
    assert [host["name"] for host in part["hosts"]] == ["two"]


def test_a_limit_without_hosts_of_the_audit_is_an_error(world: World, audit: Audit) -> None:
    played = audit({"world": world, "other": world}, "--limit", "other", audit_hosts="world")
    assert played.rc == 2, played.output
    assert "audit_hosts: --limit leaves none of its" in failures(played)
    assert not audit.report_files()


def test_merged_reports_of_parts_equal_the_whole(
    make_world: Callable[..., World], audit: Audit
) -> None:
    hosts = {name: make_world() for name in ("one", "two", "three")}
    assert audit(hosts, audit_report_name="whole").rc == 0
    for name in hosts:
        assert audit(hosts, "--limit", name, audit_report_name=f"part-{name}").rc == 0
    variables = {
        "audit_reports": f"{audit.folder}/part-*.json",
        "audit_report_dir": str(audit.folder),
    }
    played = run_playbook(
        None, "netops.tuning.merge_reports", variables=variables, inventory=audit.inventory
    )
    assert played.rc == 0, played.output
    whole = json.loads((audit.folder / "whole.json").read_text(encoding="utf-8"))
    assert audit.report["summary"] == whole["summary"]
    assert audit.report["hosts"] == whole["hosts"]


# --- a reduced installation ---


def test_only_the_required_folders_of_the_collection_are_needed(
    world: World, audit: Audit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A distribution may drop all others, and galaxy.yml and MANIFEST.json with them."""
    installed = Path(collections_path())
    reduced = tmp_path / "collections"
    for folder in ("meta", "plugins", "roles", "playbooks"):
        shutil.copytree(installed / COLLECTION / folder, reduced / COLLECTION / folder)
    monkeypatch.setenv("NETOPS_COLLECTIONS_PATH", str(reduced))

    played = audit({"world": world})

    assert played.rc == 0, played.output
    manifest_file = installed / COLLECTION / "MANIFEST.json"
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    assert audit.report["version"] == manifest["collection_info"]["version"]
    assert audit.host("world")["state"] == "drift"
