# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spares a target's Python compiling Ansible's modules anew at each run, which is most of what a run costs.

Python keeps no compiled code for what it imports from a zip file, and Ansible sends one each time. Here the same source
gives the same code, compiled once for all tests (`../compiled.py`). Tests that trace a run, or name a Python, do without.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import zipimport

FOLDER = os.path.join(os.environ["NETOPS_COMPILED"], str(sys.implementation.cache_tag))
compile_anew = getattr(
    zipimport, "_compile_source", None
)  # None: before Python 3.8, where zipimport is no Python


def look_up(path: str, source: bytes) -> object:
    name = hashlib.sha256(source.replace(b"\r\n", b"\n")).hexdigest()
    try:
        with open(os.path.join(FOLDER, name), "rb") as file:
            return marshal.load(file)  # noqa: S302 # our own
    except OSError:
        return compile_anew(path, source) if compile_anew is not None else None


if compile_anew is not None:
    zipimport._compile_source = look_up  # type: ignore[attr-defined]
