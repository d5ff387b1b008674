# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports in a headless Chromium that knows no network: every request, error and alert of a page is kept."""

from __future__ import annotations

import contextlib
import importlib.resources
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.netops.tuning.plugins.plugin_utils._report.html import to_html
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import Report
from playwright.sync_api import BrowserContext, Dialog, Page, Playwright, sync_playwright

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
AXE = importlib.resources.files("axe_playwright_python") / "axe.min.js"
DESK, PHONE = (1280, 900), (390, 844)
RUN_TASK = ("RunTask", "ThreadControllerImpl::RunTask")


@dataclass
class Opened:
    """A page with a report, and what it did that it should not."""

    page: Page
    path: Path
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("dialog", self._dismiss)

    def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(f"alert: {dialog.message}")
        dialog.dismiss()

    def rows(self) -> list[list[str]]:
        """Give the cells of the rows that are drawn."""
        script = "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
        return [
            [str(cell) for cell in row]
            for row in self.page.eval_on_selector_all("#body tr", script)
        ]

    def hosts(self) -> list[str]:
        return [row[0] for row in self.rows()]

    def wait_for_hosts(self, names: list[str]) -> None:
        """Wait until these are shown: what is typed is looked for when the browser draws next."""
        shown = "[...document.querySelectorAll('#body tr')].map(row => row.querySelector('a').textContent).join(' ')"
        self.page.wait_for_function(f"names => {shown} === names", arg=" ".join(names))

    def accessibility(self) -> list[str]:
        """Give what axe-core finds wrong, whatever it takes for how serious."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run().then(result => result.violations)")
        return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


class Browser:
    """One Chromium; each report is opened in a folder of its own."""

    def __init__(self, playwright: Playwright, folder: Path) -> None:
        self._chromium = playwright.chromium
        self._folder = folder
        self._opened = 0

    @contextlib.contextmanager
    def open(
        self,
        report: Report,
        *,
        size: tuple[int, int] = DESK,
        dark: bool = False,
        at: str = "",
        **more: Any,
    ) -> Iterator[Opened]:
        """Open a report; at: what comes after the file in the address."""
        self._opened += 1
        home = self._folder / str(self._opened)
        path = home / "keepalive-audit.html"
        home.mkdir()
        path.write_text(to_html(report), encoding="utf-8")
        context = self._context(home / "profile", size, dark, more)
        try:
            opened = Opened(context.pages[0], path)
            opened.listen()
            opened.page.goto(f"file://{path}{at}")
            yield opened
        finally:
            context.close()

    def _context(
        self, profile: Path, size: tuple[int, int], dark: bool, more: Mapping[str, Any]
    ) -> BrowserContext:
        return self._chromium.launch_persistent_context(
            profile,
            executable_path=shutil.which("chromium"),
            args=list(QUIET),
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            **more,
        )


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(
        prefix="netops-browser-"
    ) as folder:
        yield Browser(playwright, Path(folder))


class Tasks:
    """How long the tasks of a page kept its thread, in milliseconds of CPU: what else the machine does is not in it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._events: list[dict[str, Any]] = []
        self._ended = False
        self._session.on("Tracing.dataCollected", lambda told: self._events.extend(told["value"]))
        self._session.on("Tracing.tracingComplete", lambda _told: setattr(self, "_ended", True))

    def __enter__(self) -> Tasks:
        categories = ["toplevel", "disabled-by-default-devtools.timeline", "__metadata"]
        self._session.send("Tracing.start", {"traceConfig": {"includedCategories": categories}})
        return self

    def __exit__(self, *error: object) -> None:
        self._session.send("Tracing.end")
        while not self._ended:
            self._page.wait_for_timeout(10)

    def longest(self) -> float:
        main = {
            (event["pid"], event["tid"])
            for event in self._events
            if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
        }
        took = [
            float(event["tdur"]) / 1000
            for event in self._events
            if event["name"] in RUN_TASK
            and (event["pid"], event["tid"]) in main
            and "tdur" in event
        ]
        return max(took)
