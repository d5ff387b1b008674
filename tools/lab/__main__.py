# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the lab of test hosts."""

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
from .lab import KINDS, LABS, Lab, LabError, open_lab, roots_for
from .waiting import NotReachedError

DESCRIPTION = """\
Debian hosts on this machine to test on: they boot, reboot, and are thrown away. They are in a lab:
a network without a way out, which exists as long as `open` runs. All hosts end with it. Needs root.
"""
EPILOG = """\
examples:
  python -m lab open --release 11,12,13 --count 3
                               three hosts, until Ctrl-C; use them from another terminal:
  python -m lab enter ansible-playbook -i "$(python -m lab inventory)" site.yml
  python -m lab ssh debian12-1
  python -m lab open --count 1 -- ./my-test
                               a lab for one command
kinds:
  booted   systemd and all that it starts, in systemd-nspawn; about 12 MiB and 1 s each
  sysvinit, runit
           the same with another init
  light    namespaces and sshd, about 2 MiB and 30 ms each; the boot runs only systemd-sysctl
  vm       Debian's own kernel on an emulated machine; about 1 GiB and half a minute each
"""


def main() -> int:
    """Run a command; return its exit status."""
    options = _parser().parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda signum, _frame: sys.exit(128 + signum))
    try:
        return int(options.function(options) or 0)
    except (LabError, NotReachedError, roots.RootError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


# --- options ---


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--lab",
        default=os.environ.get("NETOPS_LAB", "lab"),
        help="the lab's name, or the path of its directory (default: $NETOPS_LAB, or `lab`)",
    )
    commands = Commands(parser)
    _add_commands_for_labs(commands)
    _add_commands_for_hosts(commands)
    _add_commands_for_one_host(commands)
    return parser


class Commands:
    """Adds commands to the parser."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._subparsers = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(
        self, name: str, function: Callable[[argparse.Namespace], int | None], text: str
    ) -> argparse.ArgumentParser:
        command = self._subparsers.add_parser(name, help=text, description=text)
        command.set_defaults(function=function)
        return command


def _add_commands_for_labs(commands: Commands) -> None:
    text = "open a lab, with hosts if --count is given, until COMMAND ends or, without one, Ctrl-C"
    command = commands.add("open", _open, text)
    _add_options_for_new_hosts(command, count=0)
    command.add_argument("command", nargs="*", metavar="COMMAND")
    commands.add("inventory", _inventory, "print the path of the inventory")
    text = "run a command of this machine in the lab's network, where it can reach the hosts"
    command = commands.add("enter", _enter, text)
    command.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    text = "build the root file systems of hosts beforehand; takes about a minute, once"
    command = commands.add("roots", _roots, text)
    _add_kind(command)
    releases = list(roots.RELEASES)
    command.add_argument("releases", nargs="*", default=releases, metavar="RELEASE")
    text = "what they have besides, if it is not what hosts of that kind have"
    command.add_argument("--variant", choices=[*roots.VARIANTS], default="", help=text)


def _add_commands_for_hosts(commands: Commands) -> None:
    command = commands.add("up", _up, "add hosts to the lab, and wait until they answer")
    _add_options_for_new_hosts(command, count=1)
    _add_stopped(command)
    text = "start hosts that are down"
    _add_host_names(commands.add("start", _function_for_hosts(Lab.start), text))
    text = "reboot hosts, and wait until they answer again"
    _add_host_names(commands.add("reboot", _function_for_hosts(Lab.reboot), text))
    text = "remove hosts"
    _add_host_names(commands.add("down", _function_for_hosts(Lab.down), text))
    command = commands.add("renew", _renew, "replace hosts by new ones of the same names")
    _add_host_names(command)
    _add_stopped(command)
    commands.add("list", _list, "list the hosts")


def _add_commands_for_one_host(commands: Commands) -> None:
    command = commands.add("console", _console, "print the output of a host's boot")
    command.add_argument("host", metavar="HOST")
    command = commands.add("ssh", _ssh, "log in to a host, or run a command there")
    command.add_argument("host", metavar="HOST")
    command.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")


def _add_options_for_new_hosts(command: argparse.ArgumentParser, count: int) -> None:
    _add_kind(command)
    command.add_argument(
        "--release",
        type=_parse_releases,
        default=["bookworm"],
        help="Debian releases, separated by commas, for example 11,12,13 (default: 12)",
    )
    text = "how many hosts, of each release in turn (default: %(default)s)"
    command.add_argument("--count", type=int, default=count, help=text)


def _add_kind(command: argparse.ArgumentParser) -> None:
    command.add_argument("--kind", choices=KINDS, default="booted", help="default: %(default)s")


def _add_stopped(command: argparse.ArgumentParser) -> None:
    command.add_argument("--stopped", action="store_true", help="do not start them")


def _add_host_names(command: argparse.ArgumentParser) -> None:
    command.add_argument("hosts", nargs="*", metavar="HOST", help="default: all hosts")


def _parse_releases(text: str) -> list[str]:
    try:
        return [roots.release_of(name) for name in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


# --- commands ---


def _directory(options: argparse.Namespace) -> Path:
    if "/" in options.lab:
        return Path(options.lab)
    return LABS / str(options.lab)


def _lab(options: argparse.Namespace) -> Lab:
    return Lab(_directory(options))


def _open(options: argparse.Namespace) -> int:
    if options.count:
        roots_for(options.kind, options.release)
    with open_lab(_directory(options)) as lab:
        if options.count:
            lab.up(options.kind, options.release, options.count)
        if not options.command:
            _wait_for_ctrl_c(lab)
            return 0
        environment = {**os.environ, "NETOPS_LAB": str(lab.directory)}
        process = subprocess.Popen(lab.inside(*options.command), env=environment)
        # Ctrl-C is for the command, which decides whether to end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return process.wait()


def _wait_for_ctrl_c(lab: Lab) -> None:
    names = lab.names()
    tools = Path(__file__).parents[1]
    program = f"PYTHONPATH={tools} {sys.executable} -m lab --lab {lab.directory}"
    example = f"ansible-playbook -i {lab.inventory} ..."
    first_host = names[0] if names else "HOST"
    up = "1 host is up" if len(names) == 1 else f"{len(names)} hosts are up"
    print(
        f"{up}; Ctrl-C throws them away.\n"
        f"  inventory   {lab.inventory}\n"
        f"  enter       {lab.directory}/enter COMMAND  (a shell, {example})\n"
        f"  log in      {program} ssh {first_host}\n"
        f"  and more    {program} --help",
        flush=True,
    )
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


def _up(options: argparse.Namespace) -> None:
    lab = _lab(options)
    make = lab.make if options.stopped else lab.up
    names = make(options.kind, options.release, options.count)
    print("\n".join(names))


def _function_for_hosts(
    method: Callable[[Lab, list[str]], None],
) -> Callable[[argparse.Namespace], None]:
    """Return the function of a command that calls a method with the named hosts."""

    def function(options: argparse.Namespace) -> None:
        lab = _lab(options)
        method(lab, options.hosts or lab.names())

    return function


def _renew(options: argparse.Namespace) -> None:
    lab = _lab(options)
    lab.renew(options.hosts or lab.names(), stopped=options.stopped)


def _list(options: argparse.Namespace) -> None:
    for host in _lab(options).hosts():
        state = "up" if host["up"] else "down"
        columns = (
            f"{host['name']:15}",
            f"{host['address']:15}",
            f"{host['kind']:7}",
            f"{host['release']:9}",
            f"{state:5}",
            f"boots: {host['boots']}",
        )
        print(*columns)


def _inventory(options: argparse.Namespace) -> None:
    print(_lab(options).inventory)


def _console(options: argparse.Namespace) -> None:
    print(_lab(options).console(options.host))


def _ssh(options: argparse.Namespace) -> NoReturn:
    _exec(_lab(options).ssh(options.host, *options.command))


def _enter(options: argparse.Namespace) -> NoReturn:
    command = options.command or [os.environ.get("SHELL", "/bin/sh")]
    _exec(_lab(options).inside(*command))


def _roots(options: argparse.Namespace) -> None:
    releases = [roots.release_of(name) for name in options.releases]
    paths = roots_for(options.kind, releases, options.variant)
    print(json.dumps({release: str(path) for release, path in paths.items()}, indent=2))


def _exec(command: list[str]) -> NoReturn:
    """Replace this process by a command."""
    sys.stdout.flush()
    os.execvp(command[0], command)  # noqa: S606 # no shell is wanted


if __name__ == "__main__":
    sys.exit(main())
