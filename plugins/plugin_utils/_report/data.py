# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as data: JSON, there and back, and CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields
from typing import Any, Iterable, Mapping

from .model import (
    FORMAT,
    NAMES,
    OUTCOMES,
    STATES,
    Assignment,
    Command,
    Connections,
    Host,
    Namespace,
    Problem,
    Process,
    Report,
    ReportError,
    Setting,
)

_HOST = tuple(field.name for field in fields(Host))
_LISTS = {"processes": Process, "namespaces": Namespace, "problems": Problem, "todo": Command}


def plain(host: Host) -> dict[str, Any]:
    """Return a host as JSON has it."""
    told = {name: getattr(host, name) for name in _HOST}
    told.update((name, [each._asdict() for each in told[name]]) for name in _LISTS)
    told.update(
        settings={name: _plain_setting(setting) for name, setting in host.settings.items()}
        if host.settings
        else None,
        connections=host.connections and host.connections._asdict(),
        findings=list(host.findings),
        clears_idle_limit=host.clears_idle_limit,
    )
    return told


def _plain_setting(setting: Setting) -> dict[str, Any]:
    told = setting._asdict()
    told["winner"] = setting.winner and setting.winner._asdict()
    told["assignments"] = [each._asdict() for each in setting.assignments]
    return told


def to_json(report: Report) -> str:
    """Return the JSON report, one host a line."""
    summary = vars(report.summary)
    head = {
        "format": FORMAT,
        "title": report.title,
        "made": report.made,
        "version": report.version,
        "summary": {**summary, "connections": report.summary.connections._asdict()},
        "todo": [each._asdict() for each in report.todo],
    }
    hosts = ",\n".join(json.dumps(plain(host)) for host in report.hosts)
    return f'{json.dumps(head)[:-1]}, "hosts": [\n{hosts}\n]}}\n'


def from_json(text: str, source: str) -> list[Host]:
    """Return the hosts of a JSON report."""
    try:
        told = json.loads(text)
    except ValueError as error:
        raise ReportError(
            f"{source}: not JSON ({error}); give a report that netops.tuning.audit wrote"
        ) from None
    found = told.get("format") if isinstance(told, dict) else None
    if found != FORMAT:
        raise ReportError(
            f"{source}: its format is {found!r}, not {FORMAT!r}; make it anew with this collection"
        )
    try:
        return [_host(each) for each in told["hosts"]]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        kind = type(error).__name__
        raise ReportError(
            f"{source}: not a whole report ({kind}: {error}); make it anew with this collection"
        ) from None


def _host(told: Mapping[str, Any]) -> Host:
    known = {name: told[name] for name in _HOST}
    if known["state"] not in STATES or known["outcome"] not in (None, *OUTCOMES):
        raise ValueError(
            f"{known['name']}: unknown state {known['state']!r} or outcome {known['outcome']!r}"
        )
    known.update(
        (name, tuple(kind(**each) for each in known[name])) for name, kind in _LISTS.items()
    )
    known["settings"] = known["settings"] and {
        name: _setting(known["settings"][name]) for name in NAMES
    }
    known["connections"] = known["connections"] and Connections(**known["connections"])
    known["findings"] = tuple(map(str, known["findings"]))
    return Host(**known)


def _setting(told: Mapping[str, Any]) -> Setting:
    winner = told["winner"] and Assignment(**told["winner"])
    return Setting(
        **{
            **told,
            "winner": winner,
            "assignments": tuple(Assignment(**each) for each in told["assignments"]),
        }
    )


COLUMNS = (
    "host", "state", "outcome",
    *(f"{name}_{what}" for name in NAMES for what in ("now", "boot", "persisted", "wanted", "winner")),
    "dead_after", "idle_limit", "clears_idle_limit", "established", "with_keepalive", "without_keepalive", "unknown",
    "stale", "namespaces_that_differ", "findings", "message",
)  # fmt: skip


def to_csv(report: Report) -> str:
    """Return a line for each host, for a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_harmless(_row(host)) for host in report.hosts)
    return text.getvalue()


def _row(host: Host) -> Iterable[Any]:
    yield from (host.name, host.state, host.outcome)
    for name in NAMES:
        setting = host.settings[name] if host.settings else None
        winner = setting.winner if setting else None
        yield from (
            (setting.now, setting.boot, setting.persisted, setting.wanted)
            if setting
            else (None,) * 4
        )
        yield f"{winner.path}:{winner.line}" if winner else None
    yield from (host.dead_after, host.idle_limit, host.clears_idle_limit)
    yield from host.connections or (None,) * 5
    yield from (host.differing, "; ".join(host.findings), host.message)


def _harmless(cells: Iterable[Any]) -> list[Any]:
    """Keep a spreadsheet from taking a text for a formula (OWASP, CSV injection)."""
    return [
        f"'{cell}" if isinstance(cell, str) and cell[:1] in tuple("=+-@\t\r\n|") else cell
        for cell in cells
    ]
