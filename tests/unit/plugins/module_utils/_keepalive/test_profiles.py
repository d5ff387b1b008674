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
    "talos": (600, 9, 60),
}
PATH = "/etc/sysctl.d/90-tcp-keepalive.conf"


def params(**options):
    names = ("time", "probes", "intvl", "idle_limit", "dead_after_limit")
    defaults = dict.fromkeys(names)
    return {"state": "present", "profile": "one_hour", **defaults, **options}


@pytest.mark.parametrize("profile", sorted(PUBLISHED))
def test_profile_has_the_published_values(profile):
    assert tuple(profiles.choose_values(params(profile=profile)).values()) == PUBLISHED[profile]


def test_mongodb_publishes_only_a_time():
    assert profiles.choose_values(params(profile="mongodb"))["time"] == 120


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
        ({"idle_limit": 350}, ["3600 s", "350 s", "gce (60 / 5 / 60)", "sap (300 / 9 / 75)"]),
        ({"time": 350, "idle_limit": 350}, ["not below"]),
        ({"idle_limit": 60}, ["no profile would do"]),
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
        profiles.choose_values(params(**options))
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
    profiles.choose_values(params(**options))


def test_refuses_an_idle_limit_that_leaves_no_time():
    with pytest.raises(TuningError, match="idle_limit 1 s"):
        profiles.choose_values(params(time=1, idle_limit=1))
