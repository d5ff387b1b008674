# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module tcp_keepalive: what it asks of the engine, and its result."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip(
    "ansible", reason="Ansible does not run on this Python; targets get its code sent"
)

from ansible_collections.netops.tuning.plugins.module_utils._keepalive.profiles import KEYS
from ansible_collections.netops.tuning.plugins.module_utils._modules.tcp_keepalive import (
    KeepaliveChange,
    _planned_dead_after,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.modules import tcp_keepalive
from hosts_in_memory import make_host, make_request, plan_for

TIME, PROBES, INTVL = KEYS["time"], KEYS["probes"], KEYS["intvl"]
PATH = "/etc/sysctl.d/90-tcp-keepalive.conf"


def change(**options):
    """Return the change that a task with these options asks for."""
    names = ("time", "probes", "intvl", "idle_limit", "dead_after_limit", "from_variables")
    params = dict.fromkeys((*names, "rollout"))
    params.update(state="present", profile="one_hour", **options)
    return KeepaliveChange(SimpleNamespace(params=params))


def test_refuses_from_variables_on_the_host():
    with pytest.raises(TuningError, match="from_variables 'x_': the host knows no variables"):
        change(from_variables="x_").requested_settings()


def test_file_has_exactly_the_three_settings():
    present = change()
    assert present.requested_settings() == {TIME: 3600, PROBES: 9, INTVL: 25}
    assert present.options()["exclusive"]
    absent = KeepaliveChange(SimpleNamespace(params={**present.module.params, "state": "absent"}))
    absent.requested_settings()
    assert not absent.options()["exclusive"]


@pytest.mark.parametrize(
    ("kernel", "options", "seconds"),
    [
        ({TIME: "7200", PROBES: "9", INTVL: "75"}, {}, 3825),
        ({}, {"ignore_missing": True}, 3825),
        ({TIME: "7200", PROBES: "9", INTVL: "75"}, {"present": False}, 7875),
        ({}, {"present": False}, None),
    ],
)
def test_plans_the_seconds_until_a_dead_peer_is_noticed(kernel, options, seconds):
    if options.get("present", True):
        settings = {TIME: "3600", PROBES: "9", INTVL: "25"}
    else:
        settings = dict.fromkeys((TIME, PROBES, INTVL))
    plan = plan_for(make_request(settings, **options), make_host("systemd", {}, kernel))
    assert _planned_dead_after(plan) == seconds


def test_module_on_an_image(host_root, modules):
    root = host_root({"/etc/sysctl.d": None})
    options = {"root": str(root.root), "runtime": False}
    result = modules.ok(tcp_keepalive, **options)
    assert (result["changed"], result["dead_after"], result["path"]) == (True, 3825, PATH)
    text = root.read(PATH).decode()
    assert text.splitlines()[1:] == [f"{TIME} = 3600", f"{PROBES} = 9", f"{INTVL} = 25"]
    assert not modules.ok(tcp_keepalive, **options)["changed"]
    assert not modules.ok(tcp_keepalive, profile="document", **options)["changed"]
    assert modules.ok(tcp_keepalive, profile="gce", **options)["dead_after"] == 360
    assert modules.ok(tcp_keepalive, state="absent", **options)["changed"]
    assert not root.at(PATH).exists()


def test_sets_only_the_values_that_are_given(host_root, modules):
    root = host_root({PATH: f"{TIME} = 60\n{PROBES} = 5\nnet.ipv4.tcp_sack = 1\n"})
    options = {"root": str(root.root), "runtime": False}
    result = modules.ok(tcp_keepalive, time=120, **options)
    assert root.read(PATH).decode() == f"{TIME} = 120\n{PROBES} = 5\n"
    assert set(result["settings"]) == {TIME, "net.ipv4.tcp_sack"}
    assert result["diff"][0]["after_header"] == f"{PATH} # given: time 120"
    assert not modules.ok(tcp_keepalive, time=120, **options)["changed"]


def test_the_limits_concern_the_values_that_the_host_will_have(kernel, modules):
    live = kernel(**{TIME: "7200", PROBES: "9", INTVL: "75"})
    options = {"intvl": 60, "idle_limit": 350, "persistent": False}
    failure = modules.fails(tcp_keepalive, **options)
    assert "7200 s is not below idle_limit 350 s" in failure["msg"]
    live[TIME] = "300"
    assert "warnings" not in modules.ok(
        tcp_keepalive, state="absent", idle_limit=1, persistent=False
    )
    live[TIME] = "300"
    assert "warnings" not in modules.ok(tcp_keepalive, **{**options, "intvl": 49})
    result = modules.ok(tcp_keepalive, **options)
    assert "300 + 60 = 360 s" in str(result["warnings"])
    assert (live[TIME], live[INTVL], result["dead_after"]) == ("300", "60", 300 + 9 * 60)


def test_module_refuses_values_that_kill_healthy_connections(host_root, modules):
    options = {"root": str(host_root({"/etc/sysctl.d": None}).root), "runtime": False}
    assert modules.fails(tcp_keepalive, probes=0, **options)["failed_key"] == PROBES
    assert modules.fails(tcp_keepalive, time=40000, **options)["failed_key"] == TIME
    assert modules.fails(tcp_keepalive, idle_limit=350, **options)["failed_key"] == TIME
