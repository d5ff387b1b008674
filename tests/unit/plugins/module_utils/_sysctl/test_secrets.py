# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which keys and globs are secret, and what is shown of their values."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl import secrets

KEYS = [
    ("net.ipv4.tcp_fastopen_key", True),
    ("net.ipv4.tcp_fastopen", False),
    ("net.ipv6.conf.eth0.stable_secret", True),
    ("net.ipv6.conf.eth0/100.stable_secret", True),
    ("net.ipv6.conf.v[0].stable_secret", True),
    ("net.ipv6.conf.eth0.mtu", False),
    ("net.ipv6.conf.*.stable_secret", True),
    ("net.ipv6.conf.eth0.stable_*", True),
    ("net.ipv6.conf.eth0.[r-t]*", True),
    ("net.ipv6.conf.eth0.mt?", False),
    ("net.ipv6.conf.eth0.*", True),
    ("net.ipv6.conf.*.*", True),
    ("net.*.conf.*.s*t", True),
    ("net.ipv4.tcp_fastopen_k*", True),
    ("net.ipv4.tcp_keep*", False),
    ("net.*.*", True),
    ("*.*.*_key", True),
    ("net.ipv4.conf.*.*", False),
    ("net.ipv6.neigh.*.*", False),
    ("net.ipv6.conf.*", False),
    ("net.*", False),
    ("kernel.*", False),
]


@pytest.mark.parametrize(("key", "expected"), KEYS)
def test_which_keys_are_secret(key, expected):
    assert secrets.is_secret(key) is expected


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("net.ipv4.tcp_fastopen_key", "5", secrets.REDACTED),
        ("net.ipv4.tcp_f*", "0000000a-0-0-0", secrets.REDACTED),
        ("net.ipv6.conf.eth0.*", "2001:db8::1", secrets.REDACTED),
        ("net.ipv6.conf.eth0.*", "1", "1"),
        ("net.ipv6.conf.eth0.*", None, None),
        ("net.ipv6.conf.eth0.*", "", ""),
        ("net.ipv4.conf.eth0.*", "x", "x"),
    ],
)
def test_what_is_shown_of_a_value(key, value, shown):
    """A number is no secret: a glob over many keys gives it to the others."""
    assert secrets.display_value(key, value) == shown
