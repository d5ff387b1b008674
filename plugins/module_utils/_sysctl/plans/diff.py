# SPDX-License-Identifier: GPL-3.0-or-later

"""The changes of a plan as Ansible's diff: first of /proc/sys, then of each file."""

from __future__ import annotations

import re
from typing import Iterable

from ..keys import is_glob, normalize_key
from ..secrets import REDACTED, SECRET_SUFFIXES, display_value, is_secret
from ..text import decode, printable
from .plan import FileChange, Plan

RUNTIME = "/proc/sys"


def build_diff(plan: Plan) -> list[dict[str, str]]:
    """Return one entry for the runtime values, if any change, and one for each file."""
    diffs = []
    if plan.writes:
        diffs.append(_runtime_diff(plan))
    for change in plan.files:
        diffs.append(_file_diff(change, plan))
    return diffs


def _runtime_diff(plan: Plan) -> dict[str, str]:
    before = []
    after = []
    for write in plan.writes:
        if write.before is not None:
            before.append(f"{write.key} = {display_value(write.key, write.before)}\n")
        after.append(f"{write.key} = {display_value(write.key, write.after)}\n")
    return {
        "before_header": RUNTIME,
        "after_header": RUNTIME,
        "before": "".join(before),
        "after": "".join(after),
    }


def _file_diff(change: FileChange, plan: Plan) -> dict[str, str]:
    current_attributes = []
    requested_attributes = []
    if change.real_path == plan.observed.real_path:
        for name, current, requested in plan.observed.attributes:
            current_attributes.append(f"{name}={current}")
            requested_attributes.append(f"{name}={requested}")
    return {
        "before": _displayable(change.before),
        "after": _displayable(change.after),
        "before_header": _file_header(change.path, change.before, current_attributes),
        "after_header": _file_header(change.path, change.after, requested_attributes),
    }


def _file_header(path: str, data: bytes | None, attributes: Iterable[str]) -> str:
    if data is None:
        return "/dev/null"
    return printable(" ".join([path, *attributes]))


def _displayable(data: bytes | None) -> str:
    """Return a file as a diff may show it: printable, and without secrets, in comments too."""
    text = decode(data or b"")
    for suffix in SECRET_SUFFIXES:
        if suffix in text:
            # A line end of systemd, such as a lone CR, may stand before the key on the same line.
            text = re.sub(rf"({suffix}[^=\n]*=).*", rf"\1 {REDACTED}", text)
    if is_glob(text):
        text = _without_secrets_of_globs(text)
    return printable(text)


def _without_secrets_of_globs(text: str) -> str:
    for name in set(re.findall(r"([^=\n\r\0]*)=", text)):
        if is_glob(name) and is_secret(normalize_key(name.strip("#;- \t\v\f"))):
            text = re.sub(rf"({re.escape(name)}=).*", rf"\1 {REDACTED}", text)
    return text
