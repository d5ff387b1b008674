# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The system calls of a module: it starts no program, and writes nothing if nothing changes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sandbox.tasks import (
    INTVL,
    OURS,
    PROBES,
    TIME,
    Asker,
    Task,
    info,
    keepalive_info,
    sysctl,
    tcp_keepalive,
)
from sandbox.world import World

TRACE = "/srv/trace"
CALLS = (
    "execve,execveat,open,openat,creat,write,pwrite64,writev,truncate,ftruncate,fsync,fdatasync,"
    "rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,"
    "chmod,fchmod,fchmodat,chown,fchown,fchownat,lchown,setxattr,fsetxattr,mount"
)
STRACE = [
    "strace",
    "-f",
    "-qq",
    "-y",
    "-s",
    "80",
    "-e",
    "signal=none",
    "-o",
    TRACE,
    "-e",
    f"trace={CALLS}",
]
ANSIBLE_FILES = re.compile(r"[<\"](/srv/(tmp|home)|/dev/(null|shm)|pipe:|socket:|/proc/self/fd)")
"""Files of Ansible itself: the unpacked module, and what carries the result."""
OPEN = re.compile(r"open(at)?\(")
OPEN_TO_WRITE = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")
TASKS = {
    "sysctl": sysctl({TIME: 3600, PROBES: 9, INTVL: 25}),
    "a glob": sysctl({"net.ipv4.conf.*.medium_id": 0}),
    "comment_out": sysctl({TIME: 3600}, on_override="comment_out", backup=True, mode="0644"),
    "tcp_keepalive": tcp_keepalive(),
    "absent": sysctl({PROBES: 9}, state="absent"),
}


def calls(world: World) -> Iterator[str]:
    """Yield each call that changes the host, as strace prints it, but for Ansible's own files."""
    for line in world.read(TRACE).splitlines():
        call = line.partition(" ")[2].strip()
        only_reads = OPEN.match(call) and not OPEN_TO_WRITE.search(call)
        if not only_reads and not ANSIBLE_FILES.search(call):
            yield call


def proc_path(key: str) -> str:
    return "/proc/sys/" + key.replace(".", "/")


def position(calls_made: list[str], pattern: str) -> int:
    """Return the position of the first call that matches."""
    for number, call in enumerate(calls_made):
        if re.match(pattern, call):
            return number
    raise AssertionError(f"no call matches {pattern}: {calls_made}")


@pytest.mark.parametrize("name", TASKS)
def test_nothing_is_written_when_nothing_changes(world: World, ask: Asker, name: str) -> None:
    ask.ok(world, TASKS[name])
    ask.again(world, TASKS[name], under=STRACE)
    (execve,) = calls(world)
    assert execve.startswith("execve("), "Python itself, and no other program"


@pytest.mark.parametrize("task", [info(), info(keys=["net.ipv4.tcp_*"])], ids=["all", "glob"])
def test_info_only_reads(world: World, ask: Asker, task: Task) -> None:
    world.write(OURS, f"{TIME} = 3600\n")
    ask.again(world, task, under=STRACE)
    (execve,) = calls(world)
    assert execve.startswith("execve(")


def test_looking_at_connections_and_namespaces_only_reads(world: World, ask: Asker) -> None:
    assert world.run(["ip", "netns", "add", "other"]).rc == 0
    result = ask.again(world, keepalive_info(), under=STRACE)
    assert [namespace["settings"]["time"] for namespace in result["namespaces"]] == [7200]
    (execve,) = calls(world)
    assert execve.startswith("execve("), "a child entered the namespace, and ran no program"


def test_check_mode_only_reads(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl({TIME: 3600}), check=True, under=STRACE)
    (execve,) = calls(world)
    assert execve.startswith("execve(")


def test_runtime_values_first_then_the_file_synced_renamed_and_its_folder_synced(
    world: World, ask: Asker
) -> None:
    world.write(OURS, "# theirs\n")
    ask.ok(world, sysctl({PROBES: 9, TIME: 3600, INTVL: 25}), under=STRACE)
    execve, *changes = calls(world)
    assert execve.startswith("execve(")
    assert not any(call.startswith("execve") for call in changes), changes
    steps = [
        rf"write\(\d+<{proc_path(TIME)}>, \"3600",
        rf"write\(\d+<{proc_path(INTVL)}>, \"25",
        r"write\(\d+</etc/sysctl\.d/\.90-ansible\.conf[^>]*>",
        r"fsync\(\d+</etc/sysctl\.d/\.90-ansible\.conf[^>]*>",
        rf"rename\w*\(.*\"{re.escape(OURS)}\"",
        r"fsync\(\d+</etc/sysctl\.d>",
    ]
    positions = [position(changes, pattern) for pattern in steps]
    assert positions == sorted(positions), changes
    rewritten = [call for call in changes if proc_path(PROBES) in call]
    assert not rewritten, "a value that is right is not written"
