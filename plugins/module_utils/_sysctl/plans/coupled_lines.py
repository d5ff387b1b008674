# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of the lines in our file, where keys act on each other, and what they do to others.

Imported only where a requested key may be one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable

from ..._lazy_module import LazyModule
from ..boot.precedence import precedence_of
from ..files.sysctl_d import Line, parse_lines
from ..kernel.couplings import influences_on, variable_of
from ..kernel.values import values_equal
from ..keys import NO_MODULES_AFTER, may_be_coupled
from .boot_file_editor import BootFileEditor
from .coupled_request import is_direct, lines_before_their_default

if TYPE_CHECKING:
    from ..kernel import one_way
else:
    one_way = LazyModule(__name__, "..kernel.one_way")


def put_in_order(editor: BootFileEditor) -> None:
    """Move lines of ours behind those that would change their keys, or that they would stop."""
    _move_behind_defaults(editor)
    _move_behind_unclear(editor)
    _move_behind_changes(editor)
    _move_behind_stopped(editor)


def changed_lines(editor: BootFileEditor) -> tuple[tuple[Line, Line], ...]:
    """Return the lines of ours that this task does not ask for, but whose values it changes.

    Each with the line of this task that decides the key at boot.
    """
    observed = editor.observed
    data = editor.boot_files.contents.get(observed.real_path, b"")
    others: dict[str, Line] = {}
    for line in parse_lines(data, observed.loader, observed.path, observed.real_path):
        if line.value and line.key not in editor.desired and may_be_coupled(line.key):
            others[line.key] = line
    if not others:
        return ()
    precedence = precedence_of(editor.boot_files, observed.loader, others, live=observed.runtime)
    changed = []
    for key, line in others.items():
        winner = precedence.winner(key)
        if winner is None or not winner.value or winner.key not in editor.desired:
            continue
        is_ours = winner.real_path == observed.real_path
        if is_ours and not values_equal(key, winner.value, line.value):
            changed.append((line, winner))
    return tuple(changed)


def _move_behind_changes(editor: BootFileEditor) -> None:
    """Move lines behind other lines of ours that give their keys another value."""
    overridden = editor.overridden()
    for _round in overridden:
        keys = _keys_changed_by_ours(editor, overridden)
        if not keys:
            break
        editor.move_to_end(keys)
        overridden = editor.overridden()


def _move_behind_defaults(editor: BootFileEditor) -> None:
    """Move lines of interfaces behind those of the defaults that they would inherit."""
    observed = editor.observed
    data = editor.boot_files.contents.get(observed.real_path)
    keys = [key for key in editor.request.settings if may_be_coupled(key)]
    if data is not None:
        early = lines_before_their_default(data, observed.loader, keys)
        if early:
            editor.move_to_end(early)


def _move_behind_unclear(editor: BootFileEditor) -> None:
    """Move lines behind other lines of ours that change their keys to what is not known."""
    if editor.precedence.are_certain(editor.desired):
        return
    from ..boot.coupling_doubts import unclear_lines

    keys: dict[str, None] = {}
    for key, line in unclear_lines(editor.precedence, editor.desired):
        is_ours = line.real_path == editor.observed.real_path
        if is_ours and (line.key not in editor.desired or not _sets_or_changes(key, line.key)):
            keys[_requested_name(editor, key)] = None
    if keys:
        editor.move_to_end(list(keys))


def _sets_or_changes(key: str, other_key: str) -> bool:
    """Tell whether writing a key sets another one, as its other name, or may change it."""
    acting = [variable_of(influence.key) for influence in influences_on(other_key)]
    return variable_of(key) in (variable_of(other_key), *acting)


def _move_behind_stopped(editor: BootFileEditor) -> None:
    """Move lines after which the kernel loads no module behind those that may need one."""
    observed = editor.observed
    lines = parse_lines(editor.boot_files.contents.get(observed.real_path, b""), observed.loader)
    assigned = [line.key for line in lines if line.value is not None]
    values = {line.key: line.value or "" for line in lines}
    stopping = [key for key in NO_MODULES_AFTER if key in assigned]
    stopping = [key for key in stopping if one_way.stops_modules(key, values[key])]
    if stopping and assigned[-len(stopping) :] != stopping:
        editor.move_to_end(stopping)


def _keys_changed_by_ours(
    editor: BootFileEditor, overridden: Iterable[tuple[str, Line | None]]
) -> list[str]:
    """Return the keys, or globs, with a line of ours that another line of ours undoes."""
    keys: dict[str, None] = {}
    for key, winner in overridden:
        if winner is None or winner.real_path != editor.observed.real_path:
            continue
        if may_be_coupled(key) and not is_direct(key, winner):
            keys[_requested_name(editor, key)] = None
    return list(keys)


def _requested_name(editor: BootFileEditor, key: str) -> str:
    """Return the key or the glob under which a key is requested."""
    settings = editor.request.settings
    if key in settings:
        return key
    for glob, matches in editor.observed.matches.items():
        if key in matches and glob in settings:
            return glob
    return key
