# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip archive in what Ansible sends for a module."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Mapping

ARCHIVE = re.compile(rb"UEsD[A-Za-z0-9+/=]+")
"""The first bytes of a zip archive, in Base64, and the rest of it."""


def files_of(module: bytes) -> dict[str, bytes]:
    """Unpack what Ansible sends; return file name -> content."""
    archive = base64.b64decode(_encoded_archive(module))
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        return {name: files.read(name) for name in files.namelist()}


def with_files(module: bytes, files: Mapping[str, bytes]) -> bytes:
    """Return what Ansible sends, with other files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, source in files.items():
            archive.writestr(name, source)
    return module.replace(_encoded_archive(module), base64.b64encode(packed.getvalue()))


def _encoded_archive(module: bytes) -> bytes:
    encoded: list[bytes] = ARCHIVE.findall(module)
    return max(encoded, key=len)
