# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry a plan out as one transaction: all of it, or nothing.

Kernel modules are loaded, runtime values are written in the order given, all of them are read
back, then the files are changed, ours first, then what cannot be taken back is written. Each change
of a file adds to a journal how it is undone before it is done. On any error the journal is undone,
newest step first, and all runtime values that the writes may have changed are restored.
"""

from __future__ import annotations

import os
import signal
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Callable, Collection, Iterator, Mapping, NoReturn

from .._lazy_module import LazyModule
from .._sysctl.errors import TuningError, describe_os_error
from .._sysctl.files.loaders import FOLDERS
from .._sysctl.keys import may_have_requirements
from .._sysctl.plans.plan import FileChange, Plan
from .file_change import SetAttributes, UndoStep, change_file, remove_leftovers, require_writable
from .files import HostFiles
from .runtime.proc_sys import require_writable_key
from .runtime.runtime_values import RuntimeValues

if TYPE_CHECKING:
    from .modules import kernel_modules
    from .runtime import refusals, requirements
else:
    kernel_modules = LazyModule(__name__, ".modules.kernel_modules")
    refusals = LazyModule(__name__, ".runtime.refusals")
    requirements = LazyModule(__name__, ".runtime.requirements")


_MADE_FOLDERS = (*FOLDERS, "/etc/modules-load.d")
"""Folders that are made where they are missing."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def check_writable(plan: Plan, files: HostFiles) -> None:
    """Refuse what can be seen to fail before anything is written.

    That is: no privilege, a name that the kernel does not have, a read-only file system, no
    folder, a folder that others may write to.
    """
    needs = plan.observed.modules
    coming_keys: Collection[str] = ()
    if needs and needs.to_load:
        kernel_modules.require_loadable(needs)
        coming_keys = needs.coming_keys
    for write in plan.writes:
        if write.key in coming_keys:
            continue
        try:
            require_writable_key(write.key)
        except OSError as error:
            raise refusals.write_error(write, error) from error
    if any(may_have_requirements(key) for key in plan.desired):
        requirements.require_what_is_needed(plan)
    for change in plan.files:
        _check_folder(change, files)


def _check_folder(change: FileChange, files: HostFiles) -> None:
    folder = _parent(change.real_path)
    if not os.path.isdir(files.host_path(folder)):
        folders_made_for_the_user = [files.resolve(name) for name in _MADE_FOLDERS]
        if folder not in folders_made_for_the_user:
            raise TuningError(
                f"{change.path}: there is no folder {folder}; create it, "
                "or choose a path in /etc/sysctl.d"
            )
        folder = _parent(folder)
    require_writable(files.host_path(folder), f"{change.path} cannot be written")
    _require_trusted_folder(change.path, folder, files)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _require_trusted_folder(path: str, folder: str, files: HostFiles) -> None:
    """Refuse a folder in which others could replace our file, or which they could replace.

    Trusted are root, the user we run as, and the owner of the host's root folder.
    """
    root = os.stat(files.root)
    trusted_users = {0, os.geteuid(), root.st_uid}
    trusted_groups = {0, os.getegid(), root.st_gid}
    ancestor = folder
    while ancestor:
        status = os.stat(files.host_path(ancestor))
        writable_by_others = status.st_mode & stat.S_IWOTH
        if status.st_gid not in trusted_groups:
            writable_by_others |= status.st_mode & stat.S_IWGRP
        # In a sticky folder nobody can rename or remove what belongs to somebody else.
        sticky = status.st_mode & stat.S_ISVTX
        exposed = writable_by_others and (ancestor == folder or not sticky)
        if exposed or status.st_uid not in trusted_users:
            reason = "others may write to it"
            if not exposed:
                reason = f"it belongs to user {status.st_uid}"
            raise TuningError(
                f"{path} is not safe from others: of the folder {ancestor} {reason}; "
                "take that away, or choose another path"
            )
        ancestor = _parent(ancestor)


def carry_out(
    values: RuntimeValues, files: HostFiles, attributes: Mapping[str, SetAttributes], backup: bool
) -> list[str]:
    """Carry out all of a plan or nothing, and return the paths of the backups made.

    values: the runtime values of the plan.
    attributes: file, links followed -> a function that sets the attributes of its replacement.
    """
    journal: list[UndoStep] = []
    # Neither the clean-up nor the undoing may be interrupted; the work itself may, and is undone.
    with _signal_handlers(signal.SIG_IGN):
        try:
            with _signal_handlers(_raise_on_signal):
                backups = _carry_out_steps(values, files, attributes, backup, journal)
        except (Exception, KeyboardInterrupt) as error:  # whatever it is, the host comes first
            raise _undo(error, journal, values) from error
        _remove_temporary_files(journal)
    return backups


def _carry_out_steps(
    values: RuntimeValues,
    files: HostFiles,
    attributes: Mapping[str, SetAttributes],
    backup: bool,
    journal: list[UndoStep],
) -> list[str]:
    plan = values.plan
    if plan.request.persistent:
        changed_files = {change.real_path for change in plan.files}
        if plan.observed.modules:
            changed_files.add(plan.observed.modules.real_path)
        for real in {plan.observed.real_path, *changed_files}:
            remove_leftovers(files.host_path(real))
    if plan.observed.modules and plan.observed.modules.to_load:
        kernel_modules.load_modules(plan.observed.modules, journal)
    values.write_first()
    backups: list[str] = []
    for change in plan.files:
        set_attributes = attributes.get(change.real_path)
        backups += change_file(change, files, set_attributes, backup, journal)
    values.write_last()
    return backups


def _remove_temporary_files(journal: list[UndoStep]) -> None:
    for step in journal:
        if step.temporary:
            # What cannot be removed has a name that no loader reads; the next run tries again.
            with suppress(OSError):
                step.undo()


@contextmanager
def _signal_handlers(handler: Callable[..., object] | signal.Handlers) -> Iterator[None]:
    """Handle the signals that end a process in this way for a while."""
    handlers_before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler_before in handlers_before.items():
            signal.signal(number, handler_before)


def _raise_on_signal(number: int, _frame: object) -> NoReturn:
    raise TuningError(f"ended by {signal.Signals(number).name}")


def _undo(error: BaseException, journal: list[UndoStep], values: RuntimeValues) -> TuningError:
    """Undo the journal, newest step first, then restore the values; return the error to report.

    Its ``rolled_back`` is false, and its message names what it is, if something cannot be undone.
    """
    failure = error if isinstance(error, TuningError) else TuningError(f"it broke off: {error!r}")
    not_undone = []
    for step in reversed(journal):
        try:
            step.undo()
        except OSError as undo_error:
            not_undone.append(f"{step.what} ({describe_os_error(undo_error)})")
        except TuningError as undo_error:
            not_undone.append(f"{step.what} ({undo_error})")
    for key, reason in values.restore().items():
        not_undone.append(f"{key} ({reason})")
    if not_undone:
        failure.args = (f"{failure}. NOT put back: {'; '.join(not_undone)}",)
        failure.rolled_back = False
    return failure
