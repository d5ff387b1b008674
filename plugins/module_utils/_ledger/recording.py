# SPDX-License-Identifier: GPL-3.0-or-later

"""Record a change in the ledger before it is made, and set the attributes of a file as recorded."""

from __future__ import annotations

import os
import stat
import time
from contextlib import contextmanager, suppress
from typing import Callable, Iterator

from .._host.files import HostFiles
from .._host.runtime.proc_sys import read_keys
from .._sysctl.errors import TuningError
from .._sysctl.kernel.couplings import WHY_NO_VALUE_AGAIN
from .._sysctl.plans.plan import Plan
from .._sysctl.plans.request import Values
from .entries import FileRecord, FileSnapshot, LedgerEntry, RuntimeRecord, add_entry, digest
from .store import read_entries, remove_entries, restore_entry, write_entry


@contextmanager
def recorded(plan: Plan, files: HostFiles, rollout: str) -> Iterator[None]:
    """Record what a plan is about to change, to the disk, while it is carried out.

    If the change is rolled back, so is the record. Older entries that the ledger has no more room
    for are removed once the change is made.
    """
    entries = read_entries()
    entry, forgotten = add_entry(entries, make_entry(plan, files, rollout))
    try:
        write_entry(entry)
        yield
    except TuningError as error:
        if error.rolled_back:
            # The error counts; at worst the ledger names a change that is not there.
            with suppress(OSError, TuningError):
                restore_entry(entry, entries)
        raise
    if plan.effects:
        _complete_entry(entry, plan.effects.affected)
    remove_entries(forgotten)


def _complete_entry(entry: LedgerEntry, affected: Values) -> None:
    """Record what the keys became that changed along with those written."""
    runtime = dict(entry.runtime)
    for key, value in read_keys(affected).items():
        if value is not None and key in runtime and runtime[key].after is None:
            runtime[key] = runtime[key]._replace(after=value)
    if runtime != entry.runtime:
        # The change is made; without this, restoring it only warns less.
        with suppress(OSError, TuningError):
            write_entry(entry._replace(runtime=runtime))


def make_entry(plan: Plan, files: HostFiles, rollout: str) -> LedgerEntry:
    """Return the entry for a plan: what it changes, as that is now.

    A key that leaves our file is recorded too where its runtime value stays: the next boot will
    change it. So are keys that the kernel may change along with those written.
    """
    runtime = {}
    if plan.effects:
        for key, value in plan.effects.affected.items():
            if value is not None:
                runtime[key] = RuntimeRecord(value, after=None)
    for key in plan.removed_keys:
        value = plan.observed.runtime.get(key)
        if value is not None:
            runtime[key] = RuntimeRecord(value, after=value)
    for write in plan.writes:
        if write.before is not None:
            runtime[write.key] = RuntimeRecord(write.before, write.after)
    records = {}
    for change in plan.files:
        snapshot = take_snapshot(change.real_path, files)
        records[change.real_path] = FileRecord(snapshot, after=(digest(change.after),))
    return LedgerEntry(
        number=0,
        rollout=rollout,
        at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        runtime=runtime,
        files=records,
        irreversible=_irreversible_changes(plan),
    )


def _irreversible_changes(plan: Plan) -> dict[str, tuple[str, ...]]:
    reasons: dict[str, tuple[str, ...]] = {}
    if plan.effects:
        for key in plan.effects.first_values:
            reasons[key] = (WHY_NO_VALUE_AGAIN,)
        for key, reason in plan.effects.irreversible:
            reasons[key] = (reason,)
    return reasons


def take_snapshot(real_path: str, files: HostFiles) -> FileSnapshot | None:
    """Return a file as it is now, None if there is none, or refuse it."""
    if files.locate(real_path).real_path != real_path:
        raise TuningError(
            f"{real_path} is reached through a link now, so it is not the file of before; "
            "put it back first"
        )
    data = files.read(real_path, real_path)
    if data is None:
        return None
    status = os.stat(files.host_path(real_path))
    return FileSnapshot(
        data=data,
        mode=stat.S_IMODE(status.st_mode),
        owner=status.st_uid,
        group=status.st_gid,
    )


def attribute_setter(snapshot: FileSnapshot) -> Callable[[str], None]:
    """Return a function that gives a file the mode, owner and group of a snapshot."""

    def set_attributes(path: str) -> None:
        os.chown(path, snapshot.owner, snapshot.group)
        os.chmod(path, snapshot.mode)

    return set_attributes
