# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of light ssh hosts on this machine: what state each is in, what can go wrong with one, and playbooks against all."""

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.lab import Lab
from sandbox.play import HERE, collections_path

PYTHON, DYING, SLOW = (
    "/usr/bin/python3",
    "/usr/local/bin/dying-python",
    "/usr/local/bin/slow-python",
)
SIZE = int(os.environ.get("NETOPS_FLEET", "20"))
PROGRAMS = Path(sys.executable).parent
LEDGER = "var/lib/netops-tuning/000001.json"
STATE = """\
cat /proc/sys/net/ipv4/tcp_keepalive_time /proc/sys/net/ipv4/tcp_keepalive_probes /proc/sys/net/ipv4/tcp_keepalive_intvl
cd /etc/sysctl.d
find . -mindepth 1 -printf '%p %m %U %G %l\\n' | sort
find . -type f -exec sha256sum {} + | sort
"""
SCRIPTS = {
    SLOW: f'#!/bin/sh\nsleep 1\nexec {PYTHON} "$@"\n',
    # The second run, which makes the change, makes it and then is never heard of again.
    DYING: f'#!/bin/sh\nif [ ! -e /root/.asked ]; then touch /root/.asked; exec {PYTHON} "$@"; fi\n'
    f'{PYTHON} "$@" >/dev/null\ntouch /root/.dying\nexec sleep 1000\n',
}


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a host, and how it is put right; commands run on the host, variables are Ansible's."""

    happens: str = ""
    variables: Mapping[str, str] | None = None
    mended: str = ""


FAULTS = {
    "down": Fault(),
    "read_only": Fault("mount -o remount,ro /", None, "mount -o remount,rw /"),
    "overridden": Fault(
        "echo net.ipv4.tcp_keepalive_time=1 >/etc/sysctl.d/99-z.conf",
        None,
        "rm /etc/sysctl.d/99-z.conf",
    ),
    "stranger": Fault("", {"ansible_user": "stranger"}),
    "slow": Fault("", {"ansible_python_interpreter": SLOW}),
    "full": Fault(
        "mount -t tmpfs -o nr_inodes=1,mode=755 tmpfs /etc/sysctl.d", None, "umount /etc/sysctl.d"
    ),
    "dies": Fault("", {"ansible_python_interpreter": DYING}),
}


@dataclass(frozen=True)
class Run:
    """A run of a playbook against the fleet."""

    rc: int
    outcomes: Mapping[str, str]
    reasons: Mapping[str, str]
    output: str
    seconds: float
    cpu: float


class Fleet:
    """The hosts of a lab as a fleet."""

    def __init__(
        self, lab: Lab, hosts: Sequence[str], extra: Mapping[str, str] | None = None
    ) -> None:
        self.lab = lab
        self.hosts = list(hosts)
        self.extra = extra or {}
        self.faults: dict[str, str] = {}
        self._address = {host["name"]: host["address"] for host in lab.hosts()}

    # --- hosts ---

    def run(self, hosts: Sequence[str], command: str) -> dict[str, str]:
        """Run a command on hosts, some at a time; give what each printed."""

        def one(host: str) -> str:
            argv = self.lab.inside(
                "ssh", "-F", str(self.lab.folder / "ssh_config"), self._address[host], command
            )
            return subprocess.run(
                argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
            ).stdout.decode()

        with ThreadPoolExecutor(8) as pool:
            return dict(zip(hosts, pool.map(one, hosts)))

    def state(self, hosts: Sequence[str] | None = None) -> dict[str, str]:
        """Give the values and files that a rollout may change, of each host."""
        return self.run(self.hosts if hosts is None else hosts, STATE)

    def root(self, host: str) -> Path:
        """Give where the root of a host can be looked into, also when it is down; without what it has mounted itself."""
        return Path(f"/proc/{self.lab.first}/root/run/hosts/{host}/root")

    def ledgers(self, host: str) -> list[str]:
        """Give the changes that are noted on a host."""
        return sorted(path.name for path in (self.root(host) / LEDGER).parent.glob("*.json"))

    # --- faults ---

    def break_down(self, faults: Mapping[str, str]) -> None:
        """Have something go wrong with hosts: host -> name of a fault."""
        self.faults.update(faults)
        for host, fault in faults.items():
            for path, text in SCRIPTS.items():
                script = self.root(host) / path.lstrip("/")
                script.write_text(text, encoding="ascii")
                script.chmod(0o755)
            if FAULTS[fault].happens:
                self.run([host], FAULTS[fault].happens)
        self.lab.ask("stop", [host for host, fault in faults.items() if fault == "down"])

    def mend(self, hosts: Sequence[str]) -> None:
        """Put hosts right again: they are up, and as they were but for what rollouts did."""
        up = {host["name"] for host in self.lab.hosts() if host["up"]}
        self.lab.start([host for host in hosts if host not in up])
        for host in hosts:
            fault = FAULTS[self.faults.pop(host)]
            if fault.mended:
                self.run([host], fault.mended)

    @contextmanager
    def power_cuts(self) -> Iterator[None]:
        """Cut the power of each host that is dying once it has come to that."""
        dying = [host for host, fault in self.faults.items() if fault == "dies"]
        over = threading.Event()

        def watch() -> None:
            left = set(dying)
            while left and not over.wait(0.02):
                for host in [host for host in left if (self.root(host) / "root/.dying").exists()]:
                    self.lab.ask("stop", [host])
                    left.remove(host)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    # --- playbooks ---

    def environment(self) -> dict[str, str]:
        """Give the environment in which Ansible runs, with nothing of the user's."""
        return {
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "HOME": str(self.lab.folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_HOME": str(self.lab.folder / "ansible"),
            "ANSIBLE_CONFIG": str(self.lab.folder / "none.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": collections_path(),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_FORKS": "10",
            "ANSIBLE_TIMEOUT": "60",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
            "ANSIBLE_NOCOLOR": "1",
        }

    def start(
        self, playbook: str, events: int, log: Any, arguments: Sequence[str] = (), **variables: Any
    ) -> subprocess.Popen[bytes]:
        """Start a playbook as a user would, with our callback beside."""
        broken = {host: FAULTS[fault].variables or {} for host, fault in self.faults.items()}
        inventory = self.lab.folder / "faults.json"
        inventory.write_text(json.dumps({"light": {"hosts": broken}}), encoding="utf-8")
        environment = {
            **self.environment(),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
            "ANSIBLE_STDOUT_CALLBACK": "harness",
            "NETOPS_EVENTS": str(events),
            **self.extra,
        }
        command = [
            "ansible-playbook",
            "-i",
            str(self.lab.inventory),
            "-i",
            str(inventory),
            playbook,
            "-e",
            json.dumps(variables),
            *arguments,
        ]
        return subprocess.Popen(
            self.lab.inside(str(PROGRAMS / command[0]), *command[1:]),
            env=environment, pass_fds=[events], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip

    def play(
        self,
        playbook: str,
        until: Callable[[subprocess.Popen[bytes]], None] | None = None,
        **variables: Any,
    ) -> Run:
        """Run a playbook to its end, or to what `until` does to it."""
        here, there = os.pipe()
        begun = time.monotonic()
        with open(here, "rb") as events, (self.lab.folder / "log").open(
            "w+b"
        ) as log, self.power_cuts():
            process = self.start(playbook, there, log, **variables)
            os.close(there)
            if until:
                until(process)
            told = [json.loads(line) for line in events if line.endswith(b"\n")]
            cpu = reap(process)
            log.seek(0)
            output = log.read().decode("utf-8", "replace")
        reports = [
            event["result"]["outcomes"] for event in told if "outcomes" in event.get("result", {})
        ]
        report: Mapping[str, Mapping[str, str]] = reports[-1] if reports else {}
        return Run(
            process.returncode,
            {host: entry["outcome"] for host, entry in report.items()},
            {host: entry["reason"] for host, entry in report.items()},
            shlex.join([playbook, json.dumps(variables)]) + "\n" + output,
            time.monotonic() - begun,
            cpu,
        )


def reap(process: subprocess.Popen[bytes]) -> float:
    """Wait for the end of a process; give the CPU seconds of it and of its children."""
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime
