# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of a host, from its variables."""

from __future__ import annotations

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import ReportError
from ansible_collections.netops.tuning.plugins.plugin_utils._report.wanted import PATH, wanted


@pytest.mark.parametrize(
    ("variables", "values"),
    [
        ({}, (3600, 9, 25)),
        ({"tcp_keepalive_profile": "gce"}, (60, 5, 60)),
        ({"tcp_keepalive_time": 300}, (300, 9, 25)),
        ({"tcp_keepalive_state": "absent", "tcp_keepalive_time": 300}, (7200, 9, 75)),
        ({"audit_time": "300"}, (300, 9, 25)),
        ({"audit_time": 300, "tcp_keepalive_probes": 5}, (300, 5, 25)),
        ({"audit_profile": "gce", "tcp_keepalive_time": 300}, (60, 5, 60)),
        ({"audit_profile": "gce", "audit_probes": 7}, (60, 7, 60)),
        ({"audit_profile": "document", "tcp_keepalive_state": "absent"}, (3600, 9, 25)),
        ({"audit_time": None, "tcp_keepalive_time": ""}, (3600, 9, 25)),
    ],
)
def test_values(variables, values):
    assert tuple(wanted(variables).values.values()) == values


def test_the_role_is_told_what_its_own_variables_do_not_say():
    assert wanted({"tcp_keepalive_time": 300}).arguments == {}
    assert wanted({"audit_time": 300, "tcp_keepalive_time": 300}).arguments == {}
    assert wanted({"audit_profile": "gce", "tcp_keepalive_state": "absent"}).arguments == {
        "tcp_keepalive_state": "present",
        "tcp_keepalive_time": 60,
        "tcp_keepalive_probes": 5,
        "tcp_keepalive_intvl": 60,
    }


def test_path_and_idle_limit():
    assert (wanted({}).path, wanted({}).idle_limit) == (PATH, None)
    role = {"tcp_keepalive_path": "/etc/sysctl.d/1.conf", "tcp_keepalive_idle_limit": 350}
    assert (wanted(role).path, wanted(role).idle_limit) == ("/etc/sysctl.d/1.conf", 350)
    assert wanted({**role, "audit_idle_limit": "240"}).idle_limit == 240


@pytest.mark.parametrize(
    ("variables", "parts"),
    [
        ({"audit_profile": "aws"}, ["audit_profile", "'aws'", "gce"]),
        ({"tcp_keepalive_profile": "aws"}, ["tcp_keepalive_profile"]),
        ({"audit_time": "soon"}, ["audit_time", "'soon'", "seconds"]),
        ({"audit_idle_limit": []}, ["idle_limit"]),
    ],
)
def test_refused(variables, parts):
    with pytest.raises(ReportError) as error:
        wanted(variables)
    assert all(part in str(error.value) for part in parts)
