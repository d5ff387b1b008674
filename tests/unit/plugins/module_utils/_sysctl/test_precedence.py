# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the next boot will set: the rules of boot.py, each as cases of cases/boot.yml; the real loaders are asked elsewhere."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot_files import read_order
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import key_to_path
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.precedence import precedence_of
from hosts_in_memory import cases, make_host

KEYS = {"a": "net.ipv4.tcp_fin_timeout", "b": "net.ipv4.conf.eth0.rp_filter"}
CASES = [
    pytest.param(loader, case, id=f"{case['name']}, {loader}")
    for case in cases("boot.yml")
    for loader in ("systemd", "procps")
]


def filled(content):
    return (
        content.replace("{a}", KEYS["a"]).replace("{b}", KEYS["b"])
        if isinstance(content, str)
        else content
    )


@pytest.mark.parametrize(("loader", "case"), CASES)
def test_who_wins(loader, case):
    files = {path: filled(content) for path, content in case.get("files", {}).items()}
    host = make_host(loader, files, command_line=case.get("command_line", ""))
    for name, expected in case.get("boot", case.get(loader)).items():
        winner = precedence_of(host.boot_files, host.loader, [KEYS[name]]).winner(KEYS[name])
        assert (winner and [winner.value, winner.path, winner.number]) == expected


def test_each_masked_file_comes_right_after_the_one_that_masks_it():
    files = {
        "/usr/lib/sysctl.d/b.conf": "",
        "/etc/sysctl.d/b.conf": "",
        "/run/sysctl.d/b.conf": "",
        "/lib/sysctl.d/a.conf": "",
        "/etc/sysctl.conf": "",
        "/etc/sysctl.d/c.conf": {"link": "/etc/sysctl.conf"},
    }
    order = [
        ("/lib/sysctl.d/a.conf", "/lib/sysctl.d/a.conf", None),
        ("/etc/sysctl.d/b.conf", "/etc/sysctl.d/b.conf", None),
        ("/run/sysctl.d/b.conf", "/run/sysctl.d/b.conf", "/etc/sysctl.d/b.conf"),
        ("/usr/lib/sysctl.d/b.conf", "/usr/lib/sysctl.d/b.conf", "/etc/sysctl.d/b.conf"),
        ("/etc/sysctl.d/c.conf", "/etc/sysctl.conf", None),
    ]
    for loader, last in (
        ("systemd", []),
        ("procps", [("/etc/sysctl.conf", "/etc/sysctl.conf", None)]),
    ):
        host = make_host(loader, files)
        found = read_order(host.boot_files, host.loader)
        assert [(each.path, each.real_path, each.masked_by) for each in found] == order + last


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_many_keys_at_once_are_looked_up_in_every_file(loader):
    names = [f"net.ipv4.conf.if{number}.rp_filter" for number in range(300)] + [
        f"kernel.k{n}" for n in range(250)
    ]
    text = "".join(f"{key_to_path(name)} = {number}\n" for number, name in enumerate(names))
    host = make_host(loader, {"/etc/sysctl.d/a.conf": text})
    rules = precedence_of(host.boot_files, host.loader, names)
    assert [rules.winner(name).value for name in names] == [str(number) for number in range(550)]


def test_a_glob_is_decided_by_its_own_line():
    files = {
        "/etc/sysctl.d/a.conf": "net.ipv4.conf.*.rp_filter=1\nnet/ipv4/conf/*/rp_filter=2\nnet.ipv4.*.*.rp_filter=3\n"
    }
    host = make_host("procps", files)
    glob = "net.ipv4.conf.*.rp_filter"
    assert precedence_of(host.boot_files, host.loader, [glob]).winner(glob).value == "2"


def test_a_file_put_into_a_tree_and_taken_out_again():
    host = make_host("systemd", {"/etc/sysctl.d/a.conf": "a.b=1"})
    more = host.boot_files.with_file("/etc/sysctl.d/b.conf", "/etc/sysctl.d/b.conf", b"a.b=2")
    assert precedence_of(more, host.loader, ["a.b"]).winner("a.b").value == "2"
    less = more.with_file("/etc/sysctl.d/b.conf", "/etc/sysctl.d/b.conf", None)
    assert less == host.boot_files


def test_names_that_are_no_text_are_sorted_as_bytes_too():
    host = make_host(
        "systemd", {"/etc/sysctl.d/\udcff.conf": "a.b=1", "/etc/sysctl.d/\U0001f600.conf": "a.b=2"}
    )
    assert precedence_of(host.boot_files, host.loader, ["a.b"]).winner("a.b").value == "1"
