# SPDX-License-Identifier: GPL-3.0-or-later

"""The three TCP keepalive settings (tcp(7)): their names, published sets of values, and how they go with the network.

``time`` is the idle time in seconds before the first probe, ``intvl`` the seconds between probes, ``probes`` how many
go unanswered before the connection ends with ETIMEDOUT: a dead peer is noticed after time + probes x intvl.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from .base import TuningError
from .options import COMMON, HEADER
from .values import KEEPALIVE as KEYS
from .values import number_of

if TYPE_CHECKING:
    from .plan import Plan

PROFILES = {
    "document": (3600, 9, 25),
    "kernel": (7200, 9, 75),
    "gce": (60, 5, 60),
    "cloudfoundry_azure": (120, 8, 30),
    "sap": (300, 9, 75),
    "cassandra": (60, 3, 10),
    "mongodb": (120, 9, 75),
    "talos": (600, 9, 60),
}
"""Name -> time, probes, intvl. The sources are in the documentation of the module."""

FROM_VARIABLES = "from_variables"
"""The option that the action of the module takes out, on the controller, and puts others in its place."""

OPTIONS = {
    **COMMON,
    **{name: {"type": "int"} for name in (*KEYS, "idle_limit", "dead_after_limit")},
    "profile": {"type": "str", "choices": list(PROFILES), "default": "document"},
    "path": {"type": "path", "default": "/etc/sysctl.d/90-tcp-keepalive.conf"},
    FROM_VARIABLES: {"type": "str"},
}


def settings(params: dict[str, Any]) -> dict[str, Any]:
    """Return what the engine is to set for these options of the module; the file is the module's own."""
    if params[FROM_VARIABLES] is not None:
        raise TuningError(
            f"{FROM_VARIABLES} {params[FROM_VARIABLES]!r}: the host knows no variables, only a task of tcp_keepalive itself can "
            "look them up; give the options instead"
        )
    params.update(exclusive=params["state"] == "present", ignore_missing=False, header=HEADER)
    return {KEYS[name]: value for name, value in choose(params).items()}


def told(plan: Plan) -> dict[str, Any]:
    """Return what the result says besides: the seconds from the last byte to ETIMEDOUT when the peer is gone."""
    texts = [plan.wanted.get(key) or plan.observed.runtime.get(key) or "" for key in KEYS.values()]
    numbers = [number for number in map(number_of, texts) if isinstance(number, int)]
    return {"dead_after": numbers[0] + numbers[1] * numbers[2] if len(numbers) == len(KEYS) else None}


def choose(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the three values a task asks for, or refuse what does not go with the limits it names."""
    if params["state"] == "absent":
        return dict(zip(KEYS, PROFILES["kernel"]))
    values = dict(zip(KEYS, PROFILES[params["profile"]]))
    values.update((name, params[name]) for name in KEYS if params[name] is not None)
    idle, limit = params["idle_limit"], params["dead_after_limit"]
    dead = values["time"] + values["probes"] * values["intvl"]
    sum_of = f"{values['time']} + {values['probes']} x {values['intvl']} = {dead} s"
    if idle is not None and idle < 2:
        raise TuningError(
            f"idle_limit {idle} s leaves no time for a probe; give the seconds after which the path forgets a flow"
        )
    if idle is not None and values["time"] >= idle:
        raise TuningError(
            f"{KEYS['time']}: {values['time']} s is not below idle_limit {idle} s, so the path would forget an idle "
            f"connection before the first probe. Set a time below {idle}{_that_would_do(idle, limit)}",
            KEYS["time"],
        )
    if limit is not None and dead > limit:
        raise TuningError(
            f"a dead peer would go unnoticed for {sum_of}, which is over dead_after_limit {limit} s. "
            f"Lower time, probes or intvl{_that_would_do(idle, limit)}",
            KEYS["time"],
        )
    return values


def _that_would_do(idle: int | None, limit: int | None) -> str:
    fitting = [
        f"{name} ({time} / {probes} / {intvl})"
        for name, (time, probes, intvl) in PROFILES.items()
        if (idle is None or time < idle) and (limit is None or time + probes * intvl <= limit)
    ]
    return f", or use a profile that would do: {', '.join(fitting)}" if fitting else "; no profile would do"
