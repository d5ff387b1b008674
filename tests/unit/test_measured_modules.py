# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of kernel modules and of the kernel's own values say what kernels did."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.default_keys import (
    FOLLOW_THE_FIRST,
    FOLLOW_WITH_INHERIT,
    SET_BEFORE_THE_LOADER,
    may_show_default,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.module_keys import (
    MODULES,
    modules_of,
)

NEEDED_BY = {"nf_defrag_ipv6": "nf_conntrack"}
"""Module -> the one that cannot be without it, and that users name."""
DEFAULTS = sorted(Path(__file__).with_name("kernel_defaults").glob("linux-*.yml"))
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


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", DEFAULTS, ids=lambda path: path.stem)
def test_no_value_that_follows_the_first_namespace_passes_for_the_kernels_own(path):
    measured = load(path)
    others = {*measured["follows"], *measured["other_value_at_boot"]}
    shown = {key for key in measured["keys"] if may_show_default(key, inherits_ipv6=False)}
    assert not shown & others
    assert len(shown) > len(measured["keys"]) / 2
    for setting in ("1", "2", "3"):
        follow = set(measured[f"also_with_{setting}"])
        inherits = setting != "2"
        assert not {key for key in follow if may_show_default(key, inherits_ipv6=inherits)}


@pytest.mark.parametrize("path", DEFAULTS, ids=lambda path: path.stem)
def test_each_row_of_the_table_of_defaults_is_shown(path):
    measured = load(path)
    follow = [*measured["follows"], *measured["also_with_1"]]
    for pattern in FOLLOW_THE_FIRST + FOLLOW_WITH_INHERIT:
        assert [key for key in follow if fnmatchcase(key, pattern)], pattern
    at_boot = {key: values[0] for key, values in measured["other_value_at_boot"].items()}
    expected = {
        key: value for key, value in SET_BEFORE_THE_LOADER.items() if key in measured["keys"]
    }
    assert at_boot == expected


@pytest.mark.parametrize(
    "key",
    [
        "net.ipv4.tcp_fastopen_key",
        "net.ipv4.tcp_*",
        "vm.swappiness",
        "kernel.hostname",
        "kernel.panic",
        "net.ipv4.conf.all.forwarding",
    ],
)
def test_keys_without_a_value_of_the_kernels_own(key):
    assert not may_show_default(key, inherits_ipv6=False)
