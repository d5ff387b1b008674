# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pattern of one host matches it and no other, by Ansible's own inventory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from ansible.inventory.host import Host
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible_collections.netops.tuning.plugins.plugin_utils._exact_patterns import exact_pattern

PLAIN = ("web1", "web-1.example.com", "10.0.0.1", "wéb", "a_b")
STRANGE = (
    "!web1",
    "&web1",
    "~web.*",
    "*",
    "w?b1",
    "web[1]",
    "web[0:1]",
    "[all]",
    "a,b",
    "a:b",
    "fe80::1",
    "@/etc/hosts",
    "-x",
    " web1 ",
    "a b",
    "a\nb",
    "a\\b",
    "#web1",
    ".web1",
    "web1\n",
    "{{ x }}",
    "\udcff",
    "\N{SNOWMAN}",
)
GROUPS = ("a", "b", "web1s")


@pytest.fixture(scope="module")
def inventory() -> InventoryManager:
    inventory = InventoryManager(DataLoader(), parse=False)
    for group in GROUPS:
        inventory.add_group(group)
        inventory.add_host(f"in-{group}", group=group)
    for name in (*PLAIN, *STRANGE):
        inventory.add_host(name, group="all")
    return inventory


def names(hosts: Iterable[Host]) -> list[str]:
    return [host.name for host in hosts]


@pytest.mark.parametrize("name", [*PLAIN, *STRANGE])
def test_a_pattern_matches_its_host_and_no_other(inventory: InventoryManager, name: str) -> None:
    pattern = exact_pattern(name)
    assert names(inventory.get_hosts(pattern=[pattern])) == [name]
    assert names(inventory.get_hosts(pattern=f"{pattern},{pattern}")) == [name]


@pytest.mark.parametrize("name", [*PLAIN, *STRANGE])
def test_a_pattern_matches_nobody_if_the_host_is_gone(name: str) -> None:
    inventory = InventoryManager(DataLoader(), parse=False)
    inventory.add_host("other", group="all")
    assert names(inventory.get_hosts(pattern=[exact_pattern(name)])) == []


@pytest.mark.parametrize("name", [*PLAIN, *STRANGE])
def test_a_line_of_a_file_for_limit_is_a_pattern(
    inventory: InventoryManager, name: str, tmp_path: Path
) -> None:
    file = tmp_path / "hosts.limit"
    file.write_text(f"{exact_pattern(name)}\n", encoding="utf-8")
    inventory.subset(f"@{file}")
    try:
        assert names(inventory.get_hosts()) == [name]
    finally:
        inventory.subset(None)


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_name_is_its_own_pattern(name: str) -> None:
    assert exact_pattern(name) == name
