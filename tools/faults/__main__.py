# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an experiment inside of a world: its name and what it takes come as JSON on standard input, what came of it goes out as JSON."""

from __future__ import annotations

import importlib
import json
import os
import sys

from . import target
from .scenarios import SCENARIOS


def main() -> None:
    job = json.load(sys.stdin)
    os.umask(0o077)  # that no mode rests on it
    target.warm_up()
    module, _dot, function = job["experiment"].rpartition(".")
    run = getattr(importlib.import_module(f"faults.{module}"), function)
    if "scenario" in job:
        job["options"]["scenario"] = SCENARIOS[job["scenario"]]
    print(json.dumps(run(**job["options"])))


main()
