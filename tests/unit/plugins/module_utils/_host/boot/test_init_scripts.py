# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Init scripts of OpenRC and runit: which one a host has, and what becomes of its files."""

from __future__ import annotations

from pathlib import Path

import pytest
import sandbox
from ansible_collections.netops.tuning.plugins.module_utils._host.boot.reading import (
    detect_loader,
    read_boot_files,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.precedence import (
    precedence_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.boot_files import (
    read_order,
)
from hosts_in_memory import load_cases

KEY = "net.ipv4.tcp_fin_timeout"
ALL_FILES = "start()\n{\n  sysctl ${quiet} --system\n}\n"
ANOTHER = "start() {\n  for i in /etc/sysctl.d/*.conf; do sysctl -p $i; done\n}\n"
SCRIPTS = {"system": ALL_FILES, "another": ANOTHER, "nothing": "# sysctl --system\n"}
"""Besides those that the sandbox runs."""
BUSYBOX = {"/sbin/sysctl": {"link": "/bin/busybox"}, "/bin/busybox": ""}
PROCPS = {"/usr/sbin/sysctl": ""}
OTHER = {"/usr/sbin/sysctl": {"link": "../bin/toybox"}, "/usr/bin/toybox": ""}
OPENRC, RUNIT = "/etc/init.d/sysctl", "/etc/runit/core-services/08-sysctl.sh"
ENABLED = {"/etc/runlevels/boot/sysctl": {"link": OPENRC}}


def script(name):
    path = Path(sandbox.__file__).parent / "init_scripts" / f"{name}.sh"
    return path.read_text(encoding="utf-8") if path.exists() else SCRIPTS[name]


@pytest.mark.parametrize(
    ("path", "name", "program", "loader", "by"),
    [
        (OPENRC, "alpine", BUSYBOX, "alpine", "busybox"),
        (OPENRC, "alpine", PROCPS, "alpine", "procps"),
        (OPENRC, "alpine", OTHER, "unknown", ""),
        (OPENRC, "alpine", {}, "unknown", ""),
        (OPENRC, "system", PROCPS, "procps", "procps"),
        (OPENRC, "system", BUSYBOX, "none", ""),
        (OPENRC, "another", PROCPS, "unknown", ""),
        (OPENRC, "nothing", PROCPS, "unknown", ""),
        (RUNIT, "void", PROCPS, "void", "procps"),
        (RUNIT, "void", BUSYBOX, "void", "busybox"),
        (RUNIT, "system", PROCPS, "procps", "procps"),
        (RUNIT, "another", PROCPS, "unknown", ""),
        ("/etc/runit/core-services/01-mount.sh", "system", PROCPS, "unknown", ""),
    ],
)
def test_the_script_of_a_host(host_root, path, name, program, loader, by):
    root = host_root({path: script(name), "/sbin/init": "", **ENABLED, **program})
    detected = detect_loader(root.files)
    boot_files = read_boot_files(root.files)
    assert boot_files.loader_name(detected) == loader
    if by:
        assert detected.program == by
        assert boot_files.doubts == ()
    else:
        (doubt,) = boot_files.doubts
        assert doubt.path in (path, "/etc/runit/core-services")
        assert doubt.why
        assert doubt.remedy


def test_a_script_in_no_runlevel(host_root):
    root = host_root({OPENRC: script("alpine"), "/sbin/init": "", **BUSYBOX})
    (doubt,) = read_boot_files(root.files).doubts
    assert (doubt.by, doubt.path) == ("none", OPENRC)


@pytest.mark.parametrize("case", load_cases("init_scripts.yml"), ids=lambda case: case["name"])
def test_the_line_that_wins(host_root, case):
    name, _dash, program = case["loader"].partition("-")
    path = OPENRC if name == "alpine" else RUNIT
    programs = BUSYBOX if program == "busybox" else PROCPS
    root = host_root({path: script(name), **ENABLED, **programs, **case["files"]})
    boot_files = read_boot_files(root.files)
    loader = detect_loader(root.files)
    assert (loader.name, loader.program) == (name, program)
    assert boot_files.doubts == ()
    key = case.get("key", KEY)
    live = {KEY: "60", "net.ipv4.tcp_rmem": "4096 131072 6291456"}
    line = precedence_of(boot_files, loader, [key], live=live).winner(key)
    assert (line and [line.value, line.path, line.number]) == case["boot"]
    if "masked" in case:
        order = read_order(boot_files, loader)
        masked = {file.path: file.masked_by for file in order if file.masked_by}
        assert masked == case["masked"]
