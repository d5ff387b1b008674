# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of a network namespace as open files: reading one costs an eighth of opening it."""

from __future__ import annotations

import contextlib
import os

from . import agent

_SHORT = 256
"""Bytes that are read of a value first: nearly all are shorter."""
_LONG = 65536


class OpenKeys:
    """All keys below /proc/sys/net of the namespace that this process is in now.

    Those that cannot be read, and the volatile ones, are left out.
    """

    def __init__(self) -> None:
        self._files: dict[str, int] = {}
        """Path -> descriptor."""
        for folder, _folders, names in os.walk("/proc/sys/net"):
            for name in names:
                path = f"{folder}/{name}"
                if not any(part in path for part in agent.VOLATILE):
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
