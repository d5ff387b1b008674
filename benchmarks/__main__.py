# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run benchmarks: python benchmarks [BENCHMARK ...] [OPTIONS]; see --help."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BENCHMARKS = (
    "remote",
    "boot_files",
    "later_writers",
    "counts",
    "unused",
    "play",
    "peers",
    "sockets",
    "audit",
    "report",
    "faults",
    "fleet",
)


def main() -> None:
    args = _parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_unused: sys.exit(1))  # cleans up
    sys.path[:0] = [str(PROJECT), str(PROJECT / "tools"), str(PROJECT / ".build/src")]
    with tempfile.TemporaryDirectory(prefix="netops-bench-") as home:
        os.environ["ANSIBLE_HOME"] = home
        # Imported here, since their imports need the paths above.
        bench = importlib.import_module("benchmarks.bench")
        options = bench.Options(
            pairs=args.pairs,
            python=args.python,
            instructions=args.instructions,
            hosts=args.hosts,
        )
        for name in args.names or BENCHMARKS:
            benchmark = importlib.import_module(f"benchmarks.{name}")
            for table in benchmark.run(options):
                print(bench.format_table(table, markdown=args.markdown), flush=True)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python benchmarks",
        description="Measure the collection beside the alternatives, as ratios.",
    )
    names = ", ".join(BENCHMARKS)
    parser.add_argument(
        "names", metavar="BENCHMARK", nargs="*", help=f"{names}; default: all of them"
    )
    text = "how often each side runs (default: %(default)s)"
    parser.add_argument("--pairs", type=int, default=15, help=text)
    text = "the Python of the managed host (default: %(default)s)"
    parser.add_argument("--python", default="/usr/bin/python3", help=text)
    text = "how many hosts `audit` and `fleet` use (default: %(default)s)"
    parser.add_argument("--hosts", type=int, default=200, help=text)
    text = "let `remote` count instructions, which does not depend on other load"
    parser.add_argument("--instructions", action="store_true", help=text)
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    args = parser.parse_args()
    unknown = set(args.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"unknown benchmark: {', '.join(sorted(unknown))}; there are: {names}")
    return args


if __name__ == "__main__":
    main()
