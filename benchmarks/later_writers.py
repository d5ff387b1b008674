# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cost of looking for programs that set keys after the loader, relative to an empty module.

The module is compared with itself, sent without the files that look for these programs.
Instructions are counted: the differences are smaller than those between two measurements of time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sandbox.world import Link, Tree, World

from .archive import files_of, with_files
from .bench import EMPTY_MODULE, Options, Row, Table, payload
from .race import Cost, Goal, RaceOptions, Run, race
from .remote import PATH, VALGRIND
from .settings import KEEPALIVE

LATER = "ansible_collections/netops/tuning/plugins/module_utils/_host/later/"
PROGRAMS = re.compile(rf"{LATER}\w*[a-z]\.py")
LOOK = f"{LATER}programs.py"
NO_LOOK = "def with_later_programs(boot_files, files):\n    return boot_files\n"
WANTS = "/etc/systemd/system/multi-user.target.wants"
ENABLED = Link("/dev/zero")
"""A link to the unit of a program; where it leads is not looked at."""
UFW: Tree = {
    f"{WANTS}/ufw.service": ENABLED,
    "/etc/ufw/ufw.conf": "ENABLED=yes\nLOGLEVEL=low\n",
    "/etc/default/ufw": 'IPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\nIPT_SYSCTL=/etc/ufw/sysctl.conf\n',
    "/etc/ufw/sysctl.conf": (
        "# What ufw applies when it starts.\n"
        "net/ipv4/conf/all/accept_redirects=0\n"
        "net/ipv4/conf/default/accept_redirects=0\n"
        "net/ipv6/conf/all/accept_redirects=0\n"
        "net/ipv4/icmp_echo_ignore_broadcasts=1\n"
        "net/ipv4/icmp_ignore_bogus_error_responses=1\n"
        "net/ipv4/conf/all/log_martians=0\n"
        "#net/ipv4/tcp_keepalive_intvl=1800\n"
    ),
}
TUNED: Tree = {
    f"{WANTS}/tuned.service": ENABLED,
    "/etc/tuned/active_profile": "site\n",
    "/etc/tuned/tuned-main.conf": "daemon = 1\nreapply_sysctl = 1\n",
    "/etc/tuned/site/tuned.conf": (
        "[main]\nsummary=This site\ninclude=base\n[sysctl]\nnet.ipv4.tcp_fin_timeout=30\n"
    ),
    "/etc/tuned/base/tuned.conf": (
        "[main]\nsummary=Throughput\n[cpu]\ngovernor=performance\n[sysctl]\n"
        "vm.dirty_ratio=40\nvm.dirty_background_ratio=10\nvm.swappiness=10\n"
        "net.core.somaxconn=>2048\n"
    ),
}
REPLACED = ("/etc/default", "/etc/systemd", "/etc/tuned", "/etc/ufw")
"""Folders of this machine that the host gets anew."""
HOSTS: Mapping[str, tuple[Tree, Goal]] = {
    "none of the programs": ({}, Goal(at_most=0.02)),
    "ufw and TuneD": ({**UFW, **TUNED}, Goal(at_most=0.06)),
}
HEADING = ("", "changed", "again", "goal", "", "the whole module, changed", "again")


def run(options: Options) -> list[Table]:
    rows = []
    for label, (tree, goal) in HOSTS.items():
        with World() as world:
            for path in REPLACED:
                if world.exists(path):
                    world.remove(path)
            world.place(tree)
            costs = race(world, list(_sides(world, options)), RACE)
        rows.append(_row(label, costs, goal))
    title = (
        "Instructions of the look for programs that set keys after the loader, 3 keys, relative to"
        " an Ansible module that does nothing"
    )
    return [Table(title, HEADING, rows)]


RACE = RaceOptions(pairs=1, env={"PYTHONHASHSEED": "0"}, warm_up=False)
"""The counts are nearly the same in every run."""


def _sides(world: World, options: Options) -> Iterator[list[Run]]:
    ours = payload("netops.tuning.sysctl", options.python, settings=dict(KEEPALIVE))
    modules = {
        "empty": payload(EMPTY_MODULE, options.python),
        "ours": ours,
        "without": without_the_look(ours),
    }
    argv = [*VALGRIND, options.python]
    for name, content in modules.items():
        world.write(f"/srv/{name}", content)
    yield [Run(name="empty", argv=argv, expect='"changed": false', stdin="/srv/empty")]
    for name in ("ours", "without"):
        changed = Run(
            name=f"{name}, changed",
            argv=argv,
            expect='"changed": true',
            stdin=f"/srv/{name}",
        )
        again = Run(
            name=f"{name}, again",
            argv=argv,
            expect='"changed": false',
            stdin=f"/srv/{name}",
        )
        yield [changed.from_scratch(KEEPALIVE, PATH), again]


def without_the_look(module: bytes) -> bytes:
    """Return what Ansible sends without the files that look for the programs."""
    kept = {LOOK: NO_LOOK.encode()}
    for name, source in files_of(module).items():
        if not PROGRAMS.fullmatch(name):
            kept[name] = source
    return with_files(module, kept)


def _row(label: str, costs: Mapping[str, Cost], goal: Goal) -> Row:
    (empty,) = costs["empty"].instructions
    looks = []
    wholes = []
    for state in ("changed", "again"):
        (ours,) = costs[f"ours, {state}"].instructions
        (without,) = costs[f"without, {state}"].instructions
        looks.append((ours - without) / empty)
        wholes.append(ours / empty)
    shares = [f"{look:.3f}" for look in looks]
    ratios = [f"{whole:.3f}" for whole in wholes]
    return (label, *shares, str(goal), goal.verdict(*looks), *ratios)
