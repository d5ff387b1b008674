# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must hold for the variables of a playbook together, before any host is asked.

This file is private to this collection.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any, Callable, Mapping

from ansible_collections.netops.tuning.plugins.module_utils._modules.arguments import (
    FILE_OPTIONS,
    SYSCTL_OPTIONS,
)
from ansible_collections.netops.tuning.plugins.module_utils._modules.rollout_name import (
    validate_rollout_name,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl import one_line
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.text import quote

from . import _fleet
from ._report import dated_name, gate
from ._report.model import ReportError
from ._report.write import read_earlier_report
from ._role_options import desired_state
from ._variables import VariableError, parse_json

_HEALTH_CHECK_REMEDY = "give a file of tasks, or a URL that starts with http"
PLAYBOOKS_FOLDER = Path(__file__).parents[2] / "playbooks"
_BOTH_ARE_VERIFIED = "a rollout sets and verifies the values now and at the next boot; leave it out"
_FILE_ATTRIBUTES = "a new file gets mode 0644; for others, run a task of your own after the rollout"
NOT_FOR_ROLLOUTS = {
    "on_error": "a rollout puts back a host that does not take every value; leave it out, or give "
    "ignore_missing for keys that some kernels do not have",
    "persistent": _BOTH_ARE_VERIFIED,
    "rollout": "rollout_name is the name; leave it out",
    "root": "a rollout changes hosts that run; for an image, use a task of the module sysctl",
    "runtime": _BOTH_ARE_VERIFIED,
    "unsafe_writes": "files are always replaced as a whole; leave it out",
    **dict.fromkeys(FILE_OPTIONS, _FILE_ATTRIBUTES),
}
"""Option of the module sysctl -> why it cannot be rolled out, and what to do instead."""
ROLLOUT_OPTIONS = tuple(name for name in SYSCTL_OPTIONS if name not in NOT_FOR_ROLLOUTS)
"""The options of the module sysctl that can be rolled out."""

Values = Mapping[str, Any]
Resolve = Callable[[str], Any]


def check_playbook(playbook: str, values: Values, resolve: Resolve) -> dict[str, Any]:
    """Return values that follow from the variables; refuse what cannot be meant.

    resolve: returns the value of a variable with its templates resolved.
    """
    try:
        if playbook == "rollout":
            return _check_rollout(values, resolve)
        if playbook == "rollback":
            return {"rollout_name": validate_rollout_name(values["rollout_name"])}
        if playbook in ("audit", "merge_reports"):
            _check_report(values)
    except (ReportError, TuningError) as error:
        raise VariableError(str(error)) from None
    return {}


def check_values(given: Mapping[str, Any]) -> None:
    """Refuse values that the command line gives all hosts, as far as they are known already."""
    constants = {}
    for name, value in given.items():
        if "{{" not in str(value):
            constants[name] = value
    try:
        desired_state(constants, dict)
    except TuningError as error:
        raise VariableError(str(error)) from None


def _check_report(values: Values) -> None:
    gate.check_conditions(values["audit_fail_on"], values["audit_compare"])
    try:
        dated_name.expand(values["audit_report_name"], dt.datetime.now(dt.timezone.utc))
    except ReportError as error:
        raise VariableError(f"audit_report_name: {error}") from None
    if values["audit_compare"]:
        read_earlier_report(values["audit_compare"])


def _check_rollout(values: Values, resolve: Resolve) -> dict[str, Any]:
    _fleet.check_serial(values["rollout_serial"])
    options = values["rollout_options"]
    if options is not None:
        options = parse_json(resolve("rollout_options"))
    _fleet.check_module_options(values["rollout_via"], options, ROLLOUT_OPTIONS, NOT_FOR_ROLLOUTS)
    health_check = values["rollout_health_check"]
    if health_check is not None and not isinstance(health_check, str):
        raise VariableError(
            f"rollout_health_check: {quote(health_check)} is neither a file nor a URL; "
            f"{_HEALTH_CHECK_REMEDY}"
        )
    # A URL may name variables of each host, which are not known here.
    if health_check is not None and not _is_url(health_check):
        health_check = str(resolve("rollout_health_check"))
    return {
        "rollout_name": validate_rollout_name(values["rollout_name"]),
        "rollout_health_check": _health_check_file(health_check),
    }


def _is_url(text: str) -> bool:
    return re.match("https?://", text) is not None


def _health_check_file(health_check: str | None) -> str | None:
    """Return the file of tasks that are the health check."""
    if not health_check:
        return None
    if _is_url(health_check):
        return str(PLAYBOOKS_FOLDER / "tasks/health_url.yml")
    path = Path(health_check).expanduser().absolute()
    if not path.is_file():
        raise VariableError(
            f"rollout_health_check: there is no file {one_line.as_message(str(path))}; "
            f"{_HEALTH_CHECK_REMEDY}"
        )
    return str(path)
