# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of what is generated from seeds and checked on a virtual machine."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.lab import Lab, open_lab
from lab.roots import release_of

Check = Callable[[Lab, str, int, int], list[dict[str, Any]]]
"""Takes a lab, its host, the first seed and how many; returns the outcomes with their problems."""


def check_seeds(module: str, noun: str, check: Check) -> int:
    """Check the seeds that the command line names; return 1 if one does what is not expected."""
    parser = argparse.ArgumentParser(prog=f"python -m lab_testing.{module}")
    parser.add_argument("--release", type=release_of, default="bookworm", help="default: 12")
    parser.add_argument("count", type=int)
    parser.add_argument("first", type=int, nargs="?", default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_lab(Path(folder, "lab")) as lab:
        (host,) = lab.up("vm", [options.release], 1)
        outcomes = check(lab, host, options.first, options.count)
    problems = [outcome for outcome in outcomes if outcome["problems"]]
    for outcome in problems:
        print(json.dumps(outcome))
    print(f"{options.count} {noun}, {len(problems)} not as expected")
    return 1 if problems else 0
