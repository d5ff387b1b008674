# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The next steps, as commands that are safe to paste into a shell, whatever a host is called."""

from __future__ import annotations

import json
import os
import shlex
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.netops.tuning.plugins.plugin_utils._exact_patterns import exact_patterns

from .model import Assignment, Command, Host
from .run_options import RunOptions

ROLE_PLAYBOOK = "netops.tuning.tcp_keepalive"
AUDIT_PLAYBOOK = "netops.tuning.audit"
LATER_PATH = "/etc/sysctl.d/zz-tcp-keepalive.conf"
"""A file that is read after all others, whatever the loader."""
MOST_NAMES_IN_COMMAND = 10
"""A command names so many hosts itself; a file names more of them."""


class Limit(NamedTuple):
    """How a command is limited to some hosts."""

    option: str
    file_part: str | None
    """The part of the name of the file that the option names."""


class Shell(NamedTuple):
    """The shell on the controller in which the commands are to be run."""

    inventory: Sequence[str]
    """The values of `--inventory`."""
    limit_file: str | None
    """The file that names the hosts on which the role would change something."""
    run: RunOptions = RunOptions()
    """What this run was given, and what its commands need too."""

    def command(self, program: str, *arguments: str) -> str:
        """Return a quoted command. Foreign text may only come in the form `--option=text`."""
        inventory = [f"--inventory={source}" for source in self.inventory]
        command = shlex.join([program, *inventory, *self.run.arguments, *arguments])
        if self.run.config_file:
            command = f"ANSIBLE_CONFIG={shlex.quote(self.run.config_file)} {command}"
        return command

    def step(self, what: str, command: str) -> Command:
        """Return a command with what it is for, and what it lacks that this run was given."""
        if self.run.left_out:
            what += f" (give it the secrets of this run, -e {', -e '.join(self.run.left_out)})"
        return Command(what, command)

    def playbook(self, *arguments: str) -> str:
        return self.command("ansible-playbook", *arguments)

    def root_command(self, limit: str, command: str) -> str:
        """Return an ad-hoc task that runs a command as root on the hosts of `limit`."""
        module = "ansible.builtin.command"
        return self.command("ansible", "all", limit, "-b", "-m", module, "-a", command)

    def group_limit(self, names: Sequence[str], group: str) -> Limit | None:
        """Return the option that limits a command to these hosts, the group of this name."""
        if len(names) <= MOST_NAMES_IN_COMMAND:
            return Limit(option=limit_option(*names), file_part=None)
        if self.limit_file is None:
            return None
        path = group_limit_path(self.limit_file, group)
        return Limit(option=f"--limit=@{path}", file_part=group)


def limit_option(*names: str) -> str:
    """Return the option that limits a command to these hosts, whatever they are called."""
    return f"--limit={','.join(exact_patterns(names))}"


def group_limit_path(limit_path: str, group: str) -> str:
    """Return the file that names the hosts of a group, next to the one that names all of them."""
    stem, extension = os.path.splitext(limit_path)
    return f"{stem}.{group}{extension}"


def role_arguments(host: Host) -> dict[str, Any]:
    """Return the variables with which the role sets the wanted values on a host."""
    arguments = dict(host.arguments)
    later_lines = {line.path for line in lines_out_of_reach(host)}
    inside_etc = []
    for path in host.overriding:
        if path not in later_lines:
            inside_etc.append(path.startswith("/etc/"))
    if any(inside_etc):
        arguments["tcp_keepalive_on_override"] = "comment_out"
    if not all(inside_etc):
        # Lines outside of /etc are not ours to comment out, but our file may be read after them.
        arguments["tcp_keepalive_path"] = LATER_PATH
    return arguments


def lines_out_of_reach(host: Host) -> list[Assignment]:
    """Return the lines that win and that no file of ours can override.

    A program reads them after the sysctl loader has run, and they are not in /etc.
    """
    lines = set()
    for line in _winning_lines(host):
        if line.is_read_later and not line.path.startswith("/etc/"):
            lines.add(line)
    return sorted(lines)


def role_command(shell: Shell, limit: str, arguments: Mapping[str, Any], *more: str) -> str:
    return shell.playbook(ROLE_PLAYBOOK, limit, *_extra_vars(arguments), *more)


def commands_for_host(host: Host, shell: Shell) -> Iterator[Command]:
    """Yield the next steps for one host."""
    limit = limit_option(host.name)
    if host.gave_no_answer:
        ping = shell.command("ansible", "all", limit, "-m", "ansible.builtin.ping", "-vvv")
        yield shell.step("See why it gives no answer", ping)
        yield ask_again(host, shell)
    if host.role_would_change_it:
        yield from _look_commands(host, shell, limit)
        arguments = role_arguments(host)
        preview = role_command(shell, limit, arguments, "--check", "--diff")
        yield shell.step("See what the role would change", preview)
        yield shell.step("Change it", role_command(shell, limit, arguments, "--diff"))
    if host.unprotected or host.has_stale_connections:
        list_sockets = shell.root_command(limit, "ss -tnpo state established")
        yield shell.step(
            "See which connections have no keepalive timer, or a long one", list_sockets
        )


def ask_again(host: Host, shell: Shell) -> Command:
    """Return the audit of one host."""
    return shell.step("Ask it again", shell.playbook(AUDIT_PLAYBOOK, limit_option(host.name)))


def _look_commands(host: Host, shell: Shell, limit: str) -> Iterator[Command]:
    """Yield a command for each line that wins over our file."""
    for line in _winning_lines(host):
        yield look_command(line, shell, limit)


def look_command(line: Assignment, shell: Shell, limit: str) -> Command:
    """Return the command that shows a line that wins over our file."""
    what = f"Look at the line that wins, {line.path} line {line.line}"
    if line.is_read_later:
        what += f"; {line.by} reads it after all files, and sets the key again when it restarts"
    show_line = shell.root_command(limit, f"sed -n {line.line}p {shlex.quote(line.path)}")
    return shell.step(what, show_line)


def _winning_lines(host: Host) -> list[Assignment]:
    """Return the lines that win over our file, each once, by path and number."""
    lines = {}
    for setting in (host.settings or {}).values():
        if setting.winner and setting.winner.path in host.overriding:
            lines[setting.winner.path, setting.winner.line] = setting.winner
    return [lines[position] for position in sorted(lines)]


def _extra_vars(arguments: Mapping[str, Any]) -> list[str]:
    if not arguments:
        return []
    variables = json.dumps(dict(arguments))
    return [f"--extra-vars={variables}"]
