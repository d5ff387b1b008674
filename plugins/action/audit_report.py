# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of an audit: what the hosts of a play answered becomes one report. No host is asked anything."""

from __future__ import annotations

import datetime as dt
import glob
from dataclasses import replace
from typing import Any, Iterable, Mapping

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.base import TuningError
from ansible_collections.netops.tuning.plugins.plugin_utils._report import build, text, todo, write
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import OUTCOMES, Host, Report, ReportError
from ansible_collections.netops.tuning.plugins.plugin_utils._report.wanted import VARIABLES, wanted
from ansible_collections.netops.tuning.plugins.plugin_utils._version import VERSION

OPTIONS = {
    "results": {"type": "str", "default": "audit_found"},
    "outcome": {"type": "str"},
    "reports": {"type": "list", "elements": "str"},
    "folder": {"type": "path", "default": "."},
    "name": {"type": "str", "default": "keepalive-audit"},
    "formats": {"type": "list", "elements": "str", "choices": list(write.FORMATS), "default": list(write.FORMATS)},
    "title": {"type": "str", "default": "TCP keepalive audit"},
    "fail_on": {"type": "list", "elements": "str", "choices": list(text.FAILURES), "default": []},
    "terminal": {"type": "bool", "default": True},
}


class ActionModule(ActionBase):
    """Runs on the controller alone."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the hosts come to; the report is written by then."""
        told: dict[str, Any] = super().run(tmp, task_vars)
        _checked, options = self.validate_argument_spec(OPTIONS)
        try:
            told.update(self._report(options, task_vars or {}))
        except (ReportError, TuningError) as error:
            told.update(failed=True, msg=str(error))
        return told

    def _report(self, options: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        files = write.paths(options["folder"], options["name"], options["formats"])
        shell = todo.Shell(tuple(variables.get("ansible_inventory_sources") or ()), files.get("limit"))
        patterns = options["reports"]
        hosts = Fleet(options, variables, shell).hosts() if patterns is None else merged(patterns, shell)
        report = Report.of(
            hosts,
            title=options["title"],
            made=dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
            version=VERSION,
            todo=tuple(todo.for_fleet(hosts, shell)),
        )
        if self._task.check_mode:
            files = {}
        write.write(report, files)
        if options["terminal"]:
            lines = [text.to_text(report, options["fail_on"]), "", *(f"  {path}" for path in files.values())]
            Display().display("\n".join(["", *lines, ""]))
        return result(report, files, options["fail_on"])


class Fleet:
    """The hosts of a play, and what they answered, as Ansible keeps it in their variables."""

    def __init__(self, options: Mapping[str, Any], variables: Mapping[str, Any], shell: todo.Shell) -> None:
        self._options = options
        self._names = [str(name) for name in variables["ansible_play_hosts_all"]]
        self._hostvars = variables["hostvars"]
        self._shell = shell

    def hosts(self) -> list[Host]:
        """Return the record of each, in the order of the play."""
        return [self._host(name) for name in self._names]

    def _host(self, name: str) -> Host:
        # Not `hostvars[name]`: that would look for templates in all that the host answered.
        known = self._hostvars.raw_get(name)
        given = {each: self._resolved(name, each, known[each]) for each in VARIABLES if known.get(each) is not None}
        try:
            asked = wanted(given)
        except (ReportError, TuningError) as error:
            raise ReportError(f"{error} (of host {name})") from None
        answers = build.Answers(known.get(self._options["results"]), self._outcome(name, known))
        return build.host(name, answers, asked, self._shell)

    def _resolved(self, name: str, variable: str, value: Any) -> Any:
        """Return a variable with its templates resolved, as that host has them."""
        if not (isinstance(value, str) and "{" in value):
            return value
        try:
            return str(self._hostvars[name][variable])
        except AnsibleError as error:
            raise ReportError(f"{variable} of host {name} cannot be resolved: {error}") from None

    def _outcome(self, name: str, known: Mapping[str, Any]) -> str | None:
        variable = self._options["outcome"]
        outcome = known.get(variable, "not_reached") if variable else None
        if outcome not in (None, *OUTCOMES):
            raise ReportError(f"{variable} of host {name}: {outcome!r} is no outcome; set one of {', '.join(OUTCOMES)}")
        return outcome


def merged(patterns: Iterable[str], shell: todo.Shell) -> list[Host]:
    """Return the hosts of JSON reports, with commands for where we are. Of a host that is in several the last one counts."""
    hosts: dict[str, Host] = {}
    for pattern in patterns:
        paths = sorted(glob.glob(pattern)) or [pattern]
        for path in paths:
            hosts.update((host.name, host) for host in write.read(path))
    return [replace(host, todo=tuple(todo.for_host(host, shell))) for host in hosts.values()]


def result(report: Report, files: Mapping[str, str], fail_on: list[str]) -> dict[str, Any]:
    """Return what the task tells; it fails if that was asked for."""
    found = {reason: [host.name for host in hosts] for reason, hosts in text.violations(report, fail_on).items()}
    states = dict(report.summary.states)
    told: dict[str, Any] = {"changed": False, "files": dict(files), "states": states, "violations": found}
    if found:
        counted = "; ".join(f"{reason}: {names(hosts)}" for reason, hosts in found.items())
        told.update(failed=True, msg=f"the audit was told to fail on what it found: {counted}")
    return told


def names(hosts: list[str]) -> str:
    """Name a few of them."""
    more = f" and {len(hosts) - 5} more" if len(hosts) > 5 else ""
    return ", ".join(map(text.shown, hosts[:5])) + more
