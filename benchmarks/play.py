# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole play of the role over ssh against a play of one empty module: the CPU of controller, sshd and host together."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.world import World

from .bench import HEADING, KEEPALIVE, Options, Row, Run, Service, Table, collections, race, row

PORT = 2222
OURS = "/etc/sysctl.d/90-tcp-keepalive.conf"
HOST_KEY, USER_KEY, INVENTORY = "/srv/host_key", "/srv/user_key", "/srv/hosts.json"
SSHD_CONFIG = f"""\
Port {PORT}
ListenAddress 127.0.0.1
HostKey {HOST_KEY}
AuthorizedKeysFile {USER_KEY}.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
SetEnv TMPDIR=/srv/tmp
"""
ACCOUNTS = """\
root:x:0:0:root:/srv/home:/bin/sh
sshd:x:100:65534::/run/sshd:/usr/sbin/nologin
"""
SSH_ARGS = "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR"
SSHD = Service(["/usr/sbin/sshd", "-D", "-f", "/srv/sshd_config"], PORT)
PYCACHE = {"PYTHONPYCACHEPREFIX": "/srv/pycache"}
"""The rest of the machine is read-only in there, and a controller keeps what it compiled."""


def serve_ssh(world: World, python: str) -> None:
    """Make the world a managed host that its own loopback reaches: keys for this run, and an inventory."""
    with tempfile.TemporaryDirectory(prefix="netops-bench-") as folder:
        for key in (HOST_KEY, USER_KEY):
            made = Path(folder, Path(key).name)
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", made], check=True
            )
            world.write(key, made.read_bytes(), 0o600)
            world.write(f"{key}.pub", made.with_suffix(".pub").read_bytes())
    world.write("/srv/sshd_config", SSHD_CONFIG)
    world.mkdir("/run/sshd")
    world.remove("/etc/passwd")
    world.write("/etc/passwd", ACCOUNTS)
    world.run(["ip", "link", "set", "lo", "up"])
    host = {
        "ansible_host": "127.0.0.1",
        "ansible_port": PORT,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": USER_KEY,
        "ansible_python_interpreter": python,
    }
    world.write(INVENTORY, json.dumps({"all": {"hosts": {"host": host}}}))


def ansible_env(bin_folder: Path) -> dict[str, str]:
    return {
        "PATH": f"{bin_folder}:/usr/sbin:/usr/bin:/sbin:/bin",
        "ANSIBLE_HOME": "/srv/home/.ansible",
        "ANSIBLE_COLLECTIONS_PATH": collections(),
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_SSH_COMMON_ARGS": SSH_ARGS,
        **PYCACHE,
    }


def playbook(world: World, name: str, play: Mapping[str, Any], *, changed: int) -> Run:
    """Write a playbook; give the run of it that must end with so many changed tasks."""
    world.write(f"/srv/{name}.yml", json.dumps([{"hosts": "all", "gather_facts": False, **play}]))
    return Run(
        name, ["ansible-playbook", "-i", INVENTORY, f"/srv/{name}.yml"], f"changed={changed} "
    )


def run(options: Options) -> list[Table]:
    with World() as world:
        serve_ssh(world, options.python)
        empty = playbook(world, "empty", {"tasks": [{"bench.bench.empty": {}}]}, changed=0)
        shipped = ["ansible-playbook", "-i", INVENTORY, "netops.tuning.tcp_keepalive"]
        in_a_play = {"roles": ["netops.tuning.tcp_keepalive"]}
        ours = [
            Run("the playbook, changed", shipped, "changed=1 ").from_scratch(KEEPALIVE, OURS),
            Run("the playbook, again", shipped, "changed=0 "),
            playbook(world, "the role in a play, changed", in_a_play, changed=1).from_scratch(
                KEEPALIVE, OURS
            ),
            playbook(world, "the role in a play, again", in_a_play, changed=0),
        ]
        env = ansible_env(Path(sys.executable).parent)
        costs = race(world, [[empty], ours], options.pairs, services=[SSHD], env=env)
    cpu = {name: cost.cpu for name, cost in costs.items()}
    rows: list[Row] = [
        row(each.name, cpu[each.name], cpu["empty"], at_most=1.08) for each in ours[:2]
    ]
    # Here Ansible checks the options too, as meta/argument_specs.yml has them, before the module does.
    rows += [row(each.name, cpu[each.name], cpu["empty"]) for each in ours[2:]]
    return [
        Table(
            "Whole play over ssh, as a multiple of a play of one empty module, total CPU",
            HEADING,
            rows,
        )
    ]
