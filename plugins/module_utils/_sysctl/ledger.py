# SPDX-License-Identifier: GPL-3.0-or-later

"""The ledger of a host: what each change by a rollout found and left, and how to go back to the start of one.

Nothing is read or written here (see ``ledger_files.py``).
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Mapping, NamedTuple, Sequence

from .base import TuningError, dataclass, replace

MOST, LARGEST = 64, 4 << 20
"""Changes and bytes that are kept on a host; beyond that the oldest rollouts are forgotten."""


class Held(NamedTuple):
    """A file as it was."""

    data: bytes
    mode: int
    owner: int
    group: int


class Noted(NamedTuple):
    """A file before a change (None: there was none), and a digest of each state that our changes may have left it in."""

    before: Held | None
    after: tuple[str | None, ...]

    @property
    def states(self) -> set[str | None]:
        return {digest_of(self.before), *self.after}


@dataclass(frozen=True)
class Change:
    """One change of a host, or several that followed each other in one rollout."""

    number: int
    rollout: str
    at: str
    """When it was first made (ISO 8601, UTC)."""
    runtime: Mapping[str, tuple[str, str]]
    """Key -> value before and after."""
    files: Mapping[str, Noted]
    """File, links followed."""
    undone: bool = False
    """The host was put back to before it."""


def digest(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


def digest_of(held: Held | None) -> str | None:
    return digest(None if held is None else held.data)


def names(changes: Sequence[Change]) -> dict[str, str]:
    """Return each rollout with the time of its first change, oldest first."""
    found: dict[str, str] = {}
    for change in changes:
        found.setdefault(change.rollout, change.at)
    return found


def since(changes: Sequence[Change], rollout: str) -> list[Change]:
    """Return the changes from the first one of a rollout on, or refuse a name that is not there."""
    for index, change in enumerate(changes):
        if change.rollout == rollout:
            return list(changes[index:])
    known = ", ".join(f"{name!r} ({at})" for name, at in names(changes).items())
    raise TuningError(
        f"rollout {rollout!r} has changed nothing on this host that is still in its ledger; "
        + (f"give one of those that have: {known}" if known else "the ledger is empty")
    )


def runtime_before(changes: Sequence[Change]) -> dict[str, str]:
    """Return the runtime values from before the first of these changes."""
    return {key: before for change in reversed(changes) for key, (before, _after) in change.runtime.items()}


def files_before(changes: Sequence[Change]) -> dict[str, Held | None]:
    """Return the files as they were before the first of these changes."""
    return {real: noted.before for change in reversed(changes) for real, noted in change.files.items()}


def touched_by_others(changes: Sequence[Change], now: Mapping[str, bytes | None]) -> list[str]:
    """Return the files that somebody else changed, between these changes or after them."""
    return sorted(real for real, data in now.items() if digest(data) not in _ours(changes, real))


def _ours(changes: Sequence[Change], real: str) -> set[str | None]:
    """Return the states that our changes can have left a file in; none if somebody else changed it between two of them."""
    ours: set[str | None] = set()
    for noted, undone in [(change.files[real], change.undone) for change in changes if real in change.files]:
        if undone:
            ours = ours or {digest_of(noted.before)}
        elif ours and digest_of(noted.before) not in ours:
            return set()
        else:
            ours = noted.states
    return ours


def add(changes: Sequence[Change], new: Change) -> tuple[Change, list[int]]:
    """Return the entry that a change becomes part of, and the numbers of those that are to be forgotten for it.

    What was there before the first change of a rollout stays, unless the host has been put back to that since.
    """
    kept = [change for change in changes if not (change.undone and change.rollout == new.rollout)]
    last = kept[-1] if kept else None
    if last and last.rollout == new.rollout and _follows(last, new):
        entry = _merged(kept.pop(), new)
    else:
        entry = replace(new, number=max((change.number for change in changes), default=0) + 1)
    kept.append(entry)
    for rollout in names(kept):
        if not _fits(kept) and rollout != new.rollout:
            kept = [change for change in kept if change.rollout != rollout]
    if not _fits(kept):
        raise TuningError(
            f"rollout {new.rollout!r}: what it has changed here is more than the ledger keeps ({MOST} changes, {LARGEST >> 20} MiB); "
            "choose another name for it, or leave large files alone"
        )
    numbers = {change.number for change in kept}
    return entry, [change.number for change in changes if change.number not in numbers]


def _follows(last: Change, new: Change) -> bool:
    """Tell whether nobody else changed a file between the two."""
    both = last.files.keys() & new.files.keys()
    return all(digest_of(new.files[real].before) in last.files[real].states for real in both)


def _merged(last: Change, new: Change) -> Change:
    runtime, files = {**last.runtime}, {**last.files}
    for key, (before, after) in new.runtime.items():
        runtime[key] = (last.runtime[key][0] if key in last.runtime else before, after)
    for real, noted in new.files.items():
        old = last.files.get(real)
        files[real] = Noted(old.before, tuple(dict.fromkeys(old.after + noted.after))) if old else noted
    return replace(last, runtime=runtime, files=files)


def _fits(changes: Sequence[Change]) -> bool:
    return len(changes) <= MOST and sum(len(to_json(change)) for change in changes) <= LARGEST


def to_json(change: Change) -> bytes:
    """Return a change as it is kept; bytes of files as base64."""
    told = {
        "rollout": change.rollout,
        "at": change.at,
        "undone": change.undone,
        "runtime": {key: {"before": before, "after": after} for key, (before, after) in change.runtime.items()},
        "files": {
            real: {"before": _held(noted.before), "after": list(noted.after)} for real, noted in change.files.items()
        },
    }
    return json.dumps(told, indent=1).encode() + b"\n"


def _held(held: Held | None) -> dict[str, Any] | None:
    if held is None:
        return None
    data = base64.b64encode(held.data).decode()
    return {"mode": f"{held.mode:04o}", "owner": held.owner, "group": held.group, "base64": data}


def from_json(data: bytes, number: int, path: str) -> Change:
    """Return a change that was kept, or refuse what is none."""
    try:
        told = json.loads(data)
        files = {
            str(real): Noted(_was_held(each["before"]), tuple(each["after"])) for real, each in told["files"].items()
        }
        runtime = {str(key): (str(each["before"]), str(each["after"])) for key, each in told["runtime"].items()}
        return Change(number, str(told["rollout"]), str(told["at"]), runtime, files, bool(told["undone"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TuningError(f"{path} is no entry of the ledger ({error!r}); look at it, and move it away") from error


def _was_held(told: Any) -> Held | None:
    if told is None:
        return None
    data = base64.b64decode(told["base64"], validate=True)
    return Held(data, int(told["mode"], 8), int(told["owner"]), int(told["group"]))
