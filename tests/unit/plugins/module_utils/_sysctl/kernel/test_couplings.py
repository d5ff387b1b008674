# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the table of couplings says of single keys; `make couplings` compares it with kernels."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel import couplings, one_way
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import may_be_coupled

REPOSITORY = Path(__file__).parents[6]
FORWARD = "net.ipv4.ip_forward"
CONGESTION = "net.ipv4.tcp_congestion_control"
ALLOWED = "net.ipv4.tcp_allowed_congestion_control"


@pytest.mark.parametrize("alias", couplings.ALIASES)
def test_both_names_are_one_variable(alias: str) -> None:
    name = couplings.ALIASES[alias]
    assert couplings.variable_of(alias) == couplings.variable_of(name) == name
    assert alias in couplings.names_of(name)
    assert name in couplings.keys_changed_by(alias)


@pytest.mark.parametrize(
    ("key", "sources"),
    [
        ("net.ipv4.tcp_fin_timeout", []),
        (FORWARD, []),
        ("net.ipv4.conf.all.forwarding", []),
        ("net.ipv4.conf.eth0.forwarding", [FORWARD]),
        ("net.ipv4.conf.eth0/100.forwarding", [FORWARD]),
        ("net.ipv4.conf.all.accept_redirects", [FORWARD]),
        ("net.ipv4.conf.eth0.rp_filter", ["net.ipv4.conf.default.rp_filter"]),
        ("net.ipv4.conf.eth0.promote_secondaries", []),
        ("net.ipv4.conf.default.rp_filter", []),
        ("net.ipv6.conf.lo.disable_ipv6", ["net.ipv6.conf.all.disable_ipv6"]),
        ("net.ipv6.conf.all.disable_ipv6", []),
        ("vm.dirty_ratio", ["vm.dirty_bytes"]),
        (
            "net.ipv6.conf.eth0.mtu",
            ["net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.eth0.disable_ipv6"],
        ),
        ("net.ipv6.conf.all.mtu", []),
        ("net.ipv6.conf.default.mtu", []),
        (ALLOWED, [CONGESTION]),
        (CONGESTION, []),
    ],
)
def test_keys_that_act_on_a_key(key: str, sources: list[str]) -> None:
    assert [influence.key for influence in couplings.influences_on(key)] == sources


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("net.ipv4.tcp_fin_timeout", []),
        (
            "net.ipv4.conf.all.forwarding",
            [FORWARD, "net.ipv4.conf.*.forwarding", "net.ipv4.conf.all.accept_redirects"],
        ),
        ("net.ipv4.conf.default.rp_filter", ["net.ipv4.conf.*.rp_filter"]),
        ("vm.dirty_bytes", ["vm.dirty_ratio"]),
        (
            "net.ipv6.conf.all.disable_ipv6",
            ["net.ipv6.conf.*.disable_ipv6", "net.ipv6.conf.*.mtu"],
        ),
        ("net.ipv6.conf.eth0.disable_ipv6", ["net.ipv6.conf.eth0.mtu"]),
        ("net.ipv6.conf.default.disable_ipv6", []),
        (CONGESTION, [ALLOWED]),
        (ALLOWED, []),
    ],
)
def test_keys_that_a_write_may_change(key: str, changed: list[str]) -> None:
    assert couplings.keys_changed_by(key) == changed


@pytest.mark.parametrize(
    ("value", "kind", "before", "result"),
    [
        ("7", couplings.SAME, "5", "7"),
        ("7", couplings.ZERO, "5", "0"),
        ("0", couplings.OPPOSITE, None, "1"),
        ("2", couplings.OPPOSITE, None, "0"),
        ("2", couplings.UNKNOWN, "5", None),
        ("2", couplings.TIMES_1000, "5", "2000"),
        ("1", couplings.PATH_MANAGER, "kernel", "userspace"),
        ("0x0", couplings.PATH_MANAGER, "userspace", "kernel"),
        ("kernel", couplings.PATH_MANAGER, "1", "0"),
        ("of_a_module", couplings.PATH_MANAGER, "1", None),
        ("1500", couplings.DIVIDED_BY_1000, "5", "1"),
        ("1990", couplings.DIVIDED_BY_1000, "5", "1"),
        ("1991", couplings.DIVIDED_BY_1000, "5", None),
        ("-1", couplings.DIVIDED_BY_1000, "5", None),
        ("0", couplings.ZERO_FOR_ZERO, "1", "0"),
        ("2", couplings.ZERO_FOR_ZERO, "1", "1"),
        ("0", couplings.LINK_MTU, "1300", None),
        ("1", couplings.LINK_MTU, "1300", "1300"),
        ("2", couplings.RANDOM, "5", "5"),
        ("3", couplings.RANDOM, "5", None),
        ("bbr", couplings.ADDED, "reno", "reno bbr"),
        ("reno", couplings.ADDED, "reno bbr", "reno bbr"),
        ("bbr", couplings.ADDED, None, None),
    ],
)
def test_effect_of_a_value(value: str, kind: str, before: str | None, result: str | None) -> None:
    assert couplings.effect_of(value, kind, before) == result


@pytest.mark.parametrize(
    ("key", "after", "interface"),
    [
        ("net.ipv6.conf.eth0.disable_ipv6", "1", "eth0"),
        ("net.ipv6.conf.eth0/100.disable_ipv6", "1", "eth0.100"),
        ("net.ipv6.conf.all.disable_ipv6", "1", "all"),
        ("net.ipv6.conf.all.disable_ipv6", "0", ""),
        ("net.ipv6.conf.default.disable_ipv6", "1", ""),
        ("net.ipv6.conf.all.forwarding", "1", ""),
    ],
)
def test_interface_that_loses_its_addresses(key: str, after: str, interface: str) -> None:
    assert couplings.interface_losing_ipv6(key, after) == interface


@pytest.mark.parametrize(
    ("values", "order"),
    [
        ({"vm.dirty_bytes": "0", "vm.dirty_ratio": "20"}, ["vm.dirty_ratio", "vm.dirty_bytes"]),
        ({"vm.dirty_ratio": "0", "vm.dirty_bytes": "8192"}, ["vm.dirty_bytes", "vm.dirty_ratio"]),
        (
            {"net.ipv4.conf.eth0.forwarding": "1", "net.ipv4.tcp_a": "0", FORWARD: "0"},
            [FORWARD, "net.ipv4.conf.eth0.forwarding", "net.ipv4.tcp_a"],
        ),
        ({ALLOWED: "reno", CONGESTION: "cubic"}, [CONGESTION, ALLOWED]),
    ],
)
def test_order_in_which_earlier_values_are_written(
    values: dict[str, str], order: list[str]
) -> None:
    assert couplings.way_back(values) == order


def _keys_of_the_table() -> list[str]:
    """Return all keys of the table, with a device in place of each placeholder."""
    patterns = [*couplings.ALIASES, *couplings.ALIASES.values()]
    for effect in couplings.EFFECTS:
        patterns += [effect.key, effect.target]
    return [pattern.replace("*", "eth0") for pattern in patterns]


@pytest.mark.parametrize("key", sorted(set(_keys_of_the_table())))
def test_every_key_of_the_table_may_be_coupled(key: str) -> None:
    assert may_be_coupled(key)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("net.ipv4.tcp_keepalive_time", False),
        ("net.ipv4.tcp_available_congestion_control", False),
        ("net.core.somaxconn", False),
        ("vm.swappiness", False),
        ("net.*.ip_forward", True),
    ],
)
def test_the_table_is_not_read_for_a_plain_key(key: str, expected: bool) -> None:
    assert may_be_coupled(key) is expected


def rows_of_documentation() -> list[list[str]]:
    """Return the cells in backquotes of each row of the page about coupled keys."""
    text = (REPOSITORY / "docs/keys-that-act-on-each-other.md").read_text(encoding="utf-8")
    text = text.partition("## Numbers that the kernel rounds")[0]
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    return [_cells_in_backquotes(row) for row in rows]


def _cells_in_backquotes(row: str) -> list[str]:
    return [cell.strip("|` ") for cell in row.split(" | ") if "`" in cell]


def documented_effects() -> list[list[str]]:
    """Return key and target of the rules, without those that the page has in words.

    These are the rules of net.ipv6.neigh, which are those of net.ipv4.neigh, and of two units of
    one variable the way back, and what `default` does to them.
    """
    effects: list[list[str]] = []
    for effect in couplings.EFFECTS:
        pair = [effect.key, effect.target]
        is_of_other_name = effect.key.rpartition(".")[2] != effect.target.rpartition(".")[2]
        kinds_of_way_back = (couplings.PATH_MANAGER, couplings.UNKNOWN, couplings.DIVIDED_BY_1000)
        is_way_back = effect.value in kinds_of_way_back and pair[::-1] in effects
        is_in_words = "net.ipv6.neigh" in effect.key or (
            is_of_other_name and (".neigh.default." in effect.key or is_way_back)
        )
        if not is_in_words or effect.key.startswith(("vm.", "kernel.")):
            effects.append(pair)
    return effects


def test_the_documentation_has_the_rows_of_the_table() -> None:
    rows = [[name, alias] for alias, name in couplings.ALIASES.items()]
    rows += documented_effects()
    rows += [[row.key] for row in one_way.ONE_WAY]
    assert sorted(rows_of_documentation()) == sorted(rows)
