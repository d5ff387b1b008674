# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How users give variables: what is not set, the forms of a list, and misspelled names."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.plugin_utils._variables import (
    Names,
    VariableError,
    as_list,
    check_names,
    is_set,
    parse_json,
)


@pytest.mark.parametrize("value", [None, "", "  ", "\n"])
def test_null_and_empty_text_are_not_set(value):
    assert not is_set(value)


@pytest.mark.parametrize("value", [0, False, "0", [], {}])
def test_everything_else_is_set(value):
    assert is_set(value)


@pytest.mark.parametrize(
    ("value", "items"),
    [
        (["1", "50%"], ["1", "50%"]),
        ("1,50%,100%", ["1", "50%", "100%"]),
        (" 1 , 50% ,", ["1", "50%"]),
        ('["1", "50%"]', ["1", "50%"]),
        ("[1, 2]", [1, 2]),
        ("[ab]*", ["[ab]*"]),
        ("5%", ["5%"]),
        (5, [5]),
        ("", []),
        (None, []),
        ([], []),
        (["a", "", None], ["a"]),
    ],
)
def test_a_list_has_three_forms(value, items):
    assert as_list(value) == items


@pytest.mark.parametrize(
    ("value", "parsed"),
    [('{"a": 1}', {"a": 1}), ("{a", "{a"), ("a", "a"), ({"a": 1}, {"a": 1})],
)
def test_dictionaries_may_be_json(value, parsed):
    assert parse_json(value) == parsed


ROLE = Names("tcp_keepalive_", ["time", "probes", "intvl", "idle_limit", "hosts"], reserved=True)
AUDIT = Names("audit_", ["profile", "title", "reports", "report_dir", "hosts"])


@pytest.mark.parametrize(
    ("names", "variable", "meant"),
    [
        (ROLE, "tcp_keepalive_interval", "did you mean tcp_keepalive_intvl?"),
        (ROLE, "tcp_keepalive_idle", "did you mean tcp_keepalive_time?"),
        (ROLE, "tcp_keepalive_count", "did you mean tcp_keepalive_probes?"),
        (ROLE, "tcp_keepalive_probe", "did you mean tcp_keepalive_probes?"),
        (ROLE, "tcp_keepalive_xyzzy", "there are tcp_keepalive_hosts, tcp_keepalive_idle_limit,"),
        (AUDIT, "audit_profle", "did you mean audit_profile?"),
        (AUDIT, "audit_report_dirs", "did you mean audit_report_dir?"),
    ],
)
def test_misspelled_variables_are_refused(names, variable, meant):
    with pytest.raises(VariableError) as error:
        check_names({variable: 1, "other": 2}, names)
    assert str(error.value).startswith(f"{variable}: there is no such variable; {meant}")


@pytest.mark.parametrize(
    ("names", "variables"),
    [
        (ROLE, {"tcp_keepalive_time": 1, "tcp_keepalive": 2, "tcp_keepaliveinterval": 3}),
        # The results of other tasks.
        (ROLE, {"tcp_keepalive_interval": {"changed": False}}),
        # Variables of other roles, as those that harden a host.
        (AUDIT, {"audit_rules": [], "audit_log_file": "a", "audit_enabled": True}),
    ],
)
def test_other_variables_are_not_ours(names, variables):
    check_names(variables, names)
