# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the measurement in a virtual machine of the lab, with the kernel of a Debian release."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

from lab.lab import Lab, open_lab

from .measure import Observation, in_order

PACKAGE = Path(__file__).parent
REMOTE = "/run/tools"


def measure_release(release: str, keys: list[str]) -> tuple[str, list[Observation]]:
    """Return the kernel of a Debian release, and what it did: all of it takes an hour or more."""
    with tempfile.TemporaryDirectory() as folder, open_lab(Path(folder, "lab")) as lab:
        (host,) = lab.up("vm", [release], 1)
        kernel = lab.run(host, "uname", "-r").strip()
        copy_package(lab, host)
        by_key = []
        for scope in ("namespaces", "kernel"):
            command = ["env", f"PYTHONPATH={REMOTE}", "python3", "-m", "couplings.measure"]
            output = lab.run(host, *command, scope, *keys)
            for line in output.splitlines():
                by_key.append(json.loads(line))
        return kernel, in_order(by_key)


def copy_package(lab: Lab, host: str) -> None:
    """Copy this package, which needs only Python, to the virtual machine."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(PACKAGE.glob("*.py")):
            archive.add(path, arcname=f"{PACKAGE.name}/{path.name}")
    command = lab.ssh(host, "mkdir", "-p", REMOTE, "&&", "tar", "-x", "-C", REMOTE)
    subprocess.run(command, input=buffer.getvalue(), check=True)
