# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the acceptance test on each ansible-core and target Python, and print a table.

usage: python -m matrix CELL...     (2.16x3.7 is ansible-core 2.16 and a target with Python 3.7)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

PROJECT = Path(__file__).parents[1]
ACCEPTANCE = PROJECT / "tests" / "integration" / "test_acceptance.py"
ABSENT = "no such Python here"
NEWER_THAN_CORE = "newer than the Pythons for which this ansible-core was released"
UNLISTED = {"2.16x3.13": NEWER_THAN_CORE, "2.17x3.13": NEWER_THAN_CORE}
"""Cells that pass, and need a note."""
PRINT_RELEASE = (
    "import platform, ansible.release\n"
    "print(ansible.release.__version__, 'on Python', platform.python_version())"
)


class Cell(NamedTuple):
    """A cell of the table: an ansible-core and a target's Python."""

    core: str
    target: str

    @property
    def name(self) -> str:
        return f"{self.core}x{self.target}"


def parse_cell(name: str) -> Cell:
    core, target = name.split("x")
    return Cell(core, target)


def version_key(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def find_python(version: str) -> str | None:
    """Return the path of a Python that the machine has; none is fetched."""
    uv = str(PROJECT / ".venv/tools/bin/uv")
    command = [uv, "python", "find", "--system", "--no-project", version]
    completed = subprocess.run(command, check=False, capture_output=True, text=True)
    return completed.stdout.strip() or None


def programs(core: str) -> Path:
    """Return the folder with the programs of an ansible-core."""
    return PROJECT / ".venv" / f"core-{core}" / "bin"


def run_tests(cells: Iterable[Cell], pythons: Mapping[str, str | None], junit: Path) -> int:
    """Run the acceptance test on the cells that have a Python; return the rc of pytest."""
    runnable = []
    for cell in cells:
        if pythons[cell.target]:
            runnable.append(
                {
                    "core": cell.core,
                    "programs": str(programs(cell.core)),
                    "target": cell.target,
                    "python": pythons[cell.target],
                }
            )
    junit.unlink(missing_ok=True)
    if not runnable:
        sys.exit("None of the Pythons asked for is on this machine: nothing was tried.")
    env = {**os.environ, "NETOPS_CELLS": json.dumps(runnable)}
    pytest = [sys.executable, "-m", "pytest", "-n", "2", "--quiet", f"--junit-xml={junit}"]
    command = [*pytest, str(ACCEPTANCE)]
    return subprocess.run(command, check=False, env=env, cwd=PROJECT, stdout=sys.stderr).returncode


def outcomes(junit: Path) -> dict[str, str]:
    """Return the outcome of each cell that was run: passes, FAILS, or refused and the reason."""
    by_cell: dict[str, str] = {}
    if not junit.exists():
        return by_cell
    for case in ET.parse(junit).iter("testcase"):  # noqa: S314 # our own
        name = case.attrib["name"].partition("[")[2].rstrip("]")
        refused = case.find("properties/property[@name='refused']")
        if case.find("failure") is not None or case.find("error") is not None:
            by_cell[name] = "FAILS"
        elif refused is not None:
            by_cell[name] = f"refused: {refused.attrib['value']}"
        else:
            by_cell[name] = "passes"
    return by_cell


def release(core: str) -> str:
    """Return the full version of an ansible-core, and the Python that it runs on here."""
    command = [str(programs(core) / "python"), "-c", PRINT_RELEASE]
    completed = subprocess.run(command, check=True, capture_output=True, text=True)
    return completed.stdout.strip()


def table(results: Mapping[str, str], cores: list[str], targets: list[str]) -> Iterator[str]:
    """Yield the lines of a Markdown table, and below it a numbered note for each long reason."""
    notes: list[str] = []
    yield f"| ansible-core | {' | '.join(targets)} |"
    yield "| --- |" + " --- |" * len(targets)
    for core in cores:
        row = [release(core)]
        for target in targets:
            cell = Cell(core, target)
            row.append(with_note(cell, results.get(cell.name, ""), notes))
        yield f"| {' | '.join(row)} |"
    yield ""
    for number, note in enumerate(notes, start=1):
        yield f"{number}. {note}"


def with_note(cell: Cell, result: str, notes: list[str]) -> str:
    """Return the text of a cell; its reason becomes the number of a note."""
    outcome, _colon, reason = result.partition(": ")
    if outcome == "passes" and not reason:
        reason = UNLISTED.get(cell.name, "")
    if not reason:
        return outcome
    if reason not in notes:
        notes.append(reason)
    return f"{outcome} ({notes.index(reason) + 1})"


def main(*names: str) -> int:
    """Run the cells, and print the table, also to .build/matrix.md; return 0 if no cell fails."""
    cells = [parse_cell(name) for name in names]
    cores = sorted({cell.core for cell in cells}, key=version_key)
    targets = sorted({cell.target for cell in cells}, key=version_key)
    pythons = {target: find_python(target) for target in targets}
    junit = PROJECT / ".build" / "matrix.xml"
    rc = run_tests(cells, pythons, junit)
    results = {cell.name: "not run" if pythons[cell.target] else ABSENT for cell in cells}
    results.update(outcomes(junit))
    text = "\n".join(table(results, cores, targets))
    (PROJECT / ".build" / "matrix.md").write_text(text + "\n", encoding="utf-8")
    print(text)
    failed = rc != 0 or "FAILS" in results.values() or "not run" in results.values()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
