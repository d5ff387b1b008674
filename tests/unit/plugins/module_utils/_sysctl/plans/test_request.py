# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests: when a current value is as requested, and which value to set if it is not."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._modules import (
    arguments,
    keepalive_arguments,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    numbers_in,
    values_equal,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.request import Request
from hosts_in_memory import make_request
from hypothesis import given
from hypothesis import strategies as st

KEY = "net.ipv4.tcp_rmem"

# Current value, requested value, the value to set: as an exact value, a minimum and a maximum.
TARGETS = [
    ("60", "30", "30", "60", "30"),
    ("10", "30", "30", "30", "10"),
    ("30", "30", "30", "30", "30"),
    (None, "30", "30", "30", "30"),
    ("", "30", "30", "30", "30"),
    ("-1", "0", "0", "0", "-1"),
    ("0x3c", "30", "30", "0x3c", "30"),
    ("0x0a", "30", "30", "30", "0x0a"),
    ("16", "0x20", "0x20", "32", "16"),
    ("074", "30", "30", "074", "30"),
    ("1\t2  3", "2 2 2", "2 2 2", "2 2 3", "1 2 2"),
    ("4\t5  6", "2 2 2", "2 2 2", "4\t5  6", "2 2 2"),
    ("1 2", "2 2 2", "2 2 2", "2 2 2", "2 2 2"),
    ("1 2 3 4", "2 2 2", "2 2 2", "2 2 2", "2 2 2"),
    ("cubic", "30", "30", "30", "30"),
    ("60", "cubic", "cubic", "cubic", "cubic"),
    ("18446744073709551615", "1", "1", "18446744073709551615", "1"),
]

EXACT = make_request({})
AT_LEAST = make_request({}, at_least=True)
AT_MOST = make_request({}, at_most=True)
BY_BOUND = [EXACT, AT_LEAST, AT_MOST]


@pytest.mark.parametrize(("current", "requested", "exact", "minimum", "maximum"), TARGETS)
def test_the_value_to_set(current, requested, exact, minimum, maximum):
    assert EXACT.target(current, requested) == exact
    assert AT_LEAST.target(current, requested) == minimum
    assert AT_MOST.target(current, requested) == maximum


@pytest.mark.parametrize(("current", "requested", "exact", "minimum", "maximum"), TARGETS)
def test_a_value_is_accepted_where_it_is_the_one_to_set(
    current, requested, exact, minimum, maximum
):
    for request, target in ((EXACT, exact), (AT_LEAST, minimum), (AT_MOST, maximum)):
        is_target = values_equal(KEY, current, target)
        assert request.accepts(KEY, current, requested) == is_target


@pytest.mark.parametrize(
    ("current", "requested", "accepted_by"),
    [
        ("60", "30", [AT_LEAST]),
        ("10", "30", [AT_MOST]),
        ("30", "30", BY_BOUND),
        ("0x1e", "30", BY_BOUND),
        ("4 5 6", "2 2 2", [AT_LEAST]),
        ("1 2 2", "2 2 2", [AT_MOST]),
        ("1 2 3", "2 2 2", []),
        ("4 5", "2 2 2", []),
        (None, "30", []),
        ("cubic", "30", []),
        ("cubic", "cubic", BY_BOUND),
    ],
)
def test_which_requests_accept_a_value(current, requested, accepted_by):
    for request in BY_BOUND:
        assert request.accepts(KEY, current, requested) == (request in accepted_by)


texts = st.one_of(
    st.none(),
    st.text("0123456789x- a", max_size=9),
    st.lists(st.integers(-99, 1 << 40), min_size=1, max_size=3).map(
        lambda numbers: " ".join(str(number) for number in numbers)
    ),
)


@given(st.sampled_from(BY_BOUND), texts, texts.filter(lambda text: text is not None))
def test_the_value_to_set_is_accepted(request, current, requested):
    target = request.target(current, requested)
    assert request.accepts(KEY, target, requested)
    assert request.target(target, requested) == target


@given(texts, texts.filter(lambda text: text is not None))
def test_a_bound_holds_for_each_number_of_the_value_to_set(current, requested):
    limits = numbers_in(requested)
    minimums = numbers_in(AT_LEAST.target(current, requested))
    maximums = numbers_in(AT_MOST.target(current, requested))
    assert len(minimums) == len(maximums) == len(limits)
    for limit, minimum, maximum in zip(limits, minimums, maximums):
        assert maximum <= limit <= minimum


def test_the_options_of_the_modules_have_the_defaults_of_a_request():
    """A path and a header have no default in a request, since each module has its own."""
    defaults = Request._field_defaults
    for options in (arguments.SYSCTL_OPTIONS, keepalive_arguments.TCP_KEEPALIVE_OPTIONS):
        shared_names = set(options) & set(defaults)
        assert shared_names
        for name in shared_names:
            assert options[name]["default"] == defaults[name], name
    # `present` is called state there, `kept` is for tcp_keepalive, `absent` is part of settings,
    # `key_modules` are modules.
    options_of_sysctl = {*arguments.SYSCTL_OPTIONS, "present", "kept", "absent", "key_modules"}
    assert set(Request._fields) <= options_of_sysctl
    assert arguments.SYSCTL_OPTIONS["state"]["default"] == "present"
    assert defaults["present"]


BOUNDS = [
    ("30", "60", None),
    ("0x10", "60", None),
    ("-1", None, None),
    ("1 2 3", "4096\t131072\t6291456", None),
    ("30", "", None),
    ("cubic", "60", "'cubic' is not a number, so it cannot be a minimum"),
    ("1 x", "1 2", "'1 x' is not a number"),
    ("", None, "'' is not a number"),
    ("30", "cubic", "its value is 'cubic', which is not a number"),
    ("30", "1 x", "its value is '1 x', which is not a number"),
]


@pytest.mark.parametrize(("value", "live", "reason"), BOUNDS)
def test_which_values_can_be_bounds(value, live, reason):
    if reason is None:
        AT_LEAST.validate(KEY, value, live)
        return
    with pytest.raises(TuningError) as caught:
        AT_LEAST.validate(KEY, value, live)
    assert reason in str(caught.value)
    assert "set 'at_least: false'" in str(caught.value)
    assert caught.value.key == KEY


def test_a_maximum_that_is_refused_names_its_option():
    with pytest.raises(TuningError, match=r"cannot be a maximum; .*'at_most: false'"):
        AT_MOST.validate(KEY, "cubic", "60")
