# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull the plug of a host before each change that modules make to it: what is left, ours beside what people use today."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from sandbox.play import PROJECT
from sandbox.world import World

from .bench import KEEPALIVE, Options, Row, Table, payload

PLUG = PROJECT / "tools" / "faults" / "plug.py"
FILE, SENT = "/etc/sysctl.d/90-tuning.conf", "/srv/tmp/source"
OLD = "# theirs\n" + "".join(f"{key} = 1\n" for key in KEEPALIVE)
NEW = {key: str(value) for key, value in KEEPALIVE.items()}
TEMPLATED = "# theirs\n" + "".join(f"{key} = {value}\n" for key, value in KEEPALIVE.items())
LEFT = (
    "a damaged file",
    "a file too many, read at boot by procps",
    "a half-applied host",
    "a value that the next boot undoes",
    "not put right by the next run",
)


class Side(NamedTuple):
    """What Ansible has run on a host, one module after the other."""

    name: str
    modules: list[tuple[str, dict[str, Any]]]
    notified: bool = False
    """The second is a handler: it runs only if the first one changed something."""


SIDES = (
    Side(
        "netops.tuning.sysctl",
        [("netops.tuning.sysctl", {"settings": dict(KEEPALIVE), "path": FILE})],
    ),
    Side(
        "ansible.posix.sysctl in a loop",
        [
            ("ansible.posix.sysctl", {"name": key, "value": str(value), "sysctl_file": FILE})
            for key, value in KEEPALIVE.items()
        ],
    ),
    Side(
        "template and a handler",
        [
            (
                "ansible.legacy.copy",
                {"src": SENT, "dest": FILE, "mode": "0644", "_original_basename": "tuning.conf.j2"},
            ),
            ("ansible.legacy.command", {"_raw_params": "sysctl --system"}),
        ],
        notified=True,
    ),
)


class Host:
    """A world, and how modules are run on it."""

    def __init__(self, world: World, python: str) -> None:
        self.world = world
        self.python = python

    def reset(self) -> None:
        self.world.clear()
        self.world.write(FILE, OLD)
        for key in KEEPALIVE:
            self.world.set_sysctl(key, 1)

    def run(self, side: Side, under: tuple[str, ...] = ()) -> None:
        """Run it as a play does, which ends with the first module that fails."""
        self.world.write(SENT, TEMPLATED)
        for number, (module, args) in enumerate(side.modules):
            ran = self.world.run(
                [*under, self.python], stdin=payload(module, self.python, **args).decode()
            )
            if ran.rc != 0 or (
                side.notified and number == 0 and not json.loads(ran.stdout)["changed"]
            ):
                return

    def left(self) -> Iterator[str]:
        """Yield what is wrong with the host as it is."""
        files = {
            name: what[4]
            for name, what in self.world.files("/etc/sysctl.d").items()
            if name.endswith(".conf")
        }
        if not whole(files.get(FILE, "")):
            yield LEFT[0]
        if set(files) - {FILE}:
            yield LEFT[1]
        now = self.now()
        if now != NEW and set(now.values()) != {"1"}:
            yield LEFT[2]
        if self.world.boot("systemd", NEW).values != now:
            yield LEFT[3]

    def now(self) -> dict[str, str]:
        return {key: self.world.sysctl(key) for key in NEW}


def whole(text: str) -> bool:
    """Tell whether each of the keys has its old or its new value, and nothing that was there is gone."""
    lines = [line.replace(" ", "") for line in text.splitlines()]
    return lines[:1] == ["#theirs"] and all(
        f"{key}={NEW[key]}" in lines or f"{key}=1" in lines for key in NEW
    )


def kill_everywhere(host: Host, side: Side) -> Counter[str]:
    found: Counter[str] = Counter()
    while True:
        host.reset()
        host.run(side, (sys.executable, str(PLUG), str(found["kill points"])))
        if not host.world.exists("/srv/plug-is-out"):
            if list(host.left()) or host.now() != NEW:
                raise SystemExit(f"{side.name} does not do what it is to do")
            return found
        found["kill points"] += 1
        found.update(host.left())
        host.run(side)
        found[LEFT[4]] += bool(set(host.left()) - {LEFT[1]}) or host.now() != NEW


def run(options: Options) -> list[Table]:
    rows: list[Row] = []
    with World() as world:
        for side in SIDES:
            found = kill_everywhere(Host(world, options.python), side)
            rows.append(
                (side.name, str(found["kill points"]), *(str(found[what]) for what in LEFT))
            )
    title = (
        "The plug pulled before each change that setting 3 keys makes to a host, and what is left"
    )
    return [Table(title, ("", "kill points", *LEFT), rows)]
