# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON as its schema says, there and back; CSV that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

import jsonschema
from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answers
from ansible_collections.netops.tuning.plugins.plugin_utils._report.data import (
    from_json,
    to_csv,
    to_json,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import (
    Report,
    ReportError,
    Summary,
)
from reports import fleets as fleet

SCHEMA = json.loads(
    (Path(__file__).parents[5] / "docs/audit-report.schema.json").read_text(encoding="utf-8")
)


def awkward():
    """Return a report with one of everything."""
    soon = fleet.setting(3600, fleet.line(fleet.PATH, 1, "time", "soon", "winner"))
    odd = fleet.answer(connections=fleet.sockets(40, 12, 3, ["web"]), time=soon)
    odd["problems"] = [
        {"path": "/etc/sysctl.d/1.conf", "line": 4, "problem": "no '=' in the line"},
        {"path": "/proc", "problem": "no"},
    ]
    hosts = {
        "odd": Answers(odd, "done"),
        "away": Answers({"unreachable": True, "msg": "no route"}, "unreachable"),
        "unasked": Answers(None, "not_reached"),
    }
    return fleet.report(hosts, {"audit_idle_limit": 350})


@pytest.mark.parametrize(
    "report", [awkward(), fleet.report(300), fleet.report({})], ids=["awkward", "many", "none"]
)
def test_json_is_what_its_schema_says(report):
    told = json.loads(to_json(report))
    validator = jsonschema.validators.validator_for(SCHEMA)
    validator.check_schema(SCHEMA)
    validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(told)
    assert len(told["hosts"]) == told["summary"]["hosts"] == len(report.hosts)


def test_the_schema_knows_each_field():
    """What is not listed is refused, so that no field is added without a word about it."""
    told = json.loads(to_json(awkward()))
    told["hosts"][0]["more"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, SCHEMA)


@pytest.mark.parametrize(
    "report", [awkward(), fleet.report(300), fleet.report({})], ids=["awkward", "many", "none"]
)
def test_there_and_back(report):
    assert tuple(from_json(to_json(report), "x.json")) == report.hosts


def test_slices_merged_are_the_report_of_all():
    whole = fleet.report(300)
    parts = [replace(whole, hosts=whole.hosts[start::4]) for start in range(4)]
    hosts = [host for part in parts for host in from_json(to_json(part), "x.json")]
    merged = Report.of(
        hosts, title=whole.title, made=whole.made, version=whole.version, todo=whole.todo
    )
    assert merged == whole


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "its format is None"),
        ('{"format": "netops.tuning.audit/9"}', "'netops.tuning.audit/9'"),
        ('{"format": "netops.tuning.audit/1"}', "not a whole report"),
        ('{"format": "netops.tuning.audit/1", "hosts": 5}', "not a whole report"),
        ('{"format": "netops.tuning.audit/1", "hosts": [{"name": "x"}]}', "not a whole report"),
        (to_json(awkward()).replace('"overridden"', '"fine"'), "unknown state 'fine'"),
        (to_json(awkward()).replace('"done"', '"dunno"'), "'dunno'"),
        (to_json(awkward()).replace('"time"', '"tame"'), "not a whole report"),
        (to_json(awkward()).replace('"fate"', '"fade"'), "not a whole report"),
    ],
)
def test_what_is_no_report(text, reason):
    with pytest.raises(ReportError) as error:
        from_json(text, "slice-1.json")
    assert str(error.value).startswith("slice-1.json: ")
    assert reason in str(error.value)


def test_csv():
    rows = list(csv.DictReader(io.StringIO(to_csv(awkward()), newline="")))
    assert [row["host"] for row in rows] == ["away", "odd", "unasked"]
    odd = rows[1]
    assert (odd["state"], odd["outcome"], odd["time_persisted"], odd["probes_boot"]) == (
        "overridden",
        "done",
        "soon",
        "9",
    )
    assert odd["time_winner"] == f"{fleet.PATH}:1"
    assert (
        odd["established"],
        odd["without_keepalive"],
        odd["stale"],
        odd["namespaces_that_differ"],
    ) == (
        "40",
        "12",
        "3",
        "1",
    )
    assert rows[0]["message"] == "no route"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "|", "\t", "\r"])
def test_csv_is_no_formula(start):
    name = f"{start}cmd|' /C calc'!A0"
    text = to_csv(fleet.report({name: Answers({"failed": True, "msg": name})}))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["host"] == f"'{name}"
    assert row["message"][0] == ("'" if start.strip() else "c")


def test_summary():
    summary = awkward().summary
    assert isinstance(summary, Summary)
    assert {state: n for state, n in summary.states.items() if n} == {
        "overridden": 1,
        "unreachable": 1,
        "not_reached": 1,
    }
    assert summary.outcomes == {"done": 1, "unreachable": 1, "not_reached": 1}
    assert (
        summary.unprotected,
        summary.stale,
        summary.differing,
        summary.asked_for_connections,
    ) == (1, 1, 1, 1)


def test_hosts_are_in_the_order_of_their_numbers():
    names = ["web10", "web2", "Web3", "10", "9", "web02", "db1"]
    hosts = fleet.report({name: fleet.answers(1, name) for name in names}).hosts
    assert [host.name for host in hosts] == ["9", "10", "db1", "web02", "web2", "Web3", "web10"]
