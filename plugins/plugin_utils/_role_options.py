# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the module tcp_keepalive, read from the variables of its role.

A variable is named PREFIX + OPTION: with the prefix ``tcp_keepalive_`` the option ``time`` comes
from the variable ``tcp_keepalive_time``. The audit reads variables of its own, whose prefix is
``audit_``, on top of those of the role.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping, NamedTuple

from ansible_collections.netops.tuning.plugins.module_utils._keepalive.profiles import (
    DEFAULT_PROFILE,
    KEYS,
    PROFILES,
    choose_values,
)
from ansible_collections.netops.tuning.plugins.module_utils._modules.keepalive_arguments import (
    FROM_VARIABLES,
    TCP_KEEPALIVE_OPTIONS,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError

from ._variables import Names, is_set

ROLE_PREFIX = "tcp_keepalive_"
AUDIT_PREFIX = "audit_"

MODULE_OPTIONS = tuple(name for name in TCP_KEEPALIVE_OPTIONS if name != FROM_VARIABLES)
"""Every option of the module that a variable may give."""

VALUE_OPTIONS = ("profile", *KEYS)
"""The options that decide the three values."""

AUDIT_OPTIONS = (*VALUE_OPTIONS, "idle_limit", "path")
"""The options that a variable of the audit may give."""

ROLE_NAMES = Names(prefix=ROLE_PREFIX, known=frozenset({*MODULE_OPTIONS, "hosts"}), reserved=True)
"""The variables of the role, and of its playbook."""

Variables = Mapping[str, Any]
Template = Callable[[Variables], Variables]
"""Resolves the templates in variables."""


def options_from_variables(
    prefix: str, names: Iterable[str], variables: Variables, template: Template
) -> dict[str, Any]:
    """Return the options among `names` that variables give; null, "" and `omit` give none."""
    present = {}
    for name in names:
        value = variables.get(prefix + name)
        if is_set(value):
            present[prefix + name] = value
    # Before ansible-core 2.19 `omit` is a string, which the template leaves in place.
    omit = variables.get("omit")
    options = {}
    for variable, value in template(present).items():
        if is_set(value) and value != omit:
            options[variable[len(prefix) :]] = value
    return options


def with_profile_of_role(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that the role gives the module: it always manages all three values."""
    return {"profile": DEFAULT_PROFILE, **options}


class Desired(NamedTuple):
    """The desired state of a host, by its variables."""

    values: Mapping[str, int]
    path: str
    """The file that the role writes."""
    idle_limit: int | None
    arguments: Mapping[str, Any]
    """Variables to give the role, where those of the host do not make it set these values."""


def desired_state(variables: Variables, template: Template) -> Desired:
    """Return what the audit compares a host with. Its own variables win over those of the role."""
    role_options = options_from_variables(
        ROLE_PREFIX, ("state", *AUDIT_OPTIONS), variables, template
    )
    audit_options = options_from_variables(AUDIT_PREFIX, AUDIT_OPTIONS, variables, template)
    role_values = _values(role_options, ROLE_PREFIX)
    values = _audit_values(audit_options, role_values)
    options = {**role_options, **audit_options}
    prefix_of_limit = AUDIT_PREFIX if "idle_limit" in audit_options else ROLE_PREFIX
    arguments: dict[str, Any] = {}
    if values != role_values:
        arguments[f"{ROLE_PREFIX}state"] = "present"
        for name, value in values.items():
            arguments[ROLE_PREFIX + name] = value
    return Desired(
        values=values,
        path=str(options.get("path") or TCP_KEEPALIVE_OPTIONS["path"]["default"]),
        idle_limit=_integer(f"{prefix_of_limit}idle_limit", options.get("idle_limit")),
        arguments=arguments,
    )


def _audit_values(
    audit_options: Mapping[str, Any], role_values: Mapping[str, int]
) -> Mapping[str, int]:
    """Return the values of the role with those of the audit on top; a profile replaces them all."""
    if not set(VALUE_OPTIONS) & set(audit_options):
        return role_values
    if "profile" in audit_options:
        return _values(audit_options, AUDIT_PREFIX)
    return _values({**role_values, **audit_options}, AUDIT_PREFIX)


def _values(options: Mapping[str, Any], prefix: str) -> dict[str, int]:
    """Return the three values that the role would choose. The report checks the limits itself."""
    profile = options.get("profile") or DEFAULT_PROFILE
    if profile not in PROFILES:
        profiles = ", ".join(PROFILES)
        raise TuningError(f"{prefix}profile: there is no {profile!r}; choose one of {profiles}")
    params = {
        "state": options.get("state") or "present",
        "profile": profile,
    }
    for name in KEYS:
        params[name] = _integer(prefix + name, options.get(name))
    return choose_values(params)


def _integer(name: str, value: Any) -> int | None:
    if value is None:
        return None
    try:
        # To Python true is a number, and 1.5 can be made one; to users they are none.
        if isinstance(value, (bool, float)):
            raise TypeError
        return int(value)
    except (TypeError, ValueError):
        raise TuningError(
            f"{name}: {value!r} is not a number; give seconds, or how many probes"
        ) from None
