# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports in a headless Chromium, which records every request, error and alert of a page.

Conditions are awaited with locators. An expression for `Page.wait_for_function` would have to be
true at once: from its second evaluation on, the content security policy of the report refuses it.
"""

from __future__ import annotations

import contextlib
import importlib.resources
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.netops.tuning.plugins.plugin_utils._report.html import to_html
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import Report
from playwright.sync_api import Dialog, Page, Playwright, expect, sync_playwright

CHROMIUM_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = importlib.resources.files("axe_playwright_python") / "axe.min.js"
WIDE = (1440, 900)
DESK = (1280, 900)
TABLET = (768, 1024)
PHONE = (390, 844)
LONGEST_WAIT = 30_000
"""In milliseconds: what the other methods of a tab wait too, on a machine that is busy."""
RUN_TASK = ("RunTask", "ThreadControllerImpl::RunTask")
"""Names that Chromium gives to a task of a thread in a trace."""


@dataclass
class ReportPage:
    """A report in a tab of the browser, with what the tab requested and what went wrong in it."""

    tab: Page
    path: Path
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))
        self.tab.on("console", lambda message: self.errors.append(message.text))
        self.tab.on("dialog", self._dismiss)

    def _dismiss(self, dialog: Dialog) -> None:
        self.errors.append(f"alert: {dialog.message}")
        dialog.dismiss()

    def rows(self) -> list[list[str]]:
        """Return the texts of the cells of the rows in the table."""
        script = "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
        rows: list[list[str]] = self.tab.eval_on_selector_all("#body tr", script)
        return rows

    def hosts(self) -> list[str]:
        return [row[0] for row in self.rows()]

    def count(self) -> str:
        return self.tab.inner_text("#count")

    def text(self, selector: str) -> str:
        return self.tab.inner_text(selector)

    def bottom_of(self, selector: str) -> float:
        """Return how far below the top of the page an element ends."""
        box = self.tab.locator(selector).bounding_box()
        if box is None:
            raise RuntimeError(f"{selector} is not visible")
        return box["y"] + box["height"]

    def cut_off(self) -> list[str]:
        """Return the texts and drawings that reach beyond the width of the page or of their box."""
        script = """() => {
            const beyond = [];
            for (const element of document.querySelectorAll("body *")) {
                const box = element.getBoundingClientRect();
                const isVisible = element.checkVisibility() && box.width > 1 && box.right > 0;
                if (isVisible && box.right > innerWidth + 0.5) beyond.push(element.outerHTML);
                const scrolls = getComputedStyle(element).overflowX !== "visible";
                const isCut = scrolls && element.scrollWidth > element.clientWidth + 1;
                if (isVisible && isCut) beyond.push(element.outerHTML);
            }
            return beyond.map(html => html.slice(0, 200));
        }"""
        beyond: list[str] = self.tab.evaluate(script)
        return beyond

    def toggle_state(self, state: str) -> None:
        """Click the filter for hosts in a state."""
        self.tab.click(f"[data-state={state}]")

    def wait_for_hosts(self, names: list[str]) -> None:
        """Wait until the table shows these hosts: a filter takes effect at the next frame."""
        expect(self.tab.locator("#body tr th a")).to_have_text(names, timeout=LONGEST_WAIT)

    def wait_for_frames(self) -> None:
        """Wait until the tab has drawn what was asked for before: scrolling adds rows then."""
        self.tab.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def wait_for_dialog(self, host: str | None = None) -> None:
        """Wait until the details of a host are open."""
        heading = self.tab.locator("dialog[open] h2").first
        heading.wait_for()
        if host is not None:
            expect(heading).to_have_text(host, timeout=LONGEST_WAIT)

    def accessibility(self) -> list[str]:
        """Return all violations that axe-core finds, of any impact."""
        self.tab.evaluate(AXE.read_text(encoding="utf-8"))
        violations = self.tab.evaluate("axe.run().then(result => result.violations)")
        messages = []
        for violation in violations:
            for node in violation["nodes"]:
                start = node["html"][:200]
                messages.append(f"{violation['id']}: {start}")
        return messages


class Browser:
    """A Chromium; each report is opened with a profile of its own."""

    def __init__(self, playwright: Playwright, folder: Path) -> None:
        self._chromium = playwright.chromium
        self._folder = folder
        self._count = 0

    @contextlib.contextmanager
    def open(
        self,
        report: Report,
        *,
        size: tuple[int, int] = DESK,
        dark: bool = False,
        fragment: str = "",
        **options: Any,
    ) -> Iterator[ReportPage]:
        """Open a report; `fragment` is added to its address, `options` go to the browser."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        path = folder / "keepalive-audit.html"
        path.write_text(to_html(report), encoding="utf-8")
        context = self._chromium.launch_persistent_context(
            folder / "profile",
            executable_path=shutil.which("chromium"),
            args=list(CHROMIUM_ARGUMENTS),
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            **options,
        )
        try:
            page = ReportPage(context.pages[0], path)
            page.listen()
            page.tab.goto(f"file://{path}{fragment}")
            yield page
        finally:
            context.close()


@contextlib.contextmanager
def start_browser() -> Iterator[Browser]:
    temporary_folder = tempfile.TemporaryDirectory(prefix="netops-browser-")
    with sync_playwright() as playwright, temporary_folder as folder:
        yield Browser(playwright, Path(folder))


class MainThreadTrace:
    """The tasks that occupied the main thread of a tab while the context was open.

    They are measured in CPU time, so that other work on the machine does not count.
    """

    def __init__(self, tab: Page) -> None:
        self._tab = tab
        self._session = tab.context.new_cdp_session(tab)
        self._events: list[dict[str, Any]] = []
        self._complete = False
        self._session.on("Tracing.dataCollected", self._collect)
        self._session.on("Tracing.tracingComplete", self._end)

    def _collect(self, message: dict[str, Any]) -> None:
        self._events.extend(message["value"])

    def _end(self, _message: dict[str, Any]) -> None:
        self._complete = True

    def __enter__(self) -> MainThreadTrace:
        categories = ["toplevel", "disabled-by-default-devtools.timeline", "__metadata"]
        config = {"traceConfig": {"includedCategories": categories}}
        self._session.send("Tracing.start", config)
        return self

    def __exit__(self, *error: object) -> None:
        self._session.send("Tracing.end")
        while not self._complete:
            self._tab.wait_for_timeout(10)

    def longest_task(self) -> float:
        """Return the CPU time of the longest task, in milliseconds."""
        main_threads = set()
        for event in self._events:
            if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain":
                main_threads.add((event["pid"], event["tid"]))
        longest = None
        for event in self._events:
            is_task = event["name"] in RUN_TASK and "tdur" in event
            if is_task and (event["pid"], event["tid"]) in main_threads:
                milliseconds = float(event["tdur"]) / 1000
                longest = max(longest or 0.0, milliseconds)
        if longest is None:
            raise RuntimeError("the trace has no task of the main thread")
        return longest
