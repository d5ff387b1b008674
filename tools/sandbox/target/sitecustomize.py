# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let a target's Python load Ansible's modules already compiled: most of a run is compiling them.

Python keeps no compiled code of what it imports from a zip file, and Ansible sends a new zip file
for each task. The same source has the same code, so `../compiled.py` compiles it once for all
tests. Tests that trace a run, or choose a Python, do not use this.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import zipimport

FOLDER = os.path.join(os.environ["NETOPS_COMPILED"], str(sys.implementation.cache_tag))
compile_source = getattr(zipimport, "_compile_source", None)
"""None before Python 3.8, whose zipimport is written in C."""


def load_or_compile(path: str, source: bytes) -> object:
    """Return the code of a source, as zipimport._compile_source does."""
    name = hashlib.sha256(source.replace(b"\r\n", b"\n")).hexdigest()
    try:
        with open(os.path.join(FOLDER, name), "rb") as file:
            return marshal.load(file)  # noqa: S302 # our own
    except OSError:
        return compile_source(path, source) if compile_source is not None else None


if compile_source is not None:
    zipimport._compile_source = load_or_compile  # type: ignore[attr-defined]
