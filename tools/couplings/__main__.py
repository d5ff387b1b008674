# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line: measures a kernel, and writes or compares its record.

usage: python -m couplings [--release N] [--ranges] [--write] [KEY...]
"""

from __future__ import annotations

import argparse
import os
import sys

from lab.roots import release_of

from . import comparison, record
from .measure import Observation, in_order, measure
from .ranges import Ranges, measure_ranges_of_namespaces
from .virtual_machine import measure_ranges_of_release, measure_release


def main() -> int:
    """Run; return 1 if the kernel and the table differ."""
    parser = argparse.ArgumentParser(
        prog="python -m couplings",
        description="Measure which kernel settings act on each other, on this machine's kernel in "
        "fresh namespaces, or in virtual machines. Needs root.",
    )
    parser.add_argument(
        "--release", type=release_of, help="a Debian release, in a virtual machine: 11, 12 or 13"
    )
    parser.add_argument(
        "--write", action="store_true", help="write the record of the kernel, or its rows of KEYs"
    )
    parser.add_argument("keys", nargs="*", metavar="KEY", help="default: all")
    parser.add_argument(
        "--ranges", action="store_true", help="seek the ranges of numbers only: takes a minute"
    )
    options = parser.parse_args()
    release, observations, ranges = _measure(options)
    measured = record.make_record(record.short_name(release), observations, ranges)
    path = record.path_of(measured["kernel"])
    if options.write:
        if options.keys or options.ranges:
            measured = _merged(record.load(path), measured, options)
        path.write_text(record.to_text(measured), encoding="utf-8")
        print(path)
    else:
        print(record.to_text(measured))
    problems = comparison.contradictions(measured) + comparison.range_contradictions(measured)
    print("\n".join(problems), file=sys.stderr)
    return 1 if problems else 0


def _merged(
    old: record.Record, measured: record.Record, options: argparse.Namespace
) -> record.Record:
    """Return the record of before with what was measured once more."""
    if options.keys:
        measured = record.with_rows_of(old, measured, options.keys)
    if options.ranges:
        return {**old, "ranges": measured["ranges"]}
    return measured


def _measure(options: argparse.Namespace) -> tuple[str, list[Observation], Ranges]:
    """Return the release of the kernel, and what it did."""
    keys = options.keys
    release = os.uname().release
    observations: list[Observation] = []
    if options.release:
        if not options.ranges:
            _release, observations = measure_release(options.release, keys)
        release, ranges = measure_ranges_of_release(options.release, keys)
    else:
        if not options.ranges:
            observations = in_order(measure("namespaces", keys))
        ranges = measure_ranges_of_namespaces(keys)
    return release, observations, ranges


if __name__ == "__main__":
    sys.exit(main())
