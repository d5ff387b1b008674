# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests for keys that act on each other: what no order of writes gives, and what to move.

Imported only where a requested key may be one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Mapping

from ..._lazy_module import LazyModule
from ..boot.boot_effects import Start, last_effect, names_that_matter
from ..errors import TuningError
from ..files.loaders import LOADERS, Loader
from ..files.sysctl_d import Line, parse_lines
from ..globs import glob_matches, split_glob, stands_for
from ..kernel.couplings import (
    INHERITED,
    START_VALUES,
    influences_on,
    names_of,
    variable_of,
)
from ..kernel.values import values_equal
from ..keys import KEYS_TAKING_NAMES, NO_MODULES_AFTER, is_glob
from ..secrets import quote_value

if TYPE_CHECKING:
    from ..kernel import one_way
else:
    one_way = LazyModule(__name__, "..kernel.one_way")

# A run, like this loader, writes each key once, and none that has its value already.
_WRITER = LOADERS["systemd"]


def refuse_conflicts(requested: Mapping[str, str], live: Mapping[str, str | None]) -> None:
    """Refuse values that no run can give together.

    requested: key -> value, globs expanded. live: runtime values, as far as they are known.
    """
    start_values = dict(START_VALUES)
    for key, value in live.items():
        if value is not None:
            start_values[variable_of(key)] = value
    for key, value in requested.items():
        names = [name for name in names_that_matter(key) if name in requested]
        if names == [key]:
            continue  # nothing else that is requested acts on it
        # What a later write has changed is written once more, so everything is simulated twice.
        in_order = [name for name in requested if name in names] * 2
        lines = [_write(name, requested[name]) for name in in_order]
        start = Start(start_values, is_own_run=True, taken=requested)
        line = last_effect(key, lines, (), _WRITER, start).line
        if line and not values_equal(key, line.value, value):
            raise _conflict(key, value, line.key, requested[line.key])


def value_after_writes(
    key: str, writes: Mapping[str, str], live: Mapping[str, str | None]
) -> str | None:
    """Return what a running kernel makes of a key when these keys are written in their order.

    None: that is not known. live: the values before the writes, among them that of the key.
    """
    start_values = {}
    for name, value in live.items():
        if value is not None:
            start_values[variable_of(name)] = value
    lines = [_write(name, value) for name, value in writes.items()]
    start = Start(start_values, is_running=True, is_own_run=True, taken=writes)
    effect = last_effect(key, lines, (), _WRITER, start)
    if effect.unclear:
        return None
    line = effect.line
    return live[key] if line is None or line.value is None else line.value


def refuse_two_values(settings: Mapping[str, str], requested: Mapping[str, str]) -> None:
    """Refuse two values for one variable under two of its names.

    settings: key -> value as requested, globs as written. requested: the same, globs expanded.
    """
    first_names: dict[str, str] = {}
    for key, value in requested.items():
        first = first_names.setdefault(variable_of(key), key)
        if not values_equal(key, requested[first], value):
            origin = "" if key in settings and first in settings else ", as a glob matches it"
            raise TuningError(
                f"{key}: {quote_value(key, value)} is given for the same variable as "
                f"{first}: {quote_value(first, requested[first])}{origin}; give one of them",
                key,
            )


def _write(key: str, value: str) -> Line:
    return Line(path="", real_path="", number=0, segment=0, key=key, value=value)


def _conflict(key: str, value: str, other_key: str, other_value: str) -> TuningError:
    other = f"{other_key}: {quote_value(other_key, other_value)}"
    return TuningError(
        f"{key}: {quote_value(key, value)} cannot be had together with {other}: "
        "the kernel changes one when the other is written; leave one of them out",
        key,
    )


def lines_before_their_default(data: bytes, loader: Loader, keys: Iterable[str]) -> list[str]:
    """Return the keys and globs whose line stands before one that interfaces inherit from.

    A loader may skip the line of an interface that has the value already. The interface has no
    value of its own then, and inherits what is written to the default after it.
    """
    numbers = {line.key: line.number for line in parse_lines(data, loader)}
    early = []
    for key in keys:
        for default in _defaults_of(key):
            if key in numbers and numbers.get(default, 0) > numbers[key]:
                early.append(key)
    return early


def _defaults_of(key: str) -> list[str]:
    """Return the keys from which the keys of interfaces that a key or glob names inherit."""
    if not is_glob(key):
        return [influence.key for influence in influences_on(key) if influence.when == INHERITED]
    setting = key.rpartition(".")[2]
    defaults = [f"net.ipv4.conf.default.{setting}"]
    defaults += [f"net.{family}.neigh.default.{setting}" for family in ("ipv4", "ipv6")]
    segments = split_glob(key)
    return [default for default in defaults if glob_matches(segments, default)]


def other_names(keys: Iterable[str]) -> set[str]:
    """Return the other names of the variables that these keys set."""
    names = set()
    for key in keys:
        if not is_glob(key):
            names.update(names_of(key))
    return names.difference(keys)


def is_direct(key: str, winner: Line) -> bool:
    """Tell whether a line sets the variable of a key itself, and not another that acts on it."""
    return any(stands_for(winner.key, name) for name in names_of(key))


def stopping_last(desired: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return values in an order in which none stops modules that another one may need."""
    stopping = [key for key in NO_MODULES_AFTER if key in desired]
    needing = [key for key in KEYS_TAKING_NAMES if key in desired]
    if stopping and needing:
        stopping = [key for key in stopping if one_way.stops_modules(key, desired[key] or "")]
    if not stopping or not needing:
        return dict(desired)
    ordered = {key: value for key, value in desired.items() if key not in stopping}
    ordered.update({key: desired[key] for key in stopping})
    return ordered
