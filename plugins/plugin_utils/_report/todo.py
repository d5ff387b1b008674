# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do next, as commands that can be pasted into a shell, whatever a host is called."""

from __future__ import annotations

import json
import shlex
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from .model import Command, Host

ROLE = "netops.tuning.tcp_keepalive"


class Shell(NamedTuple):
    """Where the commands are to be run from."""

    inventory: Sequence[str]
    """What `--inventory` was given."""
    limit_file: str | None
    """The file that names the hosts on which the role has something to do."""

    def line(self, program: str, *words: str) -> str:
        """Quote a command, the inventory in it. A word that is someone else's comes as `--option=word`."""
        given = [f"--inventory={source}" for source in self.inventory]
        return shlex.join([program, *given, *words])


def for_host(host: Host, shell: Shell) -> Iterator[Command]:
    """Yield what to do about one host."""
    limit = f"--limit={host.name}"
    if host.state in ("failed", "unreachable", "not_reached"):
        yield Command(
            "See why it gives no answer",
            shell.line("ansible", "all", limit, "-m", "ansible.builtin.ping", "-vvv"),
        )
        yield Command("Ask it again", shell.line("ansible-playbook", "netops.tuning.audit", limit))
        return
    if host.state in ("drift", "overridden"):
        yield from _role(host, shell, limit)
    if host.connections and host.connections.stale + host.connections.without_keepalive:
        look = shell.line(
            "ansible",
            "all",
            limit,
            "-b",
            "-m",
            "ansible.builtin.command",
            "-a",
            "ss -tnpo state established",
        )
        yield Command("See which connections have no keepalive timer, or a long one", look)


def _role(host: Host, shell: Shell, limit: str) -> Iterator[Command]:
    told = dict(host.arguments)
    if host.state == "overridden":
        lines = {
            (each.winner.path, each.winner.line)
            for each in (host.settings or {}).values()
            if each.overridden and each.winner
        }
        for path, line in sorted(lines):
            text = f"sed -n {line}p {shlex.quote(path)}"
            look = shell.line(
                "ansible", "all", limit, "-b", "-m", "ansible.builtin.command", "-a", text
            )
            yield Command(f"Look at the line that wins, {path} line {line}", look)
        told["tcp_keepalive_on_override"] = "comment_out"
    words = [ROLE, limit, *_extra(told)]
    yield Command(
        "See what the role would change",
        shell.line("ansible-playbook", *words, "--check", "--diff"),
    )
    yield Command("Change it", shell.line("ansible-playbook", *words, "--diff"))


def for_fleet(hosts: Iterable[Host], shell: Shell) -> Iterator[Command]:
    """Yield what to do about all of them at once, where one command is right for all."""
    wrong = [host.arguments for host in hosts if host.state in ("drift", "overridden")]
    if shell.limit_file and wrong and all(arguments == wrong[0] for arguments in wrong):
        words = [ROLE, f"--limit=@{shell.limit_file}", *_extra(wrong[0])]
        what = "See what the role would change on every host that is not as wanted"
        yield Command(what, shell.line("ansible-playbook", *words, "--check", "--diff"))
        yield Command("Change them", shell.line("ansible-playbook", *words, "--diff"))


def _extra(arguments: Mapping[str, Any]) -> list[str]:
    return [f"--extra-vars={json.dumps(dict(arguments))}"] if arguments else []
