# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON that follows its schema and can be read back; CSV without formulas."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

import jsonschema
from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answer
from ansible_collections.netops.tuning.plugins.plugin_utils._report.data import (
    report_from_json,
    to_csv,
    to_json,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import (
    ReportError,
    Summary,
    make_report,
)
from reports import fleets

SCHEMA = json.loads(
    (Path(__file__).parents[5] / "docs/audit-report.schema.json").read_text(encoding="utf-8")
)


def awkward_report():
    """Return a report with one of everything."""
    soon = fleets.setting(3600, fleets.line(fleets.PATH, 1, "time", "soon", "winner"))
    result = fleets.info_result(
        connections=fleets.connections_result(40, 12, 3, ["web"]), time=soon
    )
    result["problems"] = [
        {"path": "/etc/sysctl.d/1.conf", "line": 4, "problem": "no '=' in the line"},
        {"path": "/proc", "problem": "no"},
    ]
    hosts = {
        "odd": Answer(result, "done"),
        "away": Answer({"unreachable": True, "msg": "no route"}, "unreachable"),
        "unasked": Answer(None, "not_reached"),
    }
    return fleets.report(hosts, {"audit_idle_limit": 350})


def compared_report():
    """Return a report with hosts of each change since an earlier one."""
    right, wrong = Answer(fleets.info_result()), Answer(fleets.info_result(now=fleets.KERNEL))
    earlier = fleets.report({"a": right, "b": wrong, "gone": right})
    return fleets.report({"a": wrong, "b": right, "new": right}, earlier=earlier)


@pytest.mark.parametrize(
    "report",
    [awkward_report(), compared_report(), fleets.report(300), fleets.report({})],
    ids=["awkward", "compared", "many", "none"],
)
def test_json_follows_its_schema(report):
    data = json.loads(to_json(report))
    validator = jsonschema.validators.validator_for(SCHEMA)
    validator.check_schema(SCHEMA)
    validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(data)
    assert len(data["hosts"]) == data["summary"]["hosts"] == len(report.hosts)


def test_a_report_without_changes_can_be_read():
    """Those of versions that could not compare have none."""
    data = json.loads(to_json(fleets.report(3)))
    for host in data["hosts"]:
        del host["change"], host["booted"], host["doubts"]
        for setting in (host["settings"] or {}).values():
            del setting["undone"]
    assert len(report_from_json(json.dumps(data), "x.json").hosts) == 3


def test_the_schema_lists_every_field():
    """It refuses unknown fields, so that none is added without documentation."""
    data = json.loads(to_json(awkward_report()))
    data["hosts"][0]["more"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA)


@pytest.mark.parametrize(
    "report",
    [awkward_report(), compared_report(), fleets.report(300), fleets.report({})],
    ids=["awkward", "compared", "many", "none"],
)
def test_json_can_be_read_back(report):
    assert tuple(report_from_json(to_json(report), "x.json").hosts) == report.hosts


def test_merged_parts_equal_the_report_of_all_hosts():
    whole = fleets.report(300)
    hosts = []
    for start in range(4):
        part = whole._replace(hosts=whole.hosts[start::4])
        hosts += report_from_json(to_json(part), "x.json").hosts
    merged = make_report(
        hosts, title=whole.title, made=whole.made, version=whole.version, groups=whole.groups
    )
    assert merged == whole


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "its format is None"),
        ('{"format": "netops.tuning.audit/9"}', "'netops.tuning.audit/9'"),
        ('{"format": "netops.tuning.audit/1"}', "not a complete report"),
        ('{"format": "netops.tuning.audit/1", "hosts": 5}', "not a complete report"),
        ('{"format": "netops.tuning.audit/1", "hosts": [{"name": "x"}]}', "not a complete report"),
        (to_json(awkward_report()).replace('"overridden"', '"fine"'), "unknown state 'fine'"),
        (to_json(awkward_report()).replace('"done"', '"dunno"'), "'dunno'"),
        (to_json(awkward_report()).replace('"time"', '"tame"'), "not a complete report"),
        (to_json(awkward_report()).replace('"fate"', '"fade"'), "not a complete report"),
        (to_json(awkward_report()).replace("2026-", "MMXX-"), "not a complete report"),
        (to_json(compared_report()).replace('"newly_wrong"', '"odd"'), "unknown change 'odd'"),
    ],
)
def test_refused_json(text, reason):
    with pytest.raises(ReportError) as error:
        report_from_json(text, "slice-1.json")
    assert str(error.value).startswith("slice-1.json: ")
    assert reason in str(error.value)


def test_csv():
    rows = list(csv.DictReader(io.StringIO(to_csv(awkward_report()), newline="")))
    assert [row["host"] for row in rows] == ["away", "odd", "unasked"]
    expected = {
        "state": "overridden",
        "outcome": "done",
        "time_persisted": "soon",
        "probes_boot": "9",
        "time_winner": f"{fleets.PATH}:1",
        "established": "40",
        "without_keepalive": "12",
        "stale": "3",
        "namespaces_that_differ": "1",
    }
    assert {column: rows[1][column] for column in expected} == expected
    assert rows[0]["message"] == "no route"


def test_csv_names_the_settings_that_the_last_boot_did_not_keep():
    answers = {"a": Answer(fleets.undone_result()), "b": Answer(fleets.info_result())}
    rows = csv.DictReader(io.StringIO(to_csv(fleets.report(answers)), newline=""))
    assert [row["undone"] for row in rows] == ["time intvl", ""]


def test_settings_that_the_last_boot_did_not_keep_are_read_back():
    report = fleets.report({"a": Answer(fleets.undone_result())})
    assert report.summary.undone == 1
    assert report_from_json(to_json(report), "x").hosts == list(report.hosts)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "|", "\t", "\r"])
def test_csv_has_no_formulas(start):
    name = f"{start}cmd|' /C calc'!A0"
    text = to_csv(fleets.report({name: Answer({"failed": True, "msg": name})}))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["host"] == f"'{name}"
    assert row["message"][0] == ("'" if start.strip() else "c")


def test_summary():
    summary = awkward_report().summary
    assert isinstance(summary, Summary)
    assert {state: number for state, number in summary.states.items() if number} == {
        "overridden": 1,
        "unreachable": 1,
        "not_reached": 1,
    }
    assert summary.outcomes == {"done": 1, "unreachable": 1, "not_reached": 1}
    assert summary.unprotected == summary.stale == summary.differing == 1
    assert summary.asked_for_connections == 1


def test_names_are_sorted_by_the_numbers_in_them():
    names = ["web10", "web2", "Web3", "10", "9", "web02", "db1"]
    hosts = fleets.report({name: fleets.random_answer(1, name) for name in names}).hosts
    assert [host.name for host in hosts] == ["9", "10", "db1", "web02", "web2", "Web3", "web10"]
