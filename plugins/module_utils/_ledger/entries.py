# SPDX-License-Identifier: GPL-3.0-or-later

"""The ledger of a host: what each change by a rollout found and left, and how to go back to the start of one.

Nothing is read or written here (see ``ledger_files.py``).
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Mapping, NamedTuple, Sequence

from .._sysctl.errors import TuningError

MAX_ENTRIES, MAX_BYTES = 64, 4 << 20
"""Changes and bytes that are kept on a host; beyond that the oldest rollouts are forgotten."""


class FileSnapshot(NamedTuple):
    """A file as it was."""

    data: bytes
    mode: int
    owner: int
    group: int


class FileRecord(NamedTuple):
    """A file before a change (None: there was none), and a digest of each state that our changes may have left it in."""

    before: FileSnapshot | None
    after: tuple[str | None, ...]

    @property
    def states(self) -> set[str | None]:
        return {snapshot_digest(self.before), *self.after}


class LedgerEntry(NamedTuple):
    """One change of a host, or several that followed each other in one rollout."""

    number: int
    rollout: str
    at: str
    """When it was first made (ISO 8601, UTC)."""
    runtime: Mapping[str, tuple[str, str]]
    """Key -> value before and after."""
    files: Mapping[str, FileRecord]
    """File, links followed."""
    undone: bool = False
    """The host was put back to before it."""


def digest(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


def snapshot_digest(held: FileSnapshot | None) -> str | None:
    return digest(None if held is None else held.data)


def rollout_names(changes: Sequence[LedgerEntry]) -> dict[str, str]:
    """Return each rollout with the time of its first change, oldest first."""
    found: dict[str, str] = {}
    for change in changes:
        found.setdefault(change.rollout, change.at)
    return found


def entries_since(changes: Sequence[LedgerEntry], rollout: str) -> list[LedgerEntry]:
    """Return the changes from the first one of a rollout on, or refuse a name that is not there."""
    for index, change in enumerate(changes):
        if change.rollout == rollout:
            return list(changes[index:])
    known = ", ".join(f"{name!r} ({at})" for name, at in rollout_names(changes).items())
    raise TuningError(
        f"rollout {rollout!r} has changed nothing on this host that is still in its ledger; "
        + (f"give one of those that have: {known}" if known else "the ledger is empty")
    )


def runtime_before(changes: Sequence[LedgerEntry]) -> dict[str, str]:
    """Return the runtime values from before the first of these changes."""
    return {
        key: before
        for change in reversed(changes)
        for key, (before, _after) in change.runtime.items()
    }


def files_before(changes: Sequence[LedgerEntry]) -> dict[str, FileSnapshot | None]:
    """Return the files as they were before the first of these changes."""
    return {
        real: noted.before for change in reversed(changes) for real, noted in change.files.items()
    }


def changed_by_others(changes: Sequence[LedgerEntry], now: Mapping[str, bytes | None]) -> list[str]:
    """Return the files that somebody else changed, between these changes or after them."""
    return sorted(
        real for real, data in now.items() if digest(data) not in _our_states(changes, real)
    )


def _our_states(changes: Sequence[LedgerEntry], real: str) -> set[str | None]:
    """Return the states that our changes can have left a file in; none if somebody else changed it between two of them."""
    ours: set[str | None] = set()
    for noted, undone in [
        (change.files[real], change.undone) for change in changes if real in change.files
    ]:
        if undone:
            ours = ours or {snapshot_digest(noted.before)}
        elif ours and snapshot_digest(noted.before) not in ours:
            return set()
        else:
            ours = noted.states
    return ours


def add_entry(changes: Sequence[LedgerEntry], new: LedgerEntry) -> tuple[LedgerEntry, list[int]]:
    """Return the entry that a change becomes part of, and the numbers of those that are to be forgotten for it.

    What was there before the first change of a rollout stays, unless the host has been put back to that since.
    """
    kept = [change for change in changes if not (change.undone and change.rollout == new.rollout)]
    last = kept[-1] if kept else None
    if last and last.rollout == new.rollout and _follows(last, new):
        entry = _merge(kept.pop(), new)
    else:
        entry = new._replace(number=max((change.number for change in changes), default=0) + 1)
    kept.append(entry)
    for rollout in rollout_names(kept):
        if not _fits(kept) and rollout != new.rollout:
            kept = [change for change in kept if change.rollout != rollout]
    if not _fits(kept):
        raise TuningError(
            f"rollout {new.rollout!r}: what it has changed here is more than the ledger keeps ({MAX_ENTRIES} changes, {MAX_BYTES >> 20} MiB); "
            "choose another name for it, or leave large files alone"
        )
    numbers = {change.number for change in kept}
    return entry, [change.number for change in changes if change.number not in numbers]


def _follows(last: LedgerEntry, new: LedgerEntry) -> bool:
    """Tell whether nobody else changed a file between the two."""
    both = last.files.keys() & new.files.keys()
    return all(snapshot_digest(new.files[real].before) in last.files[real].states for real in both)


def _merge(last: LedgerEntry, new: LedgerEntry) -> LedgerEntry:
    runtime, files = {**last.runtime}, {**last.files}
    for key, (before, after) in new.runtime.items():
        runtime[key] = (last.runtime[key][0] if key in last.runtime else before, after)
    for real, noted in new.files.items():
        old = last.files.get(real)
        files[real] = (
            FileRecord(old.before, tuple(dict.fromkeys(old.after + noted.after))) if old else noted
        )
    return last._replace(runtime=runtime, files=files)


def _fits(changes: Sequence[LedgerEntry]) -> bool:
    return (
        len(changes) <= MAX_ENTRIES and sum(len(to_json(change)) for change in changes) <= MAX_BYTES
    )


def to_json(change: LedgerEntry) -> bytes:
    """Return a change as it is kept; bytes of files as base64."""
    told = {
        "rollout": change.rollout,
        "at": change.at,
        "undone": change.undone,
        "runtime": {
            key: {"before": before, "after": after}
            for key, (before, after) in change.runtime.items()
        },
        "files": {
            real: {"before": _snapshot_to_json(noted.before), "after": list(noted.after)}
            for real, noted in change.files.items()
        },
    }
    return json.dumps(told, indent=1).encode() + b"\n"


def _snapshot_to_json(held: FileSnapshot | None) -> dict[str, Any] | None:
    if held is None:
        return None
    data = base64.b64encode(held.data).decode()
    return {"mode": f"{held.mode:04o}", "owner": held.owner, "group": held.group, "base64": data}


def from_json(data: bytes, number: int, path: str) -> LedgerEntry:
    """Return a change that was kept, or refuse what is none."""
    try:
        told = json.loads(data)
        files = {
            str(real): FileRecord(_snapshot_from_json(each["before"]), tuple(each["after"]))
            for real, each in told["files"].items()
        }
        runtime = {
            str(key): (str(each["before"]), str(each["after"]))
            for key, each in told["runtime"].items()
        }
        return LedgerEntry(
            number, str(told["rollout"]), str(told["at"]), runtime, files, bool(told["undone"])
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TuningError(
            f"{path} is no entry of the ledger ({error!r}); look at it, and move it away"
        ) from error


def _snapshot_from_json(told: Any) -> FileSnapshot | None:
    if told is None:
        return None
    data = base64.b64decode(told["base64"], validate=True)
    return FileSnapshot(data, int(told["mode"], 8), int(told["owner"]), int(told["group"]))
