# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcp_keepalive_info: settings, real connections, their processes, and other namespaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sandbox.connections import ARMED, DISARMED, PYTHON, Holder, by_ss, crowd, idle, ss, wait_for
from sandbox.play import Result
from sandbox.tasks import INTVL, PROBES, TIME, Asker, keepalive_info
from sandbox.world import NOBODY, World

IPV4 = "127.0.0.1"
IPV6 = "::1"
IPV4_MAPPED = "::ffff:127.0.0.1"


def counts(
    with_keepalive: int = 0, without_keepalive: int = 0, unknown: int = 0, stale: int = 0
) -> dict[str, int]:
    """Return counts of connections as the module reports them."""
    return {
        "established": with_keepalive + without_keepalive + unknown,
        "with_keepalive": with_keepalive,
        "without_keepalive": without_keepalive,
        "unknown": unknown,
        "stale": stale,
    }


def process_entry(
    holder: Holder, command: str, user: str = "root", **numbers: int
) -> dict[str, Any]:
    """Return a process as the module reports it."""
    return {"pid": holder.pid, "command": command, "user": user, **counts(**numbers)}


def counted_connections(world: World, ask: Asker) -> Any:
    """Return the module's counts of connections, after a comparison with those of ss."""
    result = ask.again(world, keepalive_info(namespaces=False))
    assert result["source"] == "sock_diag"
    assert result["problems"] == []
    connections = result["connections"]
    for name, count in by_ss(world).items():
        assert connections[name] == count, name
    return connections


def problem_paths(result: Result) -> list[str]:
    """Return the path of each problem."""
    return [problem["path"] for problem in result["problems"]]


def wait_for_ss(world: World, text: str) -> None:
    """Wait until ss shows this text, such as a timer."""
    wait_for(lambda: text in "\n".join(ss(world)))


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Make a host with a loopback interface that is up."""
    host = make_world()
    host.run(["ip", "link", "set", "lo", "up"])
    return host


@pytest.fixture
def holder(world: World) -> Iterator[Holder]:
    """Start a process that holds sockets."""
    with Holder(world) as process:
        yield process


# --- settings ---

CERTAIN = {"certain": True, "undone": False}


def test_a_host_without_connections_and_files(world: World, ask: Asker) -> None:
    result = ask.again(world, keepalive_info())
    assert result["settings"] == {
        "time": {"runtime": 7200, "boot": None, **CERTAIN},
        "probes": {"runtime": 9, "boot": None, **CERTAIN},
        "intvl": {"runtime": 75, "boot": None, **CERTAIN},
    }
    assert result["dead_after"] == 7875
    assert result["loader"] == "systemd"
    assert result["connections"] == counts()
    assert result["source"] == "sock_diag"
    assert result["processes"] == []
    assert result["processes_unseen"] == 0
    assert result["namespaces"] == []
    assert result["problems"] == []


# --- the connection of Ansible itself ---


@pytest.mark.parametrize("address", [IPV4, IPV6, IPV4_MAPPED])
def test_the_connection_of_ansible_itself_is_not_counted(
    world: World, holder: Holder, ask: Asker, address: str
) -> None:
    """Its variable is set as by sshd; the other end of the pair is another connection."""
    holder.pair("ssh", ARMED, address)
    _state, _received, _sent, local, remote = ss(world)[0].split()[:5]
    ends = []
    for end in (remote, local):
        host, _colon, port = end.rpartition(":")
        # As sshd writes an IPv4 address of an IPv6 socket.
        ends += [host.strip("[]").replace("::ffff:", ""), port]
    variable = f"SSH_CONNECTION={' '.join(ends)}"

    task = keepalive_info(namespaces=False)
    assert ask.again(world, task)["connections"]["established"] == 2
    result = ask.again(world, task, under=["env", variable])
    assert result["connections"]["established"] == 1
    assert [process["established"] for process in result["processes"]] == [1]
    assert result["problems"] == []


# --- connections ---


@pytest.mark.parametrize(
    "address", [IPV4, IPV6, IPV4_MAPPED], ids=["IPv4", "IPv6", "IPv4-mapped IPv6"]
)
def test_connections_with_and_without_keepalive_are_counted(
    world: World, ask: Asker, holder: Holder, address: str
) -> None:
    """Each pair has two ends; only the connecting end of the first has keepalive."""
    holder.pair("with", ARMED, address)
    holder.pair("without", (), address)
    connections = counted_connections(world, ask)
    assert connections == counts(with_keepalive=1, without_keepalive=3)


def test_a_listening_socket_is_not_a_connection(world: World, ask: Asker, holder: Holder) -> None:
    """What it accepts has its keepalive."""
    port = holder("listen", "listener", IPV4, 0, ARMED)
    assert counted_connections(world, ask) == counts()
    holder("connect", "client", IPV4, port, [])
    holder("accept", "accepted", "listener")
    connections = counted_connections(world, ask)
    assert connections == counts(with_keepalive=1, without_keepalive=1)


def test_a_connection_that_one_end_closed_is_not_counted(
    world: World, ask: Asker, holder: Holder
) -> None:
    holder.pair("client", ARMED)
    holder("close", "client accepted")

    def is_half_closed() -> bool:
        states = {line.split()[0] for line in ss(world, every=True)}
        return states == {"FIN-WAIT-2", "CLOSE-WAIT"}

    wait_for(is_half_closed)
    assert counted_connections(world, ask) == counts()


def test_a_longer_time_of_the_application_is_stale(
    world: World, ask: Asker, holder: Holder
) -> None:
    """A shorter one, or the same, is not."""
    holder.pair("shorter", idle(60))
    holder.pair("the same", idle(7200))
    connections = counted_connections(world, ask)
    assert connections == counts(with_keepalive=2, without_keepalive=2)
    holder.pair("longer", idle(7300))
    connections = counted_connections(world, ask)
    assert connections == counts(with_keepalive=3, without_keepalive=3, stale=1)


def test_a_connection_opened_before_the_change_is_stale(
    world: World, ask: Asker, holder: Holder
) -> None:
    """Once keepalive is disabled and enabled again, it is not."""
    holder.pair("old", ARMED)
    world.set_sysctl(TIME, 60)
    holder.pair("new", ARMED)
    connections = counted_connections(world, ask)
    assert connections == counts(with_keepalive=2, without_keepalive=2, stale=1)
    holder("options", "old", DISARMED)
    holder("options", "old", ARMED)
    connections = counted_connections(world, ask)
    assert connections == counts(with_keepalive=2, without_keepalive=2)


def test_a_timer_of_intvl_after_an_answered_probe_is_not_stale(
    world: World, ask: Asker, holder: Holder
) -> None:
    world.set_sysctl(TIME, 1)
    world.set_sysctl(INTVL, 100)
    holder.pair("healthy", ARMED)
    wait_for_ss(world, "timer:(keepalive,1min")
    connections = counted_connections(world, ask)
    assert connections == counts(with_keepalive=1, without_keepalive=1)


def test_a_connection_with_another_timer_is_unknown(
    world: World, ask: Asker, holder: Holder
) -> None:
    """The kernel shows one timer: that of retransmission or of a closed window hides keepalive."""
    holder.pair("retransmits", ARMED)
    holder.pair("window is closed", ARMED)
    holder.pair("idle", ARMED)
    holder("send", "window is closed", 1 << 26)
    wait_for_ss(world, "timer:(persist")
    world.run(["ip", "link", "set", "lo", "down"])
    holder("send", "retransmits", 1)
    retransmitting = [line for line in ss(world) if "timer:(on" in line]
    assert len(retransmitting) == 1
    connections = counted_connections(world, ask)
    assert connections == counts(with_keepalive=1, without_keepalive=3, unknown=2)
    world.run(["ip", "link", "set", "lo", "up"])
    assert holder("receive", "retransmits accepted", 1, 20) == 1
    connections = counted_connections(world, ask)
    assert connections == counts(with_keepalive=2, without_keepalive=3, unknown=1)


def test_a_connection_that_nobody_has_accepted_belongs_to_no_process(
    world: World, ask: Asker, holder: Holder
) -> None:
    port = holder("listen", "listener", IPV4, 0, [])
    holder("connect", "client", IPV4, port, ARMED)
    result = ask.ok(world, keepalive_info())
    assert result["connections"] == counts(with_keepalive=1, without_keepalive=1)
    assert result["processes_unseen"] == 1
    assert [process["established"] for process in result["processes"]] == [1]


# --- processes ---


def test_processes_are_listed_worst_first_up_to_the_limit(world: World, ask: Asker) -> None:
    with ExitStack() as stack:
        half = stack.enter_context(Holder(world, "half"))
        bad = stack.enter_context(Holder(world, "bad"))
        good = stack.enter_context(Holder(world, "good", user=NOBODY))
        port = good("listen", "listener", IPV4, 0, ARMED)
        for holder, name, options in (
            (half, "a", ARMED),
            (half, "b", ()),
            (bad, "a", ()),
            (bad, "b", idle(9000)),
        ):
            holder("connect", name, IPV4, port, options)
            good("accept", f"{holder.pid} {name}", "listener")

        result = ask.again(world, keepalive_info())
        assert result["processes"] == [
            process_entry(bad, "bad", with_keepalive=1, without_keepalive=1, stale=1),
            process_entry(half, "half", with_keepalive=1, without_keepalive=1),
            process_entry(good, "good", user="nobody", with_keepalive=4),
        ]
        assert result["processes_unseen"] == 0
        assert result["problems"] == []

        for limit in (0, 1, 2, 3, 4):
            limited = ask.ok(world, keepalive_info(process_limit=limit))
            assert limited["processes"] == result["processes"][:limit]
            assert limited["processes_unseen"] == (0 if limit else None)
            assert limited["connections"] == result["connections"]


def test_an_ordinary_user_gets_problems_for_what_he_may_not_see(
    world: World, ask: Asker, holder: Holder
) -> None:
    with Holder(world, "his", user=NOBODY) as own_process:
        own_process.pair("a", ARMED)
        holder.pair("b")
        result = ask.again(world, keepalive_info(), user=NOBODY, python=PYTHON)
        assert result["connections"] == counts(with_keepalive=1, without_keepalive=3)
        (process,) = result["processes"]
        assert process["pid"] == own_process.pid
        assert process["established"] == 2
        assert result["processes_unseen"] == 2
        assert set(problem_paths(result)) == {"/proc/*/fd", "/proc/*/ns/net"}
        for problem in result["problems"]:
            assert "become root" in problem["problem"]


def test_root_of_a_user_namespace_sees_everything_in_it(
    make_world: Callable[..., World], ask: Asker
) -> None:
    world = make_world(user=NOBODY)
    world.run(["ip", "link", "set", "lo", "up"])
    with Holder(world) as holder:
        holder.pair("a", ARMED)
        result = ask.again(world, keepalive_info(), python=PYTHON)
        assert result["connections"] == counts(with_keepalive=1, without_keepalive=1)
        assert result["processes_unseen"] == 0
        assert result["problems"] == []


# --- other namespaces ---


def test_namespaces_made_by_ip_are_listed_by_name(world: World, ask: Asker) -> None:
    for name in ("same", "other"):
        assert world.run(["ip", "netns", "add", name]).rc == 0
    in_other = ["ip", "netns", "exec", "other"]
    world.run([*in_other, "sysctl", "-w", f"{TIME}=60", f"{PROBES}=3"])
    with Holder(world, under=in_other) as process:
        process("listen", "listener", "0.0.0.0", 0, [])
        result = ask.again(world, keepalive_info())
    namespaces = {namespace["name"]: namespace for namespace in result["namespaces"]}
    assert len(result["namespaces"]) == 2
    assert set(namespaces) == {"same", "other"}
    assert namespaces["same"]["processes"] == 0
    assert namespaces["same"]["differs"] is False
    assert namespaces["same"]["settings"] == {"time": 7200, "probes": 9, "intvl": 75}
    assert namespaces["other"]["processes"] == 1
    assert namespaces["other"]["differs"] is True
    assert namespaces["other"]["settings"] == {"time": 60, "probes": 3, "intvl": 75}
    mounts = world.run(["findmnt", "-no", "FSROOT"]).stdout
    for namespace in result["namespaces"]:
        assert f"net:[{namespace['inode']}]" in mounts


def test_a_namespace_of_a_process_is_listed_without_a_name(world: World, ask: Asker) -> None:
    with Holder(world, under=["unshare", "--net"]) as process:
        result = ask.again(world, keepalive_info())
        (namespace,) = result["namespaces"]
        assert namespace["processes"] == 1
        assert namespace["differs"] is False
        link = world.run(["readlink", f"/proc/{process.pid}/ns/net"]).stdout
        assert link.strip() == f"net:[{namespace['inode']}]"
        world.set_sysctl(TIME, 60)
        assert ask.ok(world, keepalive_info())["namespaces"][0]["differs"]
        assert ask.ok(world, keepalive_info(namespaces=False))["namespaces"] == []
    assert ask.ok(world, keepalive_info())["namespaces"] == []


def test_a_namespace_mounted_elsewhere_has_the_name_of_its_file(world: World, ask: Asker) -> None:
    """`ip netns` looks only in /run/netns."""
    world.write("/srv/two words", "")
    assert world.run(["unshare", "--net=/srv/two words", "true"]).rc == 0
    (namespace,) = ask.again(world, keepalive_info())["namespaces"]
    assert namespace["name"] == "two words"
    assert namespace["processes"] == 0
    assert namespace["settings"]["time"] == 7200


def test_a_namespace_that_may_not_be_entered_is_a_problem(world: World, ask: Asker) -> None:
    without_sys_admin = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
    with Holder(world, under=["unshare", "--net"]):
        result = ask.again(world, keepalive_info(), under=without_sys_admin)
    (namespace,) = result["namespaces"]
    assert namespace["processes"] == 1
    assert namespace["differs"] is None
    assert namespace["settings"] == {"time": None, "probes": None, "intvl": None}
    (problem,) = result["problems"]
    assert f"net:[{namespace['inode']}]" in problem["problem"]
    assert "Operation not permitted" in problem["problem"]


# --- many connections ---


def test_40_000_and_100_000_connections_are_counted(world: World, ask: Asker) -> None:
    """A quarter of the ends have keepalive."""
    ends_of_process: dict[int, int] = {}
    with ExitStack() as stack:
        for network, more, total in ((1, 40_000, 40_000), (2, 60_000, 100_000)):
            for holder, ends in crowd(world, more // 2, network).items():
                stack.enter_context(holder)
                ends_of_process[holder.pid] = ends
            assert sum(ends_of_process.values()) == total
            connections = counted_connections(world, ask)
            assert connections == counts(
                with_keepalive=total // 4,
                without_keepalive=total - total // 4,
            )
        result = ask.ok(world, keepalive_info(process_limit=1000))
    established = {process["pid"]: process["established"] for process in result["processes"]}
    assert established == ends_of_process
    assert result["processes_unseen"] == 0
    assert result["problems"] == []


# --- kernels and containers without sock_diag or /proc/sys ---

STRACE = ["strace", "-f", "-qq", "-o", "/dev/null"]
SOCK_DIAG_FORBIDDEN = [*STRACE, "-e", "trace=socket", "-e", "inject=socket:error=EPERM"]
SOCK_DIAG_NOT_BUILT_IN = [*STRACE, "-e", "trace=recvmsg", "-e", "inject=recvmsg:error=ENOENT"]
PROC_WITHOUT_NET_AND_SYS = [
    "unshare",
    "--mount",
    "sh",
    "-c",
    'mount -t proc -o subset=pid proc /proc; exec "$@"',
    "sh",
]


@pytest.mark.parametrize(
    "under",
    [SOCK_DIAG_FORBIDDEN, SOCK_DIAG_NOT_BUILT_IN],
    ids=["forbidden", "not built in"],
)
def test_proc_gives_the_same_result_without_sock_diag(
    world: World, ask: Asker, holder: Holder, under: list[str]
) -> None:
    holder.pair("without", ())
    holder.pair("IPv6", ARMED, IPV6)
    holder.pair("old", ARMED)
    holder.pair("window is closed", ARMED)
    holder("send", "window is closed", 1 << 26)
    world.set_sysctl(TIME, 60)
    holder.pair("new", ARMED)
    expected = ask.ok(world, keepalive_info())
    assert expected["connections"] == counts(
        with_keepalive=3, without_keepalive=6, unknown=1, stale=2
    )
    result = ask.again(world, keepalive_info(), under=under)
    assert result["source"] == "proc"
    (problem,) = result["problems"]
    assert problem["path"] == "/proc/net/tcp"
    assert "sock_diag" in problem["problem"]
    for name in ("connections", "processes", "processes_unseen", "settings", "dead_after"):
        assert result[name] == expected[name]


def test_connections_are_not_known_without_sock_diag_and_proc(
    world: World, ask: Asker, holder: Holder
) -> None:
    holder.pair("a", ARMED)
    under = [*PROC_WITHOUT_NET_AND_SYS, *SOCK_DIAG_FORBIDDEN]
    result = ask.again(world, keepalive_info(), under=under)
    assert result["source"] is None
    assert result["connections"] is None
    assert result["processes"] == []
    assert result["dead_after"] is None
    assert result["settings"]["time"] == {"runtime": None, "boot": None, **CERTAIN}
    assert problem_paths(result) == ["/proc/sys", "/proc/net/tcp", "/proc/net/tcp"]
    assert "connections are not known" in result["problems"][-1]["problem"]


def test_connections_are_counted_without_proc_sys(world: World, ask: Asker, holder: Holder) -> None:
    holder.pair("a", ARMED)
    result = ask.again(world, keepalive_info(), under=PROC_WITHOUT_NET_AND_SYS)
    assert result["connections"] == counts(with_keepalive=1, without_keepalive=1)
    assert problem_paths(result) == ["/proc/sys"]
