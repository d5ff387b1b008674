# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page as text: nothing in it can come alive, and nothing in it asks for anything. What it does is in tests/browser."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answers
from ansible_collections.netops.tuning.plugins.plugin_utils._report.chart import chart
from ansible_collections.netops.tuning.plugins.plugin_utils._report.data import plain
from ansible_collections.netops.tuning.plugins.plugin_utils._report.html import duration, to_html
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import Command
from reports import fleets as fleet

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"&\u2028\u2029{{ 7*7 }}"


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and what is in scripts."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.scripts, self._open = [], {}, None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        self._open = (attributes.get("id") or "code") if tag in ("script", "style") else None

    def handle_endtag(self, tag):  # noqa: ARG002
        self._open = None

    def handle_data(self, data):
        if self._open:
            self.scripts[self._open] = self.scripts.get(self._open, "") + data


def hostile():
    found = fleet.answer(other={"time": 300}, connections=fleet.sockets(5, 3, 1, [HOSTILE]))
    for line in found["settings"]["time"]["assignments"]:
        line["path"] += HOSTILE
    found["processes"][0]["command"] = HOSTILE
    report = fleet.report(
        {HOSTILE: Answers(found), f"b{HOSTILE}": Answers({"failed": True, "msg": HOSTILE})}
    )
    return replace(report, title=HOSTILE, version=HOSTILE, todo=(Command(HOSTILE, HOSTILE),))


def test_nothing_of_a_host_becomes_an_element_or_a_script():
    calm, found = (
        Page(to_html(fleet.report({"a": fleet.answers(2, "a"), "b": fleet.answers(3, "b")}))),
        Page(to_html(hostile())),
    )
    assert "img" not in {tag for tag, _attributes in found.elements}
    assert len([tag for tag, _attributes in found.elements if tag == "script"]) == 3
    assert [tag for tag, _attributes in calm.elements if tag == "script"] == ["script"] * 3
    rows = json.loads(found.scripts["rows"])
    assert {row[0] for row in rows["hosts"]} == {HOSTILE, f"b{HOSTILE}"}
    assert not re.search("[<>&'\u2028\u2029]", found.scripts["rows"])


def test_only_our_own_script_and_style_may_run():
    found = Page(to_html(hostile()))
    policy = next(
        attributes["content"] for tag, attributes in found.elements if attributes.get("http-equiv")
    )
    text = to_html(hostile())
    for element in ("script", "style"):
        (content,) = re.findall(f"<{element}>(.*?)</{element}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_the_page_asks_for_nothing():
    found = Page(to_html(fleet.report(300, {"audit_idle_limit": 350})))
    for tag, attributes in found.elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "form", "base")
        assert not {"src", "srcset", "style", "action"} & set(attributes), (tag, attributes)
        assert attributes.get("href", "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)
    assert "@import" not in found.scripts["code"]
    assert "url(" not in found.scripts["code"]


def test_what_is_packed_is_what_json_has():
    report = fleet.report(230)
    found = Page(to_html(report))
    packs = [
        json.loads(gzip.decompress(base64.b64decode(found.scripts[f"pack{number}"])))
        for number in range(3)
    ]
    assert [len(pack) for pack in packs] == [100, 100, 30]
    assert [host for pack in packs for host in pack] == json.loads(
        json.dumps([plain(host) for host in report.hosts])
    )


def test_the_same_report_is_the_same_page():
    assert to_html(fleet.report(120)) == to_html(fleet.report(120))


@pytest.mark.parametrize(
    ("asked", "headline"),
    [
        ({}, "No hosts were audited"),
        ({"a": Answers(fleet.answer())}, "The host is as wanted"),
        ({"a": Answers(None)}, "The host is not as wanted"),
        ({name: Answers(fleet.answer()) for name in "ab"}, "All 2 hosts are as wanted"),
        ({name: Answers({"unreachable": True}) for name in "ab"}, "None of 2 hosts is as wanted"),
        ({"a": Answers(fleet.answer()), "b": Answers(None)}, "1 of 2 hosts are as wanted"),
    ],
)
def test_the_headline(asked, headline):
    (found,) = re.findall("<h1>(.*?)</h1>", to_html(fleet.report(asked)), re.DOTALL)
    assert " ".join(found.split()) == headline


def test_the_limits_count_hosts_whose_first_probe_comes_in_time():
    hosts = {
        str(time): Answers(fleet.answer(now=(time, 9, 25))) for time in (60, 240, 299, 300, 3600)
    }
    told = chart(fleet.report(hosts, {"audit_idle_limit": 100}))
    assert {limit.seconds: limit.cleared for limit in told["limits"]} == {
        100: 1,
        240: 1,
        300: 3,
        350: 4,
        600: 4,
        900: 4,
    }
    assert (
        sum(each.hosts for each in told["times"]) == sum(each.hosts for each in told["dead"]) == 5
    )
    assert all(0 <= each.x <= told["width"] - each.width for each in told["times"] + told["dead"])


@pytest.mark.parametrize("time", [0, -1, 1, 59, 32767, 2147483647])
def test_the_chart_takes_any_number(time):
    told = chart(fleet.report({"a": Answers(fleet.answer(now=(time, 9, 25), ours=None))}))
    assert all(0 <= each.x <= told["width"] for each in told["times"] + told["dead"])
    assert to_html(fleet.report({"a": Answers(fleet.answer(now=(time, 9, 25)))}))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (25, "25 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3600, "1 h"),
        (3825, "1 h 3 min 45 s"),
        (0, "0 s"),
    ],
)
def test_duration(seconds, text):
    assert duration(seconds) == text
