# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as data: written as JSON and CSV, and read from JSON."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import Any, Callable, Iterable, Mapping, TypeVar

from ansible_collections.netops.tuning.plugins.plugin_utils._fleet import OUTCOMES

from .compare import EarlierReport
from .model import (
    CHANGES,
    FORMAT,
    SETTING_NAMES,
    STATES,
    Assignment,
    Command,
    Comparison,
    Connections,
    Host,
    Namespace,
    Problem,
    Process,
    Report,
    ReportError,
    Setting,
    Wanted,
)

Record = TypeVar("Record")


# --- writing JSON ---


def to_json(report: Report) -> str:
    """Return the JSON report, with one host on each line."""
    summary = report.summary._asdict()
    summary["connections"] = report.summary.connections._asdict()
    summary["wanted"] = list(map(_wanted_to_dict, report.summary.wanted))
    head = {
        "format": FORMAT,
        "title": report.title,
        "made": report.made,
        "version": report.version,
        "summary": summary,
        "todo": _records_to_dicts(report.todo),
        "comparison": _comparison_to_dict(report.comparison) if report.comparison else None,
    }
    open_head = json.dumps(head)[:-1]
    hosts = ",\n".join(json.dumps(host_to_dict(host)) for host in report.hosts)
    return f'{open_head}, "hosts": [\n{hosts}\n]}}\n'


def _comparison_to_dict(comparison: Comparison) -> dict[str, Any]:
    data = comparison._asdict()
    data["gone"] = _records_to_dicts(comparison.gone)
    return data


def _wanted_to_dict(wanted: Wanted) -> dict[str, Any]:
    values = dict(zip(SETTING_NAMES, wanted.values))
    return {**values, "origin": wanted.origin, "hosts": wanted.hosts}


def host_to_dict(host: Host) -> dict[str, Any]:
    """Return a host as it is in the JSON report."""
    data = host._asdict()
    data["settings"] = _settings_to_dict(host.settings) if host.settings else None
    data["connections"] = host.connections._asdict() if host.connections else None
    data["processes"] = _records_to_dicts(host.processes)
    data["namespaces"] = _records_to_dicts(host.namespaces)
    data["problems"] = _records_to_dicts(host.problems)
    data["findings"] = list(host.findings)
    data["doubts"] = list(host.doubts)
    data["overriding"] = list(host.overriding)
    data["todo"] = _records_to_dicts(host.todo)
    data["arguments"] = dict(host.arguments)
    data["clears_idle_limit"] = host.clears_idle_limit
    data["as_managed"] = host.as_managed
    return data


def _settings_to_dict(settings: Mapping[str, Setting]) -> dict[str, Any]:
    data = {}
    for name, setting in settings.items():
        fields = setting._asdict()
        fields["winner"] = setting.winner._asdict() if setting.winner else None
        fields["assignments"] = _records_to_dicts(setting.assignments)
        data[name] = fields
    return data


def _records_to_dicts(records: Iterable[Any]) -> list[dict[str, Any]]:
    return [record._asdict() for record in records]


# --- reading JSON ---


def report_from_json(text: str, source: str) -> EarlierReport:
    """Return the hosts of a JSON report, and when it was made; errors name `source`."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ReportError(
            f"{source}: not JSON ({error}); give a report that netops.tuning.audit wrote"
        ) from None
    report_format = data.get("format") if isinstance(data, dict) else None
    if report_format != FORMAT:
        raise ReportError(
            f"{source}: its format is {report_format!r}, not {FORMAT!r}; "
            "write it again with this collection"
        )
    try:
        dt.datetime.fromisoformat(data["made"])
        hosts = [_host_from_dict(host) for host in data["hosts"]]
        return EarlierReport(made=data["made"], hosts=hosts)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ReportError(
            f"{source}: not a complete report ({reason}); write it again with this collection"
        ) from None


def _host_from_dict(data: Mapping[str, Any]) -> Host:
    state = data["state"]
    outcome = data["outcome"]
    # Older reports have no "change" and no "overriding".
    change = data.get("change")
    if state not in STATES or outcome not in (None, *OUTCOMES):
        raise ValueError(f"{data['name']}: unknown state {state!r} or outcome {outcome!r}")
    if change not in (None, *CHANGES):
        raise ValueError(f"{data['name']}: unknown change {change!r}")
    return Host(
        name=data["name"],
        state=state,
        message=data["message"],
        outcome=outcome,
        loader=data["loader"],
        settings=_settings_from_dict(data["settings"]) if data["settings"] else None,
        dead_after=data["dead_after"],
        idle_limit=data["idle_limit"],
        connections=Connections(**data["connections"]) if data["connections"] else None,
        source=data["source"],
        processes=_records(Process, data["processes"]),
        processes_unseen=data["processes_unseen"],
        namespaces=_records(Namespace, data["namespaces"]),
        problems=_records(Problem, data["problems"]),
        findings=tuple(map(str, data["findings"])),
        todo=_records(Command, data["todo"]),
        arguments=data["arguments"],
        overriding=tuple(data.get("overriding", ())),
        doubts=tuple(data.get("doubts", ())),
        booted=data.get("booted"),  # older reports have none
        disagreements=tuple(data.get("disagreements", ())),
        change=change,
    )


def _settings_from_dict(data: Mapping[str, Any]) -> dict[str, Setting]:
    settings = {}
    for name in SETTING_NAMES:
        fields = dict(data[name])
        if fields["winner"]:
            fields["winner"] = Assignment(**fields["winner"])
        fields["assignments"] = _records(Assignment, fields["assignments"])
        settings[name] = Setting(**fields)
    return settings


def _records(kind: Callable[..., Record], data: Iterable[Mapping[str, Any]]) -> tuple[Record, ...]:
    return tuple(kind(**fields) for fields in data)


# --- CSV ---


def to_csv(report: Report) -> str:
    """Return a line for each host, for a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_csv_columns())
    for host in report.hosts:
        writer.writerow(map(_escape_formula, _csv_cells(host)))
    return text.getvalue()


def _csv_columns() -> list[str]:
    columns = ["host", "state", "outcome", "change"]
    for name in SETTING_NAMES:
        columns += [
            f"{name}_now",
            f"{name}_boot",
            f"{name}_persisted",
            f"{name}_wanted",
            f"{name}_wanted_from",
            f"{name}_winner",
        ]
    columns += ["undone", "dead_after", "idle_limit", "clears_idle_limit"]
    columns += Connections._fields
    columns += ["namespaces_that_differ", "findings", "message"]
    return columns


def _csv_cells(host: Host) -> list[Any]:
    """Return the cells of a host, in the order of the columns."""
    cells: list[Any] = [host.name, host.state, host.outcome, host.change]
    for name in SETTING_NAMES:
        cells += _setting_cells(host.settings[name] if host.settings else None)
    cells += [
        " ".join(host.undone_settings),
        host.dead_after,
        host.idle_limit,
        host.clears_idle_limit,
    ]
    cells += host.connections or [None] * len(Connections._fields)
    cells += [host.differing_namespaces, "; ".join(host.findings), host.message]
    return cells


def _setting_cells(setting: Setting | None) -> list[Any]:
    if setting is None:
        return [None] * 6
    winner = f"{setting.winner.path}:{setting.winner.line}" if setting.winner else None
    return [
        setting.now,
        setting.boot,
        setting.persisted,
        setting.wanted,
        setting.wanted_from,
        winner,
    ]


def _escape_formula(cell: Any) -> Any:
    """Keep a spreadsheet from reading a text as a formula (OWASP: CSV injection)."""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "|")):
        return f"'{cell}"
    return cell
