# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After a failure the host is as it was before.

The result names the key and the error, and says that the change was rolled back. `ask.fails`
compares all files with their inodes and times, and all of /proc/sys/net, before and after.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest
from sandbox.tasks import FIN, INTVL, OURS, PROBES, TIME, Asker, sysctl
from sandbox.world import World

LATER = "/etc/sysctl.d/99-z.conf"
VENDOR = "/usr/lib/sysctl.d/50-vendor.conf"
RETRIES1 = "net.ipv4.tcp_retries1"
FORWARD = "net.ipv4.ip_forward"
REDIRECTS = "net.ipv4.conf.all.accept_redirects"
PANIC = "kernel.panic"
TRACE = "/srv/trace"


def strace(*options: str) -> list[str]:
    """Return a command prefix that traces a command and its children into TRACE."""
    return ["strace", "-f", "-qq", "-o", TRACE, *options]


def inject_error(call: str, error: str, when: int) -> list[str]:
    """Return a command prefix that makes the `when`th of these system calls fail."""
    return strace("-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}")


def mount_on_sysctl_d(world: World, options: str) -> None:
    """Mount an empty file system on /etc/sysctl.d."""
    mount = world.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", "/etc/sysctl.d"])
    assert mount.rc == 0


# --- the kernel refuses ---


def test_one_key_of_several_is_refused(world: World, ask: Asker) -> None:
    result = ask.fails(world, sysctl({TIME: 3600, FIN: 50, RETRIES1: 1000, INTVL: 25}))
    assert result["failed_key"] == RETRIES1
    assert result["errno"] == errno.EINVAL
    assert "1000 is outside of the range" in result["msg"]
    assert result["rolled_back"] is True
    assert not world.exists(OURS)


def test_an_existing_file_stays_as_it_is(world: World, ask: Asker) -> None:
    content = f"# theirs\n{TIME} = 1\n"
    world.write(OURS, content)
    ask.fails(world, sysctl({TIME: 3600, RETRIES1: 1000}))
    assert world.read(OURS) == content


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("net.ipv4.ping_group_range", "10 5", "1 0"),  # an empty range is stored as this one
        (TIME, "3600 9", "3600"),
        (FIN, "010", "8"),
    ],
)
def test_the_kernel_stores_another_value(
    world: World, ask: Asker, key: str, value: str, stored: str
) -> None:
    """The kernel accepts the write, so the module reads the value back; the message names it."""
    result = ask.fails(world, sysctl({INTVL: 25, key: value}))
    assert result["failed_key"] == key
    assert stored in result["msg"]
    assert value in result["msg"]


def test_a_zero_with_a_sign_is_another_value(world: World, ask: Asker) -> None:
    """The kernel shows -0 for a negative number of ticks that are no whole hundredth second."""
    locktime = "net.ipv6.neigh.lo.locktime"
    world.set_sysctl(locktime, 0)
    result = ask.fails(world, sysctl({locktime: -1}))
    assert result["rolled_back"] is True
    assert "give '0'" in result["msg"]
    world.set_sysctl(locktime, -1)
    assert world.sysctl(locktime) == "-0"
    changed = ask.ok(world, sysctl({locktime: 0}))
    assert changed["changed_keys"] == [locktime]
    assert changed["previous"] == {}
    assert world.sysctl(locktime) == "0"


def test_no_number_is_advised_that_the_kernel_refuses(world: World, ask: Asker) -> None:
    result = ask.fails(world, sysctl({"net.ipv4.neigh.lo.proxy_delay": 1 << 32}))
    assert "give a smaller number" in result["msg"]


def test_a_later_key_changes_an_earlier_one(make_world: Callable[..., World], ask: Asker) -> None:
    """The two keys are names of one value. All keys are read back once all are written."""
    world = make_world(interfaces=["br0"])
    seconds = "net.ipv4.neigh.br0.base_reachable_time"
    milliseconds = f"{seconds}_ms"
    result = ask.fails(world, sysctl({seconds: 20, milliseconds: 40000}))
    assert result["failed_key"] in (seconds, milliseconds)
    assert {seconds, milliseconds} <= set(result["msg"].replace(":", " ").split())
    assert result["rolled_back"] is True


def test_a_side_effect_on_another_requested_key_is_set_right(world: World, ask: Asker) -> None:
    """A change of ip_forward resets accept_redirects, which is then written again."""
    ask.ok(world, sysctl({REDIRECTS: 1, FORWARD: 1}))
    assert (world.sysctl(REDIRECTS), world.sysctl(FORWARD)) == ("1", "1")


def test_the_same_keys_in_the_other_order_succeed(world: World, ask: Asker) -> None:
    task = sysctl({FORWARD: 1, REDIRECTS: 1})
    ask.ok(world, task)
    assert world.sysctl(REDIRECTS) == "1"
    ask.again(world, task)


@pytest.mark.parametrize("key", ["net.ipv4.tcp_available_congestion_control", "kernel.ostype"])
def test_a_read_only_key(world: World, ask: Asker, key: str) -> None:
    result = ask.fails(world, sysctl({TIME: 3600, key: "x"}))
    assert result["failed_key"] == key
    assert result["errno"] in (errno.EACCES, errno.EPERM, errno.EROFS)


def test_a_read_only_part_of_proc_sys(world: World, ask: Asker) -> None:
    """As in a container: /proc/sys/net can be written, the rest cannot."""
    another_value = int(world.sysctl(PANIC)) + 1
    result = ask.fails(world, sysctl({TIME: 3600, PANIC: another_value}))
    assert result["failed_key"] == PANIC
    assert result["errno"] == errno.EROFS
    assert "ead-only" in result["msg"]


# --- a file cannot be written ---


@pytest.mark.parametrize(
    ("call", "error", "when"),
    [
        ("fsync", "EIO", 1),
        ("fsync", "EIO", 2),
        ("rename,renameat,renameat2", "ENOSPC", 1),
        ("rename,renameat,renameat2", "EROFS", 1),
        ("fchmod,chmod,fchmodat", "EPERM", 1),
    ],
)
def test_a_file_that_cannot_be_written(
    world: World, ask: Asker, call: str, error: str, when: int
) -> None:
    """The kernel has the new values by then: they are undone, and no temporary file stays."""
    world.write(OURS, "# theirs\n")
    before = world.snapshot()
    task = sysctl({TIME: 3600, PROBES: 5})
    result = ask(world, task, under=inject_error(call, error, when))
    assert "(INJECTED)" in world.read(TRACE)
    assert result.failed
    assert OURS in result["msg"]
    assert result["errno"] == getattr(errno, error)
    assert result["rolled_back"] is True
    assert world.snapshot() == before


def test_the_second_file_cannot_be_written(world: World, ask: Asker) -> None:
    """Whichever of the two files is written first is undone."""
    world.place({OURS: "# theirs\n", LATER: f"{TIME} = 1\n"})
    before = world.snapshot()
    task = sysctl({TIME: 3600}, on_override="comment_out", backup=True)
    result = ask(world, task, under=inject_error("rename", "ENOSPC", when=2))
    assert result.failed
    assert world.snapshot() == before, "the backups are gone too"
    assert result["rolled_back"] is True


def test_a_read_only_folder(world: World, ask: Asker) -> None:
    mount_on_sysctl_d(world, "ro,mode=755")
    result = ask.fails(world, sysctl({TIME: 3600}))
    assert result["errno"] == errno.EROFS
    assert result["rolled_back"] is True


def test_a_full_file_system(world: World, ask: Asker) -> None:
    mount_on_sysctl_d(world, "nr_inodes=1,mode=755")
    result = ask.fails(world, sysctl({TIME: 3600}))
    assert result["errno"] == errno.ENOSPC


# --- the rollback itself ---


def test_the_result_names_a_key_that_cannot_be_rolled_back(
    make_world: Callable[..., World], ask: Asker
) -> None:
    """The kernel accepts the first write of the key and refuses all later ones."""
    world = make_world()
    path = "/proc/sys/net/ipv4/tcp_keepalive_time"
    refuse_later_writes = strace("-P", path, "-e", "inject=write:error=EPERM:when=2+")
    task = sysctl({TIME: 3600, RETRIES1: 1000})
    result = ask(world, task, under=refuse_later_writes)
    assert result.failed
    assert result["rolled_back"] is False
    assert TIME in result["msg"]
    assert world.sysctl(TIME) == "3600"


def test_a_failed_removal_is_rolled_back(world: World, ask: Asker) -> None:
    files = {
        OURS: f"{TIME} = 3600\n{FIN} = 50\n",
        VENDOR: f"{FIN} = 21474836\n",  # only kernels whose clock ticks slowly take it
    }
    world.place(files)
    result = ask.fails(world, sysctl({TIME: 7200, FIN: 60}, state="absent"))
    assert result["failed_key"] == FIN
