# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill a host before each change that a task makes to it: our module, and what people use today."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any, NamedTuple

from sandbox.play import PROJECT
from sandbox.world import World

from .bench import Options, Row, Table, payload
from .settings import KEEPALIVE

PLUG = PROJECT / "tools" / "faults" / "plug.py"
PLUG_IS_OUT = "/srv/plug-is-out"
FILE = "/etc/sysctl.d/90-tuning.conf"
TEMPLATE_SOURCE = "/srv/tmp/source"

NEW_VALUES = {key: str(value) for key, value in KEEPALIVE.items()}
OLD_CONTENT = "# theirs\n" + "".join(f"{key} = 1\n" for key in NEW_VALUES)
NEW_CONTENT = "# theirs\n" + "".join(f"{key} = {value}\n" for key, value in NEW_VALUES.items())

DAMAGED = "damaged file"
STRAY = "stray file that procps reads"
HALF_APPLIED = "half-applied"
UNDONE_AT_BOOT = "undone by the next boot"
NOT_FIXED = "not fixed by the next run"
DEFECTS = (DAMAGED, STRAY, HALF_APPLIED, UNDONE_AT_BOOT, NOT_FIXED)
KILL_POINTS = "kill points"


class Contender(NamedTuple):
    """What Ansible runs on a host, one module after the other."""

    name: str
    modules: list[tuple[str, dict[str, Any]]]
    """Name and arguments of each."""
    with_handler: bool = False
    """The second module is a handler: it runs only if the first one changed something."""


CONTENDERS = (
    Contender(
        name="netops.tuning.sysctl",
        modules=[("netops.tuning.sysctl", {"settings": dict(KEEPALIVE), "path": FILE})],
    ),
    Contender(
        name="ansible.posix.sysctl in a loop",
        modules=[
            ("ansible.posix.sysctl", {"name": key, "value": value, "sysctl_file": FILE})
            for key, value in NEW_VALUES.items()
        ],
    ),
    Contender(
        name="template and a handler",
        modules=[
            (
                "ansible.legacy.copy",
                {
                    "src": TEMPLATE_SOURCE,
                    "dest": FILE,
                    "mode": "0644",
                    "_original_basename": "tuning.conf.j2",
                },
            ),
            ("ansible.legacy.command", {"_raw_params": "sysctl --system"}),
        ],
        with_handler=True,
    ),
)


class Host:
    """A world, and how modules run on it."""

    def __init__(self, world: World, python: str) -> None:
        self.world = world
        self.python = python

    def reset(self) -> None:
        self.world.clear()
        self.world.write(FILE, OLD_CONTENT)
        for key in NEW_VALUES:
            self.world.set_sysctl(key, 1)

    def run(self, contender: Contender, under: tuple[str, ...] = ()) -> None:
        """Run the modules as a play does, which ends at the first one that fails.

        under: a command that runs each of them.
        """
        self.world.write(TEMPLATE_SOURCE, NEW_CONTENT)
        for number, (module, args) in enumerate(contender.modules):
            code = payload(module, self.python, **args).decode()
            process = self.world.run([*under, self.python], stdin=code)
            if process.rc != 0:
                return
            notifies = contender.with_handler and number == 0
            if notifies and not json.loads(process.stdout)["changed"]:
                return

    def defects(self) -> set[str]:
        """Return what is wrong with the host as it is."""
        defects = set()
        contents = self._settings_files()
        if not is_whole(contents.get(FILE, "")):
            defects.add(DAMAGED)
        if set(contents) - {FILE}:
            defects.add(STRAY)
        values = self.runtime_values()
        if values != NEW_VALUES and set(values.values()) != {"1"}:
            defects.add(HALF_APPLIED)
        if self.world.boot("systemd", NEW_VALUES).values != values:
            defects.add(UNDONE_AT_BOOT)
        return defects

    def _settings_files(self) -> dict[str, str]:
        """Return path -> content of each file that a loader reads."""
        contents = {}
        for path, file in self.world.files("/etc/sysctl.d").items():
            if path.endswith(".conf"):
                _mode, _uid, _gid, _kind, content, *_rest = file
                contents[path] = content
        return contents

    def runtime_values(self) -> dict[str, str]:
        return {key: self.world.sysctl(key) for key in NEW_VALUES}


def is_whole(text: str) -> bool:
    """Tell whether each key has its old or its new value, and what else was there is there."""
    lines = [line.replace(" ", "") for line in text.splitlines()]
    if lines[:1] != ["#theirs"]:
        return False
    return all(
        f"{key}={value}" in lines or f"{key}=1" in lines for key, value in NEW_VALUES.items()
    )


def kill_everywhere(host: Host, contender: Contender) -> Counter[str]:
    """Return how many kill points there are, and after how many of them there is each defect."""
    counts: Counter[str] = Counter()
    while True:
        number = counts[KILL_POINTS]
        host.reset()
        host.run(contender, under=(sys.executable, str(PLUG), str(number)))
        if not host.world.exists(PLUG_IS_OUT):
            if host.defects() or host.runtime_values() != NEW_VALUES:
                raise SystemExit(f"{contender.name} does not set the keys when nobody disturbs it")
            return counts
        counts[KILL_POINTS] += 1
        counts.update(host.defects())
        host.run(contender)
        if host.defects() - {STRAY} or host.runtime_values() != NEW_VALUES:
            counts[NOT_FIXED] += 1


def run(options: Options) -> list[Table]:
    rows: list[Row] = []
    with World() as world:
        host = Host(world, options.python)
        for contender in CONTENDERS:
            counts = kill_everywhere(host, contender)
            cells = [str(counts[name]) for name in (KILL_POINTS, *DEFECTS)]
            rows.append((contender.name, *cells))
    title = "The plug pulled before each change that setting 3 keys makes to a host"
    return [Table(title, ("", KILL_POINTS, *DEFECTS), rows)]
