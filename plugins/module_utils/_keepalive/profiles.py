# SPDX-License-Identifier: GPL-3.0-or-later

"""The three TCP keepalive settings (tcp(7)), published sets of values, and limits of the network.

``time`` is the idle time in seconds before the first probe, ``intvl`` the seconds between probes,
``probes`` how many go unanswered before the connection ends with ETIMEDOUT.
"""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

from .._sysctl.errors import TuningError

KEYS = {
    "time": "net.ipv4.tcp_keepalive_time",
    "probes": "net.ipv4.tcp_keepalive_probes",
    "intvl": "net.ipv4.tcp_keepalive_intvl",
}
"""Name of a setting -> its key."""


class Profile(NamedTuple):
    """A set of the three values."""

    time: int
    probes: int
    intvl: int


SYNONYMS = {
    "interval": "intvl",
    "idle": "time",
    "idle_time": "time",
    "seconds": "time",
    "count": "probes",
    "cnt": "probes",
    "retries": "probes",
}
"""What other programs call a setting -> its name."""

DEFAULT_PROFILE = "one_hour"
_ONE_HOUR = Profile(3600, 9, 25)
PROFILES = {
    DEFAULT_PROFILE: _ONE_HOUR,
    "kernel": Profile(7200, 9, 75),
    "aws": Profile(45, 9, 75),
    "gce": Profile(60, 5, 60),
    "cloudfoundry_azure": Profile(120, 8, 30),
    "sap": Profile(300, 9, 75),
    "cassandra": Profile(60, 3, 10),
    "mongodb": Profile(120, 9, 75),
    "oracle_rac": Profile(30, 9, 60),
    "rabbitmq": Profile(30, 4, 10),
    "talos": Profile(600, 9, 60),
    "document": _ONE_HOUR,
}
"""Name -> values. The sources are in the documentation of the module tcp_keepalive."""

ALIASES = {"document": DEFAULT_PROFILE}
"""Former name of a profile -> its name."""


def dead_after(time: int, probes: int, intvl: int) -> int:
    """Return how many seconds after the last byte a dead peer is noticed (ETIMEDOUT)."""
    return time + probes * intvl


def choose_values(options: Mapping[str, Any]) -> dict[str, int]:
    """Return the values that a task asks for, by name: those given, or all three of a profile.

    A value that is given wins over the profile's. Without either it is the default profile.
    """
    if options["state"] == "absent":
        return PROFILES["kernel"]._asdict()
    values = given_values(options)
    profile = options["profile"]
    if profile is None and values:
        return values
    return {**PROFILES[profile or DEFAULT_PROFILE]._asdict(), **values}


def given_values(options: Mapping[str, Any]) -> dict[str, int]:
    """Return the values that a task gives by themselves. To users, a boolean is not a number."""
    for name in (*KEYS, "idle_limit", "dead_after_limit"):
        if isinstance(options.get(name), bool):
            shown = str(options[name]).lower()
            unit = "probes" if name == "probes" else "seconds"
            raise TuningError(
                f"{name}: {shown} is not a number of {unit}; give an integer", KEYS.get(name)
            )
    return {name: options[name] for name in KEYS if options[name] is not None}


def describe_source(options: Mapping[str, Any]) -> str:
    """Describe where the values of a task come from, for its diff."""
    given = given_values(options)
    names = ", ".join(f"{name} {value}" for name, value in given.items())
    if given and options["profile"] is None:
        return f"given: {names}"
    name = options["profile"] or DEFAULT_PROFILE
    source = "profile {} ({} / {} / {})".format(name, *PROFILES[name])
    return f"{source}, given: {names}" if given else source


def check_limits(options: Mapping[str, Any], values: Mapping[str, int]) -> None:
    """Refuse values, as far as they are known, that do not fit the limits of a task (seconds)."""
    idle_limit = options["idle_limit"]
    dead_after_limit = options["dead_after_limit"]
    if idle_limit is not None and "time" in values:
        _check_idle_limit(values["time"], idle_limit, dead_after_limit)
    if dead_after_limit is not None and len(values) == len(KEYS):
        _check_dead_after_limit(values, idle_limit, dead_after_limit)


def survives_lost_probe(time: int, intvl: int, idle_limit: int) -> bool:
    """Tell whether the second probe still comes before the path forgets an idle connection."""
    return time + intvl < idle_limit


def _check_idle_limit(time: int, idle_limit: int, dead_after_limit: int | None) -> None:
    if idle_limit < 2:
        raise TuningError(
            f"idle_limit {idle_limit} s leaves no time for a probe; "
            "give the seconds after which the path forgets a flow"
        )
    if time >= idle_limit:
        suggestion = _suggest_profiles(idle_limit, dead_after_limit)
        raise TuningError(
            f"{KEYS['time']}: {time} s is not below idle_limit {idle_limit} s, so the path would "
            "forget an idle connection before the first probe. "
            f"Set a time below {idle_limit}{suggestion}",
            KEYS["time"],
        )


def _check_dead_after_limit(
    values: Mapping[str, int], idle_limit: int | None, dead_after_limit: int
) -> None:
    seconds = dead_after(**values)
    if seconds > dead_after_limit:
        suggestion = _suggest_profiles(idle_limit, dead_after_limit)
        formula = f"{values['time']} + {values['probes']} x {values['intvl']} = {seconds} s"
        raise TuningError(
            f"a dead peer would go unnoticed for {formula}, "
            f"which is over dead_after_limit {dead_after_limit} s. "
            f"Lower time, probes or intvl{suggestion}",
            KEYS["time"],
        )


def _suggest_profiles(idle_limit: int | None, dead_after_limit: int | None) -> str:
    """Return the end of a message that names the profiles within these limits."""
    suitable = []
    for name, profile in PROFILES.items():
        probes_in_time = idle_limit is None or survives_lost_probe(
            profile.time, profile.intvl, idle_limit
        )
        notices_in_time = dead_after_limit is None or dead_after(*profile) <= dead_after_limit
        if probes_in_time and notices_in_time and name not in ALIASES:
            suitable.append(f"{name} ({profile.time} / {profile.probes} / {profile.intvl})")
    if not suitable:
        return "; no profile would do"
    return f", or use a profile that would do: {', '.join(suitable)}"
