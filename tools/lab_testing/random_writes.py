# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated writes to keys of the whole kernel, each from a state that other writes have left.

usage: python -m lab_testing.random_writes [--release N] COUNT [FIRST]

checks so many of them on a virtual machine, and prints those that do what the collection does not
say, see kernel_writes.py. sandbox.random_writes does that for the keys of the network.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from lab.lab import Lab

from .installation import install
from .seeds import check_seeds

FOLDER = "/opt/writes"
"""Of the virtual machine: what runs there."""


def check_random_writes(lab: Lab, host: str, first: int, count: int) -> list[dict[str, Any]]:
    """Write by these seeds on a virtual machine, and to one-way keys; return the outcomes."""
    install(lab, host, FOLDER, {})
    command = ["env", f"PYTHONPATH={FOLDER}", "python3", "-m", "lab_testing.kernel_writes"]
    printed = lab.run(host, *command, str(first), str(count))
    outcomes = [json.loads(line) for line in printed.splitlines()]
    assert len(outcomes) == count + 1, printed
    return outcomes


if __name__ == "__main__":
    sys.exit(check_seeds("random_writes", "times random writes", check_random_writes))
