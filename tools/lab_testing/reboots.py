# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs generated histories on a virtual machine, each over a real reboot.

usage: python -m lab_testing.reboots [--release N] COUNT [FIRST]

prints those of kernel_histories.py that do not end as expected. The machine runs one after the
other by itself, see history_boot.py; it boots no further than to where all settings are applied.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from lab.lab import Lab
from lab.waiting import wait_until

from .installation import install
from .seeds import check_seeds

FOLDER = "/opt/histories"
"""Of the virtual machine: what runs there, and what it did."""

SERVICE = f"""\
[Unit]
Requires=sysinit.target
After=sysinit.target
DefaultDependencies=no
OnFailure=multi-user.target
[Service]
Type=oneshot
Environment=PYTHONPATH={FOLDER} LC_ALL=C.UTF-8
ExecStart=/usr/bin/python3 -m lab_testing.history_boot {FOLDER}
StandardOutput=journal+console
StandardError=journal+console
"""
TARGET = """\
[Unit]
Requires=histories.service
After=histories.service
AllowIsolate=yes
"""
START = """\
#!/bin/sh
set -eu
systemctl --quiet set-default histories.target
sync
nohup systemctl --no-block reboot --force >/dev/null 2>&1 &
"""


def check_histories(lab: Lab, host: str, first: int, count: int) -> list[dict[str, Any]]:
    """Run the histories of these seeds on a virtual machine; return the outcome of each."""
    boots = lab.hosts()[0]["boots"]
    _install(lab, host, {"next": first, "end": first + count})
    lab.run(host, f"{FOLDER}/start")
    for number in range(boots + 1, boots + count + 2):
        _wait_for_boot(lab, host, number)
    lab.wait([host])
    lines = lab.run(host, "cat", f"{FOLDER}/outcomes").splitlines()
    outcomes = [json.loads(line) for line in lines]
    assert len(outcomes) == count, lab.console(host)
    return outcomes


def _wait_for_boot(lab: Lab, host: str, number: int) -> None:
    def has_booted() -> bool:
        return bool(lab.hosts()[0]["boots"] >= number)

    wait_until(has_booted, lambda: f"boot {number} does not come:\n{lab.console(host)}")


def _install(lab: Lab, host: str, state: dict[str, Any]) -> None:
    """Copy all that runs the histories to a virtual machine."""
    units = "/etc/systemd/system/histories"
    texts = {
        f"{FOLDER}/state": json.dumps(state),
        f"{FOLDER}/outcomes": "",
        f"{FOLDER}/start": START,
        f"{units}.service": SERVICE,
        f"{units}.target": TARGET,
    }
    install(lab, host, FOLDER, texts)


if __name__ == "__main__":
    sys.exit(check_seeds("reboots", "histories", check_histories))
