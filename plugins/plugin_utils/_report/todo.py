# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The next steps, as commands that are safe to paste into a shell, whatever a host is called."""

from __future__ import annotations

import json
import shlex
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from .model import Assignment, Command, Host

ROLE_PLAYBOOK = "netops.tuning.tcp_keepalive"
AUDIT_PLAYBOOK = "netops.tuning.audit"


class Shell(NamedTuple):
    """The shell on the controller in which the commands are to be run."""

    inventory: Sequence[str]
    """The values of `--inventory`."""
    limit_file: str | None
    """The file that names the hosts on which the role would change something."""

    def command(self, program: str, *arguments: str) -> str:
        """Return a quoted command. Foreign text may only come in the form `--option=text`."""
        inventory = [f"--inventory={source}" for source in self.inventory]
        return shlex.join([program, *inventory, *arguments])

    def playbook(self, *arguments: str) -> str:
        return self.command("ansible-playbook", *arguments)

    def root_command(self, limit: str, command: str) -> str:
        """Return an ad-hoc task that runs a command as root on the hosts of `limit`."""
        module = "ansible.builtin.command"
        return self.command("ansible", "all", limit, "-b", "-m", module, "-a", command)


def commands_for_host(host: Host, shell: Shell) -> Iterator[Command]:
    """Yield the next steps for one host."""
    limit = f"--limit={host.name}"
    if host.state in ("failed", "unreachable", "not_reached"):
        ping = shell.command("ansible", "all", limit, "-m", "ansible.builtin.ping", "-vvv")
        yield Command("See why it gives no answer", ping)
        yield Command("Ask it again", shell.playbook(AUDIT_PLAYBOOK, limit))
        return
    if host.state == "drift":
        yield from _role_commands(host.arguments, shell, limit)
    if host.state == "overridden":
        for line in _lines_that_win(host):
            show = shell.root_command(limit, f"sed -n {line.line}p {shlex.quote(line.path)}")
            yield Command(f"Look at the line that wins, {line.path} line {line.line}", show)
        arguments = {**host.arguments, "tcp_keepalive_on_override": "comment_out"}
        yield from _role_commands(arguments, shell, limit)
    if host.unprotected or host.has_stale_connections:
        list_sockets = shell.root_command(limit, "ss -tnpo state established")
        yield Command("See which connections have no keepalive timer, or a long one", list_sockets)


def commands_for_fleet(hosts: Iterable[Host], shell: Shell) -> Iterator[Command]:
    """Yield the next steps for all hosts, if the same commands are right for each of them."""
    arguments = [host.arguments for host in hosts if host.state in ("drift", "overridden")]
    if not arguments or not shell.limit_file:
        return
    first = arguments[0]
    if all(other == first for other in arguments):
        playbook = [ROLE_PLAYBOOK, f"--limit=@{shell.limit_file}", *_extra_vars(first)]
        preview = shell.playbook(*playbook, "--check", "--diff")
        yield Command("See what the role would change on every host that is not as wanted", preview)
        yield Command("Change them", shell.playbook(*playbook, "--diff"))


def _role_commands(arguments: Mapping[str, Any], shell: Shell, limit: str) -> Iterator[Command]:
    playbook = [ROLE_PLAYBOOK, limit, *_extra_vars(arguments)]
    preview = shell.playbook(*playbook, "--check", "--diff")
    yield Command("See what the role would change", preview)
    yield Command("Change it", shell.playbook(*playbook, "--diff"))


def _lines_that_win(host: Host) -> list[Assignment]:
    """Return the lines that override our file, each once, in the order of their places."""
    lines: dict[tuple[str, int], Assignment] = {}
    for setting in (host.settings or {}).values():
        winner = setting.winner
        if setting.overridden and winner:
            lines[winner.path, winner.line] = winner
    return [lines[position] for position in sorted(lines)]


def _extra_vars(arguments: Mapping[str, Any]) -> list[str]:
    if not arguments:
        return []
    return [f"--extra-vars={json.dumps(dict(arguments))}"]
