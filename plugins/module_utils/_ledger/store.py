# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a host keeps its ledger: a private folder of root's with one JSON file for each entry."""

from __future__ import annotations

import os
import re
import stat
from typing import Iterable, Sequence

from .._host.file_change import UndoStep, require_writable, write_file
from .._host.files import read_file
from .._sysctl.errors import TuningError
from .entries import LedgerEntry, from_json, to_json

FOLDER = "/var/lib/netops-tuning"

_FILE_NAME = re.compile(r"(\d{6})\.json")


def read_entries() -> list[LedgerEntry]:
    """Return the entries of the ledger, oldest first."""
    if not os.path.lexists(FOLDER):
        return []
    try:
        numbers = _entry_numbers()
        _require_private_folder()
        entries = []
        for number in numbers:
            path = _entry_path(number)
            entries.append(from_json(read_file(path), number, path))
    except OSError as error:
        raise TuningError(f"the ledger in {FOLDER} cannot be read", None, error) from error
    return entries


def _entry_numbers() -> list[int]:
    numbers = []
    for name in os.listdir(FOLDER):
        match = _FILE_NAME.fullmatch(name)
        if match:
            numbers.append(int(match[1]))
    return sorted(numbers)


def require_writable_ledger() -> None:
    """Refuse a ledger that can be seen not to be writable, before anything is written."""
    folder = FOLDER
    if not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    require_writable(folder, f"the ledger in {FOLDER} cannot be written")


def write_entry(entry: LedgerEntry) -> None:
    """Write an entry to the disk; its file is whole-old or whole-new at any instant."""
    try:
        if not os.path.lexists(FOLDER):
            os.mkdir(FOLDER, 0o700)
        _require_private_folder()
        _remove_leftovers()
        journal: list[UndoStep] = []
        try:
            write_file(_entry_path(entry.number), to_json(entry), None, journal, _make_private)
        finally:
            for step in journal:
                step.undo()
    except OSError as error:
        raise TuningError(f"the ledger in {FOLDER} cannot be written", None, error) from error


def _make_private(path: str) -> None:
    os.chmod(path, 0o600)


def _remove_leftovers() -> None:
    """Remove what a killed run left. The host lock makes sure that no other run is at work."""
    for name in os.listdir(FOLDER):
        if name.endswith(".new"):
            os.unlink(f"{FOLDER}/{name}")


def remove_entries(numbers: Iterable[int]) -> None:
    """Remove entries by their numbers."""
    for number in numbers:
        os.unlink(_entry_path(number))


def restore_entry(entry: LedgerEntry, entries_before: Sequence[LedgerEntry]) -> None:
    """Put an entry back to what it was: part of it was there before, or none."""
    for entry_before in entries_before:
        if entry_before.number == entry.number:
            write_entry(entry_before)
            return
    remove_entries([entry.number])


def mark_undone(entries: Sequence[LedgerEntry], undone: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """Mark the entries whose changes were undone, and return all entries as they are now."""
    marked = []
    for entry in entries:
        marked_entry = entry
        if entry in undone and not entry.undone:
            marked_entry = entry._replace(undone=True)
            write_entry(marked_entry)
        marked.append(marked_entry)
    return marked


def _entry_path(number: int) -> str:
    return f"{FOLDER}/{number:06}.json"


def _require_private_folder() -> None:
    status = os.lstat(FOLDER)
    is_folder = stat.S_ISDIR(status.st_mode)
    open_to_others = status.st_mode & 0o077
    if not is_folder or status.st_uid != os.geteuid() or open_to_others:
        raise TuningError(
            f"{FOLDER} keeps secrets, and is not a private folder of root; "
            "see who made it so, then 'chown root' and 'chmod 700' it"
        )
