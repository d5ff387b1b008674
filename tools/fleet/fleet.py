# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of light SSH hosts on this machine: their state, their faults, and playbooks on them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from lab.lab import Lab
from sandbox.play import HERE, collections_path

from .faults import DYING_MARK, FAULTS, NO_VARIABLES, SCRIPTS

SIZE = int(os.environ.get("NETOPS_FLEET", "20"))
PROGRAMS = Path(sys.executable).parent
LEDGERS = "var/lib/netops-tuning"
PARALLEL_COMMANDS = 8
READ_STATE = """\
cd /proc/sys/net/ipv4
cat tcp_keepalive_time tcp_keepalive_probes tcp_keepalive_intvl
cd /etc/sysctl.d
find . -mindepth 1 -printf '%p %m %U %G %l\\n' | sort
find . -type f -exec sha256sum {} + | sort
"""


class Run(NamedTuple):
    """A run of a playbook on the fleet."""

    rc: int
    outcomes: Mapping[str, str]
    """Of a rollout, by host."""
    reasons: Mapping[str, str]
    output: str
    seconds: float
    cpu: float
    """CPU seconds of the controller, ssh included."""


class Fleet:
    """The hosts of a lab as a fleet."""

    def __init__(
        self, lab: Lab, hosts: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self.lab = lab
        self.hosts = list(hosts)
        self.faults: dict[str, str] = {}
        """Host -> the name of its fault."""
        self._more_environment = environment or {}
        self._addresses = {host["name"]: host["address"] for host in lab.hosts()}

    # --- hosts ---

    def run(self, hosts: Sequence[str], command: str) -> dict[str, str]:
        """Run a command on hosts, on several at once; return the output of each."""

        def run_on(host: str) -> str:
            config = str(self.lab.directory / "ssh_config")
            argv = self.lab.inside("ssh", "-F", config, self._addresses[host], command)
            finished = subprocess.run(
                argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
            )
            return finished.stdout.decode()

        with ThreadPoolExecutor(PARALLEL_COMMANDS) as pool:
            outputs = list(pool.map(run_on, hosts))
        return dict(zip(hosts, outputs))

    def state(self, hosts: Sequence[str] | None = None) -> dict[str, str]:
        """Return the values and files that a rollout may change, for each host."""
        if hosts is None:
            hosts = self.hosts
        return self.run(hosts, READ_STATE)

    def root(self, host: str) -> Path:
        """Return the root directory of a host, up or down, without what the host has mounted."""
        return self.lab.host_directory(host) / "root"

    def ledgers(self, host: str) -> list[str]:
        """Return the names of the files in which the host keeps the changes of rollouts."""
        return sorted(path.name for path in (self.root(host) / LEDGERS).glob("*.json"))

    # --- faults ---

    def inject(self, faults: Mapping[str, str]) -> None:
        """Make hosts faulty. `faults`: host -> the name of a fault."""
        self.faults.update(faults)
        for host, name in faults.items():
            self._write_scripts(host)
            fault = FAULTS[name]
            if fault.command:
                self.run([host], fault.command)
        self.lab.cut_power([host for host, name in faults.items() if name == "down"])

    def _write_scripts(self, host: str) -> None:
        for path, text in SCRIPTS.items():
            script = self.root(host) / path.lstrip("/")
            script.write_text(text, encoding="ascii")
            script.chmod(0o755)

    def repair(self, hosts: Sequence[str]) -> None:
        """Repair hosts: they are up, and as before their fault except for what rollouts changed."""
        up = [host["name"] for host in self.lab.hosts() if host["up"]]
        self.lab.start([host for host in hosts if host not in up])
        for host in hosts:
            fault = FAULTS[self.faults.pop(host)]
            if fault.repair:
                self.run([host], fault.repair)

    def fault_variables(self, host: str) -> Mapping[str, str]:
        """Return the variables of Ansible that make the host faulty."""
        if host in self.faults:
            return FAULTS[self.faults[host]].variables
        return NO_VARIABLES

    @contextmanager
    def cutting_power_of_dying_hosts(self) -> Iterator[None]:
        """Cut the power of each host that `dies` as soon as it has made its change."""
        finished = threading.Event()

        def watch() -> None:
            alive = [host for host, fault in self.faults.items() if fault == "dies"]
            while alive and not finished.wait(0.02):
                for host in list(alive):
                    if (self.root(host) / DYING_MARK).exists():
                        self.lab.cut_power([host])
                        alive.remove(host)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            finished.set()
            thread.join()

    # --- playbooks ---

    def environment(self) -> dict[str, str]:
        """Return the environment for Ansible, with nothing of the user's."""
        return {
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "HOME": str(self.lab.directory),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_HOME": str(self.lab.directory / "ansible"),
            "ANSIBLE_CONFIG": str(self.lab.directory / "none.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": collections_path(),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_FORKS": "10",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
            "ANSIBLE_NOCOLOR": "1",
        }

    def start(
        self,
        playbook: str,
        variables: Mapping[str, Any],
        events: int,
        log: Any,
        arguments: Sequence[str] = (),
    ) -> subprocess.Popen[bytes]:
        """Start a playbook as a user would. Our callback writes to the descriptor `events`."""
        environment = {
            **self.environment(),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
            "ANSIBLE_STDOUT_CALLBACK": "harness",
            "NETOPS_EVENTS": str(events),
            **self._more_environment,
        }
        inventories = ["-i", str(self.lab.inventory), "-i", str(self._write_fault_inventory())]
        extra_vars = ["-e", json.dumps(variables)]
        program = str(PROGRAMS / "ansible-playbook")
        return subprocess.Popen(
            self.lab.inside(program, *inventories, playbook, *extra_vars, *arguments),
            env=environment,
            pass_fds=[events],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def _write_fault_inventory(self) -> Path:
        """Write an inventory with the variables that make hosts faulty."""
        hosts = {host: dict(self.fault_variables(host)) for host in self.faults}
        inventory = self.lab.directory / "faults.json"
        inventory.write_text(json.dumps({"light": {"hosts": hosts}}), encoding="utf-8")
        return inventory

    def play(
        self,
        playbook: str,
        interrupt: Callable[[subprocess.Popen[bytes]], None] | None = None,
        arguments: Sequence[str] = (),
        **variables: Any,
    ) -> Run:
        """Run a playbook to its end, or until `interrupt` ends it."""
        read_end, write_end = os.pipe()
        started = time.monotonic()
        log_path = self.lab.directory / "log"
        with self.cutting_power_of_dying_hosts(), open(read_end, "rb") as events:
            with log_path.open("wb") as log:
                process = self.start(playbook, variables, write_end, log, arguments)
            os.close(write_end)
            if interrupt:
                interrupt(process)
            outcomes = _last_outcomes(events)
            cpu = wait_for_cpu_time(process)
        log_text = log_path.read_text(encoding="utf-8", errors="replace")
        command = shlex.join([playbook, json.dumps(variables)])
        return Run(
            rc=process.returncode,
            outcomes={host: outcome["outcome"] for host, outcome in outcomes.items()},
            reasons={host: outcome["reason"] for host, outcome in outcomes.items()},
            output=f"{command}\n{log_text}",
            seconds=time.monotonic() - started,
            cpu=cpu,
        )


def _last_outcomes(events: Iterator[bytes]) -> dict[str, dict[str, str]]:
    """Read the callback's events to the end; return the last outcomes that a task returned."""
    outcomes: dict[str, dict[str, str]] = {}
    for line in events:
        if not line.endswith(b"\n"):
            continue  # the process was killed while it wrote
        result = json.loads(line).get("result", {})
        outcomes = result.get("outcomes", outcomes)
    return outcomes


def wait_for_cpu_time(process: subprocess.Popen[bytes]) -> float:
    """Wait for a process to end; return the CPU seconds that it and its children used."""
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime
