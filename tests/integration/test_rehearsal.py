# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sysctl_info with rehearse: the host's own loader runs, and nothing of the host changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host.boot import rehearsal, stand_ins
from sandbox.play import Result
from sandbox.tasks import TIME, Asker, info
from sandbox.world import NOBODY, World

PROJECT = Path(__file__).parents[2]
LOADERS = ("systemd", "procps")
FORWARD = "net.ipv4.ip_forward"
REDIRECTS = "net.ipv4.conf.all.accept_redirects"
RATELIMIT = "net.ipv4.icmp_ratelimit"
TTL = "net.ipv4.ip_default_ttl"
SHMMAX = "kernel.shmmax"
SWAPPINESS = "vm.swappiness"
CONGESTION = "net.ipv4.tcp_congestion_control"
OF_DOTTED = "net.ipv4.conf.eth0/5.rp_filter"
OF_NO_LINK = ("all", "default", "lo")
FILE = "/etc/sysctl.d/50-a.conf"
STATE = """
import os
for top in ("/proc/sys", "/etc"):
    for folder, _folders, names in os.walk(top):
        for name in sorted(names):
            path = folder + "/" + name
            if name in ("stat_refresh", "ns_last_pid") or "random" in path or "/fs/" in path:
                continue
            try:
                with open(path, "rb") as file:
                    print(path, file.read())
            except OSError as error:
                print(path, error.errno)
            if top == "/etc":
                status = os.lstat(path)
                print(status.st_mode, status.st_mtime_ns, status.st_ctime_ns)
for path in ("/proc/self/mountinfo", "/proc/net/dev"):
    with open(path) as file:
        print(sorted(line.split()[0] for line in file))
"""
"""Prints all settings and all files of the host that do not change by themselves."""


def run_python(world: World, program: str) -> str:
    """Run a program that imports the collection in a world; return what it prints."""
    environment = {"PYTHONPATH": str(PROJECT / ".build/src"), "PYTHONDONTWRITEBYTECODE": "1"}
    finished = world.run([sys.executable, "-c", program], env=environment)
    assert finished.rc == 0, finished.stderr
    return finished.stdout


def reasons(result: Result) -> dict[str, str]:
    """Return key -> why it was not rehearsed."""
    return {row["key"]: row["reason"] for row in result["not_rehearsed"]}


@pytest.fixture(params=LOADERS)
def world(request: pytest.FixtureRequest, make_world: Callable[..., World]) -> World:
    """Make a host with each loader; that of procps has it only."""
    return make_world(loader=request.param, interfaces=["eth0", "eth0.5"])


def test_what_the_loader_sets_stands_beside_the_prediction(world: World, ask: Asker) -> None:
    world.write(
        FILE,
        f"{TIME} = 600\n{REDIRECTS} = 1\n{FORWARD} = 1\n{OF_DOTTED} = 2\n"
        "net.ipv4.conf.eth0.rp_filter = 1\n",
    )
    result = ask(world, info(rehearse=True))
    assert result["rehearsed"] == {
        TIME: "600",
        REDIRECTS: "0",
        FORWARD: "1",
        OF_DOTTED: "2",
        "net.ipv4.conf.eth0.rp_filter": "1",
    }
    assert result["disagreements"] == []
    assert result["not_rehearsed"] == []


def test_keys_of_the_whole_kernel_are_not_rehearsed(world: World, ask: Asker) -> None:
    world.write(FILE, f"{SWAPPINESS} = 11\n{CONGESTION} = reno\nnet.ipv4.no_such_key = 1\n")
    result = ask(world, info(rehearse=True))
    assert result["rehearsed"] == {}
    assert reasons(result) == {
        SWAPPINESS: "it belongs to the whole kernel, or is read-only here",
        CONGESTION: "writing it may load a kernel module",
        "net.ipv4.no_such_key": "there is no such key in a new namespace",
    }


def test_what_is_not_certain_is_no_disagreement(world: World, ask: Asker) -> None:
    # The kernel counts these in 32 bits, and refuses some of the numbers that need more.
    world.write(FILE, f"{RATELIMIT} = 3000000000000\n{TIME} = 600\n")
    result = ask(world, info(rehearse=True))
    assert not result["settings"][RATELIMIT]["certain"]
    assert result["settings"][RATELIMIT]["boot"] == "3000000000000"
    assert result["rehearsed"][RATELIMIT] != "3000000000000"
    assert result["disagreements"] == []


def test_interfaces_inherit_from_their_default(world: World, ask: Asker) -> None:
    default = "net.ipv4.conf.default"
    eth0 = "net.ipv4.conf.eth0"
    neigh = "net.ipv4.neigh.eth0.gc_stale_time"
    world.write(FILE, f"{default}.accept_redirects = 0\n{default}.rp_filter = 1\n")
    keys = [f"{eth0}.accept_redirects", f"{eth0}.rp_filter", neigh]
    result = ask(world, info(keys=keys, rehearse=True))
    # This host has no net.ipv4.neigh.default either.
    rehearsed = {keys[0]: "0", keys[1]: "1", neigh: world.sysctl(neigh)}
    assert (result["rehearsed"], result["disagreements"]) == (rehearsed, [])
    assert reasons(result) == {}


def test_udev_applies_the_lines_of_an_interface_once_more(
    make_world: Callable[..., World], ask: Asker
) -> None:
    world = make_world(interfaces=["eth0"])
    world.write("/run/udev/control", "")
    accepts = "net.ipv4.conf.eth0.accept_redirects"
    world.write(FILE, f"{accepts} = 1\n")
    world.write("/etc/sysctl.d/99-z.conf", "net.ipv4.conf.default.accept_redirects = 0\n")
    result = ask(world, info(keys=[accepts], rehearse=True))
    assert (result["rehearsed"], result["disagreements"]) == ({accepts: "1"}, [])
    world.remove("/run/udev/control")
    result = ask(world, info(keys=[accepts], rehearse=True))
    assert result["rehearsed"] == {accepts: "0"}
    assert not result["settings"][accepts]["certain"]


FOLLOWING = """
from ansible_collections.netops.tuning.plugins.module_utils._host.boot import rehearsal
path = "/proc/sys/net/ipv4/conf/{}/rp_filter"
key, default = "net.ipv4.conf.eth0.rp_filter", "net.ipv4.conf.default.rp_filter"
for own, common in (("", "1"), ("", "0"), ("1", "1"), ("0", "1"), ("1", "0")):
    rehearsal._write(path.format("default"), common)
    if own:
        rehearsal._write(path.format("eth0"), own)
    before = [rehearsal.read_key(name) for name in (key, default)]
    print(rehearsal._follows(key, default))
    assert before == [rehearsal.read_key(name) for name in (key, default)]
"""


def test_an_interface_with_a_value_of_its_own_does_not_follow(world: World) -> None:
    printed = run_python(world, FOLLOWING)
    assert printed.split() == ["True", "True", "False", "False", "False"]


def test_a_number_out_of_range_is_foreseen(world: World, ask: Asker) -> None:
    world.write(FILE, f"{TTL} = 999\n{TIME} = 600\n")
    result = ask(world, info(rehearse=True))
    assert result["disagreements"] == []
    assert result["settings"][TTL]["boot"] is None
    assert result["problems"] == [
        {
            "path": FILE,
            "line": 1,
            "problem": f"the kernel refuses '999' for {TTL}: "
            "999 is outside of the range of this key; give 1 to 255",
        }
    ]


def test_the_values_of_the_host_do_not_matter(world: World, ask: Asker) -> None:
    world.set_sysctl(FORWARD, 1)
    world.set_sysctl(TIME, 1234)
    world.write(FILE, f"{REDIRECTS} = 1\n{FORWARD} = 1\n")
    result = ask(world, info(rehearse=True, keys=[REDIRECTS, TIME]))
    assert result["rehearsed"] == {REDIRECTS: "0", TIME: "7200"}
    assert result["disagreements"] == []


def test_ipv4_starts_as_the_kernel_does(make_world: Callable[..., World]) -> None:
    """A new network namespace has the host's own values of net.ipv4.conf instead."""
    world = make_world()
    world.set_sysctl(FORWARD, 1)
    world.set_sysctl("net.ipv4.conf.default.accept_source_route", 0)
    world.set_sysctl("net.ipv4.conf.all.rp_filter", 2)
    run_python(world, f"from {rehearsal.__name__} import _write_ipv4_start_values as f; f()")
    keys = ("ip_forward", "conf.all.accept_redirects", "conf.all.rp_filter")
    assert [world.sysctl(f"net.ipv4.{key}") for key in keys] == ["0", "1", "0"]
    assert world.sysctl("net.ipv4.conf.default.accept_source_route") == "1"
    assert world.sysctl("net.ipv4.conf.all.igmpv2_unsolicited_report_interval") == "10000"
    # The kernel sets these when it makes the interface (inetdev_event, net/ipv4/devinet.c).
    for key in ("disable_policy", "disable_xfrm"):
        of_interfaces = [world.sysctl(f"net.ipv4.conf.{name}.{key}") for name in OF_NO_LINK]
        assert of_interfaces == ["0", "0", "1"]


@pytest.mark.parametrize(
    ("hidden", "count", "kinds", "problem"),
    [
        ((), 11, ["tun"] * 11, ""),
        (("/dev/net",), 10, ["bridge"] * 10, ""),
        (
            ("/dev/net",),
            11,
            [],
            (
                "bridges as stand-ins for 11 interfaces would hold up the network of the host: "
                "load the kernel module 'tun' before"
            ),
        ),
        (
            ("/dev/net", "/sys/module"),
            1,
            [],
            "a stand-in for its interface would load the kernel module 'tun': load it before",
        ),
    ],
)
def test_stand_ins_need_no_kernel_module_and_hold_up_nobody(
    make_world: Callable[..., World],
    hidden: tuple[str, ...],
    count: int,
    kinds: list[str],
    problem: str,
) -> None:
    world = make_world()
    for folder in hidden:
        assert world.run(["mount", "-t", "tmpfs", "none", folder]).rc == 0
    added_names = [f"net{number}.5" for number in range(count)]
    names = ["lo", *added_names]
    mtus = dict.fromkeys(names, 1500)
    program = f"from {stand_ins.__name__} import add_stand_ins; print(add_stand_ins({mtus}))"
    assert run_python(world, program) == f"{problem}\n"
    links = json.loads(world.run(["ip", "-json", "-details", "link"]).stdout)
    of_stand_ins = [link for link in links if link["ifname"] in added_names]
    assert [link["linkinfo"]["info_kind"] for link in of_stand_ins] == kinds


@pytest.mark.parametrize("hidden", ["", "/dev/net"])
def test_stand_ins_have_the_mtu_of_their_interfaces(
    make_world: Callable[..., World], ask: Asker, hidden: str
) -> None:
    """The kernel takes no larger MTU for IPv6, and has no keys of IPv6 where that is too small."""
    world = make_world(interfaces=["va", "vb", "vc"])
    if hidden:
        assert world.run(["mount", "-t", "tmpfs", "none", hidden]).rc == 0
    for name, mtu in (("va", "9000"), ("vb", "1400"), ("vc", "1000")):
        assert world.run(["ip", "link", "set", name, "mtu", mtu]).rc == 0
    keys = [f"net.ipv6.conf.{name}.mtu" for name in ("va", "vb", "vc")]
    lines = [f"{key} = {value}\n" for key, value in zip(keys, ("8000", "1450", "1000"))]
    world.write(FILE, "".join(lines))
    result = ask(world, info(rehearse=True))
    assert result["rehearsed"] == {keys[0]: "8000", keys[1]: "1400"}
    assert reasons(result) == {keys[2]: "there is no such key in a new namespace"}


def test_an_interface_with_an_mtu_that_no_stand_in_can_have_is_named(
    make_world: Callable[..., World],
) -> None:
    program = (
        f"from {stand_ins.__name__} import add_stand_ins; print(add_stand_ins({{'d': 65536}}))"
    )
    problem = "no stand-in for its interface can have an MTU of 65536\n"
    assert run_python(make_world(), program) == problem


def test_nothing_of_the_host_changes(world: World, ask: Asker) -> None:
    world.write(FILE, f"{TIME} = 600\n{FORWARD} = 1\n{SHMMAX} = 4096\n{SWAPPINESS} = 11\n")
    world.write(
        "/etc/sysctl.d/60-b.conf", "kernel.hostname = other\nnet.ipv6.conf.*.forwarding=1\n"
    )
    before = world.run(["python3", "-c", STATE])
    ask(world, info(rehearse=True))
    after = world.run(["python3", "-c", STATE])
    assert before.rc == after.rc == 0
    assert "/proc/sys/net/ipv4/tcp_keepalive_time" in before.stdout
    assert after.stdout == before.stdout


PROGRAM = """
import json, os, subprocess, sys
from ansible_collections.netops.tuning.plugins.module_utils._host.boot.rehearsal import rehearse
for folder in ("/etc", "/run", "/usr/local/lib", "/usr/lib"):
    if os.path.isdir(folder + "/sysctl.d"):
        subprocess.run(["mount", "-t", "tmpfs", "none", folder + "/sysctl.d"], check=True)
with open("/etc/sysctl.d/99-a.conf", "w") as file:
    file.write("kernel.shmmax = 4096\\nkernel.domainname = example.org\\nkernel.sem_next_id = 5\\n")
keys = ["kernel.sem_next_id", "kernel.shmmax", "kernel.domainname", "vm.swappiness"]
keys.append("net.ipv4.ip_forward")
print(json.dumps(rehearse(sys.argv[1], keys)._asdict()))
"""


@pytest.mark.parametrize(("loader", "next_id"), [("systemd", "5"), ("procps", "-1")])
def test_keys_of_ipc_and_uts_are_rehearsed_where_all_keys_are_writable(
    loader: str, next_id: str
) -> None:
    """A world has only keys of net, so this uses a mount namespace of this machine."""
    paths = [Path("/proc/sys", *key.split(".")) for key in (SHMMAX, "kernel.domainname")]
    before = [path.read_text(encoding="ascii") for path in paths]
    finished = subprocess.run(
        ["unshare", "--mount", "--propagation=private", sys.executable, "-c", PROGRAM, loader],
        env={**os.environ, "PYTHONPATH": str(PROJECT / ".build/src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    result = json.loads(finished.stdout)
    assert result["values"]["kernel.sem_next_id"] == next_id
    assert result["values"][SHMMAX] == "4096"
    assert result["values"]["kernel.domainname"] == "example.org"
    assert result["not_rehearsed"] == {
        SWAPPINESS: "it belongs to the whole kernel, or is read-only here"
    }
    assert [path.read_text(encoding="ascii") for path in paths] == before


def test_who_is_not_root_gets_the_reason(make_world: Callable[..., World], ask: Asker) -> None:
    world = make_world()
    world.write(FILE, f"{TIME} = 600\n")
    result = ask(world, info(rehearse=True), user=NOBODY, python="/usr/bin/python3")
    assert result["rehearsed"] == {}
    assert "become: true" in reasons(result)[TIME]


def test_a_loader_that_is_not_installed_is_named(
    make_world: Callable[..., World], ask: Asker
) -> None:
    world = make_world(loader="procps")
    world.write(FILE, f"{TIME} = 600\n")
    result = ask(world, info(rehearse=True, loader="systemd"))
    assert reasons(result)[TIME] == "the loader of systemd is not installed on this host"


def test_an_image_is_refused(world: World, ask: Asker) -> None:
    result = ask.fails(world, info(rehearse=True, root="/srv"))
    assert "rehearse: the loader of an image (root: /srv) cannot be run here" in result["msg"]
