# SPDX-License-Identifier: GPL-3.0-or-later

"""Comment out the lines of other files that override ours, with ``on_override: comment_out``."""

from __future__ import annotations

from typing import Iterable

from ..files.loaders import Loader
from ..files.sysctl_d import Line
from ..files.whole_lines import comment_out
from .boot_file_editor import BootFileEditor
from .coupled_request import is_direct


def comment_out_winners(
    editor: BootFileEditor, overridden: Iterable[tuple[str, Line | None]]
) -> bool:
    """Comment out the lines in files under /etc that win now; tell whether there were any."""
    segments: dict[str, set[int]] = {}
    for key, winner in overridden:
        # A line of another key stays: somebody else relies on what it sets.
        if winner and is_direct(key, winner) and winner.real_path.startswith("/etc/"):
            editor.other_files[winner.real_path] = winner.path
            segments.setdefault(winner.real_path, set()).add(winner.segment)
    for real_path, numbers in segments.items():
        rules = _rules_of(editor, real_path)
        data = comment_out(editor.boot_files.contents[real_path], rules, numbers)
        editor.set_file(editor.other_files[real_path], real_path, data)
    return bool(segments)


def _rules_of(editor: BootFileEditor, real_path: str) -> Loader:
    """Return by which rules a file is cut into lines: those of the program that reads it."""
    for stage in editor.boot_files.stages:
        if any(file.real_path == real_path for file in stage.files):
            return stage.rules
    return editor.observed.loader
