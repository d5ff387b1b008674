# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with the same kind of thing wrong, and for each kind the one command that helps."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Callable, Iterable, Mapping, Sequence

from .model import Cause, Command, Group, Host, in_natural_order
from .todo import (
    AUDIT_PLAYBOOK,
    Limit,
    Shell,
    lines_out_of_reach,
    look_command,
    role_arguments,
    role_command,
)

KINDS = {
    "drift": "a value is not as wanted, now or after the next boot",
    "overridden": "another file wins over ours at the next boot",
    "failed": "reached, but no values came back",
    "unreachable": "no connection",
    "not_reached": "not asked, since the run ended before",
    "idle_limit": "the first probe comes after the idle limit",
}
"""What is wrong with the hosts of a group."""


def make_groups(hosts: Iterable[Host], shell: Shell) -> list[Group]:
    """Return the groups of the hosts that are not as they should be, the largest first.

    Hosts that have the wanted values, and too late a first probe all the same, come last. All
    hosts of a group need the same command, so a kind may have several groups.
    """
    members: dict[tuple[str, str], list[Host]] = {}
    for host in in_natural_order(hosts):
        kind = _kind(host)
        if kind:
            members.setdefault((kind, _command_key(host)), []).append(host)
    groups = []
    count_of_kind: Counter[str] = Counter()
    for (kind, _key), group_hosts in members.items():
        count_of_kind[kind] += 1
        number = count_of_kind[kind]
        name = kind if number == 1 else f"{kind}-{number}"
        groups.append(_group(kind, name, group_hosts, shell))
    return sorted(groups, key=lambda group: (group.kind == "idle_limit", -len(group.hosts)))


def _kind(host: Host) -> str | None:
    if host.gave_no_answer:
        return host.state
    if host.role_would_change_it:
        return "overridden" if host.overriding else "drift"
    return "idle_limit" if host.misses_idle_limit else None


def _command_key(host: Host) -> str:
    """Return a text that is the same for hosts on which the same command of the role helps."""
    if not host.role_would_change_it:
        return ""
    lines = [[line.path, line.line] for line in lines_out_of_reach(host)]
    return json.dumps([role_arguments(host), lines], sort_keys=True)


def _group(kind: str, name: str, hosts: Sequence[Host], shell: Shell) -> Group:
    names = tuple(host.name for host in hosts)
    make_command = _COMMANDS.get(kind)
    limit = shell.group_limit(names, name) if make_command else None
    command = None
    if make_command and limit:
        command = make_command(hosts[0], limit, shell)
    return Group(
        kind=kind,
        hosts=names,
        causes=_causes(hosts),
        command=command,
        limit_name=limit.file_part if limit else None,
    )


def _causes(hosts: Iterable[Host]) -> tuple[Cause, ...]:
    """Count what is wrong with the hosts; what differs from host to host is left out."""
    counts = Counter(_cause(host) for host in hosts)
    return tuple(Cause(text=text, hosts=number) for text, number in counts.most_common())


def _cause(host: Host) -> str:
    finding = host.findings[0] if host.findings else ""
    finding = finding.replace(host.name, "...")
    finding = re.sub(r"(connect to host) \S+", r"\1 ...", finding)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)?", "...", finding)


# --- commands ---


def _preview(host: Host, limit: Limit, shell: Shell) -> Command:
    """Return the role in check mode, with what each host of the group needs.

    Where no file of ours can override what wins, it is the command that shows the line.
    """
    out_of_reach = lines_out_of_reach(host)
    if out_of_reach:
        return look_command(out_of_reach[0], shell, limit.option)
    arguments = role_arguments(host)
    what = "See what the role would change"
    if "tcp_keepalive_on_override" in arguments:
        what += "; it comments out the lines that win"
    if "tcp_keepalive_path" in arguments and host.overriding:
        what += "; it writes a file that is read later"
    # --check comes last, where it is easy to delete.
    return shell.step(what, role_command(shell, limit.option, arguments, "--diff", "--check"))


def _connect(_host: Host, limit: Limit, shell: Shell) -> Command:
    ping = shell.command("ansible", "all", limit.option, "-m", "ansible.builtin.ping")
    return shell.step("Try to connect", ping)


def _ask_again(_host: Host, limit: Limit, shell: Shell) -> Command:
    return shell.step("Ask them again", shell.playbook(AUDIT_PLAYBOOK, limit.option))


_COMMANDS: Mapping[str, Callable[[Host, Limit, Shell], Command]] = {
    "drift": _preview,
    "overridden": _preview,
    "failed": _ask_again,
    "unreachable": _connect,
    "not_reached": _ask_again,
}
