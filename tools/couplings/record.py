# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a kernel: what its settings did when they were written, small and stable.

devices         the network devices that there were, as parts of keys
effects         the writes of keys that changed others: key, prepared, was, wrote, changed, and
                read if that is not what was written
without_effect  the keys that were written and changed no other
not_back        writes that the old value, written again, did not take back: key, was, wrote, stays
lost            what then no write at all took back: key, was, wrote, lost
refused         key -> value -> the error of a write with that value
read_back       key -> value -> what was read back, if that differs
conditions      writes that were refused or accepted because of another key
ranges          key -> the smallest and the largest number that it takes, of each of its numbers;
                none if it does not take all numbers between them

``<interface>`` stands for each network device without an IPv4 address, ``<addressed>`` for each
that has one, if all of them changed in the same way.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Collection, Dict, Iterable

import yaml

from .measure import Observation
from .namespaces import ADDRESSED, device_of
from .proc_sys import ADDRESSES_AND_ROUTES
from .ranges import Ranges
from .trial_values import CONDITIONS

FOLDER = Path(__file__).parents[2] / "tests/unit/couplings"
HEADER = """\
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What a kernel did when its settings were written: made by `make couplings`, explained in
# tools/couplings/record.py.

"""
SHOWN = 2
"""So many writes of a kind are kept of a key."""
Record = Dict[str, Any]

GROUPED = ("all", "default", "veth0", "veth1")
"""What ``*`` stands for in a key, as far as the kernel has it."""
ADDRESSED_GROUP = "<addressed>"
OTHER_GROUP = "<interface>"


def make_record(kernel: str, observations: Iterable[Observation], ranges: Ranges) -> Record:
    """Return the record of a kernel."""
    by_key: dict[str, list[Observation]] = {}
    changed: set[str] = set()
    for observation in observations:
        by_key.setdefault(observation["key"], []).append(observation)
        changed.update(observation["changed"])
    devices = sorted({device_of(key) for key in changed} - {""})
    record: Record = {"kernel": kernel, "devices": devices}
    record.update({"effects": [], "without_effect": [], "not_back": [], "lost": []})
    record.update({"refused": {}, "read_back": {}, "conditions": []})
    record["ranges"] = _with_common_interfaces(ranges)
    for key in sorted(by_key):
        _add_key(record, key, by_key[key])
    no_effects = dict.fromkeys(record["without_effect"])
    record["without_effect"] = list(_with_common_interfaces(no_effects))
    record["refused"] = _with_common_interfaces(record["refused"])
    record["read_back"] = _with_common_interfaces(record["read_back"])
    return record


def _add_key(record: Record, key: str, observations: list[Observation]) -> None:
    """Add what the writes of a key did, and of it in the experiments with other keys."""
    devices = record["devices"]
    simple = []
    for observation in observations:
        if _is_condition(observation):
            record["conditions"].append(_fields(observation, "prepared", "wrote", "error"))
        else:
            simple.append(observation)
    without_preparation = [one for one in simple if not one["prepared"]]
    effects = _effects(simple, devices)
    if any(row["changed"] for row in effects):
        record["effects"] += effects
    elif any(not observation["error"] for observation in without_preparation):
        record["without_effect"].append(key)
    record["not_back"] += _remaining(without_preparation, "stays", devices)
    record["lost"] += _remaining(without_preparation, "lost", devices)
    _add_values(record, key, without_preparation)


def _remaining(
    observations: list[Observation], field: str, devices: list[str]
) -> list[dict[str, Any]]:
    """Return the first rows for a section about what is not as before."""
    rows = []
    for observation in observations:
        if observation[field]:
            row = _fields(observation, "was", "wrote", field)
            row[field] = sorted(_grouped(observation[field], devices))
            rows.append(row)
    return rows[:SHOWN]


def _add_values(record: Record, key: str, observations: list[Observation]) -> None:
    """Add the values that were refused, or read back otherwise."""
    refused = {}
    read_back = {}
    for observation in observations:
        if observation["error"]:
            refused[observation["wrote"]] = observation["error"]
        if _reads_otherwise(observation):
            read_back[observation["wrote"]] = observation["read"]
    if refused:
        record["refused"][key] = refused
    if read_back:
        record["read_back"][key] = read_back


def _is_condition(observation: Observation) -> bool:
    for condition in CONDITIONS:
        is_key = condition.key == observation["key"]
        if is_key and dict(condition.prepared) == observation["prepared"]:
            return True
    return False


def _fields(observation: Observation, *names: str) -> dict[str, Any]:
    return {name: observation[name] for name in ("key", *names)}


def _reads_otherwise(observation: Observation) -> bool:
    """Tell whether another value was read than written, or a part of a refused one was taken."""
    if observation["error"]:
        return bool(observation["read"] != observation["was"])
    return bool(observation["read"] != " ".join(observation["wrote"].split()))


def _effects(observations: list[Observation], devices: list[str]) -> list[dict[str, Any]]:
    """Return the rows of a key for the section `effects`."""
    rows = []
    shown = 0
    for observation in observations:
        if observation["error"]:
            continue
        keys = {}
        for key, pair in observation["changed"].items():
            if key not in ADDRESSES_AND_ROUTES.values():
                keys[key] = pair
        if keys and not observation["prepared"]:
            shown += 1
            if shown > SHOWN:
                continue
        row = _fields(observation, "prepared", "was", "wrote")
        if _reads_otherwise(observation):
            row["read"] = observation["read"]
        rows.append({**row, "changed": _grouped(keys, devices)})
    return rows


def devices_of(group: str, devices: Iterable[str]) -> list[str]:
    """Return the devices for which a placeholder stands."""
    is_addressed = group == ADDRESSED_GROUP
    return [name for name in devices if (name in ADDRESSED) is is_addressed]


def _grouped(changed: dict[str, list[str]], devices: list[str]) -> dict[str, list[str]]:
    """Replace the keys of all devices that changed in the same way by one with a placeholder."""
    grouped = dict(changed)
    for group in (ADDRESSED_GROUP, OTHER_GROUP):
        names = devices_of(group, devices)
        for key, pair in changed.items():
            if not names or f".{names[0]}." not in key:
                continue
            similar = [key.replace(f".{names[0]}.", f".{name}.") for name in names]
            if all(changed.get(other) == pair for other in similar):
                for other in similar:
                    del grouped[other]
                grouped[key.replace(f".{names[0]}.", f".{group}.")] = pair
    return dict(sorted(grouped.items()))


def _with_common_interfaces(rows: dict[str, Any]) -> dict[str, Any]:
    """Replace rows that are the same for all, default and each device by one with ``*``."""
    merged = dict(rows)
    for key, row in rows.items():
        if ".all." not in key and ".default." not in key:
            continue
        middle = ".all." if ".all." in key else ".default."
        similar = []
        for name in GROUPED:
            other = key.replace(middle, f".{name}.")
            if other in rows and rows[other] == row:
                similar.append(other)
        if key in merged and len(similar) > 2:
            for other in similar:
                del merged[other]
            merged[key.replace(middle, ".*.")] = row
    return dict(sorted(merged.items()))


# --- some keys of a record, measured once more ---


def with_rows_of(old: Record, new: Record, keys: Iterable[str]) -> Record:
    """Return a record in which the rows of some keys are replaced by those of another one."""
    replaced = set(keys)
    record: Record = {"kernel": old["kernel"]}
    record["devices"] = sorted({*old["devices"], *new["devices"]})
    for section in list(old)[2:]:
        before = old[section]
        after = new[section]
        if section == "without_effect" or isinstance(before, dict):
            rows = _of_each_interface(before, replaced)
            rows.update(_of_each_interface(after, ()))
            merged = _with_common_interfaces(rows)
            record[section] = list(merged) if section == "without_effect" else merged
        else:
            kept_rows = [row for row in before if row["key"] not in replaced]
            record[section] = sorted([*kept_rows, *after], key=lambda row: str(row["key"]))
    return record


def _of_each_interface(rows: Any, excluded: Collection[str]) -> dict[str, Any]:
    """Return rows by key, with those of each interface for one with ``*``; some are left out."""
    by_key = rows if isinstance(rows, dict) else dict.fromkeys(rows)
    expanded = {}
    for key, row in by_key.items():
        names = [key]
        if ".*." in key:
            names = [key.replace(".*.", f".{name}.") for name in GROUPED]
        for name in names:
            if name not in excluded:
                expanded[name] = row
    return expanded


# --- the file ---


def path_of(kernel: str) -> Path:
    """Return the path of the record of a kernel such as 6.1."""
    return FOLDER / f"linux-{kernel}.yml"


def short_name(release: str) -> str:
    """Return the first two numbers of a kernel's release."""
    return ".".join(release.split(".")[:2])


def load(path: Path) -> Record:
    """Return a record that was written."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def to_text(record: Record) -> str:
    """Return a record as YAML, a row a line."""
    lines = [f"{name}: {json.dumps(record[name])}" for name in ("kernel", "devices")]
    for section, rows in record.items():
        if section in ("kernel", "devices"):
            continue
        lines += ["", f"{section}:" if rows else f"{section}: []"]
        if isinstance(rows, dict):
            lines += [f"  {json.dumps(key)}: {json.dumps(row)}" for key, row in rows.items()]
        else:
            lines += [f"- {json.dumps(row)}" for row in rows]
    return HEADER + "\n".join(lines) + "\n"
