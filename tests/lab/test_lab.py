# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts behave as documented, also when several labs are open at once."""

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
from lab.host import NETWORK
from lab.lab import Lab, LabError, open_lab
from lab_testing.plays import ENVIRONMENT, LAB_PROGRAM

TIME = "net.ipv4.tcp_keepalive_time"
PROBES = "net.ipv4.tcp_keepalive_probes"
RELEASES = list(roots.RELEASES)
BOOTED_HOSTS = ["debian11-1", "debian12-1", "debian13-1"]
LIGHT_HOST = "debian13-2"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Open a lab with a booted host of each release, and a light host."""
    with open_lab(tmp_path_factory.mktemp("labs") / "shared") as opened:
        opened.up("booted", RELEASES, len(RELEASES))
        opened.up("light", ["trixie"], 1)
        yield opened


on_each_host = pytest.mark.parametrize("host", [*BOOTED_HOSTS, LIGHT_HOST])


def network_namespace(lab: Lab, host: str) -> str:
    return lab.run(host, "readlink", "/proc/self/ns/net")


def boot_id(lab: Lab, host: str) -> str:
    return lab.run(host, "cat", "/proc/sys/kernel/random/boot_id")


def is_up(lab: Lab, host: str) -> bool:
    states = {entry["name"]: entry["up"] for entry in lab.hosts()}
    return bool(states[host])


# --- hosts ---


@on_each_host
def test_a_host_has_its_name_its_release_and_its_own_network(lab: Lab, host: str) -> None:
    number = host.partition("-")[0][-2:]
    assert lab.run(host, "hostname").strip() == host
    assert f'VERSION_ID="{number}"' in lab.run(host, "cat", "/etc/os-release")
    assert lab.run(host, "sysctl", "-n", TIME, PROBES).split() == ["7200", "9"]
    assert network_namespace(lab, host) != os.readlink("/proc/self/ns/net")


@on_each_host
def test_a_reboot_makes_a_new_network_namespace_and_loads_sysctl_d(lab: Lab, host: str) -> None:
    before = boot_id(lab, host)
    write_file = f"echo {TIME} = 333 >/etc/sysctl.d/50-test.conf"
    lab.run(host, "sh", "-c", f"{write_file}; sysctl -w {PROBES}=5")
    lab.reboot([host])
    assert boot_id(lab, host) != before
    # Numbers of namespaces are used again; one that is new has the kernel's own number of probes.
    assert lab.run(host, "sysctl", "-n", TIME, PROBES).split() == ["333", "9"]


@on_each_host
def test_a_renewed_host_is_like_new(lab: Lab, host: str) -> None:
    lab.run(host, "sh", "-c", "echo x >/etc/sysctl.d/60-test.conf; rm /etc/sysctl.d/README*")
    lab.renew([host])
    assert lab.run(host, "sh", "-c", "cd /etc/sysctl.d; echo *").split()[-1].startswith("README")


@on_each_host
def test_a_host_keeps_its_files_after_a_power_cut(lab: Lab, host: str) -> None:
    lab.run(host, "sh", "-c", f"echo {TIME} = 444 >/etc/sysctl.d/70-test.conf")
    lab.cut_power([host])
    assert not is_up(lab, host)
    lab.start([host])
    assert lab.run(host, "sysctl", "-n", TIME).strip() == "444"


@on_each_host
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/proc/sys/kernel/panic", None),
        ("/proc/sys/vm/swappiness", None),
        ("/proc/sysrq-trigger", "h"),
    ],
)
def test_a_host_cannot_change_the_machine(
    lab: Lab, host: str, path: str, value: str | None
) -> None:
    if value is None:
        value = Path(path).read_text(encoding="ascii").strip()
    output = lab.run(host, "sh", "-c", f"echo {value} 2>&1 >{path} || echo refused")
    assert output.split()[-1] == "refused"


@on_each_host
def test_the_network_has_no_way_out(lab: Lab, host: str) -> None:
    routes = lab.run(host, "ip", "route").splitlines()
    assert [route.split()[0] for route in routes] == [f"{NETWORK}.0.0/16"]
    command = lab.inside("ip", "route", "get", "192.0.2.1")
    finished = subprocess.run(command, capture_output=True, check=False)
    assert b"unreachable" in finished.stderr


def test_a_booted_host_has_no_failed_units(lab: Lab) -> None:
    script = "systemctl is-system-running --wait || systemctl --failed"
    for host in BOOTED_HOSTS:
        assert lab.run(host, "sh", "-c", script).strip() == "running"


def test_ansible_can_reboot_booted_hosts(lab: Lab) -> None:
    """With Ansible's module. A light host has no init that the command `reboot` could ask."""
    boots = {host["name"]: host["boots"] for host in lab.hosts()}
    task = ["ansible", "--inventory", str(lab.inventory), "booted", "-m", "ansible.builtin.reboot"]
    options = ["-a", json.dumps({"post_reboot_delay": 0, "connect_timeout": 60})]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(lab.inside(*task, *options), check=True, env=environment, stdout=subprocess.PIPE)
    reboots = {host["name"]: host["boots"] - boots[host["name"]] for host in lab.hosts()}
    assert reboots == {"debian11-1": 1, "debian12-1": 1, "debian13-1": 1, "debian13-2": 0}


def test_errors_name_the_host_or_the_lab(lab: Lab, directory: Path) -> None:
    with pytest.raises(LabError, match="no host 'debian99-1'"):
        lab.run("debian99-1", "true")
    with pytest.raises(LabError, match="there is no lab in"):
        Lab(directory)
    with pytest.raises(LabError, match="already"), open_lab(lab.directory):
        pass


# --- labs ---


def test_two_labs_are_independent(tmp_path: Path) -> None:
    with open_lab(tmp_path / "one") as one, open_lab(tmp_path / "two") as two:
        assert one.up("light", ["bookworm"], 1) == two.up("light", ["bookworm"], 1)
        addresses_one = [host["address"] for host in one.hosts()]
        addresses_two = [host["address"] for host in two.hosts()]
        assert addresses_one == addresses_two
        one.run("debian12-1", "touch", "/etc/mine")
        output = two.run("debian12-1", "sh", "-c", "ls /etc/mine || echo no")
        assert output.strip() == "no"
        two.down(two.names())
        assert one.run("debian12-1", "ls", "/etc/mine").strip() == "/etc/mine"


TESTINFRA_SCRIPT = """\
import sys, testinfra
hosts = testinfra.get_hosts(["ansible://all"], ansible_inventory=sys.argv[1])
print(*(host.check_output("cat /etc/mine") for host in hosts))
"""


@pytest.fixture
def short_path() -> Iterator[Path]:
    """Make a directory whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


def test_testinfra_does_not_reuse_a_connection_of_another_lab(
    tmp_path: Path, short_path: Path
) -> None:
    """The addresses are the same, and connections kept open are named by address.

    The configuration is the one that Molecule writes.
    """
    config = tmp_path / "ansible.cfg"
    text = "[ssh_connection]\ncontrol_path = %(directory)s/%%h-%%p-%%r\n"
    config.write_text(text, encoding="ascii")
    (short_path / ".ansible/cp").mkdir(parents=True)
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(config),
        "HOME": str(short_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with open_lab(tmp_path / "one") as one, open_lab(tmp_path / "two") as two:
        for lab in (one, two):
            lab.up("light", ["bookworm"], 1)
            lab.run("debian12-1", "sh", "-c", f"echo {lab.directory.name} >/etc/mine")
        for lab in (one, two, one):
            command = lab.inside(sys.executable, "-c", TESTINFRA_SCRIPT, str(lab.inventory))
            output = subprocess.check_output(command, env=environment, text=True)
            assert output.strip() == lab.directory.name


def test_the_command_line(directory: Path) -> None:
    program = f'{sys.executable} -m lab --lab "$NETOPS_LAB"'
    commands = (
        f"{program} list",
        f"{program} down debian11-2",
        f"{program} up --kind light --release 13",
        f"{program} inventory",
        "exit 7",
    )
    options = ["--kind", "light", "--release", "11,12", "--count", "3"]
    finished = subprocess.run(
        [
            *LAB_PROGRAM,
            "--lab",
            str(directory),
            "open",
            *options,
            "--",
            "sh",
            "-c",
            "; ".join(commands),
        ],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        check=False,
    )
    lines = finished.stdout.decode().splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["debian11-1", "debian12-1", "debian11-2"]
    assert lines[3:] == ["debian13-1", str(directory / "inventory.json")]
    assert finished.returncode == 7
    assert not directory.exists()
