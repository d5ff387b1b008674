# SPDX-License-Identifier: GPL-3.0-or-later

"""The mode, owner, group and SELinux context that a task asks for."""

from __future__ import annotations

import copy
import sys
from typing import Any, NoReturn

from .._sysctl.errors import TuningError
from .._sysctl.text import quote
from .base import TuningModule


class FileAttributes:
    """An adapter to AnsibleModule's file attributes.

    AnsibleModule ends the process when it cannot set one, and sets them at once. We must be able
    to undo a change first, and to look without setting. So these methods work on a copy of the
    module that raises TuningError instead, and that is in check mode while it only looks.
    """

    def __init__(self, module: TuningModule) -> None:
        self._module = module
        _refuse_decimal_mode(module.params.get("mode"))
        for option in ("owner", "group"):
            _refuse_impossible_number(option, module.params.get(option))
        _refuse_locked_file(module.params.get("attributes") or "")

    def differences(self, path: str) -> tuple[tuple[str, str, str], ...]:
        """Return the attributes of a file that are not as asked, as (name, current, asked).

        What is asked for and does not exist, such as an unknown owner, raises TuningError.
        """
        diff: dict[str, Any] = {"before": {}, "after": {}}
        self._apply(path, check_mode=True, diff=diff)
        differences = []
        for name, asked in diff["after"].items():
            current = str(diff["before"].get(name))
            if name == "path" or (name == "attributes" and _has_attributes(current, asked)):
                continue
            differences.append((name, current, str(asked)))
        return tuple(differences)

    def apply(self, path: str) -> None:
        """Give a file the attributes asked for, or raise TuningError."""
        self._apply(path, check_mode=False, diff=None)

    def _apply(self, path: str, check_mode: bool, diff: dict[str, Any] | None) -> None:
        module = copy.copy(self._module)
        module.check_mode = check_mode
        module.fail_json = self._raise  # type: ignore[method-assign] # of the copy alone
        asked = module.load_file_common_arguments(module.params, path)
        module.set_fs_attributes_if_different(asked, False, diff)

    def _raise(self, msg: str, details: object = None, **_result: Any) -> NoReturn:
        from .attribute_errors import attribute_error  # few runs fail

        cause = sys.exc_info()[1]
        os_error = cause if isinstance(cause, OSError) else None
        raise attribute_error(msg, details, self._module.params, os_error)


_HIGHEST_ID = (1 << 32) - 2
"""Of a user or a group: the kernel takes the next number for none."""
_HIGHEST_MODE = 0o777
_OCTAL_IN_DECIMAL = (400, 440, 444)
"""Permissions without their leading 0, which as decimal numbers would be odd ones."""


def _refuse_impossible_number(option: str, value: object) -> None:
    """Refuse a number that no user or group can have; a name is looked up by Ansible."""
    try:
        number = int(str(value))
    except ValueError:
        return
    if not 0 <= number <= _HIGHEST_ID:
        raise TuningError(
            f"{option}: {quote(value)} is not the number of a user or group: these are from 0 to "
            f"{_HIGHEST_ID}; give one of them, or a name"
        )


def _refuse_locked_file(attributes: str) -> None:
    """Refuse attributes with which a new file cannot get its name, nor be removed again."""
    if not attributes.startswith("-") and set(attributes) & set("ai"):
        raise TuningError(
            f"attributes: {quote(attributes)} keeps the file from being put in its place, and from "
            "being changed by the next run, as i (immutable) and a (append only) do; leave them out"
        )


def _has_attributes(current: str, asked: str) -> bool:
    """Tell whether a file has attributes already; Ansible sets those with a sign at each run.

    asked: with a sign before the letters. The kernel gives ``e`` (extents) itself.
    """
    present = set(current) - {"e"}
    letters = set(asked[1:]) - {"e"}
    if asked.startswith("+"):
        return letters <= present
    if asked.startswith("-"):
        return letters.isdisjoint(present)
    return letters == present


def _refuse_decimal_mode(mode: object) -> None:
    """Refuse a number that was meant to be octal: YAML reads 644 as a decimal number."""
    if isinstance(mode, str) and mode.startswith("-") and mode[1:].isdigit():
        from .attribute_errors import MODE_REMEDY, NO_MODE  # few runs fail

        raise TuningError(f"mode: {quote(mode)} is {NO_MODE}; {MODE_REMEDY}")
    if not isinstance(mode, int):
        return
    if 0 <= mode <= _HIGHEST_MODE and mode not in _OCTAL_IN_DECIMAL and not isinstance(mode, bool):
        return
    is_octal = not str(mode).strip("01234567")
    suggestion = str(mode).zfill(4) if is_octal else "0644"
    raise TuningError(
        f"mode: {str(mode).lower()} is not what it looks like: without a leading 0 it is a decimal "
        f"number, {int(mode):#o} in octal; write it in quotes: mode: '{suggestion}'"
    )
