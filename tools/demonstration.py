# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the playbook on a throw-away host of this machine, and boot it: `make apply`.

usage: python -m demonstration [ARGUMENT OF ansible-playbook]...
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.world import World

BIN = Path(sys.executable).parent
HOST = "throw-away-host"
KEYS = [f"net.ipv4.tcp_keepalive_{name}" for name in ("time", "probes", "intvl")]
VENDOR = {"/usr/local/lib/sysctl.d/50-vendor.conf": "net.ipv4.tcp_keepalive_intvl = 60\n"}
SYSTEMD_SYSCTL = Path("/usr/lib/systemd/systemd-sysctl")
FORBIDDEN = {
    "user.max_user_namespaces": "0",
    "kernel.unprivileged_userns_clone": "0",
    "kernel.apparmor_restrict_unprivileged_userns": "1",
}
"""The values with which a kernel forbids ordinary users to make namespaces."""
CONFIG = """\
[defaults]
inventory = {folder}/hosts.json
gathering = explicit
retry_files_enabled = false
localhost_warning = false
[connection]
pipelining = true
"""
USER_SETTINGS = (
    "ANSIBLE_COLLECTIONS_PATH",
    "ANSIBLE_HOME",
    "ANSIBLE_NOCOLOR",
    "ANSIBLE_FORCE_COLOR",
)
"""The variables of Ansible in our environment that count."""


class Ansible:
    """Ansible with the throw-away host as its inventory, and without the user's own settings."""

    def __init__(self, folder: Path, world: World) -> None:
        # The machine's Python: the host may not see the virtual environment.
        python = os.path.realpath(sys.executable)
        host = {
            "ansible_connection": "local",
            "ansible_python_interpreter": world.interpreter(python),
            "ansible_become": False,
        }
        inventory = {"all": {"hosts": {HOST: host}}}
        config = folder / "ansible.cfg"
        (folder / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
        config.write_text(CONFIG.format(folder=folder), encoding="utf-8")
        self._env = {}
        for name, value in os.environ.items():
            if not name.startswith("ANSIBLE_") or name in USER_SETTINGS:
                self._env[name] = value
        self._env["ANSIBLE_CONFIG"] = str(config)
        self._env["TMPDIR"] = str(folder)
        self._env["LC_ALL"] = "C.UTF-8"

    def playbook(self, *args: str) -> None:
        """Run the playbook as a user would, and show what it prints."""
        self._run("ansible-playbook", "netops.tuning.tcp_keepalive", *args)

    def state(self) -> dict[str, Any]:
        """Return the result of sysctl_info for the three settings."""
        options = json.dumps({"keys": KEYS})
        module = ["-m", "netops.tuning.sysctl_info", "-a", options]
        output = self._run("ansible", HOST, *module, stdout=subprocess.PIPE)
        return dict(json.loads(output.partition("=>")[2]))

    def _run(self, program: str, *args: str, stdout: int | None = None) -> str:
        """Run a program to its end. A signal to us ends the program first."""
        command = [str(BIN / program), *args]
        with subprocess.Popen(
            command, env=self._env, stdout=stdout, text=True, start_new_session=True
        ) as process:
            try:
                output: str = process.communicate()[0] or ""
            except SystemExit:
                process.terminate()
                process.communicate()
                raise
        if process.returncode:
            print(output, end="")
            sys.exit(process.returncode)
        return output


def show_title(text: str) -> None:
    title = f"## {text}"
    if sys.stdout.isatty():
        title = f"\033[1m{title}\033[0m"
    print(f"\n{title}", flush=True)


def show_settings(state: Mapping[str, Any], booted: Mapping[str, str] | None = None) -> None:
    """Print each setting: its value, that of the next boot, and which line of a file decides it.

    booted: the values that a boot has really set, if there was one.
    """
    heading = "it set" if booted else ""
    print(f"{'':33}{'now':6}{'next boot':11}{heading:8}decided by")
    for key in KEYS:
        setting = state["settings"][key]
        boot = setting["boot"] or "-"
        booted_value = booted[key].ljust(8) if booted else ""
        winner = setting["winner"]
        origin = f"{winner['path']}:{winner['line']}" if winner else "no file, so the kernel"
        print(f"{key:33}{setting['runtime']:6}{boot:11}{booted_value}{origin}")
        indent = " " * (50 + len(booted_value))
        for line in setting["assignments"]:
            if line["fate"] != "winner":
                source = f"{line['path']}:{line['line']} ({line['value']})"
                print(f"{indent}{line['fate']}: {source}")


def demonstrate(world: World, folder: Path, args: list[str]) -> None:
    """Run the playbook twice on this host, boot it, and show its settings before and after.

    args: passed on to ansible-playbook.
    """
    ansible = Ansible(folder, world)
    loader = ansible.state()["loader"]
    loader_command = [str(SYSTEMD_SYSCTL)] if loader == "systemd" else ["sysctl", "--system"]
    world.run(loader_command)

    show_title("Before, on a throw-away host of this machine")
    show_settings(ansible.state())

    show_title(" ".join(["ansible-playbook netops.tuning.tcp_keepalive --diff", *args]))
    ansible.playbook("--diff", *args)

    show_title("The same again")
    ansible.playbook("--diff", *args)

    name = " ".join([Path(loader_command[0]).name, *loader_command[1:]])
    show_title(
        f"After, and the next boot: {name} really loads the files, in a new network namespace"
    )
    after = ansible.state()
    booted = world.boot(loader, KEYS).values
    show_settings(after, booted)
    for key in KEYS:
        expected = after["settings"][key]["boot"]
        if expected and expected != booted[key]:
            sys.exit("The next boot did not set what the collection expected: this is a bug.")
    print("\nThe host is gone now. On hosts of your own: make apply INVENTORY=FILE ARGS=--check")


def why_not(error: OSError) -> str:
    """Explain why this machine cannot make a throw-away host, and what to do."""
    reasons = []
    if os.geteuid() != 0:
        for key, value in FORBIDDEN.items():
            if sysctl(key) == value:
                reasons.append(f"{key} is {value}")
    if not reasons and error.errno in (errno.EPERM, errno.ENOSPC, errno.EACCES):
        user = "root" if os.geteuid() == 0 else "an ordinary user"
        reasons.append(
            f"this machine (a container?) does not let {user} make namespaces and mounts"
        )
    if not reasons:
        reasons.append("something is missing")
    return (
        f"No throw-away host could be made: {', and '.join(reasons)}.\n({error})\n"
        "Run it as root, or on another machine, or name hosts of your own: "
        "make apply INVENTORY=FILE"
    )


def sysctl(key: str) -> str:
    """Return the value of a key of this machine, nothing if it has no such key."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys", *key.split(".")).read_text(encoding="utf-8").strip()
    return ""


@contextlib.contextmanager
def throw_away_host() -> Iterator[World]:
    """Make a host that ends with us, however we end. It ignores Ctrl-C: we end it."""
    if not sys.platform.startswith("linux"):
        sys.exit("A throw-away host needs Linux. Name hosts of your own: make apply INVENTORY=FILE")
    if not shutil.which("nsenter"):
        sys.exit("A throw-away host needs the program nsenter, of the package util-linux.")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        world = World(VENDOR, loader="auto")
    except OSError as error:
        sys.exit(why_not(error))
    signal.signal(signal.SIGINT, before)
    with world:
        yield world


def main() -> None:
    """Demonstrate. SIGINT, SIGTERM and SIGHUP end all that was started."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda signum, _frame: sys.exit(128 + signum))
    with throw_away_host() as world, tempfile.TemporaryDirectory(prefix="netops-apply-") as folder:
        demonstrate(world, Path(folder), sys.argv[1:])


if __name__ == "__main__":
    main()
