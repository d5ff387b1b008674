# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab as its caller sees it: open one, ask for hosts, run commands in it."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from . import roots
from .keeper import ENTER, STATE

LABS = roots.PROJECT / ".build" / "hosts"
KINDS = ("booted", "light", "vm")
PATIENCE = 900
"""How many seconds a boot may take: half a minute in an emulator, and many times that where many share the processors."""
PROGRAMS = {
    "ip": "iproute2", "mmdebstrap": "mmdebstrap", "nsenter": "util-linux", "ssh": "openssh-client",
    "systemd-nspawn": "systemd-container",
}  # fmt: skip
PROGRAMS_OF_VM = {"mke2fs": "e2fsprogs", "qemu-system-x86_64": "qemu-system-x86"}


class LabError(Exception):
    """Said to the user as it stands."""


class Lab:
    """A lab that is open. It ends with `close`, or with the caller that opened it, whatever ends that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            state = json.loads((folder / STATE).read_text(encoding="ascii"))
        except (OSError, ValueError):
            raise LabError(f"there is no lab in {folder}") from None
        self.keeper, self.first = int(state["keeper"]), int(state["first"])

    # --- asking ---

    def ask(self, request: str, *args: object) -> Any:
        """Have the lab's first process do something; its socket lies in mounts that it has for itself."""
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(f"/proc/{self.first}/root/run/lab.socket")
            except OSError:
                raise LabError(f"the lab in {self.folder} has ended") from None
            with connection.makefile("rw", encoding="utf-8") as stream:
                stream.write(json.dumps([request, args]) + "\n")
                stream.flush()
                line = stream.readline()
        answer = json.loads(line) if line else {"error": "the lab has ended"}
        if "error" in answer:
            raise LabError(answer["error"])
        return answer["ok"]

    def hosts(self) -> list[dict[str, Any]]:
        return list(self.ask("hosts"))

    def names(self) -> list[str]:
        return [host["name"] for host in self.hosts()]

    # --- hosts ---

    def make(self, kind: str, releases: Sequence[str], count: int) -> list[str]:
        """Make hosts that are not up yet, of each release in turn; give their names."""
        lower = {release: str(path) for release, path in roots_of(kind, releases).items()}
        taken = self.hosts()
        number = max((host["number"] for host in taken), default=-1) + 1
        used = {release: sum(host["release"] == release for host in taken) for release in releases}
        made: list[dict[str, Any]] = []
        for release in (releases[index % len(releases)] for index in range(count)):
            used[release] += 1
            name = f"debian{roots.RELEASES[release]}-{used[release]}"
            made.append(
                {
                    "name": name,
                    "kind": kind,
                    "release": release,
                    "number": number + len(made),
                    "lower": lower[release],
                }
            )
        self.ask("make", made)
        return [host["name"] for host in made]

    def start(self, hosts: Sequence[str]) -> None:
        """Start hosts, and wait until they answer."""
        self.ask("start", hosts)
        self.wait(hosts)
        self.write_inventory()

    def up(self, kind: str, releases: Sequence[str], count: int) -> list[str]:
        made = self.make(kind, releases, count)
        self.start(made)
        return made

    def renew(self, hosts: Iterable[str], *, stopped: bool = False) -> None:
        """Make hosts anew, as if nothing had ever been done to them, and start them unless they are to wait."""
        wanted = set(hosts)
        known = {host["name"]: host for host in self.hosts() if host["name"] in wanted}
        fields = ("name", "kind", "release", "number", "lower")
        self.ask("make", [{field: host[field] for field in fields} for host in known.values()])
        if not stopped:
            self.start(list(known))

    def down(self, hosts: Sequence[str]) -> None:
        """Throw hosts away."""
        self.ask("forget", hosts)
        self.write_inventory()

    def reboot(self, hosts: Sequence[str], within: float = PATIENCE) -> None:
        before = {host["name"]: host["boots"] for host in self.hosts()}
        self.ask("reboot", hosts)
        deadline = time.monotonic() + within
        while any(
            host["name"] in hosts and host["boots"] == before[host["name"]] for host in self.hosts()
        ):
            _not_later_than(deadline, "have not gone down")
        self.wait(hosts, within)

    def wait(self, hosts: Iterable[str], within: float = PATIENCE) -> None:
        """Until each of them answers to ssh."""
        missing = set(hosts)
        deadline = time.monotonic() + within
        while missing:
            missing -= set(self.ask("answering", sorted(missing)))
            ended = {host["name"]: host["status"] for host in self.hosts() if not host["up"]}
            if missing & set(ended):
                raise LabError(
                    "\n".join(
                        f"{name} ended ({ended[name]}):\n{self.console(name)}" for name in missing
                    )
                )
            if missing:
                _not_later_than(deadline, f"{', '.join(sorted(missing))} do not answer to ssh")

    def console(self, host: str) -> str:
        """Give what it said as it booted, the end of it."""
        path = Path(f"/proc/{self.first}/root/run/hosts/{host}/console")
        return path.read_text(encoding="utf-8", errors="replace")[-3000:]

    # --- using it ---

    def inside(self, *command: str) -> list[str]:
        """Give the command that runs a command in the lab's network."""
        return [str(self.folder / ENTER), *command]

    def ssh(self, host: str, *command: str) -> list[str]:
        """Give the command that runs a command on a host."""
        address = next((known["address"] for known in self.hosts() if known["name"] == host), None)
        if not address:
            raise LabError(f"no host {host!r} in this lab")
        return self.inside("ssh", "-F", str(self.folder / "ssh_config"), address, *command)

    def run(self, host: str, *command: str) -> str:
        """Run a command on a host, and give what it printed."""
        argv = self.ssh(host, shlex.join(command))
        return subprocess.run(
            argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        ).stdout.decode()

    @property
    def inventory(self) -> Path:
        return self.folder / "inventory.json"

    def write_inventory(self) -> None:
        """Tell Ansible of the hosts. What is running reads the old inventory or the new one."""
        groups: dict[str, Any] = {}
        for host in self.hosts():
            for group in (host["kind"], f"debian{roots.RELEASES[host['release']]}"):
                groups.setdefault(group, {"hosts": {}})["hosts"][host["name"]] = {
                    "ansible_host": host["address"]
                }
        # In the lab's own mounts: addresses are the same in each lab, and such a path is never too long. It stands in
        # the arguments, where testinfra sees it too, and not only Ansible.
        connections = f"ControlPath=/proc/{self.first}/root/run/ssh/%C"
        variables = {
            "ansible_user": "root",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_common_args": f"-F {shlex.quote(str(self.folder / 'ssh_config'))} -o {connections}",
        }
        text = json.dumps({"all": {"vars": variables, "children": groups}}, indent=2)
        new = self.inventory.with_name(f".inventory.{os.getpid()}")
        new.write_text(text + "\n", encoding="utf-8")
        new.replace(self.inventory)


@contextlib.contextmanager
def open_lab(folder: Path) -> Iterator[Lab]:
    """Open a lab, which ends when we do."""
    _can_be_here()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    command = [sys.executable, "-m", "lab.keeper", str(folder.resolve())]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as keeper:
        assert keeper.stdin
        assert keeper.stdout
        told = json.loads(keeper.stdout.readline() or '{"error": "the keeper of the lab ended"}')
        try:
            if "error" in told:
                raise LabError(told["error"])
            lab = Lab(folder)
            lab.write_inventory()
            yield lab
        finally:
            keeper.stdin.close()
            keeper.wait()


def roots_of(kind: str, releases: Iterable[str]) -> dict[str, Path]:
    """Give what hosts of a kind are made of, by release."""
    if kind == "vm":
        if platform.machine() != "x86_64":
            raise LabError(
                f"virtual machines are made for x86_64 alone, and this is {platform.machine()}"
            )
        _need(PROGRAMS_OF_VM)
    return roots.roots(releases, kernel=kind == "vm")


def _can_be_here() -> None:
    if os.geteuid() != 0:
        raise LabError("test hosts need root: they are made of namespaces, mounts and cgroups")
    _need(PROGRAMS)


def _need(programs: dict[str, str]) -> None:
    missing = [package for program, package in programs.items() if not shutil.which(program)]
    if missing:
        raise LabError(f"missing packages: {' '.join(missing)}")


def _not_later_than(deadline: float, problem: str) -> None:
    if time.monotonic() > deadline:
        raise LabError(f"{problem}, in time")
    time.sleep(0.02)
