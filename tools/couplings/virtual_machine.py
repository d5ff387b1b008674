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
from .ranges import Ranges

PACKAGE = Path(__file__).parent
REMOTE = "/run/tools"


def measure_release(release: str, keys: list[str]) -> tuple[str, list[Observation]]:
    """Return the kernel of a Debian release, and what it did: all of it takes an hour or more."""
    with tempfile.TemporaryDirectory() as folder, open_lab(Path(folder, "lab")) as lab:
        host, kernel = _start(lab, release)
        by_key = []
        for scope in ("namespaces", "kernel"):
            for line in _run(lab, host, "measure", scope, *keys).splitlines():
                by_key.append(json.loads(line))
        return kernel, in_order(by_key)


def measure_ranges_of_release(release: str, keys: list[str]) -> tuple[str, Ranges]:
    """Return the kernel of a Debian release, and the ranges of its keys."""
    with tempfile.TemporaryDirectory() as folder, open_lab(Path(folder, "lab")) as lab:
        host, kernel = _start(lab, release)
        ranges = json.loads(_run(lab, host, "ranges", *keys))
        return kernel, ranges


def _start(lab: Lab, release: str) -> tuple[str, str]:
    """Start a virtual machine; return its name, and the release of its kernel."""
    (host,) = lab.up("vm", [release], 1)
    kernel = lab.run(host, "uname", "-r").strip()
    copy_package(lab, host)
    return host, kernel


def _run(lab: Lab, host: str, program: str, *arguments: str) -> str:
    """Return what a program of this package prints there."""
    command = ["env", f"PYTHONPATH={REMOTE}", "python3", "-m", f"couplings.{program}"]
    return lab.run(host, *command, *arguments)


def copy_package(lab: Lab, host: str) -> None:
    """Copy this package, which needs only Python, to the virtual machine."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(PACKAGE.glob("*.py")):
            archive.add(path, arcname=f"{PACKAGE.name}/{path.name}")
    command = lab.ssh(host, "mkdir", "-p", REMOTE, "&&", "tar", "-x", "-C", REMOTE)
    subprocess.run(command, input=buffer.getvalue(), check=True)
