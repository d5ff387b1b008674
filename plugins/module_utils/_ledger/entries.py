# SPDX-License-Identifier: GPL-3.0-or-later

"""The ledger of a host: what each change by a rollout found and left, and how to undo it.

Nothing is read or written here (see ``store.py``).
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Mapping, NamedTuple, Sequence

from .._sysctl.errors import TuningError
from .._sysctl.kernel.couplings import variable_of

# What is kept on a host; beyond that the oldest rollouts are forgotten.
MAX_ENTRIES = 64
MAX_BYTES = 4 << 20

_NONE: Mapping[str, Any] = {}


class FileSnapshot(NamedTuple):
    """A file as it was."""

    data: bytes
    mode: int
    owner: int
    group: int


class FileRecord(NamedTuple):
    """A file that a rollout changed."""

    before: FileSnapshot | None
    """None: there was no file."""
    after: tuple[str | None, ...]
    """A digest of each state that our changes may have left; None: no file."""

    @property
    def digests(self) -> set[str | None]:
        """The digests of all states, that from before included."""
        return {_snapshot_digest(self.before), *self.after}


class RuntimeRecord(NamedTuple):
    """A runtime value that a rollout changed."""

    before: str
    after: str | None
    """None: the kernel changed it along with another one, and it is not known to what."""


class LedgerEntry(NamedTuple):
    """One change of a host, or several that followed each other in one rollout."""

    number: int
    rollout: str
    at: str
    """When it was first made (ISO 8601, UTC)."""
    runtime: Mapping[str, RuntimeRecord]
    files: Mapping[str, FileRecord]
    """Real path -> what was done to the file."""
    undone: bool = False
    """The host was put back to the state before this change."""
    irreversible: Mapping[str, tuple[str, ...]] = _NONE
    """Key -> why it, or what it changed, cannot be taken back."""


def digest(data: bytes | None) -> str | None:
    """Return a digest of the bytes of a file, None if there is no file."""
    if data is None:
        return None
    return hashlib.sha256(data).hexdigest()


def _snapshot_digest(snapshot: FileSnapshot | None) -> str | None:
    if snapshot is None:
        return None
    return digest(snapshot.data)


def rollout_names(entries: Sequence[LedgerEntry]) -> dict[str, str]:
    """Return name -> time of its first change for each rollout, oldest first."""
    names: dict[str, str] = {}
    for entry in entries:
        names.setdefault(entry.rollout, entry.at)
    return names


def entries_since(entries: Sequence[LedgerEntry], rollout: str) -> list[LedgerEntry]:
    """Return the entries from the first one of a rollout on, or refuse an unknown name."""
    for index, entry in enumerate(entries):
        if entry.rollout == rollout:
            return list(entries[index:])
    message = f"rollout {rollout!r} has changed nothing on this host that is still in its ledger"
    if not entries:
        raise TuningError(f"{message}; the ledger is empty")
    names = [f"{name!r} ({time})" for name, time in rollout_names(entries).items()]
    raise TuningError(f"{message}; give one of those that have: {', '.join(names)}")


def runtime_before(entries: Sequence[LedgerEntry]) -> dict[str, str]:
    """Return the runtime values from before the first of these changes, last changed first.

    The names of one variable have one value, though it was recorded of each at another time.
    """
    keys: list[str] = []
    values: dict[str, str] = {}
    for entry in reversed(entries):
        first_values: dict[str, str] = {}
        for key, record in entry.runtime.items():
            first_values.setdefault(variable_of(key), record.before)
        keys += entry.runtime
        values.update(first_values)
    return {key: values[variable_of(key)] for key in keys}


def files_before(entries: Sequence[LedgerEntry]) -> dict[str, FileSnapshot | None]:
    """Return the files as they were before the first of these changes, last changed first."""
    snapshots: dict[str, FileSnapshot | None] = {}
    for entry in reversed(entries):
        for path, record in entry.files.items():
            snapshots[path] = record.before
    return snapshots


def irreversible_changes(entries: Sequence[LedgerEntry]) -> dict[str, list[str]]:
    """Return the reasons why keys, or what these changed, cannot be taken back: key -> reasons."""
    reasons: dict[str, list[str]] = {}
    for entry in entries:
        for key, more in entry.irreversible.items():
            of_key = reasons.setdefault(key, [])
            of_key += [reason for reason in more if reason not in of_key]
    return reasons


def changed_by_others(entries: Sequence[LedgerEntry], now: Mapping[str, bytes | None]) -> list[str]:
    """Return the files that somebody else changed, between these changes or after them.

    now: real path -> bytes that the file has now.
    """
    changed = []
    for path, data in now.items():
        if digest(data) not in _our_digests(entries, path):
            changed.append(path)
    return sorted(changed)


def _our_digests(entries: Sequence[LedgerEntry], path: str) -> set[str | None]:
    """Return the digests of the states in which our changes can have left a file.

    There are none if somebody else changed it between two of our changes.
    """
    digests: set[str | None] = set()
    for entry in entries:
        record = entry.files.get(path)
        if record is None:
            continue
        before = _snapshot_digest(record.before)
        if entry.undone:
            # The file is as it was before the first of the changes that were undone.
            digests = digests or {before}
        elif digests and before not in digests:
            return set()
        else:
            digests = record.digests
    return digests


def add_entry(entries: Sequence[LedgerEntry], new: LedgerEntry) -> tuple[LedgerEntry, list[int]]:
    """Return the entry that a change becomes part of, and the numbers of those to be forgotten.

    The state before the first change of a rollout is kept, unless the host has been put back to it
    since: then the rollout begins anew.
    """
    kept = []
    for entry in entries:
        begins_anew = entry.undone and entry.rollout == new.rollout
        if not begins_anew:
            kept.append(entry)
    if kept and _continues(kept[-1], new):
        added = _merge(kept.pop(), new)
    else:
        numbers = [entry.number for entry in entries]
        added = new._replace(number=max(numbers, default=0) + 1)
    kept = _forget_oldest([*kept, added], new.rollout)
    kept_numbers = {entry.number for entry in kept}
    forgotten = [entry.number for entry in entries if entry.number not in kept_numbers]
    return added, forgotten


def _continues(last: LedgerEntry, new: LedgerEntry) -> bool:
    """Tell whether a change can be merged into the last entry.

    That is: it is of the same rollout, and nobody else changed a file between the two.
    """
    if last.rollout != new.rollout:
        return False
    for path, record in new.files.items():
        last_record = last.files.get(path)
        if last_record and _snapshot_digest(record.before) not in last_record.digests:
            return False
    return True


def _merge(last: LedgerEntry, new: LedgerEntry) -> LedgerEntry:
    """Return one entry for two changes: from before the first to after the second."""
    runtime = dict(last.runtime)
    for key, value in new.runtime.items():
        first = last.runtime.get(key, value)
        runtime[key] = RuntimeRecord(first.before, value.after)
    files = dict(last.files)
    for path, record in new.files.items():
        last_record = last.files.get(path)
        files[path] = _merge_records(last_record, record) if last_record else record
    reasons = dict(last.irreversible)
    for key, more in new.irreversible.items():
        reasons[key] = tuple(dict.fromkeys(reasons.get(key, ()) + more))
    return last._replace(runtime=runtime, files=files, irreversible=reasons)


def _merge_records(last: FileRecord, new: FileRecord) -> FileRecord:
    after_without_duplicates = dict.fromkeys(last.after + new.after)
    return FileRecord(last.before, after=tuple(after_without_duplicates))


def _forget_oldest(entries: list[LedgerEntry], rollout: str) -> list[LedgerEntry]:
    """Drop the oldest rollouts, each as a whole, until the rest fits; never the given one.

    A part of a rollout would lead back to a state that never was its start.
    """
    kept = entries
    for name in rollout_names(entries):
        if not _fits(kept) and name != rollout:
            kept = [entry for entry in kept if entry.rollout != name]
    if not _fits(kept):
        raise TuningError(
            f"rollout {rollout!r}: what it has changed here is more than the ledger keeps "
            f"({MAX_ENTRIES} changes, {MAX_BYTES >> 20} MiB); "
            "choose another name for it, or leave large files out of it"
        )
    return kept


def _fits(entries: Sequence[LedgerEntry]) -> bool:
    if len(entries) > MAX_ENTRIES:
        return False
    sizes = [len(to_json(entry)) for entry in entries]
    return sum(sizes) <= MAX_BYTES


def to_json(entry: LedgerEntry) -> bytes:
    """Return an entry as its file holds it."""
    runtime = {}
    for key, value in entry.runtime.items():
        runtime[key] = {"before": value.before, "after": value.after}
    files = {}
    for path, record in entry.files.items():
        files[path] = {"before": _snapshot_to_json(record.before), "after": list(record.after)}
    document = {
        "rollout": entry.rollout,
        "at": entry.at,
        "undone": entry.undone,
        "runtime": runtime,
        "files": files,
        "irreversible": {key: list(reasons) for key, reasons in entry.irreversible.items()},
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def _snapshot_to_json(snapshot: FileSnapshot | None) -> dict[str, Any] | None:
    if snapshot is None:
        return None
    return {
        "mode": f"{snapshot.mode:04o}",
        "owner": snapshot.owner,
        "group": snapshot.group,
        "base64": base64.b64encode(snapshot.data).decode(),
    }


def from_json(data: bytes, number: int, path: str) -> LedgerEntry:
    """Return the entry in a file of the ledger, or refuse a file that is not one."""
    try:
        return _parse_entry(json.loads(data), number)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TuningError(
            f"{path} is not an entry of the ledger ({error!r}); look at it, and move it away"
        ) from error


def _parse_entry(document: Any, number: int) -> LedgerEntry:
    runtime = {}
    for key, values in document["runtime"].items():
        after = values["after"]
        after_text = None if after is None else str(after)
        runtime[str(key)] = RuntimeRecord(str(values["before"]), after_text)
    files = {}
    for path, record in document["files"].items():
        before = _snapshot_from_json(record["before"])
        files[str(path)] = FileRecord(before, after=tuple(record["after"]))
    irreversible = {}
    for key, reasons in document.get("irreversible", {}).items():  # older entries have none
        irreversible[str(key)] = tuple(str(reason) for reason in reasons)
    return LedgerEntry(
        number=number,
        rollout=str(document["rollout"]),
        at=str(document["at"]),
        runtime=runtime,
        files=files,
        undone=bool(document["undone"]),
        irreversible=irreversible,
    )


def _snapshot_from_json(snapshot: Any) -> FileSnapshot | None:
    if snapshot is None:
        return None
    return FileSnapshot(
        data=base64.b64decode(snapshot["base64"], validate=True),
        mode=int(snapshot["mode"], 8),
        owner=int(snapshot["owner"]),
        group=int(snapshot["group"]),
    )
