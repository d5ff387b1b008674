# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of the page: no foreign script can run in it, and it loads nothing.

What the page does is tested in tests/browser.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._idle_limits import IDLE_LIMITS
from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answer
from ansible_collections.netops.tuning.plugins.plugin_utils._report.chart import LAYOUTS, make_chart
from ansible_collections.netops.tuning.plugins.plugin_utils._report.data import host_to_dict
from ansible_collections.netops.tuning.plugins.plugin_utils._report.html import to_html
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import Cause, Command
from reports import fleets

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"&\u2028\u2029{{ 7*7 }}"


class Page(HTMLParser):
    """The elements of a page with their attributes, and the content of scripts and styles by id."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.scripts = {}
        self._script = None
        self.feed(text)
        self.close()

    def tags(self):
        return [tag for tag, _attributes in self.elements]

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        self._script = None
        if tag in ("script", "style"):
            self._script = attributes.get("id", "code")

    def handle_endtag(self, tag):  # noqa: ARG002 (the parser passes it)
        self._script = None

    def handle_data(self, data):
        if self._script:
            self.scripts[self._script] = self.scripts.get(self._script, "") + data


def hostile_report():
    """Return a report in which every text of a host tries to break out of the page."""
    result = fleets.info_result(
        other={"time": 300}, connections=fleets.connections_result(5, 3, 1, [HOSTILE])
    )
    for line in result["settings"]["time"]["assignments"]:
        line["path"] += HOSTILE
    result["processes"][0]["command"] = HOSTILE
    answers = {HOSTILE: Answer(result), f"b{HOSTILE}": Answer({"failed": True, "msg": HOSTILE})}
    report = fleets.report(answers)
    group = report.groups[0]._replace(
        causes=(Cause(HOSTILE, 1),), command=Command(HOSTILE, HOSTILE), hosts=(HOSTILE,)
    )
    return report._replace(title=HOSTILE, version=HOSTILE, groups=(group, *report.groups[1:]))


def test_no_text_of_a_host_becomes_an_element_or_a_script():
    harmless = fleets.report({"a": fleets.random_answer(2, "a"), "b": fleets.random_answer(3, "b")})
    page = Page(to_html(hostile_report()))
    assert "img" not in page.tags()
    assert page.tags().count("script") == 3
    assert Page(to_html(harmless)).tags().count("script") == 3
    rows = json.loads(page.scripts["rows"])
    assert {row[0] for row in rows["hosts"]} == {HOSTILE, f"b{HOSTILE}"}
    assert not re.search("[<>&'\u2028\u2029]", page.scripts["rows"])


def test_only_our_own_script_and_style_may_run():
    text = to_html(hostile_report())
    (policy,) = (
        attributes["content"]
        for _tag, attributes in Page(text).elements
        if "http-equiv" in attributes
    )
    for element in ("script", "style"):
        (content,) = re.findall(f"<{element}>(.*?)</{element}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_the_page_loads_nothing():
    page = Page(to_html(fleets.report(300, {"audit_idle_limit": 350})))
    for tag, attributes in page.elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "form", "base")
        assert not {"src", "srcset", "style", "action"} & set(attributes), (tag, attributes)
        assert attributes.get("href", "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    assert "@import" not in page.scripts["code"]
    assert "url(" not in page.scripts["code"]


def test_the_packs_hold_the_hosts_of_the_json_report():
    report = fleets.report(230)
    page = Page(to_html(report))
    hosts = []
    for number, size in enumerate([100, 100, 30]):
        compressed = base64.b64decode(page.scripts[f"pack{number}"])
        pack = json.loads(gzip.decompress(compressed))
        assert len(pack) == size
        hosts += pack
    assert "pack3" not in page.scripts
    assert hosts == json.loads(json.dumps(list(map(host_to_dict, report.hosts))))


def test_the_same_report_gives_the_same_page():
    assert to_html(fleets.report(120)) == to_html(fleets.report(120))


@pytest.mark.parametrize(
    ("answers", "headline"),
    [
        ({}, "No hosts were audited"),
        ({"a": Answer(fleets.info_result())}, "The host is as wanted"),
        ({"a": Answer(None)}, "The host is not as wanted"),
        ({name: Answer(fleets.info_result()) for name in "ab"}, "All 2 hosts are as wanted"),
        ({name: Answer({"unreachable": True}) for name in "ab"}, "0 of 2 hosts are as wanted"),
        ({"a": Answer(fleets.info_result()), "b": Answer(None)}, "1 of 2 hosts is as wanted"),
    ],
)
def test_the_headline(answers, headline):
    text = to_html(fleets.report(answers))
    assert f"<h1>{headline}</h1>" in text
    assert f": {headline}</title>" in text


def test_the_chart_has_every_published_limit_once():
    chart = make_chart(fleets.report(1))
    assert [limit.seconds for limit in chart.limits] == sorted({row.seconds for row in IDLE_LIMITS})
    names = "; ".join(limit.name for limit in chart.limits)
    assert names == "; ".join(row.name for row in IDLE_LIMITS)


def test_the_limits_count_hosts_whose_first_probe_comes_in_time():
    times = (60, 240, 299, 300, 3600)
    answers = {str(time): Answer(fleets.info_result(now=(time, 9, 25))) for time in times}
    chart = make_chart(fleets.report(answers, {"audit_idle_limit": 100}))
    assert {limit.seconds: limit.cleared for limit in chart.limits} == {
        100: 1,
        240: 1,
        300: 3,
        350: 4,
        600: 4,
        900: 4,
        1200: 4,
        1800: 4,
    }
    assert (
        sum(chart_bar.hosts for chart_bar in chart.times)
        == sum(chart_bar.hosts for chart_bar in chart.dead)
        == 5
    )


LAYOUT = pytest.mark.parametrize("layout", LAYOUTS, ids=[layout.name for layout in LAYOUTS])


def assert_all_bars_are_in(chart):
    for chart_bar in [*chart.times, *chart.dead]:
        assert 0 <= chart_bar.x <= chart.layout.width - chart_bar.width


@LAYOUT
def test_the_chart_has_room_for_the_shortest_time_of_any_host(layout):
    times = {"a": 3600, "b": 5}
    answers = {name: Answer(fleets.info_result(now=(time, 9, 25))) for name, time in times.items()}
    assert_all_bars_are_in(make_chart(fleets.report(answers), layout))


@LAYOUT
@pytest.mark.parametrize("time", [0, -1, 1, 59, 32767, 2147483647])
def test_the_chart_takes_any_number(time, layout):
    answers = {"a": Answer(fleets.info_result(now=(time, 9, 25), ours=None))}
    chart = make_chart(fleets.report(answers), layout)
    assert_all_bars_are_in(chart)
    ticks = [tick.x for tick in chart.ticks]
    assert all(after - before >= layout.tick_gap for before, after in zip(ticks, ticks[1:]))
    assert to_html(fleets.report({"a": Answer(fleets.info_result(now=(time, 9, 25)))}))
