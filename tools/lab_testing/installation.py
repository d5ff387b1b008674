# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies the collection, and tools that need no more than Python, to a host of a lab."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import ansible
from lab.lab import Lab
from lab.roots import PROJECT

PACKAGES = ("couplings", "lab_testing", "sandbox")
"""The tools that are copied."""


def install(lab: Lab, host: str, folder: str, texts: Mapping[str, str]) -> None:
    """Copy tools and collection to a folder of a host, and texts to their paths there."""
    collection = PROJECT / ".build/src/ansible_collections/netops/tuning/plugins"
    plugins = f"{folder}/ansible_collections/netops/tuning/plugins"
    library = Path(ansible.__file__).parent
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for package in PACKAGES:
            _add_python(archive, PROJECT / "tools" / package, f"{folder}/{package}")
        _add_python(archive, collection / "module_utils", f"{plugins}/module_utils")
        _add_python(archive, library / "module_utils", f"{folder}/ansible/module_utils")
        for name in ("__init__.py", "release.py"):
            archive.add(library / name, f"{folder}/ansible/{name}")
        _add_python(archive, library / "_vendor", f"{folder}/ansible/_vendor")
        for path, text in texts.items():
            entry = tarfile.TarInfo(path)
            entry.mode = 0o755
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    command = lab.ssh(host, "tar -x -C / --no-same-owner")
    subprocess.run(command, input=buffer.getvalue(), check=True)


def _add_python(archive: tarfile.TarFile, folder: Path, target: str) -> None:
    for path in sorted(folder.rglob("*.py")):
        archive.add(path, f"{target}/{path.relative_to(folder)}")
