# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: python -m support.screenshots FOLDER: take the pictures of the report that the documentation shows."""

from __future__ import annotations

import sys
from pathlib import Path

from . import fleet
from .browser import DESK, PHONE, Browser, browser


def take(chromium: Browser, folder: Path) -> None:
    report = fleet.report(480, {"audit_idle_limit": 350})
    overridden = next(
        host.name for host in report.hosts if host.state == "overridden" and host.unprotected
    )
    for name, size, dark, at in (
        ("report", DESK, False, ""),
        ("report-dark", DESK, True, ""),
        ("report-host", (1280, 1000), False, f"#host={overridden}"),
        ("report-phone", PHONE, False, ""),
    ):
        with chromium.open(report, size=size, dark=dark, at=at) as opened:
            opened.page.wait_for_selector("dialog[open]" if at else "#body tr")
            opened.page.screenshot(path=folder / f"{name}.png")
        print(folder / f"{name}.png")


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with browser() as chromium:
        take(chromium, folder)


if __name__ == "__main__":
    main()
