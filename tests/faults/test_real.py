# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same with nothing in between: real ansible-playbook, and hosts that really are as broken as they can be made."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator

import pytest
from sandbox.tasks import FIN, OURS, PROBES, TIME, Asker, sysctl
from sandbox.world import NOBODY, World

LATER = "/etc/sysctl.d/99-z.conf"
TASK = sysctl({TIME: 3600, PROBES: 5}, on_override="comment_out", backup=True)
KILLS = [
    ("write", "/proc/sys/net/ipv4/tcp_keepalive_time", 1), ("write", "/proc/sys/net/ipv4/tcp_keepalive_probes", 1), ("fsync", "", 1),
    ("fsync", "", 3), ("link", "", 1), ("rename", "", 1), ("rename", "", 2), ("rename", "", 4), ("unlink", "", 1),
]  # fmt: skip


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made


@pytest.mark.parametrize(("call", "path", "when"), KILLS)
def test_ansible_playbook_killed_on_the_host(
    world: World, ask: Asker, call: str, path: str, when: int, count: Callable[[str, int], None]
) -> None:
    world.place({OURS: "# theirs\n", LATER: f"{TIME} = 1\n"})
    where = ["-P", path] if path else []
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={when}"]
    (killed,) = ask.controller.play(
        world, TASK, under=["strace", "-f", "-qq", "-o", "/srv/trace", *where, *inject]
    )
    count("kill points", 1)
    assert killed.failed
    assert "SIGKILL" in world.read("/srv/trace")
    assert world.read(OURS) in ("# theirs\n", f"# theirs\n{TIME} = 3600\n{PROBES} = 5\n")
    ask.ok(world, TASK)
    assert world.read(OURS) == f"# theirs\n{TIME} = 3600\n{PROBES} = 5\n"
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}
    assert not [name for name in world.files("/etc/sysctl.d") if "/." in name]
    ask.again(world, TASK)


# --- hosts that are broken -----------------------------------------------------------------------------------------


def shell(world: World, *commands: str) -> None:
    for command in commands:
        ran = world.run(["sh", "-ec", command])
        assert ran.rc == 0, ran.stderr


BROKEN = {
    "a disk without room": ("mount -t tmpfs -o size=8k,mode=755 tmpfs /etc/sysctl.d", "cat /dev/zero >/etc/sysctl.d/rest || :", errno.ENOSPC),
    "a read-only bind mount": ("mount --bind /etc/sysctl.d /etc/sysctl.d", "mount -o remount,bind,ro /etc/sysctl.d", errno.EROFS),
    "an immutable file on ext4": (
        "truncate -s 8M /srv/disk; mkfs.ext4 -q /srv/disk; mount -o loop /srv/disk /etc/sysctl.d", f"chattr +i {OURS}", errno.EPERM,
    ),
    "a file that is a bind mount": ("true", f"cp {OURS} /srv/other; mount --bind /srv/other {OURS}", errno.EBUSY),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_changed(
    world: World, ask: Asker, name: str, count: Callable[[str, int], None]
) -> None:
    before, after, number = BROKEN[name]
    shell(world, before)
    world.write(OURS, f"{FIN} = 60\n")
    shell(world, after)
    found = world.snapshot()
    result = ask(world, sysctl({TIME: 3600}))
    count("broken hosts", 1)
    assert result.failed
    assert (result["errno"], result["rolled_back"]) == (number, True), result["msg"]
    assert OURS in result["msg"]
    assert world.snapshot() == found


def test_a_proc_sys_that_is_read_only(ask: Asker, count: Callable[[str, int], None]) -> None:
    count("broken hosts", 1)
    with World(proc_sys="none") as world:
        result = ask.fails(world, sysctl({TIME: 3600}))
        assert (result["failed_key"], result["errno"], result["rolled_back"]) == (
            TIME,
            errno.EROFS,
            True,
        )


def test_no_privilege(world: World, ask: Asker, count: Callable[[str, int], None]) -> None:
    count("broken hosts", 1)
    result = ask.fails(world, sysctl({TIME: 3600}), user=NOBODY, python="/usr/bin/python3")
    assert (result["failed_key"], result["errno"], result["rolled_back"]) == (
        TIME,
        errno.EACCES,
        True,
    )


def test_root_of_a_user_namespace_alone(ask: Asker, count: Callable[[str, int], None]) -> None:
    """It may set what belongs to its network, and nothing else."""
    count("broken hosts", 1)
    with World(user=NOBODY) as world:
        key = "net.core.rmem_default"
        result = ask.fails(world, sysctl({TIME: 3600, key: 1 << 20}), python="/usr/bin/python3")
        assert (result["failed_key"], result["rolled_back"]) == (key, True)


# --- what must never get out ---------------------------------------------------------------------------------------

SECRET = "5ec4e75e-c4e75ec4-e75ec4e7-5ec4e75e"  # noqa: S105
FASTOPEN = "net.ipv4.tcp_fastopen_key"
LISTENER = """
import os, socket
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
os.chmod("/dev/log", 0o666)
if os.fork():
    os._exit(0)
os.setsid()
null = os.open("/dev/null", os.O_RDWR)
for fd in (0, 1, 2):
    os.dup2(null, fd)
while True:
    packet = log.recv(1 << 16)
    with open("/srv/log", "ab") as file:
        file.write(packet + b"\\n")
"""
DEV = """
mkdir /srv/dev
for name in null zero urandom; do touch /srv/dev/$name; mount --bind /dev/$name /srv/dev/$name; done
mkdir /srv/dev/shm
mount --rbind /srv/dev /dev
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
"""


@pytest.mark.parametrize("fails", [False, True])
def test_a_secret_goes_to_the_kernel_and_the_file_and_nowhere_else(
    world: World, ask: Asker, fails: bool
) -> None:
    """Not into result, diff, log, a file that others may read, or the arguments of a process."""
    shell(world, DEV)
    assert world.run([sys.executable, "-I", "-S", "-c", LISTENER]).rc == 0
    world.write(OURS, f"{FASTOPEN} = 00000000-00000000-00000000-00000001\n", 0o600)
    calls = "trace=execve,write,sendto,sendmsg,connect,socket"
    settings = {FASTOPEN: SECRET, **({"net.ipv4.tcp_retries1": 1000} if fails else {})}
    task = sysctl(settings, backup=True)
    (result,) = ask.controller.play(
        world,
        task,
        diff=True,
        under=["strace", "-f", "-qq", "-y", "-s", "100000", "-o", "/srv/trace", "-e", calls],
    )
    assert result.failed == fails
    assert "Invoked with" in world.read("/srv/log"), "the module's own line is there"
    assert SECRET not in world.read("/srv/log")
    assert SECRET not in str(dict(result))
    told = [line for line in world.read("/srv/trace").splitlines() if SECRET in line]
    assert told
    assert all(
        f"/proc/sys/{FASTOPEN.replace('.', '/')}>" in line or ".90-ansible.conf." in line
        for line in told
    ), told
    assert {
        what[0] for path, what in world.files("/etc/sysctl.d").items() if what[3] == "file"
    } == {"0o600"}
    if not fails:
        assert SECRET in world.read(OURS)
        assert SECRET not in str(dict(ask.ok(world, sysctl({FASTOPEN: SECRET, TIME: 3600}))))


@pytest.mark.parametrize(
    "payload",
    ["$(touch /srv/pwned)", "`touch /srv/pwned`", "; touch /srv/pwned", "%s%n", "{0}", "%(key)s"],
)
def test_no_value_or_key_reaches_a_shell_or_a_format(
    world: World, ask: Asker, payload: str
) -> None:
    key = "net.ipv4.tcp_congestion_control"
    found = [
        ask.fails(world, sysctl({key: payload})),
        ask.fails(world, sysctl({f"net.ipv4.{payload}": 1})),
    ]
    assert payload in found[0]["msg"]
    assert not world.exists("/srv/pwned")
    result = ask.ok(world, sysctl({key: payload}, runtime=False, header=payload))
    assert result["settings"][key]["persistent"]["after"] == payload
    assert f"{key} = {payload}\n" in world.read(OURS)
    assert not world.exists("/srv/pwned")
