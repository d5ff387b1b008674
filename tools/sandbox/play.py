# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real ansible-playbook against a world: `Controller` for tasks, many in one run, and `run_playbook` for a whole playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible.module_utils

from .world import World

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
STEPS = 120
Task = Mapping[str, Any]


def target_python() -> str:
    """Name the Python of the managed host."""
    return os.environ.get("NETOPS_TARGET_PYTHON", sys.executable)


def collections_path() -> str:
    """Where the collection under test is installed."""
    return os.environ.get("NETOPS_COLLECTIONS_PATH", str(PROJECT / ".build" / "installed"))


class Result(dict[str, Any]):
    """The result of one task as Ansible has it, with what became of it."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        super().__init__(event["result"])
        self.status: str = event["status"]
        self.action: str = event["action"]

    @property
    def failed(self) -> bool:
        return self.status in ("failed", "unreachable")

    @property
    def changed(self) -> bool:
        return bool(self["changed"])


@dataclass(frozen=True)
class Played:
    """A whole run of ansible-playbook."""

    rc: int
    results: list[Result]
    stats: dict[str, int]
    output: str


def compiled(home: Path) -> dict[str, str]:
    """Compile what Ansible will send, once (see `target/sitecustomize.py`); give the environment that has it used."""
    sources = [
        str(Path(ansible.module_utils.__path__[0])),
        f"{collections_path()}/ansible_collections/netops/tuning",
    ]
    subprocess.run(
        [target_python(), "-I", str(HERE / "compiled.py"), str(home / "compiled"), *sources],
        check=True,
    )
    return {"PYTHONPATH": str(HERE / "target"), "NETOPS_COMPILED": str(home / "compiled")}


@dataclass
class Ansible:
    """ansible-playbook as a child process with a private home, our callback, and nothing it does not need."""

    home: str
    programs: Path = Path(sys.executable).parent
    extra: dict[str, str] = field(default_factory=dict)

    def start(
        self,
        args: Sequence[str],
        events: int,
        steps: int | None,
        log: Any,
        inventory: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        env = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "HOME": self.home,
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_HOME": self.home,
            "ANSIBLE_CONFIG": f"{self.home}/none.cfg",
            "ANSIBLE_LOCAL_TEMP": f"{self.home}/tmp",
            "ANSIBLE_REMOTE_TEMP": "/srv/home/.ansible/tmp",
            "ANSIBLE_COLLECTIONS_PATH": collections_path(),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
            "ANSIBLE_STDOUT_CALLBACK": "harness",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_GATHERING": "explicit",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_INVENTORY_ENABLED": "yaml,host_list",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
            "ANSIBLE_FORKS": "1",
            "ANSIBLE_NOCOLOR": "1",
            "NETOPS_EVENTS": str(events),
            **({} if steps is None else {"NETOPS_STEPS": str(steps)}),
            **self.extra,
        }
        hosts = ["-i", str(inventory)] if inventory else ["-i", "world,", "-c", "local"]
        command = [str(self.programs / "ansible-playbook"), *hosts, *args]
        fds = [events] if steps is None else [events, steps]
        return subprocess.Popen(
            command,
            env=env,
            cwd=self.home,
            pass_fds=fds,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


class Controller:
    """One run of ansible-playbook that takes its tasks one by one as the tests state them, each for the world it is meant for.

    A play of many include_tasks (and then the next play: each costs more, the more there are); our callback waits at
    each of them until the test has written the file that is to be included.
    A task is thus run as in any play, for a fifth of the cost of a run of its own.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="netops-controller-")
        self._home = Path(self._folder.name)
        self._process: subprocess.Popen[bytes] | None = None
        self._compiled = compiled(self._home)

    def __enter__(self) -> Controller:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._stop()
        self._folder.cleanup()

    def play(
        self,
        world: World,
        tasks: Iterable[Task] | Task,
        *,
        check: bool = False,
        diff: bool = False,
        python: str | None = None,
        user: int | None = None,
        umask: int = 0o022,
        under: Iterable[str] = (),
    ) -> list[Result]:
        """Run tasks in a world, each whatever became of the one before; one result for each module that ran.

        under: a command (strace with its options) that the target's Python is started by.
        """
        if self._process is None or self._step >= STEPS:
            self._start()
        env = None if python or under else self._compiled
        interpreter = world.interpreter(
            python or target_python(), user=user, umask=umask, under=under, env=env
        )
        listed = [tasks] if isinstance(tasks, Mapping) else list(tasks)
        blocks = [
            {
                "block": [{"name": "task", **task}],
                "rescue": [{"meta": "noop"}],
                "vars": {"ansible_python_interpreter": interpreter},
                **({"check_mode": True} if check else {}),
                **({"diff": True} if diff else {}),
            }
            for task in listed
        ]
        self._go(blocks)
        return self._results()

    # --- the run ---

    def _start(self) -> None:
        self._stop()
        self._step = 0
        # One more than is used: each step ends where the next one asks.
        steps = [
            {"name": f"step {n}", "include_tasks": str(self._home / f"step{n}.yml")}
            for n in range(STEPS + 1)
        ]
        play = [{"hosts": "all", "gather_facts": False, "tasks": steps}]
        (self._home / "steps.yml").write_text(json.dumps(play), encoding="utf-8")
        events_here, events_there = os.pipe()
        steps_there, steps_here = os.pipe()
        self._events = open(events_here, "rb")  # noqa: SIM115
        self._steps = open(steps_here, "wb", buffering=0)  # noqa: SIM115
        self._log = (self._home / "log").open("w+b")
        self._process = Ansible(str(self._home)).start(
            [str(self._home / "steps.yml")], events_there, steps_there, self._log
        )
        os.close(events_there)
        os.close(steps_there)
        self._results()

    def _stop(self) -> None:
        if self._process:
            self._steps.close()
            self._process.kill()
            self._process.wait()
            self._events.close()
            self._log.close()
            self._process = None

    def _go(self, tasks: list[dict[str, Any]]) -> None:
        (self._home / f"step{self._step}.yml").write_text(json.dumps(tasks), encoding="utf-8")
        self._step += 1
        self._steps.write(b"go\n")

    def _results(self) -> list[Result]:
        """Everything up to the next step."""
        found: list[Result] = []
        for line in self._events:
            event = json.loads(line)
            if event["event"] == "step":
                return found
            if event["event"] == "result":
                found.append(Result(event))
        self._log.seek(0)
        told = self._log.read().decode("utf-8", "replace")
        self._stop()
        raise RuntimeError(f"ansible-playbook ended before its time:\n{told}")


def run_playbook(
    world: World | None,
    playbook: str | list[dict[str, Any]],
    *args: str,
    variables: Mapping[str, Any] | None = None,
    python: str | None = None,
    programs: Path = Ansible.programs,
    inventory: Path | None = None,
) -> Played:
    """Run a playbook (a name such as netops.tuning.tcp_keepalive, or plays as data) as a user would, in a run of its own.

    programs: the folder of another ansible-core's ansible-playbook.
    inventory: hosts to run it on instead of a world.
    """
    with tempfile.TemporaryDirectory(prefix="netops-playbook-") as home:
        name = playbook if isinstance(playbook, str) else f"{home}/playbook.yml"
        if not isinstance(playbook, str):
            Path(name).write_text(json.dumps(playbook), encoding="utf-8")
        interpreter = (
            {"ansible_python_interpreter": world.interpreter(python or target_python())}
            if world
            else {}
        )
        extra = {**interpreter, **(variables or {})}
        here, there = os.pipe()
        with open(here, "rb") as events, open(f"{home}/log", "w+b") as log:
            command = [name, "-e", json.dumps(extra), *args]
            process = Ansible(home, programs).start(command, there, None, log, inventory)
            os.close(there)
            told = [json.loads(line) for line in events]
            rc = process.wait()
            log.seek(0)
            output = log.read().decode("utf-8", "replace")
    stats: dict[str, int] = next(
        (event["stats"].get("world", {}) for event in told if event["event"] == "end"), {}
    )
    return Played(
        rc, [Result(event) for event in told if event["event"] == "result"], stats, output
    )
