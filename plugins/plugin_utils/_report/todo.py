# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The next steps, as commands that are safe to paste into a shell, whatever a host is called."""

from __future__ import annotations

import json
import shlex
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from .model import Command, Host

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
    if host.gave_no_answer:
        ping = shell.command("ansible", "all", limit, "-m", "ansible.builtin.ping", "-vvv")
        yield Command("See why it gives no answer", ping)
        yield Command("Ask it again", shell.playbook(AUDIT_PLAYBOOK, limit))
    if host.role_would_change_it:
        arguments = dict(host.arguments)
        if host.state == "overridden":
            yield from _look_commands(host, shell, limit)
            arguments["tcp_keepalive_on_override"] = "comment_out"
        playbook = [ROLE_PLAYBOOK, limit, *_extra_vars(arguments)]
        preview = shell.playbook(*playbook, "--check", "--diff")
        yield Command("See what the role would change", preview)
        yield Command("Change it", shell.playbook(*playbook, "--diff"))
    if host.unprotected or host.has_stale_connections:
        list_sockets = shell.root_command(limit, "ss -tnpo state established")
        yield Command("See which connections have no keepalive timer, or a long one", list_sockets)


def commands_for_fleet(hosts: Iterable[Host], shell: Shell) -> Iterator[Command]:
    """Yield the next steps for all hosts, if the same commands are right for each of them."""
    arguments = [host.arguments for host in hosts if host.role_would_change_it]
    if not shell.limit_file or not arguments:
        return
    first = arguments[0]
    if arguments.count(first) < len(arguments):
        return
    playbook = [ROLE_PLAYBOOK, f"--limit=@{shell.limit_file}", *_extra_vars(first)]
    preview = shell.playbook(*playbook, "--check", "--diff")
    yield Command("See what the role would change on every host that is not as wanted", preview)
    yield Command("Change them", shell.playbook(*playbook, "--diff"))


def _look_commands(host: Host, shell: Shell, limit: str) -> Iterator[Command]:
    """Yield a command for each line that overrides our file."""
    positions = set()
    for setting in (host.settings or {}).values():
        if setting.overridden and setting.winner:
            positions.add((setting.winner.path, setting.winner.line))
    for path, line in sorted(positions):
        sed = f"sed -n {line}p {shlex.quote(path)}"
        show_line = shell.root_command(limit, sed)
        yield Command(f"Look at the line that wins, {path} line {line}", show_line)


def _extra_vars(arguments: Mapping[str, Any]) -> list[str]:
    if not arguments:
        return []
    variables = json.dumps(dict(arguments))
    return [f"--extra-vars={variables}"]
