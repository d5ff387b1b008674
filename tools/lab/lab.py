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
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from . import roots
from .supervisor import ENTER, LOOK, SSH_TIMEOUT, STATE_FILE
from .virtual_machine import OPTIONS_FILE, MachineOptions
from .waiting import wait_until

LABS = roots.PROJECT / ".build" / "hosts"
KINDS = ("booted", "light", "runit", "sysvinit", "vm")
PROGRAMS = {
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "nsenter": "util-linux",
    "ssh": "openssh-client",
    "systemd-nspawn": "systemd-container",
}
"""Program -> the Debian package that has it."""
PROGRAMS_FOR_VMS = {"mke2fs": "e2fsprogs", "qemu-system-x86_64": "qemu-system-x86"}
ROOT_VARIANTS = {"vm": "kernel", "runit": "runit", "sysvinit": "sysvinit"}
"""Kind of hosts -> the variant of their root, unless another one is asked for."""
HOST_FIELDS = ("name", "kind", "release", "number", "lower")


class LabError(Exception):
    """An error whose message is for the user."""


class Lab:
    """A lab that is open. It ends when the process that opened it ends."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        try:
            state = json.loads((directory / STATE_FILE).read_text(encoding="ascii"))
        except (OSError, ValueError):
            raise LabError(f"there is no lab in {directory}") from None
        self.supervisor_pid = int(state["supervisor_pid"])
        self.init_pid = int(state["init_pid"])

    # --- requests to the init process ---

    def request(self, name: str, *args: object) -> Any:
        """Send a request to the lab's init process, whose socket is in mounts of its own."""
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(f"/proc/{self.init_pid}/root/run/lab.socket")
            except OSError:
                raise LabError(f"the lab in {self.directory} has ended") from None
            with connection.makefile("rw", encoding="utf-8") as stream:
                stream.write(json.dumps([name, args]) + "\n")
                stream.flush()
                line = stream.readline()
        if not line:
            raise LabError("the lab has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise LabError(answer["error"])
        return answer["ok"]

    def hosts(self) -> list[dict[str, Any]]:
        """Return the hosts as `HostState.to_dict` shows them."""
        return list(self.request("hosts"))

    def names(self) -> list[str]:
        return [host["name"] for host in self.hosts()]

    # --- hosts ---

    def make(
        self, kind: str, releases: Sequence[str], count: int, *, variant: str = ""
    ) -> list[str]:
        """Make hosts that are down, of each release in turn; return their names.

        variant: that of their roots, if it is not that of their kind.
        """
        lower = roots_for(kind, releases, variant)
        existing = self.hosts()
        number = 1 + max((host["number"] for host in existing), default=-1)
        used = [host["release"] for host in existing]
        new: list[dict[str, Any]] = []
        for index in range(count):
            release = releases[index % len(releases)]
            used.append(release)
            host = {
                "name": f"debian{roots.RELEASES[release]}-{used.count(release)}",
                "kind": kind,
                "release": release,
                "number": number + index,
                "lower": str(lower[release]),
            }
            new.append(host)
        self.request("make", new)
        return [host["name"] for host in new]

    def start(self, hosts: Sequence[str]) -> None:
        """Start hosts, and wait until they answer."""
        self.request("start", hosts)
        self.wait(hosts)
        self.write_inventory()

    def up(self, kind: str, releases: Sequence[str], count: int, *, variant: str = "") -> list[str]:
        """Make hosts and start them; return their names."""
        names = self.make(kind, releases, count, variant=variant)
        self.start(names)
        return names

    def renew(self, hosts: Collection[str], *, stopped: bool = False) -> None:
        """Replace hosts by new ones of the same names, and start these unless `stopped`."""
        new = []
        for host in self.hosts():
            if host["name"] in hosts:
                new.append({field: host[field] for field in HOST_FIELDS})
        self.request("make", new)
        if not stopped:
            self.start([host["name"] for host in new])

    def cut_power(self, hosts: Sequence[str]) -> None:
        """Stop hosts at once, as a power failure does."""
        self.request("cut_power", hosts)

    def down(self, hosts: Sequence[str]) -> None:
        """Remove hosts."""
        self.request("remove", hosts)
        self.write_inventory()

    def reboot(self, hosts: Sequence[str]) -> None:
        """Reboot hosts, and wait until they answer again."""
        boots = self._boots()
        self.request("reboot", hosts)

        def have_rebooted() -> bool:
            now = self._boots()
            return all(now[host] > boots[host] for host in hosts)

        wait_until(have_rebooted, lambda: "hosts have not gone down")
        self.wait(hosts)

    def _boots(self) -> dict[str, int]:
        return {host["name"]: host["boots"] for host in self.hosts()}

    def wait(self, hosts: Iterable[str]) -> None:
        """Wait until all these hosts answer to ssh."""
        missing = set(hosts)

        def all_answer() -> bool:
            missing.difference_update(self.request("answering", sorted(missing)))
            self._require_up(missing)
            return not missing

        wait_until(all_answer, lambda: f"{', '.join(sorted(missing))} do not answer to ssh")

    def _require_up(self, names: Collection[str]) -> None:
        """Raise an error that shows the console of each of these hosts that is down."""
        errors = []
        for host in self.hosts():
            name = host["name"]
            if name in names and not host["up"]:
                errors.append(f"{name} ended ({host['status']}):\n{self.console(name)}")
        if errors:
            raise LabError("\n".join(errors))

    def console(self, host: str) -> str:
        """Return the end of what the host's boot printed."""
        path = self.host_directory(host) / "console"
        return path.read_text(encoding="utf-8", errors="replace")[-3000:]

    def host_directory(self, host: str) -> Path:
        """Return the directory with the host's root and console, as seen from outside the lab."""
        return Path(f"/proc/{self.init_pid}/root/run/hosts/{host}")

    def set_machine_options(self, host: str, options: MachineOptions) -> None:
        """Say what a virtual machine gets from outside of its disk, from its next boot on."""
        path = self.host_directory(host) / OPTIONS_FILE
        path.write_text(json.dumps(options._asdict()), encoding="utf-8")

    # --- commands ---

    def inside(self, *command: str) -> list[str]:
        """Return the command line that runs a command in the lab's network."""
        return [str(self.directory / ENTER), *command]

    def ssh(self, host: str, *command: str) -> list[str]:
        """Return the command line that runs a command on a host."""
        addresses = {entry["name"]: entry["address"] for entry in self.hosts()}
        if host not in addresses:
            raise LabError(f"no host {host!r} in this lab")
        config = str(self.directory / "ssh_config")
        return self.inside("ssh", "-F", config, addresses[host], *command)

    def run(self, host: str, *command: str) -> str:
        """Run a command on a host; return its output."""
        argv = self.ssh(host, shlex.join(command))
        finished = subprocess.run(
            argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        return finished.stdout.decode()

    def run_in_root(self, host: str, script: str) -> None:
        """Run a script of a shell in the root of a host that has not booted yet."""
        root = f"/run/hosts/{host}/root"
        command = ["unshare", "--mount", "chroot", root, "sh", "-e"]
        finished = subprocess.run(
            [str(self.directory / LOOK), *command],
            input=f"mount -t proc proc /proc\n{script}".encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if finished.returncode:
            raise LabError(f"{script}\n{finished.stdout.decode(errors='replace')}")

    # --- the inventory ---

    @property
    def inventory(self) -> Path:
        return self.directory / "inventory.json"

    def write_inventory(self) -> None:
        """Replace Ansible's inventory at once: a running command reads the old or the new one."""
        groups: dict[str, Any] = {}
        for host in self.hosts():
            for name in (host["kind"], f"debian{roots.RELEASES[host['release']]}"):
                group = groups.setdefault(name, {"hosts": {}})
                group["hosts"][host["name"]] = {"ansible_host": host["address"]}
        inventory = {"all": {"vars": self._inventory_variables(), "children": groups}}
        new = self.inventory.with_name(f".inventory.{os.getpid()}")
        new.write_text(json.dumps(inventory, indent=2) + "\n", encoding="utf-8")
        new.replace(self.inventory)

    def _inventory_variables(self) -> dict[str, Any]:
        config = shlex.quote(str(self.directory / "ssh_config"))
        # In the lab's own mounts: the addresses are the same in every lab, and this path is never
        # too long for a socket. It is an argument, so that testinfra uses it, too.
        control_path = f"/proc/{self.init_pid}/root/run/ssh/%C"
        options = f"-o ControlPath={control_path} -o ConnectTimeout={SSH_TIMEOUT}"
        return {
            "ansible_user": "root",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_common_args": f"-F {config} {options}",
            # Ansible passes this before the arguments above, and the first one counts.
            "ansible_ssh_timeout": SSH_TIMEOUT,
        }


@contextlib.contextmanager
def open_lab(directory: Path) -> Iterator[Lab]:
    """Open a lab. It ends with the context, or with this process."""
    _check_prerequisites()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    with subprocess.Popen(
        [sys.executable, "-m", "lab.supervisor", str(directory.resolve())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as supervisor:
        assert supervisor.stdin
        assert supervisor.stdout
        line = supervisor.stdout.readline()
        try:
            if not line:
                raise LabError("the supervisor of the lab ended")
            state = json.loads(line)
            if "error" in state:
                raise LabError(state["error"])
            lab = Lab(directory)
            lab.write_inventory()
            yield lab
        finally:
            supervisor.stdin.close()
            supervisor.wait()


def roots_for(kind: str, releases: Iterable[str], variant: str = "") -> dict[str, Path]:
    """Return the root file systems for hosts of a kind, by release; build missing ones."""
    if kind == "vm":
        machine = platform.machine()
        if machine != "x86_64":
            raise LabError(f"virtual machines need x86_64, and this machine is {machine}")
        _require_programs(PROGRAMS_FOR_VMS)
    return roots.make_roots(releases, variant or ROOT_VARIANTS.get(kind, ""))


def _check_prerequisites() -> None:
    if os.geteuid() != 0:
        raise LabError("test hosts need root: they are made of namespaces, mounts and cgroups")
    _require_programs(PROGRAMS)


def _require_programs(programs: dict[str, str]) -> None:
    missing = [package for program, package in programs.items() if not shutil.which(program)]
    if missing:
        raise LabError(f"missing packages: {' '.join(missing)}")
