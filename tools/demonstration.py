# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make apply` shows without an inventory: the playbook on a throw-away host of this machine, through the next boot.

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
CONFIG = """\
[defaults]
inventory = {folder}/hosts.json
gathering = explicit
retry_files_enabled = false
localhost_warning = false
[connection]
pipelining = true
"""


class Ansible:
    """Ansible with the throw-away host as its inventory, and none of the user's own settings."""

    def __init__(self, folder: Path, world: World) -> None:
        python = os.path.realpath(
            sys.executable
        )  # the machine's: the host may not see the virtual environment
        host = {
            "ansible_connection": "local",
            "ansible_python_interpreter": world.interpreter(python),
            "ansible_become": False,
        }
        (folder / "hosts.json").write_text(
            json.dumps({"all": {"hosts": {HOST: host}}}), encoding="utf-8"
        )
        (folder / "ansible.cfg").write_text(CONFIG.format(folder=folder), encoding="utf-8")
        kept = (
            "ANSIBLE_COLLECTIONS_PATH",
            "ANSIBLE_HOME",
            "ANSIBLE_NOCOLOR",
            "ANSIBLE_FORCE_COLOR",
        )
        self._env = {
            name: os.environ[name] for name in os.environ if name[:8] != "ANSIBLE_" or name in kept
        }
        self._env.update(
            ANSIBLE_CONFIG=str(folder / "ansible.cfg"), TMPDIR=str(folder), LC_ALL="C.UTF-8"
        )

    def playbook(self, *args: str) -> None:
        """Run the playbook as a user would; what it prints is shown."""
        self._run("ansible-playbook", "netops.tuning.tcp_keepalive", *args)

    def state(self) -> dict[str, Any]:
        """Ask the host for the three settings."""
        keys = json.dumps({"keys": KEYS})
        told = self._run(
            "ansible", HOST, "-m", "netops.tuning.sysctl_info", "-a", keys, stdout=subprocess.PIPE
        )
        return dict(json.loads(told.partition("=>")[2]))

    def _run(self, program: str, *args: str, stdout: int | None = None) -> str:
        """Run it to its end; when we are to end before, it ends first, and with it what it started."""
        command = [str(BIN / program), *args]
        with subprocess.Popen(
            command, env=self._env, stdout=stdout, text=True, start_new_session=True
        ) as process:
            try:
                told: str = process.communicate()[0] or ""
            except SystemExit:
                process.terminate()
                process.communicate()
                raise
        if process.returncode:
            print(told, end="")
            sys.exit(process.returncode)
        return told


def title(text: str) -> None:
    print(f"\n\033[1m## {text}\033[0m" if sys.stdout.isatty() else f"\n## {text}", flush=True)


def show(state: Mapping[str, Any], booted: Mapping[str, str] | None = None) -> None:
    """Print what each setting is, what the next boot makes of it (and what it did), and which line of which file says so."""
    did = "it set" if booted else ""
    print(f"{'':33}{'now':6}{'next boot':11}{did:8}decided by")
    for key in KEYS:
        setting = state["settings"][key]
        did = booted[key].ljust(8) if booted else ""
        boot = setting["boot"] or "-"
        winner = setting["winner"]
        decided = f"{winner['path']}:{winner['line']}" if winner else "no file, so the kernel"
        print(f"{key:33}{setting['runtime']:6}{boot:11}{did}{decided}")
        for line in setting["assignments"]:
            if line["fate"] != "winner":
                print(
                    f"{'':50}{' ' * len(did)}{line['fate']}: {line['path']}:{line['line']} ({line['value']})"
                )


def demonstrate(world: World, folder: Path, args: list[str]) -> None:
    """Play it on this host; arguments are passed on to ansible-playbook."""
    ansible = Ansible(folder, world)
    loader = ansible.state()["loader"]
    program = [str(SYSTEMD_SYSCTL)] if loader == "systemd" else ["sysctl", "--system"]
    world.run(program)

    title("Before, on a throw-away host of this machine")
    show(ansible.state())

    title(" ".join(["ansible-playbook netops.tuning.tcp_keepalive --diff", *args]))
    ansible.playbook("--diff", *args)

    title("The same again")
    ansible.playbook("--diff", *args)

    name = " ".join([Path(program[0]).name, *program[1:]])
    title(
        f"After; and the next boot: a new network namespace, into which {name} really loads the files"
    )
    after = ansible.state()
    booted = world.boot(loader, KEYS).values
    show(after, booted)
    if any(booted[key] != (after["settings"][key]["boot"] or booted[key]) for key in KEYS):
        sys.exit("The next boot did not set what was told: this is a bug.")
    print("\nThe host is gone now. On hosts of your own: make apply INVENTORY=FILE ARGS=--check")


def why_not(error: OSError) -> str:
    """Say what keeps this machine from making a throw-away host, and what to do."""
    who = "root" if os.geteuid() == 0 else "an ordinary user"
    reasons = [
        f"{key} is {bad}" for key, bad in FORBIDDEN.items() if os.geteuid() and sysctl(key) == bad
    ]
    if not reasons and error.errno in (errno.EPERM, errno.ENOSPC, errno.EACCES):
        reasons = [f"this machine (a container?) does not let {who} make namespaces and mounts"]
    return (
        f"No throw-away host could be made: {', and '.join(reasons or ['something is missing'])}.\n({error})\n"
        "Run it as root, or on another machine, or name hosts of your own: make apply INVENTORY=FILE"
    )


def sysctl(key: str) -> str:
    with contextlib.suppress(OSError):
        return Path("/proc/sys", *key.split(".")).read_text(encoding="utf-8").strip()
    return ""


@contextlib.contextmanager
def throw_away_host() -> Iterator[World]:
    """Give a host that ends with us, whatever ends us; Ctrl-C is not for it."""
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
    """Show it. A signal to end ends everything that was started."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda signum, _unused: sys.exit(128 + signum))
    with throw_away_host() as world, tempfile.TemporaryDirectory(prefix="netops-apply-") as folder:
        demonstrate(world, Path(folder), sys.argv[1:])


if __name__ == "__main__":
    main()
