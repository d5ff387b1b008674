# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one experiment inside a world: job on standard input, result on standard output, as JSON.

The job: ``experiment`` (module.function), ``options`` (its arguments) and, for most experiments,
``scenario`` (a name).
"""

from __future__ import annotations

import importlib
import json
import os
import sys

from . import module_run
from .scenarios import SCENARIOS


def main() -> None:
    job = json.load(sys.stdin)
    os.umask(0o077)  # the modes of files must not depend on the umask
    module_run.import_engine()
    module_name, _dot, function_name = job["experiment"].rpartition(".")
    module = importlib.import_module(f"faults.{module_name}")
    run_experiment = getattr(module, function_name)
    options = job["options"]
    if "scenario" in job:
        options["scenario"] = SCENARIOS[job["scenario"]]
    print(json.dumps(run_experiment(**options)))


main()
