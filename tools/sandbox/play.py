# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real ansible-playbook against a world.

`Controller` runs single tasks, many in one process; `run_playbook` runs a whole playbook.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import ansible.module_utils

from .world import World

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
STEPS = 120
"""How many tasks one ansible-playbook runs. The more there are, the more each costs."""
SETTINGS = {
    "LC_ALL": "C.UTF-8",
    "ANSIBLE_REMOTE_TEMP": "/srv/home/.ansible/tmp",
    "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
    "ANSIBLE_STDOUT_CALLBACK": "harness",
    "ANSIBLE_PIPELINING": "1",
    "ANSIBLE_GATHERING": "explicit",
    "ANSIBLE_LOCALHOST_WARNING": "0",
    "ANSIBLE_INVENTORY_ENABLED": "yaml,host_list",
    "ANSIBLE_RETRY_FILES_ENABLED": "0",
    "ANSIBLE_FORKS": "1",
    "ANSIBLE_NOCOLOR": "1",
}
"""The environment of ansible-playbook, without its paths."""
Task = Mapping[str, Any]
"""A task as YAML has it, without its name."""


def target_python() -> str:
    """Return the path of the managed host's Python."""
    return os.environ.get("NETOPS_TARGET_PYTHON", sys.executable)


def collections_path() -> str:
    """Return the folder in which the collection under test is installed."""
    return os.environ.get("NETOPS_COLLECTIONS_PATH", str(PROJECT / ".build" / "installed"))


class Result(dict[str, Any]):
    """The result of one task as Ansible has it, with its status."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        super().__init__(event["result"])
        self.status: str = event["status"]
        """ok, failed, skipped or unreachable."""
        self.action: str = event["action"]

    @property
    def failed(self) -> bool:
        return self.status in ("failed", "unreachable")

    @property
    def changed(self) -> bool:
        return bool(self["changed"])


class Played(NamedTuple):
    """A finished run of ansible-playbook."""

    rc: int
    results: list[Result]
    stats: dict[str, int]
    """The line of the recap for the world: status -> number of tasks."""
    failed_hosts: frozenset[str]
    """The hosts that the recap shows as failed or unreachable."""
    output: str
    stdout: str
    """The part of the output that is not on standard error."""


def precompile(home: Path) -> dict[str, str]:
    """Compile what Ansible will send; return the environment of a Python that uses it.

    `target/sitecustomize.py` says how.
    """
    output = str(home / "compiled")
    sources = [
        str(Path(ansible.module_utils.__path__[0])),
        f"{collections_path()}/ansible_collections/netops/tuning",
    ]
    command = [target_python(), "-I", str(HERE / "compiled.py"), output, *sources]
    subprocess.run(command, check=True)
    return {"PYTHONPATH": str(HERE / "target"), "NETOPS_COMPILED": output}


class Ansible:
    """An ansible-playbook with a home and a callback of its own, without the user's settings."""

    programs = Path(sys.executable).parent
    """The folder of ansible-playbook, where none is given."""

    def __init__(
        self, home: Path, programs: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self.home = home
        self.settings = settings or {}
        """Further variables of its environment."""
        if programs is not None:
            self.programs = programs

    def start(  # noqa: PLR0913 # what varies is independent, and given by keyword
        self,
        args: Sequence[str],
        log: IO[bytes],
        *,
        events: int,
        steps: int | None = None,
        stdout: IO[bytes] | None = None,
        inventory: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start it, and send its output to the log.

        stdout: where standard output goes instead.
        events, steps: file descriptors for the callback `harness`.
        inventory: default is the one host "world", whose interpreter enters the world.
        """
        env = self._environment(events)
        fds = [events]
        if steps is not None:
            env["NETOPS_STEPS"] = str(steps)
            fds.append(steps)
        hosts = ["-i", str(inventory)] if inventory else ["-i", "world,", "-c", "local"]
        return subprocess.Popen(
            [str(self.programs / "ansible-playbook"), *hosts, *args],
            env=env,
            cwd=self.home,
            pass_fds=fds,
            stdin=subprocess.DEVNULL,
            stdout=stdout or log,
            stderr=log,
        )

    def _environment(self, events: int) -> dict[str, str]:
        return {
            **SETTINGS,
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "ANSIBLE_HOME": str(self.home),
            "ANSIBLE_CONFIG": str(self.home / "none.cfg"),
            "ANSIBLE_LOCAL_TEMP": str(self.home / "tmp"),
            "ANSIBLE_COLLECTIONS_PATH": collections_path(),
            "NETOPS_EVENTS": str(events),
            **self.settings,
        }


class Controller:
    """One process of ansible-playbook that runs the tasks of many tests, in the world of each.

    Its play is a row of include_tasks. Our callback waits before each of them until the test has
    written the file to include. So a task runs as in any play, for a fifth of the cost of a
    process of its own. After STEPS tasks a new process is started.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="netops-controller-")
        self._home = Path(self._folder.name)
        self._process: subprocess.Popen[bytes] | None = None
        self._precompiled = precompile(self._home)

    def __enter__(self) -> Controller:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._stop()
        self._folder.cleanup()

    def play(  # noqa: PLR0913 # as on a task of Ansible, and given by keyword
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
        """Run tasks in a world, even after one has failed; return a result for each.

        under: a command prefix of the target's Python, such as strace with its options.
        """
        if self._process is None or self._step >= STEPS:
            self._start()
        interpreter = world.interpreter(
            python or target_python(),
            user=user,
            umask=umask,
            under=under,
            env=None if python or under else self._precompiled,
        )
        block: dict[str, Any] = {
            "rescue": [{"meta": "noop"}],
            "vars": {"ansible_python_interpreter": interpreter},
        }
        if check:
            block["check_mode"] = True
        if diff:
            block["diff"] = True
        listed = [tasks] if isinstance(tasks, Mapping) else list(tasks)
        self._run_step([{"block": [{"name": "task", **task}], **block} for task in listed])
        return self._results()

    # --- the process ---

    def _start(self) -> None:
        self._stop()
        self._step = 0
        read_events, write_events = os.pipe()
        read_steps, write_steps = os.pipe()
        # _stop() closes both.
        self._events = open(read_events, "rb")  # noqa: SIM115
        self._steps = open(write_steps, "wb", buffering=0)  # noqa: SIM115
        self._log = (self._home / "log").open("w+b")
        self._process = Ansible(self._home).start(
            [self._write_playbook()], self._log, events=write_events, steps=read_steps
        )
        os.close(write_events)
        os.close(read_steps)
        self._results()

    def _write_playbook(self) -> str:
        """Write the play of the steps; return its path.

        It has one more than is used, because the results of a step end where the next one begins.
        """
        steps = []
        for number in range(STEPS + 1):
            steps.append({"name": f"step {number}", "include_tasks": str(self._step_file(number))})
        play = [{"hosts": "all", "gather_facts": False, "tasks": steps}]
        path = self._home / "steps.yml"
        path.write_text(json.dumps(play), encoding="utf-8")
        return str(path)

    def _step_file(self, number: int) -> Path:
        return self._home / f"step{number}.yml"

    def _stop(self) -> None:
        if self._process:
            self._steps.close()
            self._process.kill()
            self._process.wait()
            self._events.close()
            self._log.close()
            self._process = None

    def _run_step(self, tasks: list[dict[str, Any]]) -> None:
        self._step_file(self._step).write_text(json.dumps(tasks), encoding="utf-8")
        self._step += 1
        self._steps.write(b"go\n")

    def _results(self) -> list[Result]:
        """Return the results up to the next step."""
        results: list[Result] = []
        for line in self._events:
            event = json.loads(line)
            if event["event"] == "step":
                return results
            if event["event"] == "result":
                results.append(Result(event))
        self._log.seek(0)
        output = self._log.read().decode("utf-8", "replace")
        self._stop()
        raise RuntimeError(f"ansible-playbook ended too early:\n{output}")


def run_playbook(  # noqa: PLR0913 # as on its command line, and given by keyword
    world: World | None,
    playbook: str | list[dict[str, Any]],
    *args: str,
    variables: Mapping[str, Any] | None = None,
    python: str | None = None,
    programs: Path | None = None,
    inventory: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Played:
    """Run a playbook as a user would, in a process of its own.

    playbook: a name such as netops.tuning.tcp_keepalive, or plays as data.
    programs: the folder of another ansible-core's ansible-playbook.
    inventory: hosts to run it on instead of a world.
    settings: variables of Ansible's environment.
    """
    extra = dict(variables or {})
    if world:
        interpreter = world.interpreter(python or target_python())
        extra.setdefault("ansible_python_interpreter", interpreter)
    with tempfile.TemporaryDirectory(prefix="netops-playbook-") as folder:
        home = Path(folder)
        command = [_name_of_playbook(playbook, home), "-e", json.dumps(extra), *args]
        read_end, write_end = os.pipe()
        log_path = home / "log"
        stdout_path = home / "stdout"
        with log_path.open("wb") as log, stdout_path.open("wb") as stdout_file:
            process = Ansible(home, programs, settings).start(
                command, log, events=write_end, inventory=inventory, stdout=stdout_file
            )
        os.close(write_end)
        with open(read_end, "rb") as pipe:
            events = [json.loads(line) for line in pipe]
        rc = process.wait()
        stdout = stdout_path.read_text("utf-8", "replace")
        output = stdout + log_path.read_text("utf-8", "replace")
    return _played(rc, events, output, stdout)


def _name_of_playbook(playbook: str | list[dict[str, Any]], home: Path) -> str:
    """Return the name or the path of a playbook, after writing it if it is given as data."""
    if isinstance(playbook, str):
        return playbook
    path = home / "playbook.yml"
    path.write_text(json.dumps(playbook), encoding="utf-8")
    return str(path)


def _played(rc: int, events: Iterable[Mapping[str, Any]], output: str, stdout: str) -> Played:
    results = []
    stats: dict[str, int] = {}
    failed = set()
    for event in events:
        if event["event"] == "result":
            results.append(Result(event))
        elif event["event"] == "end":
            stats = event["stats"].get("world", {})
            for host, numbers in event["stats"].items():
                if numbers["failures"] or numbers["unreachable"]:
                    failed.add(host)
    return Played(
        rc=rc,
        results=results,
        stats=stats,
        failed_hosts=frozenset(failed),
        output=output,
        stdout=stdout,
    )
