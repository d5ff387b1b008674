# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages name what the user typed: the variable of the role, not the option of the module."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._keepalive.profiles import KEYS
from ansible_collections.netops.tuning.plugins.module_utils._modules.keepalive_arguments import (
    TCP_KEEPALIVE_OPTIONS,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._variable_names import name_variables

TIME = KEYS["time"]


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (
            f"{TIME}: 400 s is not below idle_limit 350 s. Set a time below 350",
            f"{TIME}: 400 s is not below my_idle_limit 350 s. Set a my_time below 350",
        ),
        (
            ", or use a profile that would do: gce (60 / 5 / 60)",
            ", or use a my_profile that would do: gce (60 / 5 / 60)",
        ),
        (
            "choose a path that is read later, or set on_override to 'comment_out' or 'warn'",
            "choose a my_path that is read later, or set my_on_override to 'comment_out' or 'warn'",
        ),
        ("remove it, or choose another path", "remove it, or choose another my_path"),
        ("no value; set 'state: absent' to", "no value; set 'my_state: absent' to"),
        ("set 'runtime: false' with it", "set 'my_runtime: false' with it"),
        (
            "argument 'time' is of type <class 'str'>",
            "argument 'my_time' is of type <class 'str'>",
        ),
        ("time: [1] is not an integer", "my_time: [1] is not an integer"),
        ("path 'x' is not absolute", "my_path 'x' is not absolute"),
        ("name a file, or leave out path", "name a file, or leave out my_path"),
        ("value of profile must be one of: a", "value of my_profile must be one of: a"),
        (
            "root '' is not absolute; or leave out root",
            "my_root '' is not absolute; or leave out my_root",
        ),
        ("runtime and persistent are both false", "my_runtime and my_persistent are both false"),
        ("Lower time, probes or intvl; no", "Lower my_time, my_probes or my_intvl; no"),
        # What is no option stays.
        (f"{TIME}: another program changed it at the same time", None),
        ("/etc/idle_limit.d/path: Permission denied", None),
        ("the path would forget an idle connection", None),
    ],
)
def test_options_become_variables(message, named):
    assert name_variables(message, "my_", list(TCP_KEEPALIVE_OPTIONS)) == (named or message)
