# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/sockets.md says, done with the programs themselves: each is started with the very lines that stand there, and without them."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox import socket_options
from sandbox.connections import PYTHON, Holder, Started, ss, wait_for
from sandbox.play import PROJECT, Controller
from sandbox.tasks import TIME, Asker, keepalive_info
from sandbox.world import NOBODY, SEARCH_PATH, World

PAGE = (PROJECT / "docs/sockets.md").read_text(encoding="utf-8")
HERE = "/srv/tmp"
OPTIONS = Path(socket_options.__file__).read_text(encoding="utf-8")
DOCUMENTED, OF_THE_HOST, OFF = [60, 5, 10], [500, 9, 75], None
"""What keepalive a connection has: time, probes, intvl."""


def documented(heading: str, number: int = 0) -> str:
    """Give a block of code of the page."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)[number]


class Host:
    """A throw-away host on which programs run, and what becomes of their connections."""

    def __init__(self, world: World, ask: Asker) -> None:
        self.world, self.ask = world, ask
        self.started: list[Started] = []
        world.run(["ip", "link", "set", "lo", "up"])
        world.set_sysctl(TIME, OF_THE_HOST[0])

    def start(self, *argv: str, user: int | None = None) -> None:
        """Start a program, which ends with the host."""
        home = [f"HOME={HERE}", f"TMPDIR={HERE}", f"GOCACHE={HERE}/go", "CGO_ENABLED=0"]
        clean = ["env", "-i", f"PATH={SEARCH_PATH}", "LC_ALL=C.UTF-8", *home]
        self.started.append(Started([*self.world.enter(user), "--", *clean, *argv]))

    def do(self, *argv: str, user: int | None = None) -> str:
        ran = self.world.run(argv, user=user)
        assert ran.rc == 0, ran.stdout + ran.stderr
        return ran.stdout

    def listens(self, *ports: int) -> None:
        """Wait until somebody does."""
        for port in ports:
            wait_for(
                lambda port=port: any(f":{port} " in line for line in ss(self.world, every=True)),
                60,
            )

    def check(self, command: str, *wanted: list[int] | None, only: int = 3) -> None:
        """See that the connections of a program come to have this keepalive, or only its first numbers, and that the module counts them so."""

        def found() -> list[list[int] | None]:
            told = json.loads(self.do(PYTHON, "-I", "-S", "-c", OPTIONS))
            mine = [
                each
                for name, connections in told.items()
                if re.fullmatch(command, name)
                for each in connections
            ]
            return sorted((each and each[:only] for each in mine), key=str)

        with contextlib.suppress(TimeoutError):
            wait_for(lambda: found() == sorted(wanted, key=str), 90)
        assert found() == sorted(wanted, key=str)
        told = self.ask.ok(self.world, keepalive_info(namespaces=False))
        mine = [
            process for process in told["processes"] if re.fullmatch(command, process["command"])
        ]
        assert sum(process["with_keepalive"] for process in mine) == len(wanted) - wanted.count(OFF)
        assert sum(process["without_keepalive"] for process in mine) == wanted.count(OFF)


@pytest.fixture(scope="session")
def ask() -> Iterator[Asker]:
    with Controller() as controller:
        yield Asker(controller)


@pytest.fixture
def host(ask: Asker) -> Iterator[Host]:
    with World() as world:
        made = Host(world, ask)
        yield made
    for started in made.started:
        started.wait()


@pytest.fixture
def peer(host: Host) -> Iterator[Holder]:
    """Be the other end, which does not ask for keepalive."""
    with Holder(host.world, "peer") as holder:
        yield holder


def listen(peer: Holder, port: int = 0) -> str:
    return str(peer("listen", f"listener {port}", "127.0.0.1", port, []))


def test_python(host: Host, peer: Holder) -> None:
    start = "import socket, sys\nconnection = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
    port = listen(peer)
    for lines in ("", documented("Python")):
        host.start(PYTHON, "-c", f"{start}{lines}connection.recv(1)", port)
    host.check("python3", DOCUMENTED, OFF)


def test_postgresql(host: Host) -> None:
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    for port, lines in ((5433, documented("PostgreSQL")), (5434, "")):
        data = f"{HERE}/{port}"
        host.do(
            f"{programs}/initdb", "--auth=trust", "--username=me", "--no-sync", data, user=NOBODY
        )
        ours = (
            f"port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n{lines}"
        )
        host.world.write(
            f"{data}/postgresql.conf", host.world.read(f"{data}/postgresql.conf") + ours, 0o600
        )
        host.start(f"{programs}/postgres", "-D", data, user=NOBODY)
    host.listens(5433, 5434)
    for port, asked in ((5433, documented("PostgreSQL", 1)), (5433, ""), (5434, "keepalives=0")):
        where = f"host=127.0.0.1 port={port} user=me dbname=postgres {asked}"
        host.start("psql", where, "--command=SELECT pg_sleep(1000)")
    host.check("psql", DOCUMENTED, OF_THE_HOST, OFF)
    host.check("postgres", DOCUMENTED, DOCUMENTED, OF_THE_HOST)


def test_redis(host: Host, peer: Holder) -> None:
    for port, lines in ((6380, documented("Redis")), (6381, "")):
        host.world.write(
            f"{HERE}/{port}", f"port {port}\nbind 127.0.0.1\nsave ''\ndir {HERE}\n{lines}"
        )
        host.start("redis-server", f"{HERE}/{port}")
        host.listens(port)
        peer("connect", str(port), "127.0.0.1", port, [])
    host.check("redis-server", [60, 3, 20], [300, 3, 100])


def test_nginx(host: Host, peer: Holder) -> None:
    lines = documented("nginx")
    bare = (
        lines.replace(" so_keepalive=60s:10s:5", "")
        .replace("proxy_socket_keepalive on;", "")
        .replace("8080", "8082")
    )
    assert "keepalive" not in bare
    places = "".join(
        f"{kind}_temp_path {HERE};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    settings = f"daemon off;\nuser root;\npid {HERE}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{places}{lines}{bare}}}\n"
    host.world.write(f"{HERE}/nginx.conf", settings)
    listen(peer, 8081)
    host.start("nginx", "-e", "stderr", "-c", f"{HERE}/nginx.conf")
    host.listens(8080, 8082)
    for port in (8080, 8082):
        peer("connect", str(port), "127.0.0.1", port, [])
        peer("write", str(port), "GET / HTTP/1.0\r\n\r\n")
    host.check("nginx", DOCUMENTED, OF_THE_HOST, OFF, OFF)


def test_ssh(host: Host) -> None:
    key = f"{HERE}/key"
    host.do("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    host.world.mkdir("/run/sshd")
    host.world.remove("/etc/shadow")  # where root may be locked, which sshd respects
    host.world.write("/etc/shadow", "root:*:1::::::\n", 0o600)
    ours = f"HostKey {key}\nAuthorizedKeysFile {key}.pub\nListenAddress 127.0.0.1\nStrictModes no\nPermitRootLogin yes\n"
    for port, lines in ((2222, documented("ssh", 1)), (2223, ""), (2224, "TCPKeepAlive no\n")):
        host.world.write(f"{HERE}/{port}", f"{ours}Port {port}\nPidFile none\n{lines}", 0o600)
        host.start("/usr/sbin/sshd", "-D", "-f", f"{HERE}/{port}")
    host.listens(2222, 2223, 2224)
    quiet = [
        "-oStrictHostKeyChecking=no",
        "-oUserKnownHostsFile=/dev/null",
        "-oLogLevel=ERROR",
        "-i",
        key,
    ]
    for port, lines in ((2222, documented("ssh")), (2223, ""), (2224, "TCPKeepAlive no\n")):
        host.world.write(f"{HERE}/client{port}", lines, 0o600)
        host.start(
            "ssh", "-F", f"{HERE}/client{port}", *quiet, f"-p{port}", "root@127.0.0.1", "cat"
        )
    host.check("ssh", OF_THE_HOST, OF_THE_HOST, OFF)
    host.check("sshd(-session)?", OF_THE_HOST, OF_THE_HOST, OFF)
    taken = host.do("ssh", "-G", "-F", f"{HERE}/client2222", "any") + host.do(
        "/usr/sbin/sshd", "-T", "-f", f"{HERE}/2222"
    )
    asked = (
        "serveraliveinterval 60",
        "serveralivecountmax 5",
        "clientaliveinterval 60",
        "clientalivecountmax 5",
    )
    assert set(asked) <= set(taken.splitlines())


def test_java(host: Host, peer: Holder) -> None:
    program = documented("Java")
    bare = "".join(line for line in program.splitlines(keepends=True) if "setOption" not in line)
    port = listen(peer)
    for name, text in (("Documented", program), ("Bare", bare)):
        host.world.write(f"{HERE}/{name}.java", text)
        host.start("java", f"{HERE}/{name}.java", "127.0.0.1", port)
    host.check("java", DOCUMENTED, OFF)


def test_go(host: Host, peer: Holder) -> None:
    program = documented("Go")
    bare = program.replace("{KeepAlive: 60 * time.Second}", "{}").replace('\t"time"\n', "")
    port = listen(peer)
    for name, text in (("documented", program), ("bare", bare)):
        host.world.write(f"{HERE}/{name}/it.go", text)
        host.start("go", "run", f"{HERE}/{name}/it.go", f"127.0.0.1:{port}")
    host.check("it", [60], [15], only=1)
