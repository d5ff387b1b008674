# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write one report of the results that the hosts of a play registered.

The action runs on the controller and queries no host.
"""

from __future__ import annotations

import datetime as dt
import functools
import glob
from typing import Any, Container, Iterable, Mapping, Sequence

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.plugin_utils._report import (
    build,
    dated_name,
    gate,
    text,
    todo,
    write,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._report.compare import compare
from ansible_collections.netops.tuning.plugins.plugin_utils._report.groups import make_groups
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import (
    OUTCOMES,
    Comparison,
    Host,
    Report,
    ReportError,
    make_report,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._role_options import desired_state
from ansible_collections.netops.tuning.plugins.plugin_utils._version import VERSION

OPTIONS = {
    "results": {"type": "str", "default": "audit_found"},
    "outcome": {"type": "str"},
    "reports": {"type": "list", "elements": "str"},
    "folder": {"type": "path", "default": "."},
    "name": {"type": "str", "default": "keepalive-audit"},
    "formats": {
        "type": "list",
        "elements": "str",
        "choices": list(write.FORMATS),
        "default": list(write.FORMATS),
    },
    "title": {"type": "str", "default": "TCP keepalive audit"},
    "compare": {"type": "str"},
    "fail_on": {
        "type": "list",
        "elements": "str",
        "choices": list(gate.FAIL_CONDITIONS),
        "default": [],
    },
    "terminal": {"type": "bool", "default": True},
}

NAMES_IN_MESSAGE = 5
"""A message names so many hosts, and counts the others."""


class ActionModule(ActionBase):
    """Runs on the controller only."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write the report; return its files and the number of hosts in each state."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validated, options = self.validate_argument_spec(OPTIONS)
        try:
            result.update(self._write_report(options, task_vars or {}))
        except (ReportError, TuningError) as error:
            result.update(failed=True, msg=str(error))
        return result

    def _write_report(
        self, options: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> dict[str, Any]:
        now = dt.datetime.now(dt.timezone.utc)
        gate.check_conditions(options["fail_on"], options["compare"])
        name = dated_name.expand(options["name"], now.astimezone())
        paths = write.file_paths(options["folder"], name, options["formats"])
        inventory = tuple(variables.get("ansible_inventory_sources") or ())
        shell = todo.Shell(inventory=inventory, limit_file=paths.get("limit"))
        hosts = _hosts(options, variables, shell)
        hosts, comparison = _compared(hosts, options["compare"], variables)
        report = make_report(
            hosts,
            title=options["title"],
            made=now.isoformat(timespec="seconds"),
            version=VERSION,
            groups=make_groups(hosts, shell),
        )._replace(comparison=comparison)
        if self._task.check_mode:
            paths = {}
        write.write_files(report, paths)
        if options["terminal"]:
            _display(report, options["fail_on"], paths.values())
        return _result(report, paths, options["fail_on"])


def _hosts(
    options: Mapping[str, Any], variables: Mapping[str, Any], shell: todo.Shell
) -> list[Host]:
    """Return the hosts of other reports if the task names any, else those of the play."""
    if options["reports"] is not None:
        return merge_reports(options["reports"], shell)
    return PlayHosts(options, variables, shell).records()


def _compared(
    hosts: list[Host], pattern: str | None, variables: Mapping[str, Any]
) -> tuple[list[Host], Comparison | None]:
    """Return the hosts with what changed since the earlier report, if the task names one."""
    if not pattern:
        return hosts, None
    paths = sorted(glob.glob(pattern))
    if not paths:
        raise ReportError(
            f"audit_compare: there is no report {pattern}; "
            "name a JSON report that the audit wrote, or leave audit_compare out the first time"
        )
    # Of several reports, the last by name counts: names may hold the date.
    path = paths[-1]
    inventory: Container[str] = variables["groups"]["all"]
    return compare(hosts, write.read_report(path), inventory)


class PlayHosts:
    """The hosts of a play, with the variables in which Ansible keeps their results."""

    def __init__(
        self, options: Mapping[str, Any], variables: Mapping[str, Any], shell: todo.Shell
    ) -> None:
        self._results_variable = options["results"]
        self._outcome_variable = options["outcome"]
        self._names = list(map(str, variables["ansible_play_hosts_all"]))
        self._hostvars = variables["hostvars"]
        self._shell = shell

    def records(self) -> list[Host]:
        """Return the record of each host, in the order of the play."""
        return list(map(self._record, self._names))

    def _record(self, name: str) -> Host:
        # `hostvars[name]` would look for templates in the whole result of the host.
        variables = self._hostvars.raw_get(name)
        try:
            desired = desired_state(variables, functools.partial(self._resolve, name))
        except TuningError as error:
            raise ReportError(f"{error} (of host {name})") from None
        answer = build.Answer(
            result=variables.get(self._results_variable), outcome=self._outcome(name, variables)
        )
        return build.build_host(name, answer, desired, self._shell)

    def _resolve(self, host: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return variables of a host with their templates resolved in the context of that host."""
        resolved = {}
        for name, value in variables.items():
            if isinstance(value, str) and "{" in value:
                resolved[name] = self._template(host, name)
            else:
                resolved[name] = value
        return resolved

    def _template(self, host: str, variable: str) -> str:
        try:
            return str(self._hostvars[host][variable])
        except AnsibleError as error:
            raise ReportError(f"{variable} of host {host} cannot be resolved: {error}") from None

    def _outcome(self, host: str, variables: Mapping[str, Any]) -> str | None:
        variable = self._outcome_variable
        if not variable:
            return None
        outcome: str | None = variables.get(variable, "not_reached")
        if outcome is not None and outcome not in OUTCOMES:
            raise ReportError(
                f"{variable} of host {host}: {outcome!r} is not an outcome; "
                f"set one of {', '.join(OUTCOMES)}"
            )
        return outcome


def merge_reports(patterns: Iterable[str], shell: todo.Shell) -> list[Host]:
    """Return the hosts of JSON reports, with commands for this inventory.

    If several reports contain the same host, the last one counts.
    """
    hosts: dict[str, Host] = {}
    for pattern in patterns:
        # A pattern that matches nothing is read as a path, for the error message.
        for path in sorted(glob.glob(pattern)) or [pattern]:
            for host in write.read_report(path).hosts:
                commands = tuple(todo.commands_for_host(host, shell))
                hosts[host.name] = host._replace(todo=commands, change=None)
    return list(hosts.values())


def _display(report: Report, fail_on: Sequence[str], paths: Iterable[str]) -> None:
    """Print the report, and where its files are."""
    lines = ["", text.to_text(report, fail_on), ""]
    lines += [f"  {path}" for path in paths]
    Display().display("\n".join([*lines, ""]))


def _result(report: Report, paths: Mapping[str, str], fail_on: Sequence[str]) -> dict[str, Any]:
    """Return the result of the task, which fails if a host matches a condition of `fail_on`."""
    violations = {}
    messages = []
    for condition, hosts in gate.violations(report, fail_on).items():
        names = [host.name for host in hosts]
        violations[condition] = names
        messages.append(f"{condition}: {text.some_names(names, NAMES_IN_MESSAGE)}")
    result: dict[str, Any] = {
        "changed": False,
        "files": dict(paths),
        "states": dict(report.summary.states),
        "violations": violations,
    }
    if violations:
        reasons = "; ".join(messages)
        message = f"hosts match a condition that the audit is to fail on: {reasons}"
        result.update(failed=True, msg=message)
    return result
