# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report in a browser: what it shows and does, for everybody, whatever hosts are called, and without a network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answer
from ansible_collections.netops.tuning.plugins.plugin_utils._report.html import to_html
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import OUTCOMES, Report
from support import fleet
from support.browser import PHONE, Browser, Opened, Tasks, browser

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"&\u2028\u2029{{ 7*7 }}$`id`"
)
LIMIT = 200


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with browser() as made:
        yield made


@pytest.fixture
def show(chromium: Browser) -> Iterator[Callable[..., Opened]]:
    """Open a report; at the end nothing was asked for but the file, and nothing was complained of."""
    opened: list[tuple[Any, Opened]] = []

    def open_it(report: Report, **how: Any) -> Opened:
        manager = chromium.open(report, **how)
        opened.append((manager, manager.__enter__()))
        return opened[-1][1]

    yield open_it
    for manager, page in opened:
        manager.__exit__(None, None, None)
        assert {url.partition("#")[0] for url in page.requests} == {f"file://{page.path}"}
        assert page.complaints == []


def small(**variables: Any) -> Report:
    """Three hosts of three kinds, and one that is away."""
    return fleet.report(
        {
            "web2": Answer(
                fleet.info_result(
                    now=fleet.KERNEL,
                    connections=fleet.connections_result(40, 12, 3, ["web"], seed=1),
                )
            ),
            "web10": Answer(fleet.info_result(connections=fleet.connections_result(7, seed=2))),
            "db1": Answer(fleet.info_result(now=(300, 9, 25), other={"time": 300})),
            "gone": Answer({"unreachable": True, "msg": "no route to it"}),
        },
        variables,
    )


def count(page: Opened) -> str:
    return page.page.inner_text("#count")


def choose(page: Opened, state: str) -> None:
    page.page.click(f"[data-state={state}]")


# --- what is there ---


def test_it_says_how_the_fleet_is(show: Callable[..., Opened]) -> None:
    page = show(fleet.report(480))
    states = fleet.report(480).summary.states
    assert page.page.inner_text("h1") == f"{states['as_wanted']} of 480 hosts are as wanted"
    told = [
        button.inner_text().split()[0] for button in page.page.query_selector_all("[data-state]")
    ]
    assert told == [str(number) for number in states.values() if number]
    assert page.page.get_attribute("svg.bar", "aria-label") == (
        f"{states['as_wanted']} as wanted, {states['drift']} drift, {states['overridden']} overridden, "
        f"{states['failed']} failed, {states['unreachable']} unreachable"
    )


def test_the_row_of_a_host(show: Callable[..., Opened]) -> None:
    page = show(small())
    found = {row[0]: row for row in page.rows()}
    assert found["web2"][1:6] == [
        "drift",
        "7200 / 9 / 75",
        "3600 / 9 / 25",
        "7\u2009875 s",
        "12 of 40",
    ]
    assert found["gone"][1:] == ["unreachable", "", "", "", "", "no route to it"]
    assert page.hosts() == ["web2", "db1", "gone", "web10"], "those that need attention come first"


def test_a_fleet_of_none(show: Callable[..., Opened]) -> None:
    page = show(fleet.report({}))
    assert (page.page.inner_text("h1"), page.hosts(), count(page)) == (
        "No hosts were audited",
        [],
        "0 hosts",
    )


def test_the_outcome_of_a_rollout_is_a_column(show: Callable[..., Opened]) -> None:
    page = show(fleet.report({name: Answer(fleet.info_result(), name) for name in OUTCOMES}))
    assert {row[0]: row[2] for row in page.rows()} == {
        name: name.replace("_", " ") for name in OUTCOMES
    }
    assert "The rollout: 1 done, 1 already right, 1 put back" in page.page.inner_text("header")
    assert page.accessibility() == []
    page.page.click("text=Outcome")
    assert page.hosts() == list(OUTCOMES)


# --- finding hosts ---


def test_filter(show: Callable[..., Opened]) -> None:
    page = show(small())
    worst = small().hosts[2].processes[0].command
    users = [
        host.name for host in small().hosts if worst in {each.command for each in host.processes}
    ]
    for text, hosts in (
        ("web", ["web2", "web10"]),
        ("WEB2", ["web2"]),
        ("  drift   web", ["web2"]),
        ("99-database", ["db1"]),
        (worst, users),
        ("nothing like that", []),
    ):
        page.page.fill("#find", text)
        page.wait_for_hosts(hosts)
        assert page.hosts() == hosts
    assert page.page.is_visible("text=No host matches the filters")
    page.page.click("#clear-too")
    assert len(page.hosts()) == 4
    assert count(page) == "4 hosts"


def test_filter_by_state_and_by_what_is_found(show: Callable[..., Opened]) -> None:
    page = show(small(audit_idle_limit=350))
    choose(page, "overridden")
    assert (page.hosts(), count(page)) == (["db1"], "1 of 4 hosts")
    choose(page, "drift")
    assert page.hosts() == ["web2", "db1"]
    choose(page, "overridden")
    assert page.page.get_attribute("[data-state=drift]", "aria-pressed") == "true"
    page.page.click("#clear")
    for flag, hosts in (
        ("0", ["web2"]),
        ("1", ["web2"]),
        ("2", ["web2"]),
        ("3", ["web2", "web10"]),
    ):
        page.page.click(f"[data-flag='{flag}']")
        assert page.hosts() == hosts
        page.page.click(f"[data-flag='{flag}']")


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
def test_sort(
    show: Callable[..., Opened], column: str, first: list[str], second: list[str]
) -> None:
    page = show(small())
    for order in (first, second):
        page.page.click(f"#table th button:text-is('{column}')")
        assert page.hosts() == order
    assert page.page.eval_on_selector_all("th[aria-sort]", "found => found.length") == 1


@pytest.mark.parametrize("height", [900, 6000])
def test_more_rows_come_as_one_scrolls(show: Callable[..., Opened], height: int) -> None:
    page = show(fleet.report(400), size=(1280, height))
    assert len(page.hosts()) < 400
    for _unused in range(60):
        page.page.mouse.wheel(0, 20000)
        page.page.wait_for_timeout(20)
        if len(page.hosts()) == 400:
            break
    assert len(set(page.hosts())) == 400


# --- one host ---


def test_a_host_by_keyboard(show: Callable[..., Opened]) -> None:
    page = show(small())
    page.page.keyboard.press("/")
    page.page.keyboard.type("web")
    page.page.wait_for_function("document.querySelectorAll('#body tr').length === 2")
    for _unused in range(30):
        page.page.keyboard.press("Tab")
        if page.page.evaluate("document.activeElement.textContent") == "web2":
            break
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("dialog[open] h2:text-is('web2')")
    page.page.click("[aria-label='Next host']")
    page.page.wait_for_selector("dialog[open] h2:text-is('web10')")
    assert page.page.is_disabled("[aria-label='Next host']")
    page.page.keyboard.press("Escape")
    page.page.wait_for_selector("dialog", state="hidden")
    page.page.wait_for_url(lambda url: "#" not in url)


def test_who_wins_in_reading_order(show: Callable[..., Opened]) -> None:
    page = show(small(), at="#host=db1")
    page.page.wait_for_selector("dialog[open]")
    lines = [
        item.inner_text().split("\n")
        for item in page.page.locator("dialog .lines").nth(0).locator("li").all()
    ]
    assert lines == [
        [f"{fleet.VENDOR}:7", "net.ipv4.tcp_keepalive_time = 7200", "overridden"],
        [f"{fleet.PATH}:2", "net.ipv4.tcp_keepalive_time = 3600", "overridden"],
        [f"{fleet.OTHER}:4", "net.ipv4.tcp_keepalive_time = 300", "wins"],
    ]


def test_the_page_of_a_host_says_all_there_is(show: Callable[..., Opened]) -> None:
    page = show(small(audit_idle_limit=350), at="#host=web2")
    page.page.wait_for_selector("dialog[open]")
    text = page.page.inner_text("dialog")
    host = small(audit_idle_limit=350).hosts[2]
    assert all(finding in text for finding in host.findings)
    assert all(command.command in text for command in host.todo)
    assert all(process.command in text for process in host.processes)
    assert "differs" in text
    page.page.keyboard.press("Escape")
    page.page.click("#body a:text-is('gone')")
    page.page.wait_for_selector("dialog[open] h2:text-is('gone')")
    assert "no route to it" in page.page.inner_text("dialog")


def test_a_command_can_be_copied(show: Callable[..., Opened]) -> None:
    page = show(small(), at="#host=web2", permissions=["clipboard-read", "clipboard-write"])
    page.page.click("dialog .copy >> nth=0")
    page.page.wait_for_selector("dialog .copy:text-is('Copied')")
    assert page.page.evaluate("navigator.clipboard.readText()") == small().hosts[2].todo[0].command


# --- whoever the hosts are ---


def test_nothing_that_a_host_says_comes_alive(show: Callable[..., Opened]) -> None:
    found = fleet.info_result(
        other={"time": 300}, connections=fleet.connections_result(5, 3, 1, [HOSTILE])
    )
    for line in found["settings"]["time"]["assignments"]:
        line["path"] += HOSTILE
    found["processes"][0].update(command=HOSTILE, user=HOSTILE)
    found["problems"] = [{"path": HOSTILE, "line": 1, "problem": HOSTILE}]
    names = [HOSTILE, "#host=", "%E0%A4%A", "__proto__", "constructor"]
    page = show(fleet.report({name: Answer(found) for name in names}, {}))
    assert sorted(page.hosts()) == sorted(names)
    for name in names:
        page.page.eval_on_selector_all(
            "#body a",
            "(links, name) => links.find(link => link.textContent === name).click()",
            name,
        )
        page.page.wait_for_function(
            "name => document.querySelector('dialog[open] h2')?.textContent === name", arg=name
        )
        assert HOSTILE.replace("\u2028\u2029", " ") in page.page.inner_text("dialog")
        page.page.keyboard.press("Escape")
        page.page.wait_for_selector("dialog", state="hidden")
    assert page.page.query_selector_all("img, body script:not([id]):not(:last-of-type)") == []


def test_an_address_that_leads_nowhere(show: Callable[..., Opened]) -> None:
    page = show(small(), at="#host=%E0%A4%A")
    assert page.page.is_hidden("dialog")
    assert len(page.hosts()) == 4


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), PHONE], ids=["desk", "phone"])
def test_accessible(show: Callable[..., Opened], size: tuple[int, int], dark: bool) -> None:
    report = fleet.report(480, {"audit_idle_limit": 350})
    page = show(report, size=size, dark=dark)
    assert page.accessibility() == []
    choose(page, "drift")
    page.page.click("[data-flag='0']")
    assert page.accessibility() == []
    page.page.click("#body a >> nth=0")
    page.page.wait_for_selector("dialog[open]")
    assert page.accessibility() == []


def test_on_a_phone_nothing_is_cut_off(show: Callable[..., Opened]) -> None:
    page = show(fleet.report(480), size=PHONE)
    wide = "document.documentElement.scrollWidth"
    assert page.page.evaluate(wide) <= PHONE[0]
    page.page.click("#body a >> nth=0")
    page.page.wait_for_selector("dialog[open]")
    assert page.page.evaluate("document.querySelector('dialog').scrollWidth") <= PHONE[0]


def test_dark(show: Callable[..., Opened]) -> None:
    page = show(small(), dark=True)
    color = page.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert all(int(part) < 64 for part in re.findall(r"\d+", color))


def test_on_paper_are_the_hosts_that_are_chosen(show: Callable[..., Opened]) -> None:
    page = show(fleet.report(480))
    page.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(page.hosts()) == 480
    page.page.emulate_media(media="print")
    assert page.page.is_hidden("#find")
    assert page.page.is_visible("#table")
    assert page.page.pdf().startswith(b"%PDF")


# --- how large the fleet may be ---


def test_ten_thousand_hosts_keep_nobody_waiting(show: Callable[..., Opened]) -> None:
    page = show(fleet.report({}))
    page.path.write_text(to_html(fleet.report(10_000)), encoding="utf-8")
    took = {}
    with Tasks(page.page) as opening:
        page.page.reload()
        page.page.wait_for_selector("#body tr")
    took["open"] = opening.longest()
    steps: dict[str, Callable[[], None]] = {
        "filter": lambda: page.page.fill("#find", "web1"),
        "unfilter": lambda: page.page.fill("#find", ""),
        "sort": lambda: page.page.click("#table th button:text-is('Dead after')"),
        "sort by name": lambda: page.page.click("#table th button:text-is('Host')"),
        "state": lambda: choose(page, "overridden"),
        "open a host": lambda: page.page.click("#body a >> nth=5"),
    }
    for name, step in steps.items():
        with Tasks(page.page) as tasks:
            step()
            page.page.wait_for_timeout(100)
        took[name] = tasks.longest()
    page.page.wait_for_selector("dialog[open]")
    print({name: round(ms) for name, ms in took.items()})
    assert max(took.values()) < LIMIT, took
