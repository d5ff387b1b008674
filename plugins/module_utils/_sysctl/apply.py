# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry a plan out: runtime values, read back, then files; and take all of it back if any step fails."""

from __future__ import annotations

import errno
import os
import signal
import stat
from contextlib import contextmanager, suppress
from typing import Callable, Dict, Iterator, Mapping, NoReturn

from .base import TuningError, in_words
from .file_change import Attributes, Step, change_file, refuse_read_only, sweep
from .host import Files, open_key, place_of_key, read_key, read_open
from .loaders import FOLDERS
from .plan import Plan, Write
from .sysctl_d import encode
from .values import quoted, same


class OpenKeys(Dict[str, int]):
    """Keys that are open, for writing them and for reading back: to open one takes longer than both."""

    def __del__(self) -> None:
        for fd in self.values():
            os.closerange(fd, fd + 1)  # whatever it says: what is written to the kernel is there


def refuse_impossible(plan: Plan, files: Files, check_mode: bool) -> OpenKeys:
    """Refuse, before anything is written, what can be seen to fail: no privilege, read-only, no folder.

    Of the keys to write return half as many as this process may have files open; in check mode none is opened to write.
    """
    keys = OpenKeys()
    room = 0 if check_mode else os.sysconf("SC_OPEN_MAX") // 2
    for write in plan.writes:
        try:
            if len(keys) < room:
                keys[write.key] = open_key(write.key, os.O_RDWR)
            else:
                name, start = place_of_key(write.key)
                if not os.access(name, os.W_OK, dir_fd=start):
                    os.close(open_key(write.key, os.O_WRONLY))
        except OSError as error:
            raise _not_set(write, error) from error
    for change in plan.files:
        folder = change.real.rpartition("/")[0]
        if not os.path.isdir(files.outside(folder)):
            if folder not in map(files.resolve, FOLDERS):
                raise TuningError(
                    f"{change.path}: there is no folder {folder}; create it, or choose a path in /etc/sysctl.d"
                )
            folder = folder.rpartition("/")[0]
        refuse_read_only(files.outside(folder), f"{change.path} cannot be written")
        _refuse_strangers(change.path, folder, files)
    return keys


def _refuse_strangers(path: str, folder: str, files: Files) -> None:
    """Refuse a folder where others than its host's owner and we can put files, or put another folder in its place."""
    top = os.stat(files.root)
    users, groups = {0, os.geteuid(), top.st_uid}, {0, os.getegid(), top.st_gid}
    above = folder
    while above:
        status = os.stat(files.outside(above))
        open_to_others = status.st_mode & (stat.S_IWOTH | (0 if status.st_gid in groups else stat.S_IWGRP))
        sticky = status.st_mode & stat.S_ISVTX  # nobody moves what belongs to somebody else
        shared = open_to_others and (above == folder or not sticky)
        if shared or status.st_uid not in users:
            who = "others may write to it" if shared else f"it belongs to user {status.st_uid}"
            raise TuningError(
                f"{path} is not safe from others: of the folder {above} {who}; take that away, or choose another path"
            )
        above = above.rpartition("/")[0]


def carry_out(
    plan: Plan, files: Files, attributes: Mapping[str, Attributes], backup: bool, keys: OpenKeys
) -> list[str]:
    """Do all of it or nothing; return the backups made. What a new file is given goes by its name, links followed.

    Order: runtime values as given, all of them read back, files (ours first). Each step notes how it is undone
    before it is done; any error undoes the noted steps, newest first.
    """
    journal: list[Step] = []
    backups: list[str] = []
    with _on_signals(signal.SIG_IGN):  # neither clearing up nor taking back is to be broken off
        try:
            with _on_signals(_end):
                if plan.request.persistent:
                    for real in {plan.observed.real, *(change.real for change in plan.files)}:
                        sweep(files.outside(real))
                if plan.writes:
                    _set_runtime(plan, keys, journal)
                    _read_back(plan, keys)
                for change in plan.files:
                    backups += change_file(change, files, attributes.get(change.real), backup, journal)
        except (Exception, KeyboardInterrupt) as error:  # whatever it is, the host comes first
            raise _undone(error, journal) from error
        for step in journal:
            if step.for_now:
                with suppress(OSError):  # all is done; what cannot be removed bears a name that no loader reads
                    step.undo()
    return backups


@contextmanager
def _on_signals(handler: Callable[..., object] | signal.Handlers) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, own in before.items():
            signal.signal(number, own)


def _end(number: int, _frame: object) -> NoReturn:
    raise TuningError(f"ended by {signal.Signals(number).name}")


def _undone(error: BaseException, journal: list[Step]) -> TuningError:
    failure = error if isinstance(error, TuningError) else TuningError(f"it broke off: {error!r}")
    stuck = []
    for step in reversed(journal):
        try:
            step.undo()
        except (OSError, TuningError) as trouble:
            stuck.append(f"{step.what} ({in_words(trouble) if isinstance(trouble, OSError) else trouble})")
    if stuck:
        failure.args = (f"{failure}. NOT put back: {'; '.join(stuck)}",)
        failure.rolled_back = False
    return failure


def _not_set(write: Write, error: OSError) -> TuningError:
    return TuningError(f"{write.key}: cannot be set to {quoted(write.key, write.after)}", write.key, error)


def _write_key(key: str, value: str) -> None:
    """Set a runtime value."""
    fd = open_key(key, os.O_WRONLY)
    try:
        _write_open(fd, value)
    finally:
        os.close(fd)


def _write_open(fd: int, value: str) -> None:
    """Set the value of a key that was just opened, in the one write that the kernel takes: only at the start."""
    data = encode(value + "\n")
    if os.write(fd, data) != len(data):
        raise OSError(errno.EIO, "the kernel took a part of it only")


def _set_runtime(plan: Plan, keys: OpenKeys, journal: list[Step]) -> None:
    """Write what differs, in the order given. A key that was right may be so no more: writing another one changes it."""
    planned = {write.key: write for write in plan.writes}
    for key, value in plan.wanted.items():
        if key in planned:
            _write(planned[key], keys, journal)
        elif value is not None and key in plan.observed.runtime and not same(key, read_key(key), value):
            _write(Write(key, plan.observed.runtime[key], value), keys, journal)


def _write(write: Write, keys: OpenKeys, journal: list[Step]) -> None:
    def undo() -> None:
        if write.before is None:
            raise TuningError("it had no value to go back to")
        _write_key(write.key, write.before)
        if not same(write.key, read_key(write.key), write.before):
            raise TuningError(f"the kernel did not take {quoted(write.key, write.before)} again")

    journal.append(Step(write.key, undo))
    try:
        if write.key in keys:
            _write_open(keys[write.key], write.after)
        else:
            _write_key(write.key, write.after)
    except OSError as error:
        raise _not_set(write, error) from error


def _read_back(plan: Plan, keys: OpenKeys) -> None:
    for key, value in plan.wanted.items():
        if value is None or key not in plan.observed.runtime:
            continue
        try:
            live = read_open(keys[key]) if key in keys else read_key(key)
        except OSError as error:
            raise TuningError(f"{key}: cannot be read back", key, error) from error
        if not same(key, live, value):
            kept = same(key, live, plan.observed.runtime[key])
            why = (
                "a key set after it, or another program, put it back"
                if kept
                else "the kernel, or another program, changed it"
            )
            text = f"{key}: {quoted(key, value)} was written, but it reads back {quoted(key, live)}: {why}"
            raise TuningError(f"{text}. Ask for a value that stays", key)
