# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan changes, as Ansible shows it: before and after of the kernel, then of each file."""

from __future__ import annotations

from .plan import FileChange, Plan
from .sysctl_d import decode
from .values import HIDDEN, SECRETS, printable, shown

RUNTIME = "/proc/sys"


def diff(plan: Plan) -> list[dict[str, str]]:
    """Return what changes: of the kernel first, then of each file."""
    diffs = [_file_diff(change, plan) for change in plan.files]
    if plan.writes:
        before = "".join(f"{w.key} = {shown(w.key, w.before)}\n" for w in plan.writes if w.before is not None)
        after = "".join(f"{w.key} = {shown(w.key, w.after)}\n" for w in plan.writes)
        diffs.insert(0, {"before_header": RUNTIME, "after_header": RUNTIME, "before": before, "after": after})
    return diffs


def _file_diff(change: FileChange, plan: Plan) -> dict[str, str]:
    attributes = plan.observed.attributes if change.real == plan.observed.real else ()
    diff = {"before": _readable(change.before), "after": _readable(change.after)}
    for side, data in (("before", change.before), ("after", change.after)):
        marks = [f"{name}={old if side == 'before' else new}" for name, old, new in attributes]
        diff[f"{side}_header"] = "/dev/null" if data is None else printable(" ".join([change.path, *marks]))
    return diff


def _readable(data: bytes | None) -> str:
    """Return a file as a diff may show it: printable, without secrets, in comments too."""
    text = decode(data or b"")
    if any(mark in text for mark in SECRETS):
        pieces = [line.partition("=") for line in text.split("\n")]
        secret = [equals and any(mark in head for mark in SECRETS) for head, equals, _unused in pieces]
        text = "\n".join(f"{h}= {HIDDEN}" if hide else h + e + t for (h, e, t), hide in zip(pieces, secret))
    return printable(text)
