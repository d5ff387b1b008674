# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options from variables, and the desired state of a host."""

from __future__ import annotations

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.plugin_utils._role_options import (
    desired_state,
    options_from_variables,
    with_profile_of_role,
)

PATH = "/etc/sysctl.d/90-tcp-keepalive.conf"


def as_given(variables):
    """Resolve no templates."""
    return variables


def desired(variables):
    return desired_state(variables, as_given)


@pytest.mark.parametrize(
    ("variables", "values"),
    [
        ({}, (3600, 9, 25)),
        ({"tcp_keepalive_profile": "gce"}, (60, 5, 60)),
        ({"tcp_keepalive_time": 300}, (300, 9, 25)),
        ({"tcp_keepalive_state": "absent", "tcp_keepalive_time": 300}, (7200, 9, 75)),
        ({"audit_time": "300"}, (300, 9, 25)),
        ({"audit_time": 300, "tcp_keepalive_probes": 5}, (300, 5, 25)),
        ({"audit_time": 300, "tcp_keepalive_profile": "gce"}, (300, 5, 60)),
        ({"audit_time": 300, "tcp_keepalive_state": "absent"}, (300, 9, 75)),
        ({"audit_profile": "gce", "tcp_keepalive_time": 300}, (60, 5, 60)),
        ({"audit_profile": "gce", "audit_probes": 7}, (60, 7, 60)),
        ({"audit_profile": "document", "tcp_keepalive_state": "absent"}, (3600, 9, 25)),
        ({"audit_time": None, "tcp_keepalive_time": ""}, (3600, 9, 25)),
    ],
)
def test_values(variables, values):
    assert tuple(desired(variables).values.values()) == values


def test_arguments_are_what_the_variables_of_the_role_do_not_say():
    assert desired({"tcp_keepalive_time": 300}).arguments == {}
    assert desired({"audit_time": 300, "tcp_keepalive_time": 300}).arguments == {}
    assert desired({"audit_profile": "gce", "tcp_keepalive_state": "absent"}).arguments == {
        "tcp_keepalive_state": "present",
        "tcp_keepalive_time": 60,
        "tcp_keepalive_probes": 5,
        "tcp_keepalive_intvl": 60,
    }


@pytest.mark.parametrize(
    ("variables", "given", "origins"),
    [
        ({}, [], {"the role's default"}),
        ({"tcp_keepalive_time": 300}, [], {"tcp_keepalive_time (inventory)", "the role's default"}),
        (
            {"tcp_keepalive_time": 300},
            ["tcp_keepalive_time"],
            {"tcp_keepalive_time (-e)", "the role's default"},
        ),
        (
            {"tcp_keepalive_profile": "gce"},
            [],
            {"profile gce of tcp_keepalive_profile (inventory)"},
        ),
        (
            {"audit_profile": "gce", "tcp_keepalive_time": 5},
            ["audit_profile"],
            {"profile gce of audit_profile (-e)"},
        ),
        (
            {"audit_time": 5, "tcp_keepalive_profile": "gce"},
            [],
            {"audit_time (inventory)", "profile gce of tcp_keepalive_profile (inventory)"},
        ),
        (
            {"tcp_keepalive_state": "absent"},
            [],
            {"the kernel's default, by tcp_keepalive_state (inventory)"},
        ),
    ],
)
def test_the_origin_of_each_value_is_named(variables, given, origins):
    state = desired_state(variables, as_given, given)
    assert set(state.origins.values()) == origins
    assert state.is_default is (not variables)


EXPLICIT = {
    "tcp_keepalive_state": "present",
    "tcp_keepalive_time": 300,
    "tcp_keepalive_probes": 9,
    "tcp_keepalive_intvl": 25,
}


@pytest.mark.parametrize(
    ("variables", "arguments"),
    [
        ({"tcp_keepalive_time": 300}, EXPLICIT),
        ({"audit_time": 300}, EXPLICIT),
        ({"tcp_keepalive_state": "absent"}, {"tcp_keepalive_state": "absent"}),
        ({"tcp_keepalive_path": "/etc/x.conf"}, {"tcp_keepalive_path": "/etc/x.conf"}),
        ({"audit_path": "/etc/x.conf"}, {"tcp_keepalive_path": "/etc/x.conf"}),
    ],
)
def test_what_the_command_line_gives_is_in_the_arguments(variables, arguments):
    """Later commands, and those of merged reports, do not have this command line."""
    assert desired_state(variables, as_given, list(variables)).arguments == arguments


def test_path_and_idle_limit():
    assert (desired({}).path, desired({}).idle_limit) == (PATH, None)
    role = {"tcp_keepalive_path": "/etc/sysctl.d/1.conf", "tcp_keepalive_idle_limit": 350}
    assert (desired(role).path, desired(role).idle_limit) == ("/etc/sysctl.d/1.conf", 350)
    assert desired({**role, "audit_idle_limit": "240"}).idle_limit == 240


@pytest.mark.parametrize(
    ("variables", "parts"),
    [
        ({"audit_profile": "acme"}, ["audit_profile", "'acme'", "gce"]),
        ({"tcp_keepalive_profile": "acme"}, ["tcp_keepalive_profile"]),
        ({"audit_time": "soon"}, ["audit_time", "'soon'", "seconds"]),
        ({"audit_idle_limit": []}, ["idle_limit"]),
    ],
)
def test_refused(variables, parts):
    with pytest.raises(TuningError) as error:
        desired(variables)
    assert all(part in str(error.value) for part in parts)


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ({"mine_time": 100, "other_probes": 5}, {"time": 100}),
        ({"mine_time": None, "mine_probes": 5}, {"probes": 5}),
        ({"mine_time": "__omit", "mine_probes": 5, "omit": "__omit"}, {"probes": 5}),
        ({"mine_intvl": 5}, {}),
        ({}, {}),
    ],
)
def test_options_from_variables(variables, options):
    assert options_from_variables("mine_", ["time", "probes"], variables, as_given) == options


def test_the_role_always_names_a_profile():
    assert with_profile_of_role({"time": 100}) == {"time": 100, "profile": "one_hour"}
    assert with_profile_of_role({"profile": "gce"}) == {"profile": "gce"}


def test_templates_are_resolved_at_once_and_only_of_the_options():
    calls = []

    def template(variables):
        calls.append(variables)
        return {name: f"resolved {value}" for name, value in variables.items()}

    variables = {"mine_time": "{{ a }}", "mine_probes": 5, "mine_other": "{{ b }}"}
    options = options_from_variables("mine_", ["time", "probes"], variables, template)
    assert options == {"time": "resolved {{ a }}", "probes": "resolved 5"}
    assert calls == [{"mine_time": "{{ a }}", "mine_probes": 5}]
