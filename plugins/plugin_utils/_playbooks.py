# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the playbooks of this collection, each declared once with its default.

This file is private to this collection.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple, Sequence

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.text import quote

from ._fleet import MODULES
from ._report.gate import FAIL_CONDITIONS
from ._report.write import FORMATS, LIMITED
from ._role_options import AUDIT_OPTIONS, AUDIT_PREFIX
from ._variables import SOMEWHAT_SIMILAR, Names, VariableError, as_list, closest, is_set, parse_json

ROLLOUT_PREFIX = "rollout_"
ROLLBACK_PREFIX = "rollback_"


class Variable(NamedTuple):
    """A variable of a playbook."""

    kind: str = "text"
    """One of KINDS."""
    default: Any = None
    choices: Sequence[str] = ()
    required: str = ""
    """What to do if it is not set."""


REPORT_NAMES = ("audit_report_name", "rollout_report_name")
"""Variables with the name of a report."""


class Playbook(NamedTuple):
    """What a playbook reads. The names of variables are whole."""

    hosts: str | None
    """The variable with the host pattern."""
    variables: Mapping[str, Variable]
    names: Sequence[Names]


REPORT_VARIABLES = {
    "audit_report_dir": Variable(default="."),
    "audit_report_name": Variable(default="keepalive-audit"),
    "audit_report_formats": Variable(kind="list", default=list(FORMATS), choices=list(FORMATS)),
    "audit_title": Variable(default="TCP keepalive audit"),
    "audit_compare": Variable(),
    "audit_fail_on": Variable(kind="list", default=[], choices=list(FAIL_CONDITIONS)),
    "audit_max_unreachable": Variable(kind="number", default=0),
    "audit_terminal": Variable(kind="flag", default=True),
}
"""The variables of every playbook that writes the report of an audit."""

AUDIT_VARIABLES = {
    **REPORT_VARIABLES,
    "audit_sockets": Variable(kind="flag", default=True),
    "audit_process_limit": Variable(kind="number", default=20),
    "audit_rehearse": Variable(kind="flag", default=False),
}
MERGE_VARIABLES = {
    **REPORT_VARIABLES,
    "audit_reports": Variable(
        "list", required="name the JSON reports to merge: -e audit_reports='part-*.json'"
    ),
}
NAME_OF_A_ROLLOUT = Variable(
    required="give the rollout a name, by which it can be rolled back: -e rollout_name=NAME"
)
NAME_TO_ROLL_BACK = Variable(
    required="name the rollout to go back to the start of: -e rollout_name=NAME "
    "(the playbook netops.tuning.rollouts lists them)"
)
ROLLOUT_VARIABLES = {
    "rollout_name": NAME_OF_A_ROLLOUT,
    "rollout_serial": Variable(kind="list", default=["1", "5%", "25%", "100%"]),
    "rollout_canary": Variable(kind="list", default=[]),
    "rollout_require": Variable(kind="list", default=[]),
    "rollout_max_failures": Variable(kind="number", default=0),
    "rollout_max_unreachable": Variable(kind="number", default=0),
    "rollout_soak": Variable(kind="number", default=0),
    "rollout_health_check": Variable("later"),
    "rollout_health_retries": Variable(kind="number", default=3),
    "rollout_health_delay": Variable(kind="number", default=2),
    "rollout_report_dir": Variable(),
    "rollout_report_name": Variable(default="keepalive-rollout"),
    "rollout_terminal": Variable(kind="flag", default=True),
    "rollout_via": Variable(default="tcp_keepalive", choices=MODULES),
    "rollout_options": Variable("later"),
}
ROLLBACK_VARIABLES = {
    "rollout_name": NAME_TO_ROLL_BACK,
    "rollback_overwrite_changes": Variable(kind="flag", default=False),
}


ROLLOUTS_VARIABLES = {"rollback_terminal": Variable(kind="flag", default=True)}


ALL_VARIABLES = (
    AUDIT_VARIABLES,
    MERGE_VARIABLES,
    ROLLOUT_VARIABLES,
    ROLLBACK_VARIABLES,
    ROLLOUTS_VARIABLES,
)


def _names(prefix: str, *others: str) -> Names:
    """Return the names of all variables of our playbooks with a prefix."""
    names = set(others)
    for variables in ALL_VARIABLES:
        for variable in variables:
            if variable.startswith(prefix):
                names.add(variable[len(prefix) :])
    return Names(prefix=prefix, endings=frozenset(names))


AUDIT_NAMES = _names(AUDIT_PREFIX, "hosts", *AUDIT_OPTIONS)
ROLLOUT_NAMES = _names(ROLLOUT_PREFIX, "hosts")
ROLLBACK_NAMES = _names(ROLLBACK_PREFIX, "hosts")

PLAYBOOKS = {
    "audit": Playbook(hosts="audit_hosts", variables=AUDIT_VARIABLES, names=[AUDIT_NAMES]),
    "tcp_keepalive": Playbook(hosts="tcp_keepalive_hosts", variables={}, names=[]),
    "merge_reports": Playbook(hosts=None, variables=MERGE_VARIABLES, names=[AUDIT_NAMES]),
    "rollout": Playbook(hosts="rollout_hosts", variables=ROLLOUT_VARIABLES, names=[ROLLOUT_NAMES]),
    "rollback": Playbook(
        hosts="rollback_hosts",
        variables=ROLLBACK_VARIABLES,
        names=[ROLLBACK_NAMES, ROLLOUT_NAMES],
    ),
    "rollouts": Playbook(
        hosts="rollback_hosts", variables=ROLLOUTS_VARIABLES, names=[ROLLBACK_NAMES]
    ),
}


def with_names_of_parts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as they are with --limit: a report of a part replaces no whole one.

    So a name that the user gives ends as the default one does.
    """
    changed = dict(values)
    for variable in REPORT_NAMES:
        name = values.get(variable)
        if name is not None and not name.endswith(LIMITED):
            changed[variable] = f"{name}{LIMITED}"
    return changed


# --- values ---


def read_variables(
    playbook: Playbook, variables: Mapping[str, Any], resolve: Callable[[str], Any]
) -> dict[str, Any]:
    """Return the values of the variables by their whole names, with the defaults.

    resolve: returns the value of a variable with its templates resolved.
    All that is wrong is refused at once.
    """
    values = {}
    problems = []
    for name, variable in playbook.variables.items():
        try:
            values[name] = _read_variable(name, variable, variables, resolve)
        except VariableError as error:
            problems.append(str(error))
    if problems:
        raise VariableError("; ".join(problems))
    return values


def _read_variable(
    name: str, variable: Variable, variables: Mapping[str, Any], resolve: Callable[[str], Any]
) -> Any:
    value = variables.get(name)
    if variable.kind == "later":
        return value if is_set(value) else None
    if is_set(value):
        value = resolve(name)
    if is_set(value):
        return KINDS[variable.kind](name, value, variable)
    if variable.required:
        raise VariableError(f"{name} is not set; {variable.required}")
    return variable.default


def _text(name: str, value: Any, variable: Variable) -> str:
    if isinstance(value, (list, dict)):
        raise VariableError(f"{name}: {quote(value)} is not a text; give a single one")
    text = str(value).strip()
    _check_characters(name, text)
    _check_choice(name, text, variable)
    return text


def _list(name: str, value: Any, variable: Variable) -> list[str]:
    if isinstance(parse_json(value), dict):
        raise VariableError(f"{name}: {quote(value)} is not a list; give one, or text with commas")
    items = list(map(str, as_list(value)))
    for item in items:
        _check_characters(name, item)
        _check_choice(name, item, variable)
    if not items and variable.required:
        raise VariableError(f"{name} is empty; {variable.required}")
    return items


def _number(name: str, value: Any, _variable: Variable) -> int:
    # To Python true is a number, to users it is none.
    text = "" if isinstance(value, bool) else str(value).strip()
    if not (text.isascii() and text.isdigit()):
        raise VariableError(f"{name}: {quote(value)} is not a whole number; give 0 or more")
    return int(text)


def _flag(name: str, value: Any, _variable: Variable) -> bool:
    try:
        return bool(boolean(value, strict=True))
    except TypeError:
        raise VariableError(f"{name}: {quote(value)} is neither true nor false; give one") from None


def _check_characters(name: str, value: str) -> None:
    if not value.isprintable():
        raise VariableError(
            f"{name}: {quote(value)} has a line end or a control character in it; take it out"
        )


def _check_choice(name: str, value: str, variable: Variable) -> None:
    if not variable.choices or value in variable.choices:
        return
    suggestion = closest(value, variable.choices, SOMEWHAT_SIMILAR)
    remedy = f"did you mean {suggestion}? " if suggestion else ""
    raise VariableError(
        f"{name}: there is no {value!r}; {remedy}choose from {', '.join(variable.choices)}"
    )


KINDS: Mapping[str, Callable[[str, Any, Variable], Any]] = {
    "text": _text,
    "list": _list,
    "number": _number,
    "flag": _flag,
}
"""Kind -> how a value is read. A variable of the kind ``later`` may differ from host to host."""
