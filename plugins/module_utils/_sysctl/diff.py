# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan changes, as Ansible shows it: before and after of the kernel, then of each file."""

from __future__ import annotations

from .plan import FileChange, Plan
from .secrets import REDACTED, SECRET_SUFFIXES, display_value
from .text import decode, printable

RUNTIME = "/proc/sys"


def build_diff(plan: Plan) -> list[dict[str, str]]:
    """Return what changes: of the kernel first, then of each file."""
    diffs = [_file_diff(change, plan) for change in plan.files]
    if plan.writes:
        before = "".join(
            f"{w.key} = {display_value(w.key, w.before)}\n"
            for w in plan.writes
            if w.before is not None
        )
        after = "".join(f"{w.key} = {display_value(w.key, w.after)}\n" for w in plan.writes)
        diffs.insert(
            0, {"before_header": RUNTIME, "after_header": RUNTIME, "before": before, "after": after}
        )
    return diffs


def _file_diff(change: FileChange, plan: Plan) -> dict[str, str]:
    attributes = plan.observed.attributes if change.real_path == plan.observed.real_path else ()
    build_diff = {"before": _displayable(change.before), "after": _displayable(change.after)}
    for side, data in (("before", change.before), ("after", change.after)):
        marks = [f"{name}={old if side == 'before' else new}" for name, old, new in attributes]
        build_diff[f"{side}_header"] = (
            "/dev/null" if data is None else printable(" ".join([change.path, *marks]))
        )
    return build_diff


def _displayable(data: bytes | None) -> str:
    """Return a file as a diff may show it: printable, without secrets, in comments too."""
    text = decode(data or b"")
    if any(mark in text for mark in SECRET_SUFFIXES):
        pieces = [line.partition("=") for line in text.split("\n")]
        secret = [
            equals and any(mark in head for mark in SECRET_SUFFIXES)
            for head, equals, _unused in pieces
        ]
        text = "\n".join(
            f"{h}= {REDACTED}" if hide else h + e + t for (h, e, t), hide in zip(pieces, secret)
        )
    return printable(text)
