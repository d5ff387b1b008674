# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option load_modules of the module sysctl, on images: what is written, and what is refused."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "ansible", reason="Ansible does not run on this Python; targets get its code sent"
)

from ansible_collections.netops.tuning.plugins.module_utils._host.modules import kernel_modules
from ansible_collections.netops.tuning.plugins.module_utils._host.modules.early_modules import (
    modules_loaded_early,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.module_file import (
    ModuleNeeds,
)
from ansible_collections.netops.tuning.plugins.modules import sysctl

CONNTRACK, BRIDGE = "net.netfilter.nf_conntrack_max", "net.bridge.bridge-nf-call-iptables"
OTHER = "net.ipv4.tcp_fin_timeout"
FILE = "/etc/modules-load.d/90-ansible-90-ansible.conf"
TOP = "# Managed by Ansible (netops.tuning): changes made here by hand are overwritten.\n"
LINES = f"{TOP}# for {CONNTRACK}\nnf_conntrack\n"
BUILT_IN = "kernel/net/netfilter/nf_conntrack.ko\nkernel/net/ipv4/tcp_cubic.ko\n"
DEP = "kernel/net/netfilter/nf_nat.ko: kernel/net/netfilter/nf_conntrack.ko\n"
IMAGE = {"/etc/sysctl.d": None, "/etc/modules-load.d": None}


def task(root, settings, **options):
    """Return the options of a task for an image."""
    defaults = {"root": str(root.root), "runtime": False, "load_modules": True}
    return {**defaults, "settings": settings, **options}


def text(root):
    path = root.at(FILE)
    return path.read_text() if path.exists() else None


def test_a_line_comes_with_its_key_and_leaves_with_it(host_root, modules):
    root = host_root(IMAGE)
    before = root.snapshot()
    options = task(root, {CONNTRACK: 5, OTHER: 30})
    predicted = modules.ok(sysctl, check=True, **options)
    assert text(root) is None
    result = modules.ok(sysctl, **options)
    assert (result["changed"], result["diff"]) == (True, predicted["diff"])
    assert text(root) == LINES
    assert result["changed_files"] == ["/etc/sysctl.d/90-ansible.conf", FILE]
    assert result["loaded_modules"] == []
    assert not modules.ok(sysctl, **options)["changed"]
    assert not modules.ok(sysctl, **{**options, "load_modules": False})["changed"]
    absent = task(root, [CONNTRACK], state="absent", load_modules=False)
    assert modules.ok(sysctl, **absent)["changed"]
    assert text(root) is None
    modules.ok(sysctl, **task(root, [OTHER], state="absent"))
    assert root.snapshot() == before


def test_exclusive_takes_lines_out(host_root, modules):
    root = host_root(IMAGE)
    modules.ok(sysctl, **task(root, {CONNTRACK: 5, BRIDGE: 0}))
    modules.ok(sysctl, **task(root, {CONNTRACK: 5}, exclusive=True, load_modules=False))
    assert text(root) == LINES


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/modules-load.d/a.conf": "; x\n nf-conntrack \n"},
        {"/usr/lib/modules-load.d/a.conf": "nf_conntrack\n"},
        {"/etc/modules": "nf_conntrack hashsize=5\n"},
        {"/etc/modules": "nf_nat\n", "/lib/modules/6.1.0/modules.dep": DEP},
        {"/lib/modules/6.1.0/modules.builtin": BUILT_IN},
    ],
    ids=["another file", "a vendor's file", "/etc/modules", "a module needs it", "built in"],
)
def test_no_line_for_a_module_that_is_there_early(host_root, modules, files):
    root = host_root({**IMAGE, **files})
    modules.ok(sysctl, **task(root, {CONNTRACK: 5}))
    assert text(root) is None


@pytest.mark.parametrize(
    "files",
    [
        {
            "/usr/lib/modules-load.d/a.conf": "nf_conntrack\n",
            "/etc/modules-load.d/a.conf": {"link": "/dev/null"},
        },
        {"/usr/lib/modules-load.d/a.conf": "nf_conntrack\n", "/etc/modules-load.d/a.conf": ""},
        {"/etc/modules-load.d/a.txt": "nf_conntrack\n"},
        {"/etc/modules-load.d/a.conf": "#nf_conntrack\n"},
        {
            "/lib/modules/6.1.0/modules.builtin": BUILT_IN,
            "/lib/modules/6.12.0/modules.builtin": "kernel/net/ipv4/tcp_cubic.ko\n",
        },
    ],
    ids=["masked", "replaced", "another suffix", "a comment", "built into one of two kernels"],
)
def test_a_line_where_nothing_else_loads_the_module(host_root, modules, files):
    root = host_root({**IMAGE, **files})
    modules.ok(sysctl, **task(root, {CONNTRACK: 5}))
    assert text(root) == LINES


def test_the_folder_is_made(host_root, modules):
    root = host_root({"/etc/sysctl.d": None})
    modules.ok(sysctl, **task(root, {CONNTRACK: 5}))
    assert text(root) == LINES


@pytest.mark.parametrize(
    ("names", "line"),
    [
        ({OTHER: "my-module"}, "my_module"),
        (["my_module"], "my_module"),
        ("my_module", "my_module"),
        ({"net/ipv4/tcp_fin_timeout": ["my_module"]}, "my_module"),
    ],
)
def test_a_module_that_the_task_names(host_root, modules, names, line):
    root = host_root(IMAGE)
    modules.ok(sysctl, **task(root, {OTHER: 30, CONNTRACK: 5}, modules=names))
    assert f"# for {OTHER}\n{line}\n" in text(root)
    assert f"# for {CONNTRACK}\nnf_conntrack\n" in text(root)
    modules.ok(sysctl, **task(root, [OTHER], state="absent"))
    assert text(root) == LINES


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ({"/etc/modprobe.d/x.conf": "\nblacklist nf-conntrack\n"}, {}, "x.conf line 2"),
        ({"/etc/modprobe.d/x.conf": "install nf_conntrack /bin/false\n"}, {}, "x.conf line 1"),
        ({FILE: {"link": "/dev/null"}}, {}, "is a link to /dev/null"),
        (
            {"/etc/systemd/system/systemd-modules-load.service": {"link": "/dev/null"}},
            {},
            "is masked",
        ),
        ({}, {"modules": {"net.x": "y"}}, "net.x is not among the settings"),
        ({}, {"modules": {CONNTRACK: "a b"}}, "not the name of a kernel module"),
        ({}, {"modules": [7]}, "not the name of a kernel module"),
        ({}, {"modules": ["x"], "load_modules": False}, "load_modules: true"),
    ],
)
def test_what_cannot_work_is_refused(host_root, modules, files, options, message):
    root = host_root({**IMAGE, **files})
    before = root.snapshot()
    failure = modules.fails(sysctl, **task(root, {CONNTRACK: 5}, **options))
    assert message in failure["msg"]
    assert root.snapshot() == before


def test_a_harmless_line_of_modprobe_is_no_reason(host_root, modules):
    files = {"/etc/modprobe.d/x.conf": "options nf_conntrack hashsize=5\nblacklist other\n"}
    root = host_root({**IMAGE, **files})
    modules.ok(sysctl, **task(root, {CONNTRACK: 5}))
    assert text(root) == LINES


def test_a_name_too_long_for_the_kernel_has_the_command_in_its_message():
    name = "a_module_with_a_long_name"
    needs = ModuleNeeds(
        path=FILE,
        real_path=FILE,
        content=None,
        needed={},
        to_load={name: ("net.x",)},
    )
    with pytest.raises(TuningError, match=f"modprobe {name}") as caught:
        kernel_modules.require_loadable(needs)
    assert caught.value.key == "net.x"


def test_the_command_line_of_the_kernel_names_modules(monkeypatch):
    def read(_files, path):
        if path != "/proc/cmdline":
            raise OSError
        return b"quiet modules_load=nf-conntrack,x rd.modules-load=y amodules_load=z"

    monkeypatch.setattr(
        "ansible_collections.netops.tuning.plugins.module_utils._host.configuration"
        ".read_configuration",
        read,
    )
    assert modules_loaded_early(kernel_modules.HostFiles("/")) == {"nf_conntrack", "x", "y"}
