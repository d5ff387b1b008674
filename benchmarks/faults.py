# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull the plug of a host before each change that a play makes to it: what is left, ours beside what people use today."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from support.play import PROJECT, run_playbook
from support.world import World

from .bench import KEEPALIVE, Options, Row, Table
from .peers import BIN

PLUG = PROJECT / "tests" / "faults" / "plug.py"
FILE = "/etc/sysctl.d/90-tuning.conf"
OLD = "# theirs\n" + "".join(f"{key} = 1\n" for key in KEEPALIVE)
NEW = {key: str(value) for key, value in KEEPALIVE.items()}
LEFT = ("a damaged file", "a half-applied host", "a value that the next boot undoes", "not put right by the next run")
LINES = "".join(f"{key} = {value}\n" for key, value in KEEPALIVE.items())

Plays = list[dict[str, Any]]


def play(*tasks: Mapping[str, Any], **more: Any) -> Plays:
    return [{"hosts": "all", "gather_facts": False, "tasks": list(tasks), **more}]


def sides(folder: Path) -> Iterator[tuple[str, Plays]]:
    template = folder / "tuning.conf.j2"
    template.write_text(f"# theirs\n{LINES}", encoding="utf-8")
    yield "netops.tuning.sysctl", play({"netops.tuning.sysctl": {"settings": dict(KEEPALIVE), "path": FILE}})
    args = {"name": "{{ item.key }}", "value": "{{ item.value }}", "sysctl_file": FILE}
    loop = {"ansible.posix.sysctl": args, "loop": "{{ settings | dict2items }}"}
    yield "ansible.posix.sysctl in a loop", play(loop, vars={"settings": dict(KEEPALIVE)})
    handler = {"name": "apply", "ansible.builtin.command": "sysctl --system"}
    task = {"ansible.builtin.template": {"src": str(template), "dest": FILE, "mode": "0644"}, "notify": "apply"}
    yield "template and a handler", play(task, handlers=[handler])


class Host(NamedTuple):
    """A world, and how plays are run on it."""

    world: World
    python: str

    def reset(self) -> None:
        self.world.clear()
        self.world.write(FILE, OLD)
        for key in KEEPALIVE:
            self.world.set_sysctl(key, 1)

    def run(self, plays: Plays, number: int) -> bool:
        """Run it with the plug to be pulled before that change; tell whether it was."""
        under = [sys.executable, str(PLUG), str(number)]
        interpreter = self.world.interpreter(self.python, under=under)
        run_playbook(self.world, plays, variables={"ansible_python_interpreter": interpreter}, programs=BIN)
        return self.world.exists("/srv/plug-is-out")

    def left(self) -> Iterator[str]:
        """Yield what is wrong with the host as it is."""
        files = {name: what[4] for name, what in self.world.files("/etc/sysctl.d").items() if name.endswith(".conf")}
        if set(files) != {FILE} or not whole(files[FILE]):
            yield LEFT[0]
        now = {key: self.world.sysctl(key) for key in NEW}
        if now != NEW and set(now.values()) != {"1"}:
            yield LEFT[1]
        if self.world.boot("systemd", NEW).values != now:
            yield LEFT[2]


def whole(text: str) -> bool:
    """Tell whether each of the keys has its old or its new value, and nothing that was there is gone."""
    lines = [line.replace(" ", "") for line in text.splitlines()]
    return lines[:1] == ["#theirs"] and all(f"{key}={NEW[key]}" in lines or f"{key}=1" in lines for key in NEW)


def kill_everywhere(host: Host, plays: Plays) -> Counter[str]:
    found: Counter[str] = Counter()
    while True:
        host.reset()
        if not host.run(plays, found["kill points"]):
            return found
        found["kill points"] += 1
        found.update(host.left())
        host.world.remove("/srv/plug-is-out")
        run_playbook(host.world, plays, python=host.python, programs=BIN)
        wrong = list(host.left()) or {host.world.sysctl(key) for key in NEW} == {"1"}
        found[LEFT[3]] += bool(wrong)


def run(options: Options) -> list[Table]:
    rows: list[Row] = []
    with World() as world, tempfile.TemporaryDirectory(prefix="netops-bench-") as folder:
        host = Host(world, options.python)
        for name, plays in sides(Path(folder)):
            found = kill_everywhere(host, plays)
            rows.append((name, str(found["kill points"]), *(str(found[what]) for what in LEFT)))
    title = "The plug pulled before each change that a play of 3 keys makes to a host, and what is left"
    return [Table(title, ("", "kill points", *LEFT), rows)]
