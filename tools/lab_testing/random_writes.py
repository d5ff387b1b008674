# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated writes to keys of the whole kernel, each from a state that other writes have left.

usage: python -m lab_testing.random_writes [--release N] COUNT [FIRST]

checks so many of them on a virtual machine, and prints those that do what the collection does not
say, see kernel_writes.py. sandbox.random_writes does that for the keys of the network.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from lab.lab import Lab, open_lab
from lab.roots import release_of

from .installation import install

FOLDER = "/opt/writes"
"""Of the virtual machine: what runs there."""


def check_random_writes(lab: Lab, host: str, first: int, count: int) -> list[dict[str, Any]]:
    """Check the writes of these seeds on a virtual machine; return what is not as expected."""
    install(lab, host, FOLDER, {})
    command = ["env", f"PYTHONPATH={FOLDER}", "python3", "-m", "lab_testing.kernel_writes"]
    printed = lab.run(host, *command, str(first), str(count))
    outcomes = [json.loads(line) for line in printed.splitlines()]
    assert len(outcomes) == count + 1, printed
    return [outcome for outcome in outcomes if outcome["problems"]]


def main() -> int:
    """Run the writes; return 1 if one does what is not expected."""
    parser = argparse.ArgumentParser(prog="python -m lab_testing.random_writes")
    parser.add_argument("--release", type=release_of, default="bookworm", help="default: 12")
    parser.add_argument("count", type=int)
    parser.add_argument("first", type=int, nargs="?", default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_lab(Path(folder, "lab")) as lab:
        (host,) = lab.up("vm", [options.release], 1)
        problems = check_random_writes(lab, host, options.first, options.count)
    for outcome in problems:
        print(json.dumps(outcome))
    print(f"{options.count} times random writes, {len(problems)} not as expected")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
