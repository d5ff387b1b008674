# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: python benchmarks [remote] [counts] [play] [peers] [sockets] [audit] [report] [faults] [fleet] [OPTIONS]; --help lists them."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BENCHMARKS = ("remote", "counts", "play", "peers", "sockets", "audit", "report", "faults", "fleet")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python benchmarks", description="Ours beside the other, in ratios."
    )
    parser.add_argument(
        "names",
        metavar="BENCHMARK",
        nargs="*",
        help=f"{', '.join(BENCHMARKS)}; default: all of them",
    )
    parser.add_argument(
        "--pairs", type=int, default=15, help="how often each side runs (default: %(default)s)"
    )
    parser.add_argument(
        "--python", default="/usr/bin/python3", help="the managed host's (default: %(default)s)"
    )
    parser.add_argument(
        "--hosts", type=int, default=200, help="of `audit` and `fleet` (default: %(default)s)"
    )
    parser.add_argument(
        "--instructions",
        action="store_true",
        help="of `remote`: count them, whatever else the machine does",
    )
    parser.add_argument("--markdown", action="store_true", help="print tables for README.md")
    args = parser.parse_args()
    unknown = set(args.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    signal.signal(signal.SIGTERM, lambda *_unused: sys.exit(1))  # leave nothing behind then either
    sys.path[:0] = [str(PROJECT), str(PROJECT / "tools"), str(PROJECT / ".build/src")]
    with tempfile.TemporaryDirectory(prefix="netops-bench-") as home:
        os.environ["ANSIBLE_HOME"] = home
        bench = importlib.import_module("benchmarks.bench")
        for name in args.names or BENCHMARKS:
            for table in importlib.import_module(f"benchmarks.{name}").run(bench.Options.of(args)):
                print(bench.text(table, args.markdown), flush=True)


if __name__ == "__main__":
    main()
