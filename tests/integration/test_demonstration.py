# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make apply` without an inventory: the playbook on a throw-away host, or why there is none."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import demonstration
import pytest
from sandbox.play import PROJECT
from sandbox.world import NOBODY

VALUES_OF_MACHINE = [
    Path("/proc/sys/net/ipv4", name) for name in ("tcp_keepalive_time", "tcp_keepalive_intvl")
]
FILE = Path("/etc/sysctl.d/90-tcp-keepalive.conf")
ORDINARY = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
"""Become an ordinary user without capabilities, who can still read the Python of this run."""


def demonstrate(
    home: Path, prefix: Sequence[str] = (), *args: str
) -> subprocess.CompletedProcess[str]:
    """Run the demonstration.

    prefix: the command that starts it.
    """
    env = {
        **os.environ,
        "PYTHONPATH": str(PROJECT / "tools"),
        "HOME": str(home),
        "ANSIBLE_HOME": str(home),
    }
    return subprocess.run(
        [*prefix, sys.executable, "-m", "demonstration", *args],
        env=env,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def values_of_machine() -> list[str]:
    return [path.read_text(encoding="ascii") for path in VALUES_OF_MACHINE]


@pytest.mark.parametrize("become", [[], ORDINARY], ids=["root", "an ordinary user"])
def test_the_whole_job_is_shown_and_nothing_outside_is_touched(
    become: list[str], tmp_path: Path
) -> None:
    before = values_of_machine()
    shown = demonstrate(tmp_path, become)
    assert shown.returncode == 0, shown.stdout
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert "net.ipv4.tcp_keepalive_time 7200 - no file, so the kernel" in lines
    assert "net.ipv4.tcp_keepalive_intvl 60 60 /usr/local/lib/sysctl.d/50-vendor.conf:1" in lines
    recaps = [line for line in lines if line.startswith(f"{demonstration.HOST} :")]
    assert [recap.split("unreachable")[0] for recap in recaps] == [
        f"{demonstration.HOST} : ok=1 changed=1 ",
        f"{demonstration.HOST} : ok=1 changed=0 ",
    ]
    assert f"net.ipv4.tcp_keepalive_time 3600 3600 3600 {FILE}:2" in lines
    assert f"net.ipv4.tcp_keepalive_intvl 25 25 25 {FILE}:4" in lines
    assert "overridden: /usr/local/lib/sysctl.d/50-vendor.conf:1 (60)" in lines
    assert values_of_machine() == before
    assert not FILE.exists()


def test_arguments_reach_ansible_playbook(tmp_path: Path) -> None:
    shown = demonstrate(tmp_path, [], "--check")
    assert shown.returncode == 0, shown.stdout
    assert shown.stdout.count("changed=1") == 2
    assert "tcp_keepalive_time      7200" in shown.stdout.partition("## After")[2]


def test_it_says_which_setting_forbids_namespaces(tmp_path: Path) -> None:
    forbid = (
        "echo 0 >/proc/sys/user/max_user_namespaces"
        ' && exec setpriv --inh-caps=-all --ambient-caps=-all "$@"'
    )
    prefix = [*ORDINARY, "--keep-caps", "sh", "-c", forbid, "sh"]
    shown = demonstrate(tmp_path, prefix)
    assert shown.returncode == 1
    assert "No throw-away host could be made: user.max_user_namespaces is 0." in shown.stdout
    assert "make apply INVENTORY=FILE" in shown.stdout
    assert "Traceback" not in shown.stdout


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kernel.unprivileged_userns_clone", "0"),
        ("kernel.apparmor_restrict_unprivileged_userns", "1"),
    ],
)
def test_it_knows_the_settings_of_other_kernels_too(
    key: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's and Ubuntu's kernels have these keys; on others, only a stand-in can."""
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    monkeypatch.setattr(demonstration, "sysctl", {key: value}.get)
    assert f"could be made: {key} is {value}." in demonstration.why_not(OSError(errno.EPERM, "no"))


def test_it_suspects_a_container_without_privileges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "(a container?) does not let root make namespaces" in demonstration.why_not(
        OSError(errno.EPERM, "no")
    )


def test_in_a_chroot_too_nothing_outside_is_touched(tmp_path: Path) -> None:
    """A process that enters a mount namespace has its root there, not that of our chroot."""
    (tmp_path / "root").mkdir()
    in_chroot = (
        'mount -t tmpfs outside /etc/sysctl.d && cd "$1" && shift && mount --rbind / root'
        ' && mount -t tmpfs inside root/etc/sysctl.d && chroot root "$@"'
        ' && echo "outside: $(ls /etc/sysctl.d)"'
    )
    prefix = ["unshare", "--mount", "sh", "-c", in_chroot, "sh", str(tmp_path)]
    shown = demonstrate(tmp_path, prefix)
    assert shown.returncode == 0, shown.stdout
    assert shown.stdout.endswith("outside: \n")
