# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Host patterns that must match: one that names nobody is an error, since playbooks are gates.

This file is private to this collection.
"""

from __future__ import annotations

from typing import Collection, Iterable, Mapping, Sequence

from ansible.inventory.manager import InventoryManager, split_host_pattern
from ansible.parsing.dataloader import DataLoader

from ._plurals import count_hosts
from ._variables import VariableError

PREFIXES = "!&"
"""Before a part of a pattern: without these hosts, and only these hosts."""


class HostPatterns:
    """Looks up patterns in the groups of an inventory."""

    def __init__(self, loader: DataLoader, groups: Mapping[str, Iterable[str]]) -> None:
        self._groups = groups
        # As the lookup inventory_hostnames does it; but the lookup would do so for each pattern.
        self._inventory = InventoryManager(loader, parse=False)
        for group, hosts in groups.items():
            self._inventory.add_group(group)
            for host in hosts:
                self._inventory.add_host(host, group=group)

    def find(self, variable: str, pattern: Sequence[str]) -> list[str]:
        """Return the hosts of a pattern; every part of it must name a host or a group."""
        for part in split_host_pattern(list(pattern)):
            name = part.lstrip(PREFIXES)
            if name not in self._groups and not self._match([name]):
                raise VariableError(
                    f"{variable}: {part!r} names no host and no group of the inventory; "
                    "correct it, or take it out"
                )
        hosts = self._match(list(pattern))
        if not hosts:
            raise VariableError(
                f"{variable}: {', '.join(pattern)!r} matches no host of the inventory; "
                "correct it, or check the inventory (-i)"
            )
        return hosts

    def _match(self, pattern: list[str]) -> list[str]:
        return [str(host.name) for host in self._inventory.get_hosts(pattern=pattern)]


def restrict(variable: str, hosts: Collection[str], play_hosts: Collection[str]) -> list[str]:
    """Return the hosts that are in the play, which `--limit` restricts."""
    restricted = [host for host in hosts if host in set(play_hosts)]
    if not restricted:
        raise VariableError(
            f"{variable}: --limit leaves none of its {count_hosts(len(hosts))}; correct one of them"
        )
    return restricted
