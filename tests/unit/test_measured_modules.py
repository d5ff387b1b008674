# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of kernel modules says what a kernel did."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.module_keys import (
    MODULES,
    modules_of,
)

NEEDED_BY = {"nf_defrag_ipv6": "nf_conntrack"}
"""Module -> the one that cannot be without it, and that users name."""
RECORDS = sorted(Path(__file__).with_name("module_keys").glob("linux-*.yml"))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_the_table_names_the_module_of_each_key(path):
    keys = yaml.safe_load(path.read_text(encoding="utf-8"))["keys"]
    for module, names in keys.items():
        expected = NEEDED_BY.get(module, module)
        assert {modules_of(name) for name in names} == {(expected,)}


def test_a_record_shows_each_module_of_the_table():
    shown = set()
    for path in RECORDS:
        shown.update(yaml.safe_load(path.read_text(encoding="utf-8"))["keys"])
    assert shown.difference(NEEDED_BY) == set(MODULES)


@pytest.mark.parametrize(
    ("key", "modules"),
    [
        ("net.netfilter.nf_conntrack_tcp_*", ("nf_conntrack",)),
        ("net.bridge.bridge-nf-call-*", ("br_netfilter",)),
        ("net.ipv4.tcp_fin_timeout", ()),
        ("net.bridge.other", ()),
    ],
)
def test_globs_and_other_keys(key, modules):
    assert modules_of(key) == modules
