# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make matrix` shows: the acceptance test on each ansible-core and target Python, as a table.

usage: python -m matrix CELL...     (2.16x3.7 is ansible-core 2.16 and a target with Python 3.7)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

PROJECT = Path(__file__).parents[1]
ACCEPTANCE = PROJECT / "tests" / "integration" / "test_acceptance.py"
ABSENT = "no such Python here"
UNLISTED = dict.fromkeys(
    ("2.16x3.13", "2.17x3.13"), "newer than the Pythons for which this ansible-core was released"
)


def number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def find_python(version: str) -> str | None:
    """Find it as a user's machine has it; none is fetched."""
    command = [
        str(PROJECT / ".venv/tools/bin/uv"),
        "python",
        "find",
        "--system",
        "--no-project",
        version,
    ]
    return (
        subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip() or None
    )


def programs(core: str) -> Path:
    return PROJECT / ".venv" / f"core-{core}" / "bin"


def accept(cells: Iterable[str], pythons: Mapping[str, str | None], results: Path) -> int:
    """Run the acceptance test on the cells that have a Python; give pytest's rc."""
    listed = [
        {"core": core, "programs": str(programs(core)), "target": target, "python": pythons[target]}
        for core, target in (cell.split("x") for cell in cells)
        if pythons[target]
    ]
    results.unlink(missing_ok=True)
    if not listed:
        sys.exit("None of the Pythons asked for is on this machine: nothing was tried.")
    env = {**os.environ, "NETOPS_CELLS": json.dumps(listed)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "2",
        "--quiet",
        f"--junit-xml={results}",
        str(ACCEPTANCE),
    ]
    return subprocess.run(command, check=False, env=env, cwd=PROJECT, stdout=sys.stderr).returncode


def outcomes(results: Path) -> Iterator[tuple[str, str]]:
    """Give each cell that was run, with the word for it."""
    for case in ET.parse(results).iter("testcase") if results.exists() else ():  # noqa: S314 # our own
        cell = case.attrib["name"].partition("[")[2].rstrip("]")
        refused = case.find("properties/property[@name='refused']")
        if case.find("failure") is not None or case.find("error") is not None:
            yield cell, "FAILS"
        else:
            yield cell, "passes" if refused is None else f"refused: {refused.attrib['value']}"


def release(core: str) -> str:
    """Name the ansible-core and the Python that it runs on here."""
    told = "import platform, ansible.release as a; print(a.__version__, 'on Python', platform.python_version())"
    return subprocess.run(
        [programs(core) / "python", "-c", told], check=True, capture_output=True, text=True
    ).stdout


def table(told: Mapping[str, str], cores: Iterable[str], targets: list[str]) -> Iterator[str]:
    """Write it as Markdown; what does not fit in a cell is said below it, once."""
    notes: dict[str, int] = {}
    yield f"| ansible-core | {' | '.join(targets)} |"
    yield "| --- |" + " --- |" * len(targets)
    for core in cores:
        row = [noted(f"{core}x{target}", told, notes) for target in targets]
        yield f"| {release(core).strip()} | {' | '.join(row)} |"
    yield ""
    yield from (f"{number}. {words}" for words, number in notes.items())


def noted(cell: str, told: Mapping[str, str], notes: dict[str, int]) -> str:
    word, _colon, words = told.get(cell, "").partition(": ")
    words = words or (UNLISTED.get(cell, "") if word == "passes" else "")
    return f"{word} ({notes.setdefault(words, len(notes) + 1)})" if words else word


def main(*cells: str) -> int:
    """Run the cells, print the table and keep it in .build/matrix.md; 0 if no cell fails."""
    cores = sorted({cell.split("x")[0] for cell in cells}, key=number)
    targets = sorted({cell.split("x")[1] for cell in cells}, key=number)
    pythons = {target: find_python(target) for target in targets}
    results = PROJECT / ".build" / "matrix.xml"
    rc = accept(cells, pythons, results)
    told = {cell: "not run" if pythons[cell.split("x")[1]] else ABSENT for cell in cells} | dict(
        outcomes(results)
    )
    text = "\n".join(table(told, cores, targets))
    (PROJECT / ".build" / "matrix.md").write_text(text + "\n", encoding="utf-8")
    print(text)
    return 1 if rc or not {"FAILS", "not run"}.isdisjoint(told.values()) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
