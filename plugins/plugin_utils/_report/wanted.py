# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of a host, by its variables: those of the audit, else those of the role tcp_keepalive."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

from ansible_collections.netops.tuning.plugins.module_utils._keepalive.profiles import (
    PROFILES,
    choose_values,
)

from .model import NAMES, ReportError

AUDIT, ROLE = "audit_", "tcp_keepalive_"
CHOICE = ("profile", *NAMES)
VARIABLES = (
    *(prefix + name for name in (*CHOICE, "idle_limit", "path") for prefix in (AUDIT, ROLE)),
    ROLE + "state",
)
PATH = "/etc/sysctl.d/90-tcp-keepalive.conf"


class Wanted(NamedTuple):
    """What is asked of a host."""

    values: Mapping[str, int]
    path: str
    """Of our file, the one that the role writes."""
    idle_limit: int | None
    arguments: Mapping[str, Any]
    """What the role has to be told to set the same, where its own variables say something else."""


def wanted(variables: Mapping[str, Any]) -> Wanted:
    """Read the variables of one host. With a profile of the audit's own, the role's single values do not count."""
    role = _values({name: variables.get(ROLE + name) for name in ("state", *CHOICE)}, ROLE)
    asked = {name: variables.get(AUDIT + name) for name in CHOICE}
    values = role
    if any(value is not None for value in asked.values()):
        below = {} if asked["profile"] is not None else role
        given = {name: value for name, value in asked.items() if value is not None}
        values = _values({**below, **given}, AUDIT)
    return Wanted(
        values,
        str(_first(variables, "path") or PATH),
        _number("idle_limit", _first(variables, "idle_limit")),
        {}
        if values == role
        else {f"{ROLE}state": "present", **{ROLE + name: values[name] for name in NAMES}},
    )


def _first(variables: Mapping[str, Any], name: str) -> Any:
    own = variables.get(AUDIT + name)
    return variables.get(ROLE + name) if own is None else own


def _values(given: Mapping[str, Any], prefix: str) -> dict[str, int]:
    profile = given.get("profile") or "document"
    if profile not in PROFILES:
        raise ReportError(
            f"{prefix}profile: there is no {profile!r}; choose one of {', '.join(PROFILES)}"
        )
    numbers = {name: _number(prefix + name, given.get(name)) for name in NAMES}
    none = {"idle_limit": None, "dead_after_limit": None}
    return choose_values(
        {"state": given.get("state") or "present", "profile": profile, **numbers, **none}
    )


def _number(name: str, value: Any) -> int | None:
    try:
        return None if value is None or value == "" else int(value)
    except (TypeError, ValueError):
        raise ReportError(
            f"{name}: {value!r} is not a number; give seconds, or how many probes"
        ) from None
