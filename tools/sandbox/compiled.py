# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run by a target's Python: compile every source below the folders named, for `target/sitecustomize.py`, into the first of them."""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import sys
from pathlib import Path


def main(into: str, *folders: str) -> None:
    target = Path(into, str(sys.implementation.cache_tag))
    target.mkdir(parents=True, exist_ok=True)
    kept = set(os.listdir(target))
    for path in (path for folder in folders for path in Path(folder).rglob("*.py")):
        source = path.read_bytes().replace(b"\r\n", b"\n")
        name = hashlib.sha256(source).hexdigest()
        if name not in kept:
            with contextlib.suppress(SyntaxError):
                made = target / f"{name}.{os.getpid()}"
                made.write_bytes(
                    marshal.dumps(compile(source, str(path), "exec", dont_inherit=True))
                )
                made.replace(target / name)


main(*sys.argv[1:])
