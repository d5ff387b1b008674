# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding the ssh connection of Ansible in the environment of the processes above."""

from __future__ import annotations

import os
import socket

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._keepalive import own_connection, procfs
from ansible_collections.netops.tuning.plugins.module_utils._keepalive.own_connection import (
    Endpoints,
    parse_ssh_connection,
)

VALUE = "192.0.2.1 40000 192.0.2.9 22"
ENDPOINTS = Endpoints(
    family=socket.AF_INET,
    local=(bytes([192, 0, 2, 9]), 22),
    remote=(bytes([192, 0, 2, 1]), 40000),
)
MODULE = ("/usr/bin/python3", "/tmp/AnsiballZ_x.py")


def test_both_ends_are_read():
    assert parse_ssh_connection(VALUE) == ENDPOINTS
    link_local = parse_ssh_connection("fe80::1%eth0 40000 fe80::2%eth0 22")
    assert link_local
    assert link_local.family == socket.AF_INET6
    assert link_local.local == (socket.inet_pton(socket.AF_INET6, "fe80::2"), 22)


@pytest.mark.parametrize("value", ["", "a b", "a 1 b 2", "192.0.2.1 x 192.0.2.9 22"])
def test_what_is_not_understood_is_no_connection(value):
    assert parse_ssh_connection(value) is None


@pytest.fixture
def processes(tmp_path, monkeypatch):
    """Return a function that makes a /proc with these processes, the youngest first."""

    def make(*listed):
        pids = [os.getpid(), *range(2, len(listed) + 1)]
        for index, (command_line, environment) in enumerate(listed):
            folder = tmp_path / str(pids[index])
            folder.mkdir()
            parent = pids[index + 1] if index + 1 < len(listed) else 0
            (folder / "stat").write_text(f"{pids[index]} (a) b) S {parent} 1 1")
            (folder / "cmdline").write_text("\0".join(command_line) + "\0")
            if environment is not None:
                (folder / "environ").write_text("\0".join(environment) + "\0")
        monkeypatch.setattr(procfs, "PROC", str(tmp_path))

    return make


SET = ["A=b", f"SSH_CONNECTION={VALUE}"]


def test_the_variable_of_the_process_itself(processes):
    processes((MODULE, SET), (["sshd"], None))
    assert own_connection.own_connection() == ENDPOINTS


def test_sudo_takes_the_variable_away_but_not_from_the_shell_above(processes):
    processes((MODULE, ["A=b"]), (["sudo", "-n", "sh"], []), (["sh", "-c", "sudo"], SET))
    assert own_connection.own_connection() == ENDPOINTS


def test_where_ansible_runs_here_the_session_is_that_of_its_user(processes):
    controller = ["/usr/bin/python3", "/usr/bin/ansible-playbook", "site.yml"]
    processes((MODULE, SET), (["sh", "-c", "x"], SET), (controller, SET), (["bash"], SET))
    assert own_connection.own_connection() is None


def test_no_ssh_at_all(processes):
    processes((MODULE, ["A=b"]))
    assert own_connection.own_connection() is None
