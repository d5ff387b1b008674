# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the test hosts."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from . import roots
from .lab import KINDS, LABS, Lab, LabError, open_lab, roots_of

ABOUT = """\
Debian hosts on this machine, to test on: they boot, reboot, and are thrown away. They live in a lab, a network with no
way out, which is open as long as `open` runs; whatever is in it ends with it. Needs root.
"""
EXAMPLES = """\
examples:
  python -m lab open --release 11,12,13 --count 3       three hosts, until Ctrl-C; what follows in another terminal
  python -m lab enter ansible-playbook -i "$(python -m lab inventory)" site.yml
  python -m lab ssh debian12-1
  python -m lab open --count 1 -- ./my-test             a lab for one command
kinds:
  booted   systemd and all that it starts, in systemd-nspawn; about 12 MiB and a second each
  light    namespaces and sshd, about 2 MiB and 30 ms each; its boot is systemd-sysctl, no more
  vm       a kernel of its own, Debian's, on an emulated machine; about 1 GiB and half a minute each
"""


def main() -> int:
    options = _parser().parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda signum, _frame: sys.exit(128 + signum))
    try:
        return int(options.do(options) or 0)
    except (LabError, roots.RootError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _releases(text: str) -> list[str]:
    try:
        return [roots.release_of(name) for name in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--lab",
        default=os.environ.get("NETOPS_LAB", "lab"),
        help="its name, or the path of its folder (lab, or $NETOPS_LAB)",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str, do: Callable[[argparse.Namespace], int | None], text: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(do=do)
        return added

    def kind_named(added: argparse.ArgumentParser) -> None:
        added.add_argument("--kind", choices=KINDS, default="booted", help="booted")

    def hosts_made(added: argparse.ArgumentParser, count: int) -> None:
        kind_named(added)
        added.add_argument(
            "--release",
            type=_releases,
            default=["bookworm"],
            help="of Debian, one or more: 11,12,13 (12)",
        )
        added.add_argument(
            "--count", type=int, default=count, help=f"how many, of each release in turn ({count})"
        )

    def hosts_named(added: argparse.ArgumentParser) -> None:
        added.add_argument("hosts", nargs="*", metavar="HOST", help="all of them, if none is named")

    added = command(
        "open",
        _open,
        "open a lab, with hosts if told so, until COMMAND in it ends; without one, until Ctrl-C",
    )
    hosts_made(added, 0)
    added.add_argument("command", nargs="*", metavar="COMMAND")
    added = command("up", _up, "add hosts to the lab, and wait until they answer")
    hosts_made(added, 1)
    added.add_argument("--stopped", action="store_true", help="do not start them")
    for name, do, text in (
        ("start", Lab.start, "start hosts that are not up"),
        ("reboot", Lab.reboot, "have hosts reboot, and wait until they answer again"),
        ("down", Lab.down, "throw hosts away"),
    ):
        hosts_named(command(name, _for_hosts(do), text))
    added = command("renew", _renew, "make hosts anew, as if nothing had ever been done to them")
    hosts_named(added)
    added.add_argument("--stopped", action="store_true", help="do not start them")
    command("list", _list, "list the hosts")
    command("inventory", _inventory, "print the path of the inventory")
    added = command("console", _console, "print what a host said as it booted")
    added.add_argument("host", metavar="HOST")
    added = command("ssh", _ssh, "log in to a host, or run a command there")
    added.add_argument("host", metavar="HOST")
    added.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    added = command(
        "enter",
        _enter,
        "run a command of this machine in the lab's network, from where hosts can be reached",
    )
    added.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    added = command(
        "roots", _roots, "make what hosts are made of, beforehand; about a minute, once"
    )
    kind_named(added)
    added.add_argument("releases", nargs="*", default=list(roots.RELEASES), metavar="RELEASE")
    return parser


def _folder(options: argparse.Namespace) -> Path:
    return Path(options.lab) if "/" in options.lab else LABS / options.lab


def _lab(options: argparse.Namespace) -> Lab:
    return Lab(_folder(options))


def _open(options: argparse.Namespace) -> int:
    if options.count:
        roots_of(options.kind, options.release)
    with open_lab(_folder(options)) as lab:
        if options.count:
            lab.up(options.kind, options.release, options.count)
        if not options.command:
            _wait_for_the_user(lab)
            return 0
        environment = {**os.environ, "NETOPS_LAB": str(lab.folder)}
        process = subprocess.Popen(lab.inside(*options.command), env=environment)
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # it is for the command, which decides what becomes of it
        return process.wait()


def _wait_for_the_user(lab: Lab) -> None:
    module = f"PYTHONPATH={Path(__file__).parents[1]} {sys.executable} -m lab --lab {lab.folder}"
    print(
        f"{len(lab.names())} hosts are up; Ctrl-C throws them away.\n"
        f"  inventory   {lab.inventory}\n"
        f"  enter       {lab.folder}/enter COMMAND  (a shell, ansible-playbook -i {lab.inventory} ...)\n"
        f"  log in      {module} ssh {next(iter(lab.names()), 'HOST')}\n"
        f"  and more    {module} --help",
        flush=True,
    )
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


def _up(options: argparse.Namespace) -> None:
    lab = _lab(options)
    make = lab.make if options.stopped else lab.up
    print(*make(options.kind, options.release, options.count), sep="\n")


def _for_hosts(do: Callable[[Lab, list[str]], None]) -> Callable[[argparse.Namespace], None]:
    def for_those_named(options: argparse.Namespace) -> None:
        lab = _lab(options)
        do(lab, options.hosts or lab.names())

    return for_those_named


def _renew(options: argparse.Namespace) -> None:
    lab = _lab(options)
    lab.renew(options.hosts or lab.names(), stopped=options.stopped)


def _list(options: argparse.Namespace) -> None:
    for host in _lab(options).hosts():
        state = "up" if host["up"] else "down"
        print(
            f"{host['name']:15} {host['address']:15} {host['kind']:7} {host['release']:9} {state:5} boots: {host['boots']}"
        )


def _inventory(options: argparse.Namespace) -> None:
    print(_lab(options).inventory)


def _console(options: argparse.Namespace) -> None:
    print(_lab(options).console(options.host))


def _ssh(options: argparse.Namespace) -> NoReturn:
    _become(_lab(options).ssh(options.host, *options.command))


def _enter(options: argparse.Namespace) -> NoReturn:
    _become(_lab(options).inside(*(options.command or [os.environ.get("SHELL", "/bin/sh")])))


def _roots(options: argparse.Namespace) -> None:
    made = roots_of(options.kind, [roots.release_of(name) for name in options.releases])
    print(json.dumps({release: str(path) for release, path in made.items()}, indent=2))


def _become(command: list[str]) -> NoReturn:
    sys.stdout.flush()
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    sys.exit(main())
