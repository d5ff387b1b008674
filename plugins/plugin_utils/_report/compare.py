# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changed since an earlier report: hosts that are newly wrong, mended, new or gone."""

from __future__ import annotations

from typing import Container, Iterable, NamedTuple, Sequence

from .model import Comparison, GoneHost, Host


class EarlierReport(NamedTuple):
    """What an earlier report is needed for."""

    made: str
    hosts: Sequence[Host]


class Compared(NamedTuple):
    """The hosts, each with its change, and the hosts that are no longer there."""

    hosts: list[Host]
    comparison: Comparison


def compare(hosts: Iterable[Host], earlier: EarlierReport, inventory: Container[str]) -> Compared:
    """Compare hosts with those of an earlier report.

    A host that is in the inventory but was not asked this time is not gone.
    """
    earlier_hosts = {host.name: host for host in earlier.hosts}
    compared = []
    for host in hosts:
        before = earlier_hosts.pop(host.name, None)
        compared.append(host._replace(change=_change(host, before)))
    gone = []
    not_asked = 0
    for host in earlier_hosts.values():
        if host.name in inventory:
            not_asked += 1
        else:
            gone.append(GoneHost(name=host.name, state=host.state))
    comparison = Comparison(made=earlier.made, gone=tuple(gone), not_asked=not_asked)
    return Compared(hosts=compared, comparison=comparison)


def _change(host: Host, before: Host | None) -> str | None:
    if before is None:
        return "new"
    faults = _faults(host)
    earlier_faults = _faults(before)
    if faults - earlier_faults:
        return "newly_wrong"
    if earlier_faults and not faults:
        return "mended"
    return None


def _faults(host: Host) -> set[str]:
    """Return what is wrong with a host, as names that two reports share."""
    if host.gave_no_answer:
        return {"no answer"}
    faults = set()
    for name, setting in (host.settings or {}).items():
        if setting.now != setting.wanted:
            faults.add(f"{name} now")
        if setting.boot != setting.wanted:
            faults.add(f"{name} after the next boot")
    if not faults and host.state != "as_wanted":
        faults.add(host.state)
    return faults
