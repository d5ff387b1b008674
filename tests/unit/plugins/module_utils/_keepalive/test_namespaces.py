# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other network namespaces: finding, naming and entering them."""

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
POD_SLICE = "0::/kubepods.slice/kubepods-pod1.slice"
USER_SLICE = "0::/user.slice/user-1000.slice/user@1000.service/user.slice"
NSPAWN = "0::/machine.slice/systemd-nspawn@web.service"


class Proc:
    """A folder that stands in for /proc.

    A namespace is a file; each process in it has a hard link to the file.
    """

    def __init__(self, folder: Any) -> None:
        self.folder = folder
        self.mounts = ""

    def namespace(self, name: str) -> int:
        """Make a namespace, and return its inode."""
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
    folder = Proc(tmp_path)
    folder.process("self", "own")
    return folder


@pytest.fixture
def setns_succeeds(monkeypatch):
    """Pretend to enter any namespace: it has the settings of this one."""
    monkeypatch.setattr(namespaces, "_setns", lambda _fd: None)


def read_others() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the other namespaces, and the problems found on the way."""
    problems: list[dict[str, Any]] = []
    return namespaces.other_namespaces(OWN, problems), problems


def no_child_remains() -> bool:
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    return True


@pytest.mark.usefixtures("setns_succeeds")
def test_lists_each_other_namespace_once(proc, kernel):
    kernel(**KEYS)
    one, other = proc.process(5, "one", "0::/system.slice/one.service"), proc.process(7, "other")
    proc.process(6, "one", "0::/system.slice/later.service")
    proc.process(4, "own")
    mounted = proc.mount("mounted", str(proc.folder / "mounted"))
    proc.mount("other", str(proc.folder / "other"))
    proc.mount("own", "/run/netns/own")
    results, problems = read_others()
    names = {result["inode"]: (result["name"], result["processes"]) for result in results}
    assert names == {
        one: ("one.service", 2),
        other: ("other", 1),
        mounted: ("mounted", 0),
    }
    for result in results:
        assert result["settings"] == OWN
        assert result["differs"] is False
    assert (problems, no_child_remains()) == ([], True)


def test_name_in_ip_netns_wins(proc):
    inode = proc.process(5, "one", "0::/system.slice/one.service")
    proc.mount("one", "/run/docker/netns/2")
    proc.mount("one", "/run/netns/blue\\040sky")
    proc.mount("one", "/run/docker/netns/1")
    (result,), _problems = read_others()
    assert (result["inode"], result["name"]) == (inode, "blue sky")


@pytest.mark.usefixtures("setns_succeeds")
def test_shows_settings_that_differ(proc, kernel):
    kernel(**{**KEYS, "net.ipv4.tcp_keepalive_probes": "3"})
    proc.process(5, "one")
    (result,), _problems = read_others()
    assert (result["settings"], result["differs"]) == ({**OWN, "probes": 3}, True)


def test_namespace_that_cannot_be_entered(proc):
    inode = proc.process(5, "a file that is no namespace")
    (result,), (problem,) = read_others()
    assert (result["inode"], result["differs"]) == (inode, None)
    assert result["settings"] == dict.fromkeys(OWN)
    assert problem["path"] == str(proc.folder / "5/ns/net")
    assert f"net:[{inode}]" in problem["problem"]
    assert "Invalid argument" in problem["problem"]


@pytest.mark.usefixtures("setns_succeeds")
def test_namespace_without_a_setting(proc, kernel):
    without_intvl = {key: value for key, value in KEYS.items() if "intvl" not in key}
    kernel(**without_intvl)
    proc.process(5, "one")
    (result,), (problem,) = read_others()
    assert (result["settings"], result["differs"]) == ({**OWN, "intvl": None}, None)
    assert "tcp_keepalive_intvl" in problem["problem"]


@pytest.mark.usefixtures("setns_succeeds")
def test_namespace_that_goes_away(proc, kernel, monkeypatch):
    kernel(**KEYS)
    proc.process(5, "first")
    proc.process(6, "second")
    proc.process(7, "second")
    (proc.folder / "8/ns").mkdir(parents=True)  # ended before its namespace is read
    send_settings = namespaces._send_settings

    def end_processes_first(*args: Any) -> None:
        (proc.folder / "5/ns/net").unlink()
        (proc.folder / "6/ns/net").unlink()
        (proc.folder / "6/ns/net").write_text("another process by now, in another namespace")
        send_settings(*args)

    monkeypatch.setattr(namespaces, "_send_settings", end_processes_first)
    results, (problem,) = read_others()
    outcomes = [(result["processes"], result["differs"]) for result in results]
    assert outcomes == [(1, None), (2, False)]
    assert "went away" in problem["problem"]


def test_does_not_enter_the_namespace_of_a_reused_pid(proc, monkeypatch):
    entered = []
    monkeypatch.setattr(namespaces, "_setns", lambda fd: entered.append(os.fstat(fd).st_ino))
    inode = proc.process(5, "one")
    proc.process(4, "other")
    paths = [str(proc.folder / f"{pid}/ns/net") for pid in (3, 4, 5)]
    namespaces._enter_namespace(inode, paths)
    assert entered == [inode]
    with pytest.raises(FileNotFoundError):
        namespaces._enter_namespace(inode, paths[:2])


def test_kernel_without_namespaces(proc):
    (proc.folder / "self/ns/net").unlink()
    proc.process(5, "one")
    results, (problem,) = read_others()
    assert (results, problem["path"]) == ([], "/proc/self/ns/net")
    assert "not known: No such file" in problem["problem"]


def test_counts_processes_with_hidden_namespaces(proc):
    (proc.folder / "5").write_text("not a folder, so nothing below it can be read")
    results, (problem,) = read_others()
    assert (results, problem["path"]) == ([], "/proc/*/ns/net")
    assert "1 of 1 process" in problem["problem"]


@pytest.mark.parametrize("end", ["hang", "crash"])
def test_child_that_does_not_answer(proc, monkeypatch, end):
    proc.process(5, "one")
    monkeypatch.setattr(namespaces, "_TIMEOUT", 0.2)

    def send_half_an_answer(_paths: Any, pipe: int) -> None:
        os.write(pipe, b"[1, {}")
        if end == "crash":
            raise MemoryError
        signal.pause()

    monkeypatch.setattr(namespaces, "_send_settings", send_half_an_answer)
    (result,), (problem,) = read_others()
    assert result["differs"] is None
    assert "no answer" in problem["problem"]
    assert no_child_remains()


@pytest.mark.usefixtures("proc")
def test_does_not_fork_without_other_namespaces(monkeypatch):
    monkeypatch.delattr(os, "fork")
    assert read_others() == ([], [])


@pytest.mark.parametrize(
    "missing", [ImportError("No module named _ctypes"), OSError(errno.EPERM, "not permitted")]
)
def test_child_sends_settings_or_a_problem(proc, kernel, monkeypatch, missing):
    """The child's code runs in this process here, so that coverage sees it."""
    kernel(**KEYS)
    inode = proc.process(5, "one")
    read_end, write_end = os.pipe()
    paths = {inode: [str(proc.folder / "no"), str(proc.folder / "5/ns/net")]}

    def fail(_fd: int) -> None:
        raise missing

    monkeypatch.setattr(namespaces, "_setns", lambda _fd: None)
    namespaces._send_settings(paths, write_end)
    monkeypatch.setattr(namespaces, "_setns", fail)
    namespaces._send_settings(paths, write_end)
    os.close(write_end)
    lines = namespaces._read_lines(read_end, time.monotonic() + 60)
    success, failure = [json.loads(line) for line in lines]
    os.close(read_end)
    assert success == [inode, OWN, ""]
    assert failure[:2] == [inode, {}]
    assert str(missing.args[-1]) in failure[2]


@pytest.mark.parametrize("with_python", [True, False], ids=["Python 3.12", "before"])
def test_setns_refuses_a_file_that_is_no_namespace(with_python, monkeypatch):
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
        (f"{POD_SLICE}/cri-containerd-{CONTAINER}.scope", "cri-containerd-0123456789ab.scope"),
        (f"0::/kubepods/besteffort/pod1/{CONTAINER}", "0123456789ab"),
        (f"{USER_SLICE}/libpod-{CONTAINER}.scope/container", "libpod-0123456789ab.scope"),
        (f"{NSPAWN}/payload/system.slice/ssh.service", "systemd-nspawn@web.service"),
        ("0::/machine.slice/machine-web.scope/payload/init.scope", "machine-web.scope"),
        ("0::/lxc.payload.web/system.slice/ssh.service", "lxc.payload.web"),
        ("0::/../../lab/web/init.scope", "web"),
        ("0::/user.slice/user-1000.slice/session-3.scope", "session-3.scope"),
    ],
)
def test_names_a_control_group(text, name):
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
def test_ignores_other_mounts(line):
    assert namespaces.mounted_namespaces(line) == {}
