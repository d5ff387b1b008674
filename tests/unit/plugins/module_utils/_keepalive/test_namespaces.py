# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other network namespaces: how they are found and named, and what becomes of those that cannot be entered."""

from __future__ import annotations

import errno
import json
import os
import signal
import time
from typing import Any

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._keepalive import namespaces, procfs

OWN = {"time": 7200, "probes": 9, "intvl": 75}
KEYS = {f"net.ipv4.tcp_keepalive_{name}": str(value) for name, value in OWN.items()}
CONTAINER = "0123456789ab" + "c" * 52


class Proc:
    """A folder that stands in for /proc; a namespace is a file, with a link to it from each process in it."""

    def __init__(self, folder: Any) -> None:
        self.folder = folder
        self.mounts = ""

    def namespace(self, name: str) -> int:
        path = self.folder / name
        if not path.exists():
            path.write_text("")
        return int(path.stat().st_ino)

    def process(self, pid: int | str, name: str, cgroup: str = "0::/") -> int:
        inode = self.namespace(name)
        (self.folder / str(pid) / "ns").mkdir(parents=True)
        os.link(self.folder / name, self.folder / str(pid) / "ns/net")
        (self.folder / str(pid) / "cgroup").write_text(cgroup + "\n")
        return inode

    def mount(self, name: str, path: str) -> int:
        inode = self.namespace(name)
        self.mounts += f"36 35 0:4 net:[{inode}] {path} rw shared:5 - nsfs nsfs rw\n"
        (self.folder / "self/mountinfo").write_text(
            "22 1 8:1 / / rw - ext4 /dev/sda rw\n" + self.mounts
        )
        return inode


@pytest.fixture
def proc(tmp_path, monkeypatch):
    monkeypatch.setattr(procfs, "PROC", str(tmp_path))
    made = Proc(tmp_path)
    made.process("self", "own")
    return made


@pytest.fixture
def entered(monkeypatch):
    """Enter any namespace: it has the settings of this one."""
    monkeypatch.setattr(namespaces, "_setns", lambda _fd: None)


def look() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    problems: list[dict[str, Any]] = []
    return namespaces.other_namespaces(OWN, problems), problems


def no_child_is_left() -> bool:
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    return True


@pytest.mark.usefixtures("entered")
def test_each_once_and_not_our_own(proc, kernel):
    kernel(**KEYS)
    one, other = proc.process(5, "one", "0::/system.slice/one.service"), proc.process(7, "other")
    proc.process(6, "one", "0::/system.slice/later.service")
    proc.process(4, "own")
    mounted = proc.mount("mounted", str(proc.folder / "mounted"))
    proc.mount("other", str(proc.folder / "other"))
    proc.mount("own", "/run/netns/own")
    found, problems = look()
    assert {each["inode"]: (each["name"], each["processes"]) for each in found} == {
        one: ("one.service", 2),
        other: ("other", 1),
        mounted: ("mounted", 0),
    }
    assert all(each["settings"] == OWN and each["differs"] is False for each in found)
    assert (problems, no_child_is_left()) == ([], True)


def test_the_name_that_ip_gave_wins(proc):
    inode = proc.process(5, "one", "0::/system.slice/one.service")
    proc.mount("one", "/run/docker/netns/2")
    proc.mount("one", "/run/netns/blue\\040sky")
    proc.mount("one", "/run/docker/netns/1")
    (found,), _problems = look()
    assert (found["inode"], found["name"]) == (inode, "blue sky")


@pytest.mark.usefixtures("entered")
def test_what_differs(proc, kernel):
    kernel(**{**KEYS, "net.ipv4.tcp_keepalive_probes": "3"})
    proc.process(5, "one")
    (found,), _problems = look()
    assert (found["settings"], found["differs"]) == ({**OWN, "probes": 3}, True)


def test_one_that_cannot_be_entered(proc):
    inode = proc.process(5, "a file, which is no namespace")
    (found,), (problem,) = look()
    assert (found["inode"], found["differs"], found["settings"]) == (
        inode,
        None,
        dict.fromkeys(OWN),
    )
    assert problem["path"] == str(proc.folder / "5/ns/net")
    assert f"net:[{inode}]" in problem["problem"]
    assert "Invalid argument" in problem["problem"]


@pytest.mark.usefixtures("entered")
def test_one_that_has_no_such_settings(proc, kernel):
    kernel(**{key: value for key, value in KEYS.items() if "intvl" not in key})
    proc.process(5, "one")
    (found,), (problem,) = look()
    assert (found["settings"], found["differs"]) == ({**OWN, "intvl": None}, None)
    assert "tcp_keepalive_intvl" in problem["problem"]


@pytest.mark.usefixtures("entered")
def test_one_that_goes_away(proc, kernel, monkeypatch):
    kernel(**KEYS)
    proc.process(5, "first")
    proc.process(6, "second")
    proc.process(7, "second")
    (proc.folder / "8/ns").mkdir(parents=True)  # ended before it was looked at
    visit = namespaces._send_settings

    def later(*args: Any) -> None:
        (proc.folder / "5/ns/net").unlink()
        (proc.folder / "6/ns/net").unlink()
        (proc.folder / "6/ns/net").write_text("another process by now, in another namespace")
        visit(*args)

    monkeypatch.setattr(namespaces, "_send_settings", later)
    found, (problem,) = look()
    assert [(each["processes"], each["differs"]) for each in found] == [(1, None), (2, False)]
    assert "went away" in problem["problem"]


def test_a_number_that_is_another_process_by_now(proc, monkeypatch):
    entered = []
    monkeypatch.setattr(namespaces, "_setns", lambda fd: entered.append(os.fstat(fd).st_ino))
    inode = proc.process(5, "one")
    proc.process(4, "other")
    doors = [str(proc.folder / f"{pid}/ns/net") for pid in (3, 4, 5)]
    namespaces._enter_namespace(inode, doors)
    assert entered == [inode]
    with pytest.raises(FileNotFoundError):
        namespaces._enter_namespace(inode, doors[:2])


def test_a_kernel_without_namespaces(proc):
    (proc.folder / "self/ns/net").unlink()
    proc.process(5, "one")
    found, (problem,) = look()
    assert (found, problem["path"]) == ([], "/proc/self/ns/net")
    assert "not known: No such file" in problem["problem"]


def test_processes_that_are_not_for_us(proc):
    (proc.folder / "5").write_text("what is below cannot be looked at")
    found, (problem,) = look()
    assert (found, problem["path"]) == ([], "/proc/*/ns/net")
    assert "1 of 1 processes" in problem["problem"]


@pytest.mark.parametrize("end", ["hang", "crash"])
def test_a_child_that_gives_no_answer(proc, monkeypatch, end):
    proc.process(5, "one")
    monkeypatch.setattr(namespaces, "_TIMEOUT", 0.2)

    def visit(_doors: Any, pipe: int) -> None:
        os.write(pipe, b"[1, {}")
        if end == "crash":
            raise MemoryError
        signal.pause()

    monkeypatch.setattr(namespaces, "_send_settings", visit)
    (found,), (problem,) = look()
    assert found["differs"] is None
    assert "no answer" in problem["problem"]
    assert no_child_is_left()


@pytest.mark.usefixtures("proc")
def test_nobody_is_sent_where_there_is_nothing(monkeypatch):
    monkeypatch.delattr(os, "fork")
    assert look() == ([], [])


@pytest.mark.parametrize(
    "missing", [ImportError("No module named _ctypes"), OSError(errno.EPERM, "not permitted")]
)
def test_what_the_child_tells(proc, kernel, monkeypatch, missing):
    """In this process, where one can see into it."""
    kernel(**KEYS)
    inode = proc.process(5, "one")
    here, there = os.pipe()
    doors = {inode: [str(proc.folder / "no"), str(proc.folder / "5/ns/net")]}

    def fail(_fd: int) -> None:
        raise missing

    monkeypatch.setattr(namespaces, "_setns", lambda _fd: None)
    namespaces._send_settings(doors, there)
    monkeypatch.setattr(namespaces, "_setns", fail)
    namespaces._send_settings(doors, there)
    os.close(there)
    told = [json.loads(line) for line in namespaces._read_lines(here, time.monotonic() + 60)]
    os.close(here)
    assert told[0] == [inode, OWN, ""]
    assert told[1][:2] == [inode, {}]
    assert str(missing.args[-1]) in told[1][2]


@pytest.mark.parametrize("with_python", [True, False], ids=["Python 3.12", "before"])
def test_entering_needs_a_namespace(with_python, monkeypatch):
    if not with_python:
        monkeypatch.delattr(os, "setns", raising=False)
    fd = os.open(os.devnull, os.O_RDONLY)
    with pytest.raises(OSError, match="Invalid argument"):
        namespaces._setns(fd)
    os.close(fd)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", None),
        ("garbage", None),
        ("0::/", None),
        ("0::/init.scope", None),
        ("0::/system.slice/web.service", "web.service"),
        (f"0::/system.slice/docker-{CONTAINER}.scope", "docker-0123456789ab.scope"),
        (f"0::/system.slice/docker-{CONTAINER}.scope/init.scope", "docker-0123456789ab.scope"),
        (f"12:pids:/docker/{CONTAINER}\n1:name=systemd:/docker/{CONTAINER}\n0::/", "0123456789ab"),
        (f"3:cpu:/\n2:memory:/docker/{CONTAINER}", "0123456789ab"),
        (f"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{CONTAINER}.scope", "cri-containerd-0123456789ab.scope"),
        (f"0::/kubepods/besteffort/pod1/{CONTAINER}", "0123456789ab"),
        (f"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{CONTAINER}.scope/container", "libpod-0123456789ab.scope"),
        ("0::/machine.slice/systemd-nspawn@web.service/payload/system.slice/ssh.service", "systemd-nspawn@web.service"),
        ("0::/machine.slice/machine-web.scope/payload/init.scope", "machine-web.scope"),
        ("0::/lxc.payload.web/system.slice/ssh.service", "lxc.payload.web"),
        ("0::/../../lab/web/init.scope", "web"),
        ("0::/user.slice/user-1000.slice/session-3.scope", "session-3.scope"),
    ],
)  # fmt: skip
def test_the_name_of_a_control_group(text, name):
    assert namespaces.cgroup_name(text) == name


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a",
        "1 2 3 4",
        "36 35 0:4 / /run/netns rw",
        "36 35 0:4 mnt:[12] /run/snapd/x.mnt rw",
        "36 35 0:4 net:[] /x rw",
    ],
)
def test_mounts_that_are_no_network_namespace(line):
    assert namespaces.mounted_namespaces(line) == {}
