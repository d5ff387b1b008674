# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of /proc/sys as open files: reading one costs an eighth of opening it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from . import agent

_SHORT = 256
"""Bytes that are read of a value first: nearly all are shorter."""
_LONG = 65536


def is_volatile(path: str) -> bool:
    """Tell whether a key of the network is a counter or a secret."""
    return any(part in path for part in agent.VOLATILE)


class OpenKeys:
    """All keys below a folder, by default those of the network namespace of this process.

    Those that cannot be read are left out, and those that change by themselves.
    """

    def __init__(
        self, top: str = "/proc/sys/net", is_left_out: Callable[[str], bool] = is_volatile
    ) -> None:
        self._files: dict[str, int] = {}
        """Path -> descriptor."""
        for folder, _folders, names in os.walk(top):
            for name in names:
                path = f"{folder}/{name}"
                if not is_left_out(path):
                    with contextlib.suppress(OSError):
                        self._files[path] = os.open(path, os.O_RDONLY)

    def __enter__(self) -> OpenKeys:
        return self

    def __exit__(self, *error: object) -> None:
        for file in self._files.values():
            os.close(file)

    def values(self) -> dict[str, bytes]:
        """Return the value of each key, by its path."""
        values = {}
        for path, file in self._files.items():
            with contextlib.suppress(OSError):
                raw = os.pread(file, _SHORT, 0)
                if len(raw) == _SHORT:
                    raw = os.pread(file, _LONG, 0)
                values[path] = raw
        return values
