# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the ssh connection through which Ansible runs a module: it is there for the run alone."""

from __future__ import annotations

import os
import socket
from typing import Iterator, NamedTuple

from . import procfs
from .procfs import read_proc_file

VARIABLE = "SSH_CONNECTION"
"""sshd(8) sets it to the address and port of the client and of the server."""
MOST_ANCESTORS = 64


class Endpoints(NamedTuple):
    """Both ends of a connection, as this host sees it: addresses as bytes."""

    family: int
    local: tuple[bytes, int]
    remote: tuple[bytes, int]


def own_connection() -> Endpoints | None:
    """Return the connection of the ssh session that this process belongs to, if any."""
    value = None
    for pid in _ancestors():
        if _is_ansible(pid):
            # Ansible runs on this host itself: the session is that of its user.
            return None
        value = value or _variable_of(pid)
    return parse_ssh_connection(value or "")


def _ancestors() -> Iterator[int]:
    """Yield this process, its parent and so on: sudo takes the variable from the younger ones."""
    pid = os.getpid()
    for _generation in range(MOST_ANCESTORS):
        if pid <= 0:
            return
        yield pid
        status = read_proc_file(f"{procfs.PROC}/{pid}/stat") or ""
        # The name of the program, in parentheses, may hold anything.
        fields = status.rpartition(")")[2].split()
        pid = int(fields[1]) if len(fields) > 1 else 0


def _is_ansible(pid: int) -> bool:
    """Tell whether a process is ansible-playbook or the like: a script that Python runs."""
    command_line = read_proc_file(f"{procfs.PROC}/{pid}/cmdline") or ""
    program_and_script = command_line.split("\0")[:2]
    return any(os.path.basename(word).startswith("ansible") for word in program_and_script)


def _variable_of(pid: int) -> str | None:
    environment = read_proc_file(f"{procfs.PROC}/{pid}/environ") or ""
    for variable in environment.split("\0"):
        name, _equals, value = variable.partition("=")
        if name == VARIABLE:
            return value
    return None


def parse_ssh_connection(value: str) -> Endpoints | None:
    """Parse the value of the variable, None if it is not understood."""
    try:
        client, client_port, server, server_port = value.split()
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        return Endpoints(
            family=family,
            local=(_address(family, server), int(server_port)),
            remote=(_address(family, client), int(client_port)),
        )
    except (OSError, ValueError):
        return None


def _address(family: int, text: str) -> bytes:
    return socket.inet_pton(family, text.partition("%")[0])
