# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The throw-away hosts are real, separate from this machine, and gone afterwards."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import pytest
from sandbox import play
from sandbox.histories import import_paths
from sandbox.play import Controller, run_playbook, target_python
from sandbox.world import NOBODY, SEARCH_PATH, World

TIME = "net.ipv4.tcp_keepalive_time"
TIME_OF_MACHINE = Path("/proc/sys/net/ipv4/tcp_keepalive_time")


def test_each_world_has_its_own_values_and_files() -> None:
    value_of_machine = TIME_OF_MACHINE.read_text(encoding="ascii")
    with World() as one, World() as other:
        one.set_sysctl(TIME, 1234)
        one.write("/etc/sysctl.d/10-a.conf", "x = 1\n")
        assert one.sysctl(TIME) == "1234"
        assert other.sysctl(TIME) == "7200"
        assert not other.exists("/etc/sysctl.d/10-a.conf")
    assert TIME_OF_MACHINE.read_text(encoding="ascii") == value_of_machine
    assert not Path("/etc/sysctl.d/10-a.conf").exists()


@pytest.mark.parametrize(
    "path",
    [
        "/usr/not-a-file-of-this-machine",
        "/not-a-file-of-this-machine",
        "/root/not-a-file-of-this-machine",
        "/var/tmp/not-a-file-of-this-machine",
        "/tmp/not-a-file-of-this-machine",
        "/srv/.etc/not-a-file-of-this-machine",
        "/srv/.local-lib/not-a-file-of-this-machine",
        "/proc/sys/kernel/panic",
    ],
)
def test_nothing_outside_can_be_written(world: World, path: str) -> None:
    with pytest.raises(OSError, match=os.strerror(errno.EROFS)):
        world.write(path, "1")


def test_no_key_of_the_machine_can_be_written(world: World) -> None:
    lwtunnel = "/proc/sys/net/netfilter/nf_hooks_lwtunnel"
    assert world.run(["test", "-w", "/proc/sys/net/ipv4/ip_forward"]).rc == 0
    assert world.run(["test", "-w", lwtunnel]).rc != 0


def test_no_boot_writes_a_key_of_the_machine() -> None:
    """Each network namespace has its own file of the key; procps writes equal values too."""
    with World(loader="procps") as world:
        world.write("/etc/sysctl.d/50-globs.conf", "net.netfilter.nf_hooks_* = 1\n")
        boot = world.boot("procps")
        assert "nf_hooks_lwtunnel" in boot.stderr
        generated = "from sandbox import agent, history_runner\nhistory_runner.make_network()\n"
        code = f"{generated}agent.set_key('net.netfilter.nf_hooks_lwtunnel', '1')\n"
        finished = world.run([target_python(), "-c", code], env={"PYTHONPATH": import_paths()})
        assert os.strerror(errno.EROFS) in finished.stderr


def test_nothing_is_left_behind() -> None:
    with World(interfaces=["br7"]) as world:
        world.run(["sh", "-c", "sleep 1000 >/dev/null 2>&1 &"])
        pids = [world._agent.pid, world.pid]
        scratch = Path(world.interpreter("python3")).parent
        # While it is open, no other namespace gets its number.
        namespace = os.open(f"/proc/{world.pid}/ns/net", os.O_RDONLY)
    for pid in pids:
        assert not Path(f"/proc/{pid}").exists()
    assert not scratch.exists()
    number = os.fstat(namespace).st_ino
    users = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(FileNotFoundError, PermissionError):
            if os.stat(f"/proc/{name}/ns/net").st_ino == number:
                users.append(name)
    os.close(namespace)
    assert users == []


def test_a_boot_is_a_new_namespace_with_the_real_loader() -> None:
    files = {
        "/etc/sysctl.d/10-a.conf": f"{TIME} = 333\n",
        "/etc/sysctl.conf": f"{TIME} = 111\n",
    }
    with World(files, interfaces=["br0.100"]) as world:
        world.set_sysctl("net.ipv4.tcp_fin_timeout", 7)
        assert world.boots(TIME) == {"systemd": "333", "procps": "111"}
        assert world.boot("systemd").values["net/ipv4/tcp_fin_timeout"] == "60"
        assert world.boot("systemd", ["net.ipv4.conf.br0/100.rp_filter"]).values
        assert world.sysctl(TIME) == "7200"


@pytest.mark.parametrize("loader", ["systemd", "procps", "auto"])
def test_both_loaders_can_boot_a_host_that_seems_to_have_one(loader: str) -> None:
    with World({"/etc/sysctl.d/10-a.conf": f"{TIME} = 333\n"}, loader=loader) as world:
        assert world.boots(TIME) == {"systemd": "333", "procps": "333"}
        assert world.exists("/run/systemd/system") == (loader == "systemd")
        assert world.exists("/usr/lib/systemd/systemd-sysctl") == (loader != "procps")


def test_proc_sys_can_be_read_only() -> None:
    with World(proc_sys="none") as world, pytest.raises(OSError, match=os.strerror(errno.EROFS)):
        world.set_sysctl(TIME, 5)


def test_an_ordinary_user_has_a_world_too() -> None:
    with World({"/etc/sysctl.d/10-a.conf": f"{TIME} = 333\n"}, user=NOBODY) as world:
        world.set_sysctl(TIME, 5)
        assert world.sysctl(TIME) == "5"
        assert world.boots(TIME) == {"systemd": "333", "procps": "333"}
        assert os.stat(f"/proc/{world.pid}").st_uid == NOBODY


def test_tasks_run_in_the_world_they_are_for(controller: Controller) -> None:
    """Several run in one call, also after one that failed, and check mode changes nothing."""
    options = {"path": "/etc/sysctl.d/touched", "state": "touch", "mode": "0600"}
    touch = {"ansible.builtin.file": options}
    fail = {"ansible.builtin.fail": {"msg": "no"}}
    print_uid = {"ansible.builtin.command": "id -u"}
    with World() as one, World() as other:
        touched, failed, printed = controller.play(one, [touch, fail, print_uid])
        assert touched.status == "ok"
        assert (failed.status, failed["msg"]) == ("failed", "no")
        assert printed["stdout"] == "0"
        (predicted,) = controller.play(other, touch, check=True, diff=True)
        assert predicted.changed
        assert one.exists("/etc/sysctl.d/touched")
        assert not other.exists("/etc/sysctl.d/touched")


def test_a_controller_takes_any_number_of_tasks(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    """It starts a new ansible-playbook when a play has no steps left."""
    monkeypatch.setattr(play, "STEPS", 2)
    with Controller() as controller:
        for number in range(5):
            (result,) = controller.play(world, {"ansible.builtin.debug": {"msg": number}})
            assert result["msg"] == number


def test_the_target_runs_the_python_it_should(controller: Controller, world: World) -> None:
    setup = {"ansible.builtin.setup": {"gather_subset": ["!all", "!min", "python"]}}
    (result,) = controller.play(world, setup)
    version_info = result["ansible_facts"]["ansible_python"]["version_info"]
    printed = world.run([target_python(), "-c", "import sys; print(sys.version_info[:2])"])
    assert printed.stdout.strip() == str(tuple(version_info[:2]))


def test_a_task_can_run_as_another_user_and_with_a_umask(
    controller: Controller, world: World
) -> None:
    shell = {"ansible.builtin.shell": "id -u; umask"}
    (result,) = controller.play(world, shell, python="/usr/bin/python3", user=NOBODY, umask=0o077)
    assert result["stdout_lines"] == [str(NOBODY), "0077"]


def test_a_whole_playbook_runs_as_a_user_runs_it(world: World) -> None:
    touch = {"ansible.builtin.file": {"path": "/etc/sysctl.d/x", "state": "touch"}}
    play = {"hosts": "all", "gather_facts": False, "tasks": [touch]}
    played = run_playbook(world, [play], "--check", "--diff")
    assert played.rc == 0
    assert played.stats["changed"] == 1
    assert [result.status for result in played.results] == ["ok"]
    assert not world.exists("/etc/sysctl.d/x")


def test_the_search_path_has_both_loaders(world: World) -> None:
    assert world.run(["sysctl", "--version"], env={"PATH": SEARCH_PATH}).rc == 0
    assert world.exists("/usr/lib/systemd/systemd-sysctl")
