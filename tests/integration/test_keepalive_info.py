# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcp_keepalive_info: the settings, what becomes of real connections, whose they are, and the other namespaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sandbox.connections import ARMED, DISARMED, PYTHON, Holder, by_ss, crowd, idle, ss, wait_for
from sandbox.tasks import INTVL, PROBES, TIME, Asker, keepalive_info
from sandbox.world import NOBODY, World


def counts(with_: int = 0, without: int = 0, unknown: int = 0, stale: int = 0) -> dict[str, int]:
    return {
        "established": with_ + without + unknown,
        "with_keepalive": with_,
        "without_keepalive": without,
        "unknown": unknown,
        "stale": stale,
    }


def connections(world: World, ask: Asker) -> Any:
    """Give the counts, which are also those of ss."""
    result = ask.again(world, keepalive_info(namespaces=False))
    assert (result["source"], result["problems"]) == ("sock_diag", [])
    found = result["connections"]
    told = by_ss(world)
    assert {name: found[name] for name in told} == told
    return found


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    made = make_world()
    made.run(["ip", "link", "set", "lo", "up"])
    return made


@pytest.fixture
def holder(world: World) -> Iterator[Holder]:
    with Holder(world) as made:
        yield made


# --- settings ---


def test_nothing_there(world: World, ask: Asker) -> None:
    result = ask.again(world, keepalive_info())
    names = (
        "settings",
        "dead_after",
        "loader",
        "connections",
        "source",
        "processes",
        "processes_unseen",
        "namespaces",
        "problems",
    )
    assert {name: result[name] for name in names} == {
        "settings": {
            "time": {"runtime": 7200, "boot": None},
            "probes": {"runtime": 9, "boot": None},
            "intvl": {"runtime": 75, "boot": None},
        },
        "dead_after": 7875,
        "loader": "systemd",
        "connections": counts(),
        "source": "sock_diag",
        "processes": [],
        "processes_unseen": 0,
        "namespaces": [],
        "problems": [],
    }


# --- connections ---


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"], ids=["IPv4", "IPv6", "v4-mapped"]
)
def test_armed_or_not(world: World, ask: Asker, holder: Holder, address: str) -> None:
    holder.pair("armed", ARMED, address)
    holder.pair("not", (), address)
    assert connections(world, ask) == counts(with_=1, without=3)


def test_whoever_listens_has_no_peer(world: World, ask: Asker, holder: Holder) -> None:
    port = holder("listen", "listener", "127.0.0.1", 0, ARMED)
    assert connections(world, ask) == counts()
    holder("connect", "client", "127.0.0.1", port, [])
    holder("accept", "inherits", "listener")
    assert connections(world, ask) == counts(with_=1, without=1)


def test_a_peer_that_said_goodbye(world: World, ask: Asker, holder: Holder) -> None:
    holder.pair("client", ARMED)
    holder("close", "client accepted")
    wait_for(
        lambda: {line.split()[0] for line in ss(world, every=True)} == {"FIN-WAIT-2", "CLOSE-WAIT"}
    )
    assert connections(world, ask) == counts()


def test_a_time_of_ones_own(world: World, ask: Asker, holder: Holder) -> None:
    holder.pair("shorter", idle(60))
    holder.pair("as today", idle(7200))
    assert connections(world, ask) == counts(with_=2, without=2)
    holder.pair("longer", idle(7300))
    assert connections(world, ask) == counts(with_=3, without=3, stale=1)


def test_opened_before_the_change(world: World, ask: Asker, holder: Holder) -> None:
    holder.pair("old", ARMED)
    world.set_sysctl(TIME, 60)
    holder.pair("new", ARMED)
    assert connections(world, ask) == counts(with_=2, without=2, stale=1)
    holder("options", "old", DISARMED)
    holder("options", "old", ARMED)
    assert connections(world, ask) == counts(with_=2, without=2)


def test_a_probe_that_was_answered_leaves_a_timer_of_intvl(
    world: World, ask: Asker, holder: Holder
) -> None:
    world.set_sysctl(TIME, 1)
    world.set_sysctl(INTVL, 100)
    holder.pair("healthy", ARMED)
    wait_for(lambda: "timer:(keepalive,1min" in "".join(ss(world)))
    assert connections(world, ask) == counts(with_=1, without=1)


def test_a_timer_that_hides_keepalive(world: World, ask: Asker, holder: Holder) -> None:
    holder.pair("retransmits", ARMED)
    holder.pair("window is closed", ARMED)
    holder.pair("quiet", ARMED)
    holder("send", "window is closed", 1 << 26)
    wait_for(lambda: "timer:(persist" in "".join(ss(world)))
    world.run(["ip", "link", "set", "lo", "down"])
    holder("send", "retransmits", 1)
    assert sum("timer:(on" in line for line in ss(world)) == 1
    assert connections(world, ask) == counts(with_=1, without=3, unknown=2)
    world.run(["ip", "link", "set", "lo", "up"])
    assert holder("receive", "retransmits accepted", 1, 20) == 1
    assert connections(world, ask) == counts(with_=2, without=3, unknown=1)


def test_a_connection_that_nobody_has_accepted(world: World, ask: Asker, holder: Holder) -> None:
    port = holder("listen", "listener", "127.0.0.1", 0, [])
    holder("connect", "client", "127.0.0.1", port, ARMED)
    result = ask.ok(world, keepalive_info())
    assert result["connections"] == counts(with_=1, without=1)
    assert result["processes_unseen"] == 1
    assert [process["established"] for process in result["processes"]] == [1]


# --- processes ---


def test_the_worst_process_is_first(world: World, ask: Asker) -> None:
    with Holder(world, "half") as half, Holder(world, "bad") as bad, Holder(
        world, "good", user=NOBODY
    ) as good:
        port = good("listen", "listener", "127.0.0.1", 0, ARMED)
        for holder, name, options in (
            (half, "a", ARMED),
            (half, "b", ()),
            (bad, "a", ()),
            (bad, "b", idle(9000)),
        ):
            holder("connect", name, "127.0.0.1", port, options)
            good("accept", f"{holder.pid} {name}", "listener")
        task = keepalive_info()
        result = ask.again(world, task)
        assert result["processes"] == [
            {
                "pid": bad.pid,
                "command": "bad",
                "user": "root",
                **counts(with_=1, without=1, stale=1),
            },
            {"pid": half.pid, "command": "half", "user": "root", **counts(with_=1, without=1)},
            {"pid": good.pid, "command": "good", "user": "nobody", **counts(with_=4)},
        ]
        assert (result["processes_unseen"], result["problems"]) == (0, [])
        for limit in (0, 1, 2, 3, 4):
            listed = ask.ok(world, keepalive_info(process_limit=limit))
            assert listed["processes"] == result["processes"][:limit]
            assert listed["processes_unseen"] == (0 if limit else None)
            assert listed["connections"] == result["connections"]


def test_an_ordinary_user_is_told_what_he_may_not_see(
    world: World, ask: Asker, holder: Holder
) -> None:
    with Holder(world, "his", user=NOBODY) as his:
        his.pair("a", ARMED)
        holder.pair("b")
        result = ask.again(world, keepalive_info(), user=NOBODY, python=PYTHON)
        assert result["connections"] == counts(with_=1, without=3)
        assert [(process["pid"], process["established"]) for process in result["processes"]] == [
            (his.pid, 2)
        ]
        assert result["processes_unseen"] == 2
        told = {problem["path"]: problem["problem"] for problem in result["problems"]}
        assert set(told) == {"/proc/*/fd", "/proc/*/ns/net"}
        assert all("become root" in problem for problem in told.values())


def test_a_user_who_is_root_in_a_namespace_of_his_own(
    make_world: Callable[..., World], ask: Asker
) -> None:
    world = make_world(user=NOBODY)
    world.run(["ip", "link", "set", "lo", "up"])
    with Holder(world) as holder:
        holder.pair("a", ARMED)
        result = ask.again(world, keepalive_info(), python=PYTHON)
        assert result["connections"] == counts(with_=1, without=1)
        assert (result["processes_unseen"], result["problems"]) == (0, [])


# --- other namespaces ---


def test_namespaces_that_ip_made(world: World, ask: Asker) -> None:
    for name in ("as-here", "other"):
        assert world.run(["ip", "netns", "add", name]).rc == 0
    world.run(["ip", "netns", "exec", "other", "sysctl", "-w", f"{TIME}=60", f"{PROBES}=3"])
    with Holder(world, under=["ip", "netns", "exec", "other"]) as inside:
        inside("listen", "listener", "0.0.0.0", 0, [])
        found = ask.again(world, keepalive_info())["namespaces"]
    assert sorted((each["name"], each["processes"], each["differs"]) for each in found) == [
        ("as-here", 0, False),
        ("other", 1, True),
    ]
    settings = {each["name"]: each["settings"] for each in found}
    assert settings == {
        "as-here": {"time": 7200, "probes": 9, "intvl": 75},
        "other": {"time": 60, "probes": 3, "intvl": 75},
    }
    assert all(
        f"net:[{each['inode']}]" in world.run(["findmnt", "-no", "FSROOT"]).stdout for each in found
    )


def test_a_namespace_of_a_process_alone(world: World, ask: Asker) -> None:
    with Holder(world, under=["unshare", "--net"]) as inside:
        (found,) = ask.again(world, keepalive_info())["namespaces"]
        assert (found["processes"], found["differs"]) == (1, False)
        inode = world.run(["readlink", f"/proc/{inside.pid}/ns/net"]).stdout
        assert inode.strip() == f"net:[{found['inode']}]"
        world.set_sysctl(TIME, 60)
        assert ask.ok(world, keepalive_info())["namespaces"][0]["differs"]
        assert ask.ok(world, keepalive_info(namespaces=False))["namespaces"] == []
    assert ask.ok(world, keepalive_info())["namespaces"] == []


def test_a_namespace_that_is_mounted_where_ip_does_not_look(world: World, ask: Asker) -> None:
    world.write("/srv/two words", "")
    assert world.run(["unshare", "--net=/srv/two words", "true"]).rc == 0
    (found,) = ask.again(world, keepalive_info())["namespaces"]
    assert (found["name"], found["processes"], found["settings"]["time"]) == ("two words", 0, 7200)


def test_a_namespace_that_may_not_be_entered(world: World, ask: Asker) -> None:
    dropped = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
    with Holder(world, under=["unshare", "--net"]):
        result = ask.again(world, keepalive_info(), under=dropped)
    (found,) = result["namespaces"]
    assert (found["processes"], found["differs"], found["settings"]) == (
        1,
        None,
        dict.fromkeys(("time", "probes", "intvl")),
    )
    (problem,) = result["problems"]
    assert f"net:[{found['inode']}]" in problem["problem"]
    assert "Operation not permitted" in problem["problem"]


# --- many connections ---


def test_40_000_and_100_000_connections(world: World, ask: Asker) -> None:
    held: dict[int, int] = {}
    with ExitStack() as ended:
        for network, ends in enumerate((40_000, 60_000), 1):
            for holder, number in crowd(world, ends // 2, network).items():
                ended.enter_context(holder)
                held[holder.pid] = number
            everything = sum(held.values())
            assert connections(world, ask) == counts(
                with_=everything // 4, without=everything - everything // 4
            )
        result = ask.ok(world, keepalive_info(process_limit=1000))
    assert everything == 100_000
    assert {each["pid"]: each["established"] for each in result["processes"]} == held
    assert (result["processes_unseen"], result["problems"]) == (0, [])


# --- kernels and containers that tell less ---

NO_SOCK_DIAG = [
    "strace",
    "-f",
    "-qq",
    "-o",
    "/dev/null",
    "-e",
    "trace=socket",
    "-e",
    "inject=socket:error=EPERM",
]
NO_ANSWER = [
    "strace",
    "-f",
    "-qq",
    "-o",
    "/dev/null",
    "-e",
    "trace=recvmsg",
    "-e",
    "inject=recvmsg:error=ENOENT",
]
NO_PROC_NET = [
    "unshare",
    "--mount",
    "sh",
    "-c",
    'mount -t proc -o subset=pid proc /proc; exec "$@"',
    "sh",
]


@pytest.mark.parametrize("under", [NO_SOCK_DIAG, NO_ANSWER], ids=["not allowed", "not built in"])
def test_without_sock_diag_the_same_is_found_in_proc(
    world: World, ask: Asker, holder: Holder, under: list[str]
) -> None:
    holder.pair("not", ())
    holder.pair("v6", ARMED, "::1")
    holder.pair("old", ARMED)
    holder.pair("window is closed", ARMED)
    holder("send", "window is closed", 1 << 26)
    world.set_sysctl(TIME, 60)
    holder.pair("new", ARMED)
    wanted = ask.ok(world, keepalive_info())
    assert wanted["connections"] == counts(with_=3, without=6, unknown=1, stale=2)
    result = ask.again(world, keepalive_info(), under=under)
    (problem,) = result["problems"]
    assert result["source"] == "proc"
    assert problem["path"] == "/proc/net/tcp"
    assert "sock_diag" in problem["problem"]
    same = ("connections", "processes", "processes_unseen", "settings", "dead_after")
    assert {name: result[name] for name in same} == {name: wanted[name] for name in same}


def test_with_neither_it_says_so(world: World, ask: Asker, holder: Holder) -> None:
    holder.pair("a", ARMED)
    result = ask.again(world, keepalive_info(), under=[*NO_PROC_NET, *NO_SOCK_DIAG])
    assert (result["source"], result["connections"], result["processes"]) == (None, None, [])
    assert (result["dead_after"], result["settings"]["time"]) == (
        None,
        {"runtime": None, "boot": None},
    )
    told = [problem["path"] for problem in result["problems"]]
    assert told == ["/proc/sys", "/proc/net/tcp", "/proc/net/tcp"]
    assert "connections are not known" in result["problems"][-1]["problem"]


def test_connections_alone_where_proc_sys_is_missing(
    world: World, ask: Asker, holder: Holder
) -> None:
    holder.pair("a", ARMED)
    result = ask.again(world, keepalive_info(), under=NO_PROC_NET)
    assert result["connections"] == counts(with_=1, without=1)
    assert [problem["path"] for problem in result["problems"]] == ["/proc/sys"]
