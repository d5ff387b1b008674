# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write one report of the results that the hosts of a play registered.

The action runs on the controller and queries no host.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Container, Iterable, Mapping, Sequence

from ansible import constants, context
from ansible.parsing.splitter import parse_kv
from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.plugin_utils._exact_patterns import exact_patterns
from ansible_collections.netops.tuning.plugins.plugin_utils._fleet import OUTCOMES
from ansible_collections.netops.tuning.plugins.plugin_utils._messages import some_names
from ansible_collections.netops.tuning.plugins.plugin_utils._playbooks import AUDIT_NAMES
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
    Comparison,
    Host,
    Report,
    ReportError,
    make_report,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._report.run_options import (
    RunOptions,
    options_of_run,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._role_options import (
    ROLE_NAMES,
    desired_state,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._rollout_action import show_lines
from ansible_collections.netops.tuning.plugins.plugin_utils._templates import HostVariables
from ansible_collections.netops.tuning.plugins.plugin_utils._variables import (
    VariableError,
    check_names,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._version import VERSION

OPTIONS = {
    "hosts": {"type": "list", "elements": "str"},
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
    "max_unreachable": {"type": "int", "default": 0},
    "fail": {"type": "bool", "default": True},
    "terminal": {"type": "bool", "default": True},
}

SETTINGS_OF_OPTIONS = {
    "remote_user": "DEFAULT_REMOTE_USER",
    "become_method": "DEFAULT_BECOME_METHOD",
    "connection": "DEFAULT_TRANSPORT",
    "private_key_file": "DEFAULT_PRIVATE_KEY_FILE",
}
"""Option of the command line -> the setting of the configuration that is its default."""

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
        except (ReportError, TuningError, VariableError) as error:
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
        shell = todo.Shell(
            inventory=inventory, limit_file=paths.get("limit"), run=self._options_of_run()
        )
        hosts = self._hosts(options, variables, shell)
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
        return _result(report, paths, options)

    def _options_of_run(self) -> RunOptions:
        extra_vars: list[str | Mapping[str, Any]] = []
        for text_of_option in context.CLIARGS.get("extra_vars") or ():
            if text_of_option.startswith("@"):
                extra_vars.append(text_of_option[1:])
            elif text_of_option[:1] in ("{", "["):
                extra_vars.append(self._loader.load(text_of_option))
            else:
                extra_vars.append(parse_kv(text_of_option))
        defaults = {}
        for name, setting in SETTINGS_OF_OPTIONS.items():
            defaults[name] = getattr(constants, setting, None)
        config_file = getattr(constants, "CONFIG_FILE", None)
        return options_of_run(context.CLIARGS, defaults, extra_vars, config_file)

    def _hosts(
        self, options: Mapping[str, Any], variables: Mapping[str, Any], shell: todo.Shell
    ) -> list[Host]:
        """Return the hosts of other reports if the task names any, else those of the play."""
        if options["reports"] is not None:
            return merge_reports(options["reports"], shell)
        names = options["hosts"]
        if names is None:
            names = list(map(str, variables["ansible_play_hosts_all"]))
        given = frozenset(load_extra_vars(self._loader))
        play_hosts = PlayHosts(options, variables["hostvars"], shell, self._templar, given)
        return list(map(play_hosts.record, names))


def _compared(
    hosts: list[Host], pattern: str | None, variables: Mapping[str, Any]
) -> tuple[list[Host], Comparison | None]:
    """Return the hosts with what changed since the earlier report, if the task names one."""
    if not pattern:
        return hosts, None
    inventory: Container[str] = variables["groups"]["all"]
    return compare(hosts, write.read_earlier_report(pattern), inventory)


class PlayHosts:
    """The hosts of a play, with the variables in which Ansible keeps their results."""

    def __init__(
        self,
        options: Mapping[str, Any],
        hostvars: Any,
        shell: todo.Shell,
        templar: Any,
        given: frozenset[str],
    ) -> None:
        self._results_variable = options["results"]
        self._outcome_variable = options["outcome"]
        self._hostvars = hostvars
        self._shell = shell
        self._templar = templar
        self._given = given

    def record(self, name: str) -> Host:
        """Return the record of a host; its variables may be wrong, and only its own record."""
        variables = HostVariables(name, self._hostvars, self._templar)
        outcome = self._outcome(name, variables.raw)
        try:
            check_names(variables.raw, AUDIT_NAMES)
            check_names(variables.raw, ROLE_NAMES)
            desired = desired_state(variables.raw, variables.resolve_all, self._given)
        except (TuningError, VariableError) as error:
            return build.build_host_with_wrong_variables(name, str(error), outcome, self._shell)
        answer = build.Answer(result=variables.raw.get(self._results_variable), outcome=outcome)
        return build.build_host(name, answer, desired, self._shell)

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
        for path in write.find_reports(pattern) or [pattern]:
            for host in write.read_report(path).hosts:
                commands = tuple(todo.commands_for_host(host, shell))
                hosts[host.name] = host._replace(todo=commands, change=None)
    return list(hosts.values())


def _display(report: Report, fail_on: Sequence[str], paths: Iterable[str]) -> None:
    """Show the report to a person, and where its files are."""
    lines = ["", text.to_text(report, fail_on), ""]
    lines += [f"  {path}" for path in paths]
    show_lines([*lines, ""])


def _result(report: Report, paths: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result of the task, which fails if a host matches a condition of `fail_on`."""
    violating = gate.violations(report, options["fail_on"], options["max_unreachable"])
    violations = {}
    messages = []
    for condition, hosts in violating.items():
        names = [host.name for host in hosts]
        violations[condition] = names
        messages.append(f"{condition}: {some_names(names, NAMES_IN_MESSAGE)}")
    result: dict[str, Any] = {
        "changed": False,
        "files": dict(paths),
        "states": dict(report.summary.states),
        "violations": violations,
        **_failures_of_hosts(violating),
    }
    if violations:
        reasons = "; ".join(messages)
        result["failure"] = f"hosts match a condition that the audit is to fail on: {reasons}"
        if options["fail"]:
            result.update(failed=True, msg=result["failure"])
    return result


def _failures_of_hosts(violating: Mapping[str, Sequence[Host]]) -> dict[str, Any]:
    """Return what playbook_end needs, to fail on the hosts that are wrong."""
    conditions: dict[str, list[str]] = {}
    records = {}
    for condition, hosts in violating.items():
        for host in hosts:
            records[host.name] = host
            conditions.setdefault(host.name, []).append(condition)
    unreachable = {}
    failed = {}
    for name, names in conditions.items():
        host = records[name]
        reason = f"{', '.join(names)}: {'; '.join(host.findings)}"
        if host.state == "unreachable":
            unreachable[name] = reason
        else:
            failed[name] = reason
    failing = ["localhost", *exact_patterns([*unreachable, *failed])] if violating else []
    return {"failing": failing, "unreachable_hosts": unreachable, "failed_hosts": failed}
