# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The three keepalive settings: profiles, and limits of the network."""

from __future__ import annotations

import pytest

pytest.importorskip("ansible", reason="Ansible does not run on this Python; targets get its code sent")

from ansible_collections.netops.tuning.plugins.module_utils._sysctl import keepalive
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.base import TuningError
from ansible_collections.netops.tuning.plugins.modules import tcp_keepalive
from unit.engine import ask, make_host, plan_for

TIME, PROBES, INTVL = (keepalive.KEYS[name] for name in ("time", "probes", "intvl"))
PUBLISHED = {
    "document": (3600, 9, 25),
    "kernel": (7200, 9, 75),
    "gce": (60, 5, 60),
    "cloudfoundry_azure": (120, 8, 30),
    "sap": (300, 9, 75),
    "cassandra": (60, 3, 10),
    "talos": (600, 9, 60),
}
PATH = "/etc/sysctl.d/90-tcp-keepalive.conf"


def params(**options):
    names = ("time", "probes", "intvl", "idle_limit", "dead_after_limit", "from_variables")
    nothing = dict.fromkeys(names)
    return {"state": "present", "profile": "document", **nothing, **options}


def test_a_host_knows_no_variables():
    with pytest.raises(TuningError, match="from_variables 'x_': the host knows no variables"):
        keepalive.settings(params(from_variables="x_"))


@pytest.mark.parametrize("profile", sorted(PUBLISHED))
def test_a_profile_is_what_was_published(profile):
    assert tuple(keepalive.choose(params(profile=profile)).values()) == PUBLISHED[profile]


def test_mongodb_publishes_a_time_only():
    assert keepalive.choose(params(profile="mongodb"))["time"] == 120


def test_a_value_that_is_given_wins_over_the_profile():
    assert keepalive.choose(params(profile="gce", probes=7)) == {"time": 60, "probes": 7, "intvl": 60}


def test_absent_means_the_defaults_of_the_kernel():
    assert keepalive.choose(params(state="absent", time=1, idle_limit=1)) == {"time": 7200, "probes": 9, "intvl": 75}


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"idle_limit": 350}, ["3600 s", "350 s", "gce (60 / 5 / 60)", "sap (300 / 9 / 75)"]),
        ({"time": 350, "idle_limit": 350}, ["not below"]),
        ({"idle_limit": 60}, ["no profile would do"]),
        ({"dead_after_limit": 3824}, ["3600 + 9 x 25 = 3825 s", "3824 s", "talos (600 / 9 / 60)"]),
        ({"profile": "kernel", "dead_after_limit": 100}, ["7200 + 9 x 75 = 7875 s", "cassandra (60 / 3 / 10)"]),
        ({"profile": "gce", "idle_limit": 350, "dead_after_limit": 100}, ["360 s", "cassandra"]),
    ],
)
def test_what_the_network_forgets_is_refused_with_what_would_do(options, parts):
    with pytest.raises(TuningError) as caught:
        keepalive.choose(params(**options))
    assert all(part in str(caught.value) for part in parts), str(caught.value)
    assert caught.value.key == TIME


@pytest.mark.parametrize(
    "options", [{"time": 349, "idle_limit": 350}, {"dead_after_limit": 3825}, {"profile": "sap", "idle_limit": 350}]
)
def test_what_is_within_the_limits_is_taken(options):
    keepalive.choose(params(**options))


def test_an_idle_limit_that_leaves_no_time_is_refused():
    with pytest.raises(TuningError, match="idle_limit 1 s"):
        keepalive.choose(params(time=1, idle_limit=1))


def test_the_file_holds_exactly_the_three_settings():
    given = params()
    assert keepalive.settings(given) == {TIME: 3600, PROBES: 9, INTVL: 25}
    assert given["exclusive"]
    given = params(state="absent")
    keepalive.settings(given)
    assert not given["exclusive"]


@pytest.mark.parametrize(
    ("kernel", "options", "seconds"),
    [
        ({TIME: "7200", PROBES: "9", INTVL: "75"}, {}, 3825),
        ({}, {"ignore_missing": True}, 3825),
        ({TIME: "7200", PROBES: "9", INTVL: "75"}, {"present": False}, 7875),
        ({}, {"present": False}, None),
    ],
)
def test_the_seconds_until_a_dead_peer_is_noticed(kernel, options, seconds):
    wanted = (
        {TIME: "3600", PROBES: "9", INTVL: "25"}
        if options.get("present", True)
        else dict.fromkeys((TIME, PROBES, INTVL))
    )
    plan = plan_for(ask(wanted, **options), make_host("systemd", {}, kernel))
    assert keepalive.told(plan) == {"dead_after": seconds}


def test_the_module_on_an_image(place, modules):
    root = place({"/etc/sysctl.d": None})
    options = {"root": str(root.root), "runtime": False}
    told = modules.ok(tcp_keepalive, **options)
    assert (told["changed"], told["dead_after"], told["path"]) == (True, 3825, PATH)
    text = root.read(PATH).decode()
    assert text.splitlines()[1:] == [f"{TIME} = 3600", f"{PROBES} = 9", f"{INTVL} = 25"]
    assert not modules.ok(tcp_keepalive, **options)["changed"]
    assert modules.ok(tcp_keepalive, profile="gce", **options)["dead_after"] == 360
    assert modules.ok(tcp_keepalive, state="absent", **options)["changed"]
    assert not root.at(PATH).exists()


def test_the_module_refuses_what_kills_healthy_connections(place, modules):
    options = {"root": str(place({"/etc/sysctl.d": None}).root), "runtime": False}
    assert modules.fails(tcp_keepalive, probes=0, **options)["failed_key"] == PROBES
    assert modules.fails(tcp_keepalive, time=40000, **options)["failed_key"] == TIME
    assert modules.fails(tcp_keepalive, idle_limit=350, **options)["failed_key"] == TIME
