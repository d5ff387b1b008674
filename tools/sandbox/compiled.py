# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compile Python sources for `target/sitecustomize.py`. A target's Python runs this script.

usage: compiled.py OUTPUT SOURCE_FOLDER...
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import sys
from pathlib import Path


def main(output: str, *folders: str) -> None:
    """Compile every source below the folders, into files named by the hash of the source."""
    target = Path(output, str(sys.implementation.cache_tag))
    target.mkdir(parents=True, exist_ok=True)
    compiled = set(os.listdir(target))
    for folder in folders:
        for path in Path(folder).rglob("*.py"):
            source = path.read_bytes().replace(b"\r\n", b"\n")
            name = hashlib.sha256(source).hexdigest()
            if name in compiled:
                continue
            with contextlib.suppress(SyntaxError):  # a source of a newer Python
                code = compile(source, str(path), "exec", dont_inherit=True)
                temporary = target / f"{name}.{os.getpid()}"
                temporary.write_bytes(marshal.dumps(code))
                temporary.replace(target / name)


main(*sys.argv[1:])
