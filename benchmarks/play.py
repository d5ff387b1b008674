# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time of a whole play over ssh, relative to a play with one module that does nothing.

It is that of the controller, sshd and the host together.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.world import World

from .bench import EMPTY_MODULE, Options, Row, Table, collections
from .race import HEADING, Goal, RaceOptions, Run, Service, race, ratio_row
from .settings import KEEPALIVE

PORT = 2222
PATH = "/etc/sysctl.d/90-tcp-keepalive.conf"
HOST_KEY = "/srv/host_key"
USER_KEY = "/srv/user_key"
INVENTORY = "/srv/hosts.json"
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
"""A controller keeps what it compiled; here, its own directories are read-only."""
EMPTY_PLAY: dict[str, Any] = {"tasks": [{EMPTY_MODULE: {}}]}


def serve_ssh(world: World, python: str) -> None:
    """Make the world a managed host that can be reached from itself, with new keys."""
    _write_keys(world)
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


def _write_keys(world: World) -> None:
    with tempfile.TemporaryDirectory(prefix="netops-bench-") as directory:
        for key in (HOST_KEY, USER_KEY):
            path = Path(directory, Path(key).name)
            options = ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
            subprocess.run(["ssh-keygen", *options], check=True)
            world.write(key, path.read_bytes(), 0o600)
            world.write(f"{key}.pub", path.with_suffix(".pub").read_bytes())


def ansible_env(programs: Path) -> dict[str, str]:
    return {
        "PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin",
        "ANSIBLE_HOME": "/srv/home/.ansible",
        "ANSIBLE_COLLECTIONS_PATH": collections(),
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_SSH_COMMON_ARGS": SSH_ARGS,
        **PYCACHE,
    }


def playbook_run(world: World, name: str, play: Mapping[str, Any], *, changed: int) -> Run:
    """Write a playbook; return the run of it, which must have so many changed tasks."""
    path = f"/srv/{name}.yml"
    world.write(path, json.dumps([{"hosts": "all", "gather_facts": False, **play}]))
    return Run(
        name=name,
        argv=["ansible-playbook", "-i", INVENTORY, path],
        expect=f"changed={changed} ",
    )


def run(options: Options) -> list[Table]:
    shipped = ["ansible-playbook", "-i", INVENTORY, "netops.tuning.tcp_keepalive"]
    role_play = {"roles": ["netops.tuning.tcp_keepalive"]}
    with World() as world:
        serve_ssh(world, options.python)
        empty = playbook_run(world, "empty", EMPTY_PLAY, changed=0)
        changed = Run(name="the playbook, changed", argv=shipped, expect="changed=1 ")
        again = Run(name="the playbook, again", argv=shipped, expect="changed=0 ")
        role_changed = playbook_run(world, "the role under roles, changed", role_play, changed=1)
        role_again = playbook_run(world, "the role under roles, again", role_play, changed=0)
        ours = [
            changed.from_scratch(KEEPALIVE, PATH),
            again,
            role_changed.from_scratch(KEEPALIVE, PATH),
            role_again,
        ]
        env = ansible_env(Path(sys.executable).parent)
        race_options = RaceOptions(options.pairs, services=[SSHD], env=env)
        costs = race(world, [[empty], ours], race_options)
    cpu = {name: cost.cpu for name, cost in costs.items()}
    goal = Goal(at_most=1.08)
    rows: list[Row] = [
        ratio_row(changed.name, cpu[changed.name], cpu["empty"], goal),
        ratio_row(again.name, cpu[again.name], cpu["empty"], goal),
    ]
    # Without a goal: Ansible validates the options of the role in a task of its own.
    for role_run in (role_changed, role_again):
        rows.append(ratio_row(role_run.name, cpu[role_run.name], cpu["empty"]))
    title = "CPU time of a whole play, relative to a play with one module that does nothing"
    return [Table(title, HEADING, rows)]
