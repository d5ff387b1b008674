# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the records of kernels and the table of the collection say differently."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, NamedTuple
from unittest import mock

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot import (
    mutual_limits as limits,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.globs import (
    glob_matches,
    split_glob,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel import couplings as table
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel import (
    number_ranges,
    one_way,
    rounding,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.kernel_text import (
    ALL_OR_NOTHING,
    is_known,
    taken_value,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.measured_ranges import (
    RANGES,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    values_equal,
)

from .dangerous import WRITTEN_LAST, why_not_written
from .namespaces import ADDRESSED
from .proc_sys import ADDRESSES_AND_ROUTES
from .range_table import SOURCED
from .record import ADDRESSED_GROUP, GROUPED, OTHER_GROUP, devices_of
from .trial_values import is_tried_with_numbers

Record = Dict[str, Any]
UNCERTAIN = (table.RANDOM, table.UNKNOWN)
"""Effects that cannot be computed."""


class Write(NamedTuple):
    """A row of a record."""

    key: str
    prepared: dict[str, str]
    was: str
    wrote: str
    """As the kernel takes it: it rounds some values."""
    changed: dict[str, list[str]]


def contradictions(record: Record) -> list[str]:
    """Return what the kernel did and the table does not know, and the other way round."""
    problems = []
    writes = [_read_row(row, record["devices"]) for row in record["effects"]]
    values = _values_before(writes)
    for write in writes:
        for target, before in values[write.key].items():
            problems += _compare(write, target, before)
    measured_keys = {*values, *record["without_effect"], *record["refused"]}
    for key in record["without_effect"]:
        for target_key in table.keys_changed_by(key):
            if "*" not in target_key and target_key not in measured_keys:
                continue  # this kernel does not have it
            problems.append(f"{key} changes nothing, and the table says {target_key}")
    problems += _never_changed(values, measured_keys)
    for row in record["lost"]:
        if not _is_known_loss(row):
            lost = ", ".join(row["lost"])
            problems.append(f"{row['key']}: {row['wrote']} after {row['was']} loses {lost}")
    return [f"Linux {record['kernel']}: {problem}" for problem in problems]


def _never_changed(
    values: dict[str, dict[str, str | None]], measured_keys: Iterable[str]
) -> Iterator[str]:
    """Yield the keys that the table says another one changes, and that no write of it changed.

    values: key -> those that it changed.
    """
    targets: set[str] = set()
    for key in measured_keys:
        targets.update(key.replace("*", name) for name in GROUPED)
    for target in sorted(targets):
        for influence in table.influences_on(target):
            # What an interface inherits, and what is not known, does not change everywhere.
            is_certain = influence.when != table.INHERITED and influence.value not in UNCERTAIN
            for key in table.names_of(influence.key):
                if is_certain and key in values and target not in values[key]:
                    yield f"{key} never changes {target}, and the table says that it does"


def _is_known_loss(row: dict[str, Any]) -> bool:
    """Tell whether the table says that a write cannot be taken back."""
    if table.interface_losing_ipv6(row["key"], row["wrote"]):
        return all(name in ADDRESSES_AND_ROUTES.values() for name in row["lost"])
    if all(name.endswith(".stable_secret") for name in row["lost"]):
        return True  # a secret can be replaced, but not taken out again
    return bool(one_way.why_no_way_back(row["key"], row["was"], row["wrote"]))


def _read_row(row: dict[str, Any], devices: Iterable[str]) -> Write:
    """Return a row of a record, with a key for each device instead of a placeholder."""
    changed = {}
    for pattern, pair in row["changed"].items():
        for key in keys_of(pattern, devices):
            changed[key] = pair
    wrote = row.get("read", row["wrote"])
    return Write(
        key=row["key"],
        prepared=row["prepared"],
        was=row["was"],
        wrote=wrote,
        changed=changed,
    )


def keys_of(pattern: str, devices: Iterable[str]) -> list[str]:
    """Return the keys for which a key with a placeholder stands."""
    for group in (ADDRESSED_GROUP, OTHER_GROUP):
        if group in pattern:
            return [pattern.replace(group, name) for name in devices_of(group, devices)]
    return [pattern]


def _values_before(writes: Iterable[Write]) -> dict[str, dict[str, str | None]]:
    """Return the keys that each key changed, with their values before, None if that is not known.

    After a preparation values are not the usual ones.
    """
    values: dict[str, dict[str, str | None]] = {}
    for write in writes:
        targets = values.setdefault(write.key, {})
        for key, (before, _after) in write.changed.items():
            if write.prepared:
                targets.setdefault(key, None)
            else:
                targets[key] = before
    return values


def _compare(write: Write, target: str, before: str | None) -> list[str]:
    """Return how a write and the table differ about one other key."""
    if target in write.changed:
        before, actual = write.changed[target]
    elif target in write.prepared:
        before = actual = write.prepared[target]
    elif write.prepared or before is None:
        return []  # what was prepared may have changed it before
    else:
        actual = before
    expected = _expected(write, target, before)
    if expected is None or values_equal(target, expected, actual):
        return []
    prepared = f" after {write.prepared}" if write.prepared else ""
    problem = f"{write.key}: {write.was} -> {write.wrote}{prepared} makes {target} {actual!r}"
    return [f"{problem}, and the table says {expected!r}"]


def _expected(write: Write, target: str, before: str) -> str | None:
    """Return what a key becomes by the table; None: something unknown."""
    variable = table.variable_of(write.key)
    if table.variable_of(target) == variable:
        return write.wrote
    for influence in table.influences_on(target):
        if table.variable_of(influence.key) == variable and _applies(influence.when, write, target):
            return table.effect_of(write.wrote, influence.value, before)
    return before


def _applies(when: str, write: Write, target: str) -> bool:
    if when == table.CHANGED:
        return not values_equal(write.key, write.was, write.wrote)
    if when == table.INHERITED:
        is_addressed = any(f".{name}." in target for name in ADDRESSED)
        return target not in write.prepared and not is_addressed
    return True


def rows_not_shown(records: Iterable[Record]) -> list[str]:
    """Return the rows of the table that no kernel shows."""
    missing = {f"{effect.key} -> {effect.target}" for effect in table.EFFECTS}
    missing |= {f"{alias} = {name}" for alias, name in table.ALIASES.items()}
    missing |= {row.key for row in one_way.ONE_WAY}
    for record in records:
        for row in record["effects"]:
            write = _read_row(row, record["devices"])
            for key in write.changed:
                missing -= _shown_by(write.key, key)
        for row in record["lost"]:
            missing -= {known.key for known in one_way.ONE_WAY if known.key == row["key"]}
    return sorted(missing)


def _shown_by(key: str, target: str) -> set[str]:
    """Return the rows of the table that a change of another key shows."""
    variable = table.variable_of(key)
    if table.variable_of(target) == variable:
        return {f"{name} = {variable}" for name in (key, target)}
    shown = set()
    for effect in table.EFFECTS:
        source = table.match_pattern(effect.key, variable)
        changed = table.match_pattern(effect.target, target)
        if source is None or changed is None:
            continue
        if source.get("<setting>") == changed.get("<setting>"):
            shown.add(f"{effect.key} -> {effect.target}")
    return shown


# --- values that are read back otherwise ---

MACHINE = rounding.Machine(tick=4_000_000, page=4096)
"""What the machines are like that were measured: amd64, as Debian configures its kernels."""
ALWAYS_TRIED = ("0", "1", "2", "-1")
"""Values that every key of one number is tried with."""
POSITIVE = ("1", "2")


def rounding_contradictions(record: Record) -> list[str]:
    """Return the values that a kernel made of others, and that we expect to be different ones."""
    problems = []
    with mock.patch.object(rounding, "this_machine", return_value=MACHINE):
        for key, wrote, read in _values_read(record):
            problem = _compare_value(key, wrote, read)
            if problem:
                problems.append(f"Linux {record['kernel']}: {key}: {wrote!r} {problem}")
    return problems


def _values_read(record: Record) -> Iterator[tuple[str, str, str | None]]:
    """Yield each key, what was written to it, and what it read then; None: it was refused."""
    refused = record["refused"]
    read_back = record["read_back"]
    for key, values in read_back.items():
        for wrote, read in values.items():
            yield key, wrote, read
    for key in sorted(_measured_keys(record)):
        has_many_numbers = any(" " in wrote for wrote in read_back.get(key, {}))
        if has_many_numbers or rounding.rounding_of(key) is None:
            continue
        for wrote in ALWAYS_TRIED:
            if wrote not in read_back.get(key, {}):
                yield key, wrote, None if wrote in refused.get(key, {}) else wrote


def _measured_keys(record: Record) -> set[str]:
    keys_with_effects = {row["key"] for row in record["effects"]}
    return keys_with_effects.union(record["without_effect"])


def _compare_value(key: str, wrote: str, read: str | None) -> str:
    """Return what is wrong with what we expect of a value, "" if nothing is."""
    if read is None:
        other = "1" if wrote == "0" else "0"  # of its own value, little is looked at
        is_taken = taken_value(key, wrote, other) is not None and is_known(key, wrote, other)
        return "is refused, and the table takes it" if is_taken else ""
    if read == "(secret)":
        return ""
    expected = taken_value(key, wrote, read)
    if expected is None:
        return "" if read != wrote else "is taken, and the table says that it is not"
    if is_known(key, wrote, read) and not values_equal(key, expected, read):
        return f"becomes {read!r}, and the table says {expected!r}"
    return ""


def roundings_not_shown(records: Iterable[Record]) -> list[str]:
    """Return the rows of the table of roundings that no kernel shows."""
    changed: set[str] = set()
    for record in records:
        changed.update(record["read_back"])
    missing = []
    for rule in rounding.ROUNDINGS:
        if not any(glob_matches(split_glob(rule.key), key) for key in changed):
            missing.append(rule.key)
    return missing


# --- keys that limit each other ---


def limit_contradictions(record: Record) -> list[str]:
    """Return the writes that a kernel refused because of another key, or not, unlike the table."""
    problems = []
    kernel = tuple(int(number) for number in record["kernel"].split("."))
    refused = record["refused"]
    for row in record["conditions"]:
        if any(value in refused.get(key, {}) for key, value in row["prepared"].items()):
            continue  # in namespaces, Linux 5.10 takes no threshold above that of the first one
        values = {**limits.START_VALUES, **row["prepared"]}
        reason = limits.why_out_of_order(row["key"], row["wrote"], values, kernel)
        if bool(reason) != bool(row["error"]):
            outcome = row["error"] or "taken"
            after = f"{row['key']}: {row['wrote']!r} after {row['prepared']} is {outcome}"
            problems.append(f"Linux {record['kernel']}: {after}")
    for key in sorted(_measured_keys(record)):
        has_many_numbers = " " in limits.START_VALUES.get(key, "")
        for wrote in () if has_many_numbers else POSITIVE:
            reason = limits.why_out_of_order(key, wrote, limits.START_VALUES, kernel)
            if reason and wrote not in record["refused"].get(key, {}):
                problems.append(f"Linux {record['kernel']}: {key}: {wrote} is taken, but {reason}")
    return problems


def limits_not_shown(records: Iterable[Record]) -> list[str]:
    """Return the rows of the table of limits that no kernel shows, by the keys that they refuse."""
    missing = {f"{pair.lower} below {pair.upper}" for pair in limits.ORDERED}
    missing |= {f"{rule.key} blocked by {rule.other}" for rule in limits.BLOCKED}
    for record in records:
        for row in record["conditions"]:
            if not row["error"]:
                continue
            for other in row["prepared"]:
                missing.discard(f"{row['key']} below {other}")
                missing.discard(f"{other} below {row['key']}")
                missing.discard(f"{row['key']} blocked by {other}")
    return sorted(missing)


# --- ranges of numbers ---


def range_contradictions(record: Record) -> list[str]:
    """Return the keys whose range on a kernel is not as the table says."""
    problems = []
    for key, measured in record["ranges"].items():
        ranges = number_ranges.ranges_of(key)
        is_limited = bool(limits.keys_limiting(key)) or key in ALL_OR_NOTHING
        is_limited = is_limited or rounding.rounding_of(key) is not None
        for index, (lowest, highest) in enumerate(measured if ranges else ()):
            taken = number_ranges.range_at(ranges, index)
            is_right = taken.lowest_of_any <= lowest and highest <= taken.highest_of_any
            if not is_limited:
                is_right = is_right and lowest <= taken.lowest and taken.highest <= highest
            if not is_right:
                problem = f"{key} takes {lowest} to {highest}, and the table says {taken}"
                problems.append(f"Linux {record['kernel']}: {problem}")
    return problems + list(_refusals_out_of_range(record))


def _refusals_out_of_range(record: Record) -> Iterator[str]:
    """Yield the numbers that were refused or taken in the other measurements, unlike a range."""
    refused: dict[str, set[str]] = {}
    for key, values in record["refused"].items():
        refused.setdefault(number_ranges.pattern_of(key), set()).update(values)
    tried = {number_ranges.pattern_of(key) for key in _measured_keys(record)}.union(refused)
    for key in record["ranges"]:
        pattern = number_ranges.pattern_of(key)
        if pattern not in tried:
            continue
        has_one_number = len(number_ranges.ranges_of(key)) == 1 and len(record["ranges"][key]) == 1
        is_tried = (
            is_tried_with_numbers(key) and key not in WRITTEN_LAST and not why_not_written(key)
        )
        if not has_one_number or not is_tried or limits.keys_limiting(key):
            continue
        for wrote in ALWAYS_TRIED:
            is_refused = wrote in refused.get(pattern, ())
            is_taken = number_ranges.first_refused(key, [int(wrote)], None) is None
            is_known = not is_taken or number_ranges.takes_surely(key, [int(wrote)])
            if is_known and is_refused == is_taken and wrote not in _read_back(record, key):
                outcome = "is refused" if is_refused else "is taken"
                yield f"Linux {record['kernel']}: {key}: {wrote} {outcome}, unlike its range"


def _read_back(record: Record, key: str) -> Any:
    """Return the values that were read back otherwise than written to a key."""
    return record["read_back"].get(key, {})


def ranges_not_shown(records: Iterable[Record]) -> list[str]:
    """Return the keys in the table of ranges that neither a kernel nor its source shows."""
    shown: set[str] = set()
    for record in records:
        shown.update(number_ranges.pattern_of(key) for key in record["ranges"])
    stated = set(" ".join(RANGES.values()).split())
    return sorted(stated - shown - SOURCED.keys())
