# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/sockets.md says, tested with the programs themselves.

Each program is started with the very lines of the page, and without them.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import pytest
from sandbox import socket_options
from sandbox.connections import PYTHON, Holder, Started, ss, wait_for
from sandbox.play import PROJECT, Controller
from sandbox.tasks import TIME, Asker, keepalive_info
from sandbox.world import NOBODY, SEARCH_PATH, World

PAGE = (PROJECT / "docs/sockets.md").read_text(encoding="utf-8")
DIRECTORY = "/srv/tmp"
READ_OPTIONS = Path(socket_options.__file__).read_text(encoding="utf-8")

Keepalive = Optional[list[int]]
"""A connection's time, probes and intvl; None if keepalive is off."""
DOCUMENTED: Keepalive = [60, 5, 10]
HOST_VALUES: Keepalive = [500, 9, 75]
OFF: Keepalive = None


def code_block(heading: str, number: int = 0) -> str:
    """Return a block of code below a heading of the page."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)[number]


class Host:
    """A throw-away host on which programs run, and the keepalive of their connections."""

    def __init__(self, world: World, ask: Asker) -> None:
        self.world = world
        self.ask = ask
        self.started: list[Started] = []
        world.run(["ip", "link", "set", "lo", "up"])
        world.set_sysctl(TIME, 500)

    def start(self, *argv: str, user: int | None = None) -> None:
        """Start a program, which ends with the host."""
        variables = [
            f"PATH={SEARCH_PATH}",
            "LC_ALL=C.UTF-8",
            f"HOME={DIRECTORY}",
            f"TMPDIR={DIRECTORY}",
            f"GOCACHE={DIRECTORY}/go",
            "CGO_ENABLED=0",
        ]
        command = ["env", "-i", *variables, *argv]
        self.started.append(Started([*self.world.enter(user), "--", *command]))

    def run(self, *argv: str, user: int | None = None) -> str:
        """Run a program that must succeed; return its output."""
        finished = self.world.run(argv, user=user)
        assert finished.rc == 0, finished.stdout + finished.stderr
        return finished.stdout

    def wait_for_listeners(self, *ports: int) -> None:
        """Wait until a program listens on each of these ports."""
        for port in ports:

            def is_used(port: int = port) -> bool:
                return any(f":{port} " in line for line in ss(self.world, every=True))

            wait_for(is_used, 60)

    def check(self, command: str, *expected: Keepalive, values: int = 3) -> None:
        """Wait until the connections of a program have this keepalive, then check the module.

        `values`: how many of time, probes and intvl are compared.
        """

        def has_expected_keepalive() -> bool:
            return self._keepalive(command, values) == sorted(expected, key=str)

        with contextlib.suppress(TimeoutError):
            wait_for(has_expected_keepalive, 90)
        assert self._keepalive(command, values) == sorted(expected, key=str)
        counts = (len(expected) - expected.count(OFF), expected.count(OFF))
        # The keepalive of a connection cannot be seen while it sends: another timer runs then.
        with contextlib.suppress(TimeoutError):
            wait_for(lambda: self._counts(command) == counts, 90)
        assert self._counts(command) == counts

    def _counts(self, command: str) -> tuple[int, int]:
        """Return how many connections of a program have keepalive, and how many do not."""
        result = self.ask.ok(self.world, keepalive_info(namespaces=False))
        with_keepalive = without_keepalive = 0
        for process in result["processes"]:
            if re.fullmatch(command, process["command"]):
                with_keepalive += process["with_keepalive"]
                without_keepalive += process["without_keepalive"]
        return with_keepalive, without_keepalive

    def _keepalive(self, command: str, values: int) -> list[Keepalive]:
        """Return the keepalive of each connection of a program, sorted."""
        output = self.run(PYTHON, "-I", "-S", "-c", READ_OPTIONS)
        keepalive: list[Keepalive] = []
        for name, connections in json.loads(output).items():
            if re.fullmatch(command, name):
                for options in connections:
                    keepalive.append(options[:values] if options else OFF)
        return sorted(keepalive, key=str)


@pytest.fixture(scope="session")
def ask() -> Iterator[Asker]:
    with Controller() as controller:
        yield Asker(controller)


@pytest.fixture
def host(ask: Asker) -> Iterator[Host]:
    with World() as world:
        new = Host(world, ask)
        yield new
    for program in new.started:
        program.wait()


@pytest.fixture
def peer(host: Host) -> Iterator[Holder]:
    """Return the other end of connections. It does not use keepalive."""
    with Holder(host.world, "peer") as holder:
        yield holder


def listen(peer: Holder, port: int = 0) -> str:
    """Have the peer listen; return the port."""
    return str(peer("listen", f"listener {port}", "127.0.0.1", port, []))


def test_python(host: Host, peer: Holder) -> None:
    connect = (
        "import socket, sys\n"
        "connection = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
    )
    port = listen(peer)
    for lines in ("", code_block("Python")):
        host.start(PYTHON, "-c", f"{connect}{lines}connection.recv(1)", port)
    host.check("python3", DOCUMENTED, OFF)


def test_postgresql(host: Host) -> None:
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    for port, lines in ((5433, code_block("PostgreSQL")), (5434, "")):
        data = f"{DIRECTORY}/{port}"
        options = ["--auth=trust", "--username=me", "--no-sync"]
        host.run(f"{programs}/initdb", *options, data, user=NOBODY)
        configuration = (
            f"port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n{lines}"
        )
        path = f"{data}/postgresql.conf"
        host.world.write(path, host.world.read(path) + configuration, 0o600)
        host.start(f"{programs}/postgres", "-D", data, user=NOBODY)
    host.wait_for_listeners(5433, 5434)
    clients = ((5433, code_block("PostgreSQL", 1)), (5433, ""), (5434, "keepalives=0"))
    for port, options_of_client in clients:
        connection = f"host=127.0.0.1 port={port} user=me dbname=postgres {options_of_client}"
        host.start("psql", connection, "--command=SELECT pg_sleep(1000)")
    host.check("psql", DOCUMENTED, HOST_VALUES, OFF)
    host.check("postgres", DOCUMENTED, DOCUMENTED, HOST_VALUES)


def test_redis(host: Host, peer: Holder) -> None:
    for port, lines in ((6380, code_block("Redis")), (6381, "")):
        configuration = f"port {port}\nbind 127.0.0.1\nsave ''\ndir {DIRECTORY}\n{lines}"
        host.world.write(f"{DIRECTORY}/{port}", configuration)
        host.start("redis-server", f"{DIRECTORY}/{port}")
        host.wait_for_listeners(port)
        peer("connect", str(port), "127.0.0.1", port, [])
    host.check("redis-server", [60, 3, 20], [300, 3, 100])


def test_nginx(host: Host, peer: Holder) -> None:
    lines = code_block("nginx")
    without = lines.replace(" so_keepalive=60s:10s:5", "")
    without = without.replace("proxy_socket_keepalive on;", "").replace("8080", "8082")
    assert "keepalive" not in without
    temporary = ""
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        temporary += f"{kind}_temp_path {DIRECTORY};\n"
    configuration = (
        f"daemon off;\nuser root;\npid {DIRECTORY}/pid;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{lines}{without}}}\n"
    )
    host.world.write(f"{DIRECTORY}/nginx.conf", configuration)
    listen(peer, 8081)
    host.start("nginx", "-e", "stderr", "-c", f"{DIRECTORY}/nginx.conf")
    host.wait_for_listeners(8080, 8082)
    for port in (8080, 8082):
        peer("connect", str(port), "127.0.0.1", port, [])
        peer("write", str(port), "GET / HTTP/1.0\r\n\r\n")
    host.check("nginx", DOCUMENTED, HOST_VALUES, OFF, OFF)


SSH_PORTS = (2222, 2223, 2224)
"""With the lines of the page, without them, and with keepalive off."""


def start_sshds(host: Host, key: str) -> None:
    host.world.mkdir("/run/sshd")
    # Root may be locked on this machine, and sshd would refuse the login.
    host.world.remove("/etc/shadow")
    host.world.write("/etc/shadow", "root:*:1::::::\n", 0o600)
    common = (
        f"HostKey {key}\nAuthorizedKeysFile {key}.pub\nListenAddress 127.0.0.1\n"
        "StrictModes no\nPermitRootLogin yes\nPidFile none\n"
    )
    for port, lines in zip(SSH_PORTS, (code_block("ssh", 1), "", "TCPKeepAlive no\n")):
        host.world.write(f"{DIRECTORY}/{port}", f"{common}Port {port}\n{lines}", 0o600)
        host.start("/usr/sbin/sshd", "-D", "-f", f"{DIRECTORY}/{port}")
    host.wait_for_listeners(*SSH_PORTS)


def start_ssh_clients(host: Host, key: str) -> None:
    options = [
        "-oStrictHostKeyChecking=no",
        "-oUserKnownHostsFile=/dev/null",
        "-oLogLevel=ERROR",
        f"-i{key}",
    ]
    for port, lines in zip(SSH_PORTS, (code_block("ssh"), "", "TCPKeepAlive no\n")):
        configuration = f"{DIRECTORY}/client{port}"
        host.world.write(configuration, lines, 0o600)
        host.start("ssh", "-F", configuration, *options, f"-p{port}", "root@127.0.0.1", "cat")


def test_ssh(host: Host) -> None:
    key = f"{DIRECTORY}/key"
    host.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    start_sshds(host, key)
    start_ssh_clients(host, key)
    host.check("ssh", HOST_VALUES, HOST_VALUES, OFF)
    host.check("sshd(-session)?", HOST_VALUES, HOST_VALUES, OFF)
    client = host.run("ssh", "-G", "-F", f"{DIRECTORY}/client2222", "any")
    server = host.run("/usr/sbin/sshd", "-T", "-f", f"{DIRECTORY}/2222")
    effective = client.splitlines() + server.splitlines()
    documented = {
        "serveraliveinterval 60",
        "serveralivecountmax 5",
        "clientaliveinterval 60",
        "clientalivecountmax 5",
    }
    assert documented <= set(effective)


def test_java(host: Host, peer: Holder) -> None:
    program = code_block("Java")
    lines = program.splitlines(keepends=True)
    without = "".join(line for line in lines if "setOption" not in line)
    port = listen(peer)
    for name, text in (("Documented", program), ("Bare", without)):
        host.world.write(f"{DIRECTORY}/{name}.java", text)
        host.start("java", f"{DIRECTORY}/{name}.java", "127.0.0.1", port)
    host.check("java", DOCUMENTED, OFF)


def test_go(host: Host, peer: Holder) -> None:
    program = code_block("Go")
    without = program.replace("{KeepAlive: 60 * time.Second}", "{}").replace('\t"time"\n', "")
    port = listen(peer)
    for name, text in (("documented", program), ("bare", without)):
        host.world.write(f"{DIRECTORY}/{name}/it.go", text)
        host.start("go", "run", f"{DIRECTORY}/{name}/it.go", f"127.0.0.1:{port}")
    host.check("it", [60], [15], values=1)
