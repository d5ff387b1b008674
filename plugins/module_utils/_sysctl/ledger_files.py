# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a host keeps its ledger: a folder of root's own, one JSON file for each change, with whatever the files held."""

from __future__ import annotations

import os
import re
import stat
import time
from typing import Callable, Iterable, Sequence

from .base import TuningError, replace
from .file_change import Step, refuse_read_only, write_file
from .host import Files, read_file
from .ledger import Change, Held, Noted, digest, from_json, to_json
from .plan import Plan

FOLDER = "/var/lib/netops-tuning"

_ENTRY = re.compile(r"(\d{6})\.json")


def read_all() -> list[Change]:
    """Return the changes that are kept, oldest first."""
    if not os.path.lexists(FOLDER):
        return []
    try:
        found = [int(entry[1]) for entry in map(_ENTRY.fullmatch, os.listdir(FOLDER)) if entry]
        _refuse_strangers()
        return [from_json(read_file(_path(number)), number, _path(number)) for number in sorted(found)]
    except OSError as error:
        raise TuningError(f"the ledger in {FOLDER} cannot be read", None, error) from error


def refuse_impossible() -> None:
    """Refuse, before anything is written, what can be seen to fail."""
    where = FOLDER if os.path.isdir(FOLDER) else FOLDER.rpartition("/")[0]
    refuse_read_only(where, f"the ledger in {FOLDER} cannot be written")


def write(change: Change) -> None:
    """Keep a change, to the disk; whole-old or whole-new at any instant."""
    try:
        if not os.path.lexists(FOLDER):
            os.mkdir(FOLDER, 0o700)
        _refuse_strangers()
        for name in os.listdir(FOLDER):  # a run that was killed left it; no other is at work, the lock sees to that
            if name.endswith(".new"):
                os.unlink(f"{FOLDER}/{name}")
        journal: list[Step] = []
        try:
            write_file(_path(change.number), to_json(change), None, journal, lambda path: os.chmod(path, 0o600))
        finally:
            for step in journal:
                step.undo()
    except OSError as error:
        raise TuningError(f"the ledger in {FOLDER} cannot be written", None, error) from error


def remove(numbers: Iterable[int]) -> None:
    """Forget changes."""
    for number in numbers:
        os.unlink(_path(number))


def take_back(entry: Change, before: Sequence[Change]) -> None:
    """Have an entry as it was before: a part of it, or none."""
    old = [change for change in before if change.number == entry.number]
    if old:
        write(old[0])
    else:
        remove([entry.number])


def mark_undone(changes: Sequence[Change], since: Sequence[Change]) -> list[Change]:
    """Note that the host was put back; return all changes as they are noted now."""
    marked = [replace(change, undone=True) if change in since else change for change in changes]
    for change, old in zip(marked, changes):
        if change.undone != old.undone:
            write(change)
    return marked


def _path(number: int) -> str:
    return f"{FOLDER}/{number:06}.json"


def _refuse_strangers() -> None:
    status = os.lstat(FOLDER)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise TuningError(
            f"{FOLDER} keeps secrets, and is not a folder of root's alone; see who made it so, then 'chown root' and 'chmod 700' it"
        )


def note(plan: Plan, files: Files, rollout: str) -> Change:
    """Return what a plan is about to change, as it is now; also what a reboot will change since a file no longer says it."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    live = plan.observed.runtime
    runtime = {key: (value, value) for key, value in live.items() if key in plan.taken_out and value is not None}
    runtime.update((write.key, (write.before, write.after)) for write in plan.writes if write.before is not None)
    noted = {change.real: Noted(held(change.real, files), (digest(change.after),)) for change in plan.files}
    return Change(0, rollout, at, runtime, noted)


def held(real: str, files: Files) -> Held | None:
    """Return a file as it is now, None if there is none; or refuse it."""
    if files.place(real)[1] != real:
        raise TuningError(f"{real} is reached through a link now, so it is not the file of before; put it back first")
    data = files.read(real, real)
    if data is None:
        return None
    status = os.stat(files.outside(real))
    return Held(data, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def give(held: Held) -> Callable[[str], None]:
    """Return what gives a new file the mode, owner and group of one of before."""

    def attributes(path: str) -> None:
        os.chown(path, held.owner, held.group)
        os.chmod(path, held.mode)

    return attributes
