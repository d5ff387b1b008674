# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of the lines in our file, where keys limit each other.

Imported only where the kernel may refuse a line because of another key.
"""

from __future__ import annotations

from ..boot.mutual_limits import blocking_keys
from ..files.sysctl_d import Line
from ..keys import may_be_limited
from .boot_file_editor import BootFileEditor


def move_behind_limits(
    editor: BootFileEditor, overridden: list[tuple[str, Line | None]]
) -> list[tuple[str, Line | None]]:
    """Move lines of ours to where the kernel takes them; return what is overridden then.

    overridden: what is so before, as ``BootFileEditor.overridden`` returns it.
    """
    for _round in range(len(overridden)):
        refused = _refused_lines(editor, overridden)
        if not refused:
            break
        if not editor.move_to_end(refused):
            break
        overridden = editor.overridden()
    return overridden


def _refused_lines(editor: BootFileEditor, overridden: list[tuple[str, Line | None]]) -> list[str]:
    """Return the keys and globs of our lines that the kernel refuses because of another key."""
    keys: dict[str, None] = {}
    for key, _winner in overridden:
        line = editor.precedence.decision(key).refused if may_be_limited(key) else None
        if line is None or not editor.precedence.why_refused(line, key):
            continue
        if line.real_path == editor.observed.real_path:
            for name in blocking_keys(key) or [line.key]:
                keys[name] = None
    return list(keys)
