# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Profiles of the three keepalive settings, and limits of the network."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._keepalive import profiles
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError

TIME, PROBES, INTVL = (profiles.KEYS[name] for name in ("time", "probes", "intvl"))
PUBLISHED = {
    "one_hour": (3600, 9, 25),
    "document": (3600, 9, 25),
    "kernel": (7200, 9, 75),
    "gce": (60, 5, 60),
    "cloudfoundry_azure": (120, 8, 30),
    "sap": (300, 9, 75),
    "cassandra": (60, 3, 10),
    "oracle_rac": (30, 9, 60),
    "rabbitmq": (30, 4, 10),
    "talos": (600, 9, 60),
}
PATH = "/etc/sysctl.d/90-tcp-keepalive.conf"


def params(**options):
    names = ("time", "probes", "intvl", "idle_limit", "dead_after_limit")
    defaults = dict.fromkeys(names)
    return {"state": "present", "profile": "one_hour", **defaults, **options}


def check_limits(options):
    chosen = params(**options)
    profiles.check_limits(chosen, profiles.choose_values(chosen))


@pytest.mark.parametrize("profile", sorted(PUBLISHED))
def test_profile_has_the_published_values(profile):
    assert tuple(profiles.choose_values(params(profile=profile)).values()) == PUBLISHED[profile]


@pytest.mark.parametrize(("profile", "time"), [("mongodb", 120), ("aws", 45)])
def test_some_publish_only_a_time(profile, time):
    expected = {"time": time, "probes": 9, "intvl": 75}
    assert profiles.choose_values(params(profile=profile)) == expected


def test_every_profile_is_tested():
    assert set(profiles.PROFILES) == {*PUBLISHED, "mongodb", "aws"}


def test_one_probe_may_be_lost_behind_the_devices_of_aws():
    aws = profiles.PROFILES["aws"]
    assert profiles.survives_lost_probe(aws.time, aws.intvl, idle_limit=350)


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({}, {"time": 3600, "probes": 9, "intvl": 25}),
        ({"time": 120}, {"time": 120}),
        ({"probes": 5, "intvl": 7}, {"probes": 5, "intvl": 7}),
        ({"time": 120, "profile": "one_hour"}, {"time": 120, "probes": 9, "intvl": 25}),
    ],
)
def test_without_a_profile_only_the_given_values_are_chosen(options, values):
    assert profiles.choose_values(params(**{"profile": None, **options})) == values


@pytest.mark.parametrize(
    ("options", "source"),
    [
        ({}, "profile one_hour (3600 / 9 / 25)"),
        ({"time": 120}, "given: time 120"),
        ({"profile": "gce", "intvl": 10}, "profile gce (60 / 5 / 60), given: intvl 10"),
    ],
)
def test_the_source_of_the_values(options, source):
    assert profiles.describe_source(params(**{"profile": None, **options})) == source


def test_option_wins_over_the_profile():
    assert profiles.choose_values(params(profile="gce", probes=7)) == {
        "time": 60,
        "probes": 7,
        "intvl": 60,
    }


def test_absent_sets_the_kernel_defaults():
    assert profiles.choose_values(params(state="absent", time=1, idle_limit=1)) == {
        "time": 7200,
        "probes": 9,
        "intvl": 75,
    }


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"idle_limit": 350}, ["3600 s", "350 s", "gce (60 / 5 / 60)"]),
        ({"idle_limit": 376}, ["sap (300 / 9 / 75)"]),
        ({"time": 350, "idle_limit": 350}, ["not below"]),
        ({"idle_limit": 40}, ["no profile would do"]),
        ({"dead_after_limit": 3824}, ["3600 + 9 x 25 = 3825 s", "3824 s", "talos (600 / 9 / 60)"]),
        (
            {"profile": "kernel", "dead_after_limit": 100},
            ["7200 + 9 x 75 = 7875 s", "cassandra (60 / 3 / 10)"],
        ),
        ({"profile": "gce", "idle_limit": 350, "dead_after_limit": 100}, ["360 s", "cassandra"]),
    ],
)
def test_refuses_values_beyond_the_limits_and_suggests_a_profile(options, parts):
    with pytest.raises(TuningError) as caught:
        check_limits(options)
    assert all(part in str(caught.value) for part in parts), str(caught.value)
    assert caught.value.key == TIME


@pytest.mark.parametrize(
    "options",
    [
        {"time": 349, "idle_limit": 350},
        {"dead_after_limit": 3825},
        {"profile": "sap", "idle_limit": 350},
    ],
)
def test_accepts_values_within_the_limits(options):
    check_limits(options)


def test_suggests_no_profile_with_which_one_lost_probe_is_too_many():
    with pytest.raises(TuningError) as caught:
        check_limits({"idle_limit": 375})
    assert "gce" in str(caught.value)
    assert "sap" not in str(caught.value)


def test_refuses_an_idle_limit_that_leaves_no_time():
    with pytest.raises(TuningError, match="idle_limit 1 s"):
        check_limits({"time": 1, "idle_limit": 1})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("time", "time: true is not a number of seconds; give an integer"),
        ("probes", "probes: true is not a number of probes; give an integer"),
        ("intvl", "intvl: true is not a number of seconds; give an integer"),
        ("idle_limit", "idle_limit: true is not a number of seconds; give an integer"),
        ("dead_after_limit", "dead_after_limit: true is not a number of seconds; give an integer"),
    ],
)
def test_a_boolean_is_no_number(name, reason):
    with pytest.raises(TuningError) as caught:
        profiles.choose_values(params(**{name: True}))
    assert str(caught.value) == reason
