# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real ansible-playbook runs that are killed, and hosts that are really broken."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from sandbox.tasks import FIN, OURS, PROBES, TIME, Asker, sysctl
from sandbox.world import NOBODY, World

LATER = "/etc/sysctl.d/99-z.conf"
TASK = sysctl({TIME: 3600, PROBES: 5}, on_override="comment_out", backup=True)
OLD_CONTENT = "# theirs\n"
NEW_CONTENT = f"# theirs\n{TIME} = 3600\n{PROBES} = 5\n"
KILLS = [
    ("write", "/proc/sys/net/ipv4/tcp_keepalive_time", 1),
    ("write", "/proc/sys/net/ipv4/tcp_keepalive_probes", 1),
    ("fsync", "", 1),
    ("fsync", "", 3),
    ("link", "", 1),
    ("rename", "", 1),
    ("rename", "", 2),
    ("rename", "", 4),
    ("unlink", "", 1),
]
"""System call, path (or any), and which of these calls is killed."""


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.mark.parametrize(("call", "path", "when"), KILLS)
def test_ansible_playbook_killed_on_the_host(
    world: World, ask: Asker, call: str, path: str, when: int, count: Callable[[str, int], None]
) -> None:
    world.place({OURS: OLD_CONTENT, LATER: f"{TIME} = 1\n"})
    strace = ["strace", "-f", "-qq", "-o", "/srv/trace"]
    if path:
        strace += ["-P", path]
    strace += ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={when}"]
    (killed,) = ask.controller.play(world, TASK, under=strace)
    count("kill points", 1)
    assert killed.failed
    assert "SIGKILL" in world.read("/srv/trace")
    assert world.read(OURS) in (OLD_CONTENT, NEW_CONTENT)
    ask.ok(world, TASK)
    assert world.read(OURS) == NEW_CONTENT
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}
    assert not [path for path in world.files("/etc/sysctl.d") if "/." in path]
    ask.again(world, TASK)


# --- broken hosts ---


def run_shell(world: World, *commands: str) -> None:
    for command in commands:
        process = world.run(["sh", "-ec", command])
        assert process.rc == 0, process.stderr


class BrokenFolder(NamedTuple):
    """A way to make our file unchangeable."""

    before: str
    """Command before our file is written."""
    after: str
    """Command after that."""
    errno: int
    """What the task must fail with."""


BROKEN_FOLDERS = {
    "a full disk": BrokenFolder(
        before="mount -t tmpfs -o size=8k,mode=755 tmpfs /etc/sysctl.d",
        after="cat /dev/zero >/etc/sysctl.d/rest || :",
        errno=errno.ENOSPC,
    ),
    "a read-only bind mount": BrokenFolder(
        before="mount --bind /etc/sysctl.d /etc/sysctl.d",
        after="mount -o remount,bind,ro /etc/sysctl.d",
        errno=errno.EROFS,
    ),
    "an immutable file on ext4": BrokenFolder(
        before="truncate -s 8M /srv/disk; mkfs.ext4 -q /srv/disk; "
        "mount -o loop /srv/disk /etc/sysctl.d",
        after=f"chattr +i {OURS}",
        errno=errno.EPERM,
    ),
    "a file that is a bind mount": BrokenFolder(
        before="true",
        after=f"cp {OURS} /srv/other; mount --bind /srv/other {OURS}",
        errno=errno.EBUSY,
    ),
}


@pytest.mark.parametrize("name", BROKEN_FOLDERS)
def test_a_file_that_cannot_be_changed(
    world: World, ask: Asker, name: str, count: Callable[[str, int], None]
) -> None:
    broken = BROKEN_FOLDERS[name]
    run_shell(world, broken.before)
    world.write(OURS, f"{FIN} = 60\n")
    run_shell(world, broken.after)
    before = world.snapshot()
    result = ask(world, sysctl({TIME: 3600}))
    count("broken hosts", 1)
    assert result.failed
    assert (result["errno"], result["rolled_back"]) == (broken.errno, True), result["msg"]
    assert OURS in result["msg"]
    assert world.snapshot() == before


def test_a_read_only_proc_sys(ask: Asker, count: Callable[[str, int], None]) -> None:
    count("broken hosts", 1)
    with World(proc_sys="none") as world:
        result = ask.fails(world, sysctl({TIME: 3600}))
        failure = (result["failed_key"], result["errno"], result["rolled_back"])
        assert failure == (TIME, errno.EROFS, True)


def test_an_unprivileged_user(world: World, ask: Asker, count: Callable[[str, int], None]) -> None:
    count("broken hosts", 1)
    result = ask.fails(world, sysctl({TIME: 3600}), user=NOBODY, python="/usr/bin/python3")
    failure = (result["failed_key"], result["errno"], result["rolled_back"])
    assert failure == (TIME, errno.EACCES, True)


def test_root_of_a_user_namespace(ask: Asker, count: Callable[[str, int], None]) -> None:
    """It may set what belongs to its network namespace, and nothing else."""
    count("broken hosts", 1)
    with World(user=NOBODY) as world:
        key = "net.core.rmem_default"
        result = ask.fails(world, sysctl({TIME: 3600, key: 1 << 20}), python="/usr/bin/python3")
        assert (result["failed_key"], result["rolled_back"]) == (key, True)


# --- secrets, shells and format strings ---

SECRET = "5ec4e75e-c4e75ec4-e75ec4e7-5ec4e75e"  # noqa: S105 # invented
FASTOPEN_KEY = "net.ipv4.tcp_fastopen_key"
SYSLOG = """
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
"""A daemon that writes what is sent to /dev/log to /srv/log."""
OWN_DEV = """
mkdir /srv/dev
for name in null zero urandom; do
    touch /srv/dev/$name
    mount --bind /dev/$name /srv/dev/$name
done
mkdir /srv/dev/shm
mount --rbind /srv/dev /dev
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
"""
"""Gives the world a /dev in which /dev/log can be created."""


def start_syslog(world: World) -> None:
    run_shell(world, OWN_DEV)
    assert world.run([sys.executable, "-I", "-S", "-c", SYSLOG]).rc == 0


def read_syslog(world: World) -> str:
    """Wait until the log has the line of a module, which is written by another process."""
    for _try in range(1000):
        if world.exists("/srv/log") and "Invoked with" in world.read("/srv/log"):
            break
        time.sleep(0.02)
    return world.read("/srv/log")


@pytest.mark.parametrize("fails", [False, True])
def test_a_secret_goes_to_the_kernel_and_the_file_and_nowhere_else(
    world: World, ask: Asker, fails: bool
) -> None:
    """No result, diff, log, file that others may read, or argument of a process shows it."""
    start_syslog(world)
    world.write(OURS, f"{FASTOPEN_KEY} = 00000000-00000000-00000000-00000001\n", 0o600)
    settings: dict[str, str | int] = {FASTOPEN_KEY: SECRET}
    if fails:
        settings["net.ipv4.tcp_retries1"] = 1000
    calls = "trace=execve,write,sendto,sendmsg,connect,socket"
    strace = ["strace", "-f", "-qq", "-y", "-s", "100000", "-o", "/srv/trace", "-e", calls]
    (result,) = ask.controller.play(world, sysctl(settings, backup=True), diff=True, under=strace)
    assert result.failed == fails
    assert "Invoked with" in read_syslog(world), "the module's own line is there"
    assert SECRET not in world.read("/srv/log")
    assert SECRET not in str(dict(result))
    check_calls_with_secret(world.read("/srv/trace"))
    check_modes(world)
    if not fails:
        assert SECRET in world.read(OURS)
        later = ask.ok(world, sysctl({FASTOPEN_KEY: SECRET, TIME: 3600}))
        assert SECRET not in str(dict(later))


def check_calls_with_secret(trace: str) -> None:
    """Check that the secret is written to its key and to temporary files of ours only."""
    proc_file = f"/proc/sys/{FASTOPEN_KEY.replace('.', '/')}>"
    lines = [line for line in trace.splitlines() if SECRET in line]
    assert lines
    assert all(proc_file in line or ".90-ansible.conf." in line for line in lines), lines


def check_modes(world: World) -> None:
    """Check that all files, backups too, have the mode of the original."""
    modes = set()
    for mode, _uid, _gid, kind, *_content in world.files("/etc/sysctl.d").values():
        if kind == "file":
            modes.add(mode)
    assert modes == {"0o600"}


@pytest.mark.parametrize(
    "payload",
    ["$(touch /srv/pwned)", "`touch /srv/pwned`", "; touch /srv/pwned", "%s%n", "{0}", "%(key)s"],
)
def test_no_value_or_key_reaches_a_shell_or_a_format_string(
    world: World, ask: Asker, payload: str
) -> None:
    key = "kernel.domainname"  # takes any text; here it is read-only
    refused_value = ask.fails(world, sysctl({"net.ipv4.tcp_congestion_control": payload}))
    ask.fails(world, sysctl({f"net.ipv4.{payload}": 1}))
    assert payload in refused_value["msg"]
    assert not world.exists("/srv/pwned")
    result = ask.ok(world, sysctl({key: payload}, runtime=False, header=payload))
    assert result["settings"][key]["persistent"]["after"] == payload
    assert f"{key} = {payload}\n" in world.read(OURS)
    assert not world.exists("/srv/pwned")
