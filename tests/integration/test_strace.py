# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module does to the host, as the kernel sees it: one program, and not one write where nothing changes."""

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
ANSIBLES_OWN = re.compile(r"[<\"](/srv/(tmp|home)|/dev/(null|shm)|pipe:|socket:|/proc/self/fd)")
"""Where Ansible unpacks the module that it sends, and how it answers."""
TASKS = {
    "sysctl": sysctl({TIME: 3600, PROBES: 9, INTVL: 25}),
    "a glob": sysctl({"net.ipv4.conf.*.medium_id": 0}),
    "comment_out": sysctl({TIME: 3600}, on_override="comment_out", backup=True, mode="0644"),
    "tcp_keepalive": tcp_keepalive(),
    "absent": sysctl({PROBES: 9}, state="absent"),
}


def calls(world: World) -> Iterator[str]:
    """Yield what was done to the host: each call as strace prints it, but for Ansible's own files, and reading."""
    for line in world.read(TRACE).splitlines():
        call = line.partition(" ")[2].strip()
        reading = re.match(r"open(at)?\(", call) and not re.search(
            r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", call
        )
        if not reading and not ANSIBLES_OWN.search(call):
            yield call


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
    assert [each["settings"]["time"] for each in result["namespaces"]] == [7200]
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
    done = [call for call in calls(world) if not call.startswith("execve")]
    assert sum(call.startswith("execve") for call in calls(world)) == 1
    wanted = [
        rf"write\(\d+<{'/proc/sys/' + TIME.replace('.', '/')}>, \"3600",
        rf"write\(\d+<{'/proc/sys/' + INTVL.replace('.', '/')}>, \"25",
        r"write\(\d+</etc/sysctl\.d/\.90-ansible\.conf[^>]*>",
        r"fsync\(\d+</etc/sysctl\.d/\.90-ansible\.conf[^>]*>",
        rf"rename\w*\(.*\"{re.escape(OURS)}\"",
        r"fsync\(\d+</etc/sysctl\.d>",
    ]
    places = [
        next((n for n, call in enumerate(done) if re.match(pattern, call)), None)
        for pattern in wanted
    ]
    assert None not in places, (places, done)
    assert places == sorted(places, key=lambda place: place or 0), done
    assert not any(PROBES.replace(".", "/") in call for call in done), (
        "a value that is right is not written"
    )
