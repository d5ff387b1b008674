# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the pictures of the report for the documentation.

usage: python -m reports.screenshots FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import Report

from . import fleets
from .browser import DESK, PHONE, Browser, start_browser


class Screenshot(NamedTuple):
    """A picture of the report."""

    name: str
    size: tuple[int, int] = DESK
    dark: bool = False
    fragment: str = ""


def screenshots(host: str) -> list[Screenshot]:
    """Return the pictures to take; one shows the details of a host."""
    return [
        Screenshot("report"),
        Screenshot("report-dark", dark=True),
        Screenshot("report-host", size=(1280, 1000), fragment=f"#host={host}"),
        Screenshot("report-phone", size=PHONE),
    ]


def take(shot: Screenshot, browser: Browser, report: Report, path: Path) -> None:
    with browser.open(report, size=shot.size, dark=shot.dark, fragment=shot.fragment) as page:
        page.tab.wait_for_selector("dialog[open]" if shot.fragment else "#body tr")
        page.tab.screenshot(path=path)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    report = fleets.report(480, {"audit_idle_limit": 350})
    overridden = [host for host in report.hosts if host.state == "overridden" and host.unprotected]
    with start_browser() as browser:
        for shot in screenshots(overridden[0].name):
            path = folder / f"{shot.name}.png"
            take(shot, browser, report, path)
            print(path)


if __name__ == "__main__":
    main()
