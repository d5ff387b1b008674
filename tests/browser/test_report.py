# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report in a browser: what it shows and does, whatever hosts are called, without a network."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.netops.tuning.plugins.plugin_utils._fleet import OUTCOMES
from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answer
from ansible_collections.netops.tuning.plugins.plugin_utils._report.html import to_html
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import (
    Host,
    Report,
    make_report,
)
from reports import fleets
from reports.browser import PHONE, TABLET, WIDE, Browser, MainThreadTrace, ReportPage, start_browser

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"&\u2028\u2029{{ 7*7 }}$`id`"
)
LONGEST_TASK = 200
"""In milliseconds: a user notices no delay."""

Show = Callable[..., ReportPage]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with start_browser() as started:
        yield started


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Open a report. At the end, the page has requested nothing but its file, without any error."""
    pages: list[ReportPage] = []
    with contextlib.ExitStack() as stack:

        def show_report(report: Report, **options: Any) -> ReportPage:
            page = stack.enter_context(browser.open(report, **options))
            pages.append(page)
            return page

        yield show_report
    for page in pages:
        assert {url.partition("#")[0] for url in page.requests} == {f"file://{page.path}"}
        assert page.errors == []


@functools.cache
def fleet(count: int) -> Report:
    """Return the report of so many hosts; it is made once, since 10,000 take seconds."""
    return fleets.report(count, {"audit_idle_limit": 350})


def small_report(**variables: Any) -> Report:
    """Return the report of a host in drift, one as wanted, one overridden and one unreachable."""
    web2_connections = fleets.connections_result(40, 12, 3, ["web"], seed=1)
    web10_connections = fleets.connections_result(7, seed=2)
    results = {
        "web2": fleets.info_result(now=fleets.KERNEL, connections=web2_connections),
        "web10": fleets.info_result(connections=web10_connections),
        "db1": fleets.info_result(now=(300, 9, 25), other={"time": 300}),
        "gone": {"unreachable": True, "msg": "no route to it"},
    }
    answers = {name: Answer(result) for name, result in results.items()}
    return fleets.report(answers, variables)


def host_named(name: str, report: Report) -> Host:
    (host,) = (host for host in report.hosts if host.name == name)
    return host


# --- the overview ---


def test_the_state_of_the_fleet(show: Show) -> None:
    page = show(fleets.report(480))
    states = fleets.report(480).summary.states
    assert page.tab.inner_text("h1") == f"{states['as_wanted']} of 480 hosts are as wanted"
    buttons = page.tab.query_selector_all("[data-state]")
    numbers = [button.inner_text().split()[0] for button in buttons]
    assert numbers == [str(number) for number in states.values() if number]
    assert page.tab.get_attribute("svg.bar", "aria-label") == (
        f"{states['as_wanted']} as wanted, {states['drift']} drift, "
        f"{states['overridden']} overridden, {states['failed']} failed, "
        f"{states['unreachable']} unreachable"
    )


def test_the_row_of_a_host(show: Show) -> None:
    page = show(small_report())
    rows = {row[0]: row for row in page.rows()}
    assert rows["web2"][1:6] == [
        "drift",
        "7200 / 9 / 75",
        "3600 / 9 / 25",
        "7\u2009875 s",
        "12 of 40",
    ]
    assert rows["gone"][1:] == ["unreachable", "", "", "", "", "no route to it"]
    assert page.hosts() == ["web2", "db1", "gone", "web10"], "hosts that need attention come first"


def test_a_fleet_without_hosts(show: Show) -> None:
    page = show(fleets.report({}))
    assert page.tab.inner_text("h1") == "No hosts were audited"
    assert page.hosts() == []
    assert page.count() == "0 hosts"


def test_the_outcome_of_a_rollout_is_a_column(show: Show) -> None:
    answers = {name: Answer(fleets.info_result(), name) for name in OUTCOMES}
    page = show(fleets.report(answers))
    assert [row[0] for row in page.rows()] == sorted(OUTCOMES)
    assert all(row[2] == row[0].replace("_", " ") for row in page.rows())
    assert "The rollout: 1 done, 1 already right, 1 would change, 1 put" in page.tab.inner_text(
        "header"
    )
    assert page.accessibility() == []
    page.tab.click("text=Outcome")
    assert page.hosts() == list(OUTCOMES)


SECTIONS = ["What to do", "Hosts", "Which connections are protected", "When a dead peer is noticed"]


@pytest.mark.parametrize("count", [6, 480, 10_000])
def test_the_first_screen_says_what_to_do(show: Show, count: int) -> None:
    report = fleet(count)
    page = show(report, size=WIDE)
    assert "Wanted time 3600 s probes 9 intvl 25 s" in " ".join(page.text("header").split())
    assert page.tab.locator("main h2").all_inner_texts() == SECTIONS
    first = report.groups[0]
    command = page.tab.locator("details.group >> nth=0 >> code")
    assert first.command is not None
    assert command.inner_text() == first.command.command
    assert page.bottom_of("details.group >> nth=0") < WIDE[1]


def test_the_groups_of_hosts_that_are_wrong(show: Show) -> None:
    report = small_report(audit_idle_limit=350)
    page = show(report)
    assert page.tab.locator("details.group h3").all_inner_texts() == [
        "1 host: another file wins over ours at the next boot",
        "1 host: no connection",
        "1 host: a value is not as wanted, now or after the next boot",
        "1 host: the first probe comes after the idle limit",
    ]
    page.tab.click("[data-group='0']")
    assert page.hosts() == ["db1"]
    page.tab.click("[data-group='2']")
    assert page.hosts() == ["web2"]
    assert page.tab.input_value("#find") == ""
    page.tab.click("#clear")
    assert len(page.hosts()) == 4


def test_several_sets_of_wanted_values(show: Show) -> None:
    hosts = []
    for number, time in enumerate((300, 300, 300, 600, 600, 900, 1200)):
        answer = {f"web{number}": Answer(fleets.info_result())}
        hosts += fleets.report(answer, {"audit_time": time}).hosts
    report = make_report(hosts, title="", made=fleets.report({}).made, version="")
    text = " ".join(show(report).text(".wanted").split())
    others = "probes 9 intvl 25 s"
    origin = "by audit_time (inventory) for time, the role's default for probes and intvl"
    assert text == (
        f"Wanted time 300 s {others} on 3 hosts {origin} time 600 s {others} on 2 hosts {origin} "
        f"time 900 s {others} on 1 host {origin} and 1 more"
    )


def compared_report() -> Report:
    """Return a report with a host of each change."""
    right, drift = Answer(fleets.info_result()), Answer(fleets.info_result(now=fleets.KERNEL))
    earlier = fleets.report({"a": right, "b": drift, "c": right, "old": drift, "off": right})
    now = {"a": right, "b": right, "c": drift, "d": right, "e": drift}
    return fleets.report(now, earlier=earlier, inventory=["off"])


def test_what_changed_since_an_earlier_report_comes_first(show: Show) -> None:
    page = show(compared_report())
    texts = page.tab.locator(".changes li").all_inner_texts()
    assert [" ".join(text.split()) for text in texts] == [
        "newly wrong 1 c",
        "mended 1 b",
        "new 2 d, e",
        "gone 1 old (was drift)",
    ]
    assert "1 host of that report was not asked this time." in page.text("main")
    assert page.tab.locator("main h2").all_inner_texts()[0] == "Since 24 November 2026, 07:01 UTC"
    assert page.hosts() == ["c", "b", "e", "d", "a"]
    assert [row[2] for row in page.rows()] == ["newly wrong", "mended", "new", "new", ""]
    assert page.accessibility() == []
    page.tab.click("[data-change='2']")
    assert page.hosts() == ["e", "d"]
    page.tab.click("[data-change='0']")
    assert page.hosts() == ["c", "e", "d"]


def test_nothing_changed(show: Show) -> None:
    report = small_report()
    answers = {"web1": Answer(fleets.info_result())}
    assert "No host changed." not in show(report).text("main")
    same = fleets.report(answers, earlier=fleets.report(answers))
    assert "No host changed." in show(same).text("main")


def test_it_can_be_read_without_javascript(show: Show) -> None:
    report = small_report()
    page = show(report, java_script_enabled=False)
    text = page.text("body")
    assert "1 of 4 hosts is as wanted" in text
    for host in report.hosts:
        assert all(finding in text for finding in host.findings)
    for group in report.groups:
        assert group.command is not None
        assert group.command.command in " ".join(text.split())
    for control in ("#find", ".copy >> nth=0", "#names", "[data-group='0']"):
        assert page.tab.is_hidden(control)


# --- filters and order ---


def has_process(host: Host, command: str) -> bool:
    return command in [process.command for process in host.processes]


def test_filter(show: Show) -> None:
    report = small_report()
    command = host_named("web2", report).processes[0].command
    with_command = [host.name for host in report.hosts if has_process(host, command)]
    page = show(report)
    for text, hosts in (
        ("web", ["web2", "web10"]),
        ("WEB2", ["web2"]),
        ("  drift   web", ["web2"]),
        ("99-database", ["db1"]),
        (command, with_command),
        ("nothing like that", []),
    ):
        page.tab.fill("#find", text)
        page.wait_for_hosts(hosts)
        assert page.hosts() == hosts
    assert page.tab.is_visible("text=No host matches the filters")
    page.tab.click("#clear-too")
    assert len(page.hosts()) == 4
    assert page.count() == "4 hosts"


def test_filter_by_state_and_by_condition(show: Show) -> None:
    page = show(small_report(audit_idle_limit=350))
    page.toggle_state("overridden")
    assert page.hosts() == ["db1"]
    assert page.count() == "1 of 4 hosts"
    page.toggle_state("drift")
    assert page.hosts() == ["web2", "db1"]
    page.toggle_state("overridden")
    assert page.tab.get_attribute("[data-state=drift]", "aria-pressed") == "true"
    page.tab.click("#clear")
    for flag, hosts in (
        ("0", ["web2"]),
        ("1", ["web2"]),
        ("2", ["web2"]),
        ("3", ["web2", "web10"]),
    ):
        page.tab.click(f"[data-flag='{flag}']")
        assert page.hosts() == hosts
        page.tab.click(f"[data-flag='{flag}']")


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("Host", ["db1", "gone", "web2", "web10"], ["web10", "web2", "gone", "db1"]),
        ("Now", ["web2", "web10", "db1", "gone"], ["gone", "db1", "web10", "web2"]),
        ("Next boot", ["web2", "web10", "db1", "gone"], ["gone", "db1", "web2", "web10"]),
        ("Dead after", ["web2", "web10", "db1", "gone"], ["gone", "db1", "web10", "web2"]),
        ("Without keepalive", ["web2", "web10", "db1", "gone"], ["db1", "gone", "web10", "web2"]),
        ("State", ["web10", "gone", "db1", "web2"], ["web2", "db1", "gone", "web10"]),
    ],
)
def test_sort(show: Show, column: str, first: list[str], second: list[str]) -> None:
    page = show(small_report())
    for order in (first, second):
        page.tab.click(f"#table th button:text-is('{column}')")
        assert page.hosts() == order
    assert page.tab.eval_on_selector_all("th[aria-sort]", "headings => headings.length") == 1


@pytest.mark.parametrize("height", [900, 6000])
def test_scrolling_adds_rows(show: Show, height: int) -> None:
    page = show(fleets.report(400), size=(1280, height))
    assert len(page.hosts()) < 400
    for _unused in range(60):
        page.tab.mouse.wheel(0, 20000)
        page.wait_for_frames()
        if len(page.hosts()) == 400:
            break
    assert len(set(page.hosts())) == 400


# --- one host ---


def test_the_keyboard_opens_a_host(show: Show) -> None:
    page = show(small_report())
    page.tab.keyboard.press("/")
    page.tab.keyboard.type("web")
    page.wait_for_hosts(["web2", "web10"])
    for _unused in range(30):
        page.tab.keyboard.press("Tab")
        if page.tab.evaluate("document.activeElement.textContent") == "web2":
            break
    page.tab.keyboard.press("Enter")
    page.wait_for_dialog("web2")
    page.tab.click("[aria-label='Next host']")
    page.wait_for_dialog("web10")
    assert page.tab.is_disabled("[aria-label='Next host']")
    page.tab.keyboard.press("Escape")
    page.tab.wait_for_selector("dialog", state="hidden")
    page.tab.wait_for_url(lambda url: "#" not in url)


def test_the_lines_that_decide_a_value_in_reading_order(show: Show) -> None:
    page = show(small_report(), fragment="#host=db1")
    page.wait_for_dialog()
    items = page.tab.locator("dialog .lines").nth(0).locator("li").all()
    lines = [item.inner_text().split("\n") for item in items]
    assert lines == [
        [f"{fleets.VENDOR}:7", "net.ipv4.tcp_keepalive_time = 7200", "overridden"],
        [f"{fleets.PATH}:2", "net.ipv4.tcp_keepalive_time = 3600", "overridden"],
        [f"{fleets.OTHER}:4", "net.ipv4.tcp_keepalive_time = 300", "wins, read by systemd-sysctl"],
    ]


def test_the_details_of_a_host_are_complete(show: Show) -> None:
    report = small_report(audit_idle_limit=350)
    host = host_named("web2", report)
    page = show(report, fragment="#host=web2")
    page.wait_for_dialog()
    text = page.tab.inner_text("dialog")
    assert all(finding in text for finding in host.findings)
    assert all(command.command in text for command in host.todo)
    assert all(process.command in text for process in host.processes)
    assert "differs" in text
    page.tab.keyboard.press("Escape")
    page.tab.click("#body a:text-is('gone')")
    page.wait_for_dialog("gone")
    assert "no route to it" in page.tab.inner_text("dialog")


def test_a_command_can_be_copied(show: Show) -> None:
    report = small_report()
    command = host_named("web2", report).todo[0].command
    permissions = ["clipboard-read", "clipboard-write"]
    page = show(report, fragment="#host=web2", permissions=permissions)
    page.tab.click("dialog .copy >> nth=0")
    page.tab.wait_for_selector("dialog .copy:text-is('Copied')")
    assert page.tab.evaluate("navigator.clipboard.readText()") == command


# --- hostile hosts, all users ---


def open_host(page: ReportPage, name: str) -> None:
    """Click on the name of a host, and await its details."""
    page.tab.eval_on_selector_all(
        "#body a",
        "(links, name) => links.find(link => link.textContent === name).click()",
        name,
    )
    page.wait_for_dialog(name)


def test_no_text_of_a_host_runs_as_a_script(show: Show) -> None:
    connections = fleets.connections_result(5, 3, 1, [HOSTILE])
    result = fleets.info_result(other={"time": 300}, connections=connections)
    for line in result["settings"]["time"]["assignments"]:
        line["path"] += HOSTILE
    result["processes"][0].update(command=HOSTILE, user=HOSTILE)
    result["problems"] = [{"path": HOSTILE, "line": 1, "problem": HOSTILE}]
    names = [HOSTILE, "#host=", "%E0%A4%A", "__proto__", "constructor"]
    page = show(fleets.report({name: Answer(result) for name in names}))
    assert sorted(page.hosts()) == sorted(names)
    for name in names:
        open_host(page, name)
        assert HOSTILE.replace("\u2028\u2029", " ") in page.tab.inner_text("dialog")
        page.tab.keyboard.press("Escape")
        page.tab.wait_for_selector("dialog", state="hidden")
    assert page.tab.query_selector_all("img, body script:not([id]):not(:last-of-type)") == []


def test_the_next_host_is_opened_right_after_one_is_closed(show: Show) -> None:
    """The browser reports later that a dialog was closed, when the address is the next host's."""
    page = show(small_report())
    first, second = page.hosts()[:2]
    open_host(page, first)
    page.tab.evaluate(
        """name => {
            const dialog = document.querySelector("dialog");
            const links = [...document.querySelectorAll("#body a")];
            dialog.close();
            location.hash = links.find(link => link.textContent === name).hash;
            dialog.dispatchEvent(new Event("close"));
        }""",
        second,
    )
    page.wait_for_dialog(second)


def test_an_address_without_a_valid_host(show: Show) -> None:
    page = show(small_report(), fragment="#host=%E0%A4%A")
    assert page.tab.is_hidden("dialog")
    assert len(page.hosts()) == 4


@pytest.mark.parametrize(
    ("count", "size", "dark"),
    [
        (6, WIDE, False),
        (6, PHONE, True),
        (480, WIDE, False),
        (480, WIDE, True),
        (480, TABLET, False),
        (480, TABLET, True),
        (480, PHONE, False),
        (480, PHONE, True),
        (10_000, WIDE, True),
        (10_000, PHONE, False),
    ],
)
def test_accessible(show: Show, count: int, size: tuple[int, int], dark: bool) -> None:
    page = show(fleet(count), size=size, dark=dark)
    assert page.accessibility() == []
    page.toggle_state("overridden")
    page.tab.click("[data-flag='0']")
    page.tab.click("details.group summary >> nth=0")
    assert page.accessibility() == []
    page.tab.click("#clear")
    page.tab.click("#body a >> nth=0")
    page.wait_for_dialog()
    assert page.accessibility() == []


@pytest.mark.parametrize("size", [WIDE, (1280, 900), TABLET, PHONE])
def test_nothing_is_cut_off(show: Show, size: tuple[int, int]) -> None:
    """Also in the chart and in the tables, which could be scrolled otherwise."""
    page = show(
        fleets.report(480, {"audit_idle_limit": 350}, earlier=fleets.report(480)), size=size
    )
    assert page.cut_off() == []


@pytest.mark.parametrize("count", [6, 480, 10_000])
def test_on_a_phone_the_list_of_hosts_is_within_two_screens(show: Show, count: int) -> None:
    page = show(fleet(count), size=PHONE)
    assert page.bottom_of("#body tr >> nth=0") < 2 * PHONE[1]


def test_on_a_phone_the_details_are_not_cut_off(show: Show) -> None:
    page = show(fleets.report(480), size=PHONE)
    page.tab.click("#body a >> nth=0")
    page.wait_for_dialog()
    assert page.cut_off() == []


def test_dark_colours(show: Show) -> None:
    page = show(small_report(), dark=True)
    color = page.tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert all(int(part) < 64 for part in re.findall(r"\d+", color))


def test_print_shows_the_hosts_without_the_filters(show: Show) -> None:
    page = show(fleets.report(480))
    page.tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(page.hosts()) == 480
    page.tab.emulate_media(media="print")
    assert page.tab.is_hidden("#find")
    assert page.tab.is_visible("#table")
    assert page.tab.pdf().startswith(b"%PDF")


# --- large fleets ---


def test_ten_thousand_hosts_cause_no_delay(show: Show) -> None:
    page = show(fleets.report({}))
    page.path.write_text(to_html(fleet(10_000)), encoding="utf-8")
    longest = {}
    with MainThreadTrace(page.tab) as trace:
        page.tab.reload()
        page.tab.wait_for_selector("#body tr")
    longest["open"] = trace.longest_task()
    steps: dict[str, Callable[[], None]] = {
        "filter": lambda: page.tab.fill("#find", "web1"),
        "unfilter": lambda: page.tab.fill("#find", ""),
        "sort": lambda: page.tab.click("#table th button:text-is('Dead after')"),
        "sort by name": lambda: page.tab.click("#table th button:text-is('Host')"),
        "state": lambda: page.toggle_state("overridden"),
        "open a host": lambda: page.tab.click("#body a >> nth=5"),
    }
    for name, step in steps.items():
        with MainThreadTrace(page.tab) as trace:
            step()
            page.tab.wait_for_timeout(100)
        longest[name] = trace.longest_task()
    page.wait_for_dialog()
    print({name: round(milliseconds) for name, milliseconds in longest.items()})
    assert max(longest.values()) < LONGEST_TASK, longest
