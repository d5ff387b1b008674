# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of this host that a glob matches."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime.proc_sys_globs import (
    expand_glob,
)

CONF = "net.ipv4.conf"
NAMES = ("br0", "br1", "xzy", "x*y", "v0", "v[0]")


@pytest.mark.parametrize(
    ("glob", "names"),
    [
        ("br*", ["br0", "br1"]),
        ("br[[:digit:]]", ["br0", "br1"]),
        (r"\b*0", ["br0"]),
        ("x*y", ["xzy"]),
        ("x[*]y", ["x*y"]),
        (r"x\*y", ["x*y"]),
        ("x*", ["x*y", "xzy"]),
        ("v[0]", ["v0"]),
        ("z*", []),
    ],
)
def test_which_keys_a_glob_matches(kernel, glob, names):
    """The name of an interface may be a glob itself, and no loader sets its keys by that."""
    live = {f"{CONF}.{name}.mtu": "1" for name in NAMES}
    kernel(**live)
    assert expand_glob(f"{CONF}.{glob}.mtu") == [f"{CONF}.{name}.mtu" for name in names]
