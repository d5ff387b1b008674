# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout costs the controller beside the plain role, on fleets of the sizes given: python -m fleet 20 200."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from hosts.lab import open_lab

from .fleet import Fleet, Run

ROLE, ROLLOUT, ROLLBACK = (f"netops.tuning.{name}" for name in ("tcp_keepalive", "rollout", "rollback"))


def main() -> None:
    print("| hosts | playbook | CPU s | CPU ms a host | s | of the plain role |\n| --- | --- | --- | --- | --- | --- |")
    for size in map(int, sys.argv[1:] or ["20"]):
        with tempfile.TemporaryDirectory(prefix="netops-fleet-") as folder, open_lab(Path(folder, "lab")) as lab:
            fleet = Fleet(lab, lab.up("light", ["bookworm"], size))
            done(fleet.play(ROLE))  # who comes first opens every host's connection
            done(fleet.play(ROLE, tcp_keepalive_state="absent"))
            plain = told(size, "the plain role", done(fleet.play(ROLE)), None)
            done(fleet.play(ROLE, tcp_keepalive_state="absent"))
            told(size, "a whole rollout", done(fleet.play(ROLLOUT, rollout_name="a")), plain)
            told(size, "again, nothing to change", done(fleet.play(ROLLOUT, rollout_name="a")), plain)
            told(size, "back", done(fleet.play(ROLLBACK, rollout_name="a")), plain)


def done(run: Run) -> Run:
    if run.rc:
        sys.exit(run.output)
    return run


def told(size: int, what: str, run: Run, plain: Run | None) -> Run:
    ratio = f"{run.cpu / plain.cpu:.2f}" if plain else "1"
    print(
        f"| {size} | {what} | {run.cpu:.1f} | {1000 * run.cpu / size:.0f} | {run.seconds:.0f} | {ratio} |", flush=True
    )
    return run


if __name__ == "__main__":
    main()
