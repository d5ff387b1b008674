# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of reports that hold the date."""

from __future__ import annotations

import datetime as dt

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report.dated_name import expand
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import ReportError

MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc)


@pytest.mark.parametrize(
    ("name", "expanded"),
    [
        ("keepalive-audit", "keepalive-audit"),
        ("audit-%Y-%m-%d", "audit-2026-01-02"),
        ("%Y/%m/audit-%H%M%S", "2026/01/audit-030405"),
        ("100%%", "100%"),
        ("%%Y", "%Y"),
    ],
)
def test_names(name, expanded):
    assert expand(name, MOMENT) == expanded


@pytest.mark.parametrize(
    ("name", "code"), [("a%x", "'%x'"), ("a%", "'%'"), ("%-d", "'%-'"), ("%\n", "'%\\n'")]
)
def test_a_code_that_is_not_known_is_refused(name, code):
    with pytest.raises(ReportError) as error:
        expand(name, MOMENT)
    assert f"holds {code}; give one of %Y, %m, " in str(error.value)
