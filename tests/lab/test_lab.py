# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs and their hosts: they are what they claim, also several at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import roots
from lab.kinds import NETWORK
from lab.lab import Lab, LabError, open_lab
from lab_testing.plays import ENVIRONMENT, HOSTS

TIME, PROBES = "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_keepalive_probes"
RELEASES = list(roots.RELEASES)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Open one with a booted host of each release, and a light one."""
    with open_lab(tmp_path_factory.mktemp("labs") / "shared") as opened:
        opened.up("booted", RELEASES, len(RELEASES))
        opened.up("light", ["trixie"], 1)
        yield opened


EACH = pytest.mark.parametrize("host", ["debian11-1", "debian12-1", "debian13-1", "debian13-2"])


def namespace(lab: Lab, host: str) -> str:
    return lab.run(host, "readlink", "/proc/self/ns/net")


# --- hosts ---


@EACH
def test_a_host_is_what_it_says(lab: Lab, host: str) -> None:
    number = host.partition("-")[0][-2:]
    assert lab.run(host, "hostname").strip() == host
    assert f'VERSION_ID="{number}"' in lab.run(host, "cat", "/etc/os-release")
    assert lab.run(host, "sysctl", "-n", TIME, PROBES).split() == ["7200", "9"]
    assert namespace(lab, host) != os.readlink("/proc/self/ns/net")


@EACH
def test_a_reboot_is_a_new_kernel_namespace_that_the_loader_fills(lab: Lab, host: str) -> None:
    before = namespace(lab, host), lab.run(host, "cat", "/proc/sys/kernel/random/boot_id")
    lab.run(
        host, "sh", "-c", f"echo {TIME} = 333 >/etc/sysctl.d/50-test.conf; sysctl -w {PROBES}=5"
    )
    lab.reboot([host])
    after = namespace(lab, host), lab.run(host, "cat", "/proc/sys/kernel/random/boot_id")
    assert not set(before) & set(after)
    assert lab.run(host, "sysctl", "-n", TIME, PROBES).split() == ["333", "9"]


@EACH
def test_a_renewed_host_has_forgotten_all(lab: Lab, host: str) -> None:
    lab.run(host, "sh", "-c", "echo x >/etc/sysctl.d/60-test.conf; rm /etc/sysctl.d/README*")
    lab.renew([host])
    assert lab.run(host, "sh", "-c", "cd /etc/sysctl.d; echo *").split()[-1].startswith("README")


@EACH
def test_a_host_keeps_its_files_when_the_power_goes(lab: Lab, host: str) -> None:
    lab.run(host, "sh", "-c", f"echo {TIME} = 444 >/etc/sysctl.d/70-test.conf")
    lab.ask("stop", [host])
    assert not next(known for known in lab.hosts() if known["name"] == host)["up"]
    lab.start([host])
    assert lab.run(host, "sysctl", "-n", TIME).strip() == "444"


@EACH
@pytest.mark.parametrize(
    "path", ["/proc/sys/kernel/panic", "/proc/sys/vm/swappiness", "/proc/sysrq-trigger"]
)
def test_what_is_the_machines_cannot_be_written(lab: Lab, host: str, path: str) -> None:
    value = Path(path).read_text(encoding="ascii").strip() if "sysrq" not in path else "h"
    assert (
        lab.run(host, "sh", "-c", f"echo {value} 2>&1 >{path} || echo refused").split()[-1]
        == "refused"
    )


@EACH
def test_there_is_no_way_out(lab: Lab, host: str) -> None:
    routes = lab.run(host, "ip", "route").splitlines()
    assert [route.split()[0] for route in routes] == [f"{NETWORK}.0.0/16"]
    done = subprocess.run(
        lab.inside("ip", "route", "get", "192.0.2.1"), capture_output=True, check=False
    )
    assert b"unreachable" in done.stderr


def test_a_booted_host_has_no_failed_units(lab: Lab) -> None:
    for host in ("debian11-1", "debian12-1", "debian13-1"):
        assert (
            lab.run(
                host, "sh", "-c", "systemctl is-system-running --wait || systemctl --failed"
            ).strip()
            == "running"
        )


def test_ansible_reaches_them_and_reboots_them(lab: Lab) -> None:
    """As a playbook would; a light host has no init that `reboot` could ask."""
    boots = {host["name"]: host["boots"] for host in lab.hosts()}
    task = ["ansible", "--inventory", str(lab.inventory), "booted", "-m", "ansible.builtin.reboot"]
    options = ["-a", json.dumps({"post_reboot_delay": 0, "connect_timeout": 2})]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(lab.inside(*task, *options), check=True, env=environment, stdout=subprocess.PIPE)
    again = {host["name"]: host["boots"] - boots[host["name"]] for host in lab.hosts()}
    assert again == {"debian11-1": 1, "debian12-1": 1, "debian13-1": 1, "debian13-2": 0}


def test_what_is_not_there_is_said(lab: Lab, folder: Path) -> None:
    with pytest.raises(LabError, match="no host 'debian99-1'"):
        lab.run("debian99-1", "true")
    with pytest.raises(LabError, match="there is no lab in"):
        Lab(folder)
    with pytest.raises(LabError, match="already"), open_lab(lab.folder):
        pass


# --- labs ---


def test_two_labs_do_not_know_of_each_other(tmp_path: Path) -> None:
    with open_lab(tmp_path / "one") as one, open_lab(tmp_path / "two") as two:
        assert one.up("light", ["bookworm"], 1) == two.up("light", ["bookworm"], 1)
        assert [host["address"] for host in one.hosts()] == [
            host["address"] for host in two.hosts()
        ]
        one.run("debian12-1", "touch", "/etc/mine")
        assert (
            two.run(
                "debian12-1",
                "sh",
                "-c",
                "ls /etc/mine || echo no",
            ).strip()
            == "no"
        )
        two.down(two.names())
        assert one.run("debian12-1", "ls", "/etc/mine").strip() == "/etc/mine"


READ = """\
import sys, testinfra
print(*(host.check_output("cat /etc/mine") for host in testinfra.get_hosts(["ansible://all"], ansible_inventory=sys.argv[1])))
"""


@pytest.fixture
def short() -> Iterator[Path]:
    """Make a folder whose path leaves room for the name of a socket."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_no_tool_takes_the_hosts_of_another_lab_for_ones_own(tmp_path: Path, short: Path) -> None:
    """Addresses are the same in both, and the configuration that molecule writes names connections kept open by these."""
    config = tmp_path / "ansible.cfg"
    config.write_text(
        "[ssh_connection]\ncontrol_path = %(directory)s/%%h-%%p-%%r\n", encoding="ascii"
    )
    (short / ".ansible/cp").mkdir(parents=True)
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(config),
        "HOME": str(short),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with open_lab(tmp_path / "one") as one, open_lab(tmp_path / "two") as two:
        for lab in (one, two):
            lab.up("light", ["bookworm"], 1)
            lab.run("debian12-1", "sh", "-c", f"echo {lab.folder.name} >/etc/mine")
        for lab in (one, two, one):
            command = lab.inside(sys.executable, "-c", READ, str(lab.inventory))
            assert (
                subprocess.check_output(command, env=environment, text=True).strip()
                == lab.folder.name
            )


def test_the_command_line(folder: Path) -> None:
    open_one = [
        *HOSTS,
        "--lab",
        str(folder),
        "open",
        "--kind",
        "light",
        "--release",
        "11,12",
        "--count",
        "3",
        "--",
    ]
    script = f'{sys.executable} -m lab --lab "$NETOPS_LAB"'
    steps = f"{script} list; {script} down debian11-2; {script} up --kind light --release 13; {script} inventory; exit 7"
    done = subprocess.run(
        [*open_one, "sh", "-c", steps], env=ENVIRONMENT, stdout=subprocess.PIPE, check=False
    )
    lines = done.stdout.decode().splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["debian11-1", "debian12-1", "debian11-2"]
    assert lines[3:] == ["debian13-1", str(folder / "inventory.json")]
    assert done.returncode == 7
    assert not folder.exists()
