# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The boot values that sysctl_info predicts are those of the next boot.

Tested with unusual trees of files and a real reboot, on each Debian release.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab import roots
from lab.lab import Lab, open_lab
from lab_testing.plays import run_play
from lab_testing.statements import Count
from sandbox.trees import KEYS, tree
from sandbox.world import Link, Tree

TCP = "net.ipv4.tcp_"
BY_HAND: Tree = {
    # The same name in directories of different priority.
    "/usr/lib/sysctl.d/10-same.conf": f"{TCP}keepalive_time = 1\n{TCP}fin_timeout = 11\n",
    "/usr/local/lib/sysctl.d/10-same.conf": f"{TCP}keepalive_time = 2\n",
    "/etc/sysctl.d/10-same.conf": f"{TCP}keepalive_time = 100\n",
    # A later name wins, whatever its directory.
    "/etc/sysctl.d/20-early.conf": f"{TCP}orphan_retries = 2\n",
    "/usr/lib/sysctl.d/50-late.conf": f"{TCP}orphan_retries = 3\n",
    # Masks: a link to /dev/null, an empty file, a dangling link.
    "/usr/lib/sysctl.d/60-masked.conf": f"{TCP}syn_retries = 2\n",
    "/etc/sysctl.d/60-masked.conf": Link("/dev/null"),
    "/usr/lib/sysctl.d/61-emptied.conf": f"{TCP}synack_retries = 2\n",
    "/etc/sysctl.d/61-emptied.conf": b"",
    "/etc/sysctl.d/62-dangling.conf": Link("/nowhere"),
    # A link to a file in another directory; a name that does not end in .conf.
    "/srv/elsewhere": f"{TCP}retries1 = 4\n",
    "/etc/sysctl.d/63-link.conf": Link("/srv/elsewhere"),
    "/etc/sysctl.d/99-zz.conf.bak": f"{TCP}retries1 = 9\n",
    # Globs, and a key that is excluded from them.
    "/etc/sysctl.d/70-globs.conf": (
        f"{TCP}keepalive_* = 50\n-{TCP}keepalive_probes\n{TCP}reord* = 7\n"
    ),
    # Spellings, blanks, a dash, CRLF, no newline at the end.
    "/etc/sysctl.d/71-slashes.conf": "net/ipv4/tcp_retries2 = 10\nnet/core/somaxconn=2048\n",
    "/etc/sysctl.d/72-crlf.conf": (
        f"{TCP}max_syn_backlog = 300\r\n; a comment\r\n{TCP}tw_reuse = 1\r\n"
    ),
    "/etc/sysctl.d/73-dash.conf": f"-{TCP}notsent_lowat = 70000\n-net.ipv4.no_such_key = 1\n",
    "/etc/sysctl.d/74-words.conf": f"  {TCP}rmem \t=  4096\t 131072   6291456  \n",
    "/etc/sysctl.d/75-no-end.conf": f"{TCP}limit_output_bytes = 500000",
    # Bytes that are not UTF-8, and lines that are not assignments.
    "/etc/sysctl.d/76-bytes.conf": (
        b"# \xff\xe4\n" + f"{TCP}base_mss = 1100\nno assignment\n= 4\n".encode()
    ),
    "/etc/sysctl.conf": f"{TCP}ecn = 1\n",
}
SEEDS = (14, 15, 38)
"""Seeds of `sandbox.trees` whose files outside /run set something."""
READ_KEYS = r"""
while read -r key; do
    printf '%s\t' "$key"
    sysctl -n -- "$key" | tr -s '[:space:]' ' '
    echo
done
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_lab(tmp_path_factory.mktemp("labs") / "boot") as opened:
        opened.up("booted", list(roots.RELEASES), len(roots.RELEASES))
        yield opened


def files_for(seed: str | int) -> Tree:
    """Return the files to test with, without those in /run, which a reboot removes."""
    files = BY_HAND if isinstance(seed, str) else tree(seed, "systemd")
    return {path: content for path, content in files.items() if not path.startswith("/run/")}


def write_files(lab: Lab, host: str, files: Tree) -> None:
    command = lab.ssh(host, "tar -x -C / --no-same-owner --unlink-first")
    subprocess.run(command, input=tar_archive(files), check=True)


def tar_archive(files: Tree) -> bytes:
    archive_bytes = io.BytesIO()
    with tarfile.open(fileobj=archive_bytes, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            if isinstance(content, Link):
                entry.type, entry.linkname = tarfile.SYMTYPE, content.target
                archive.addfile(entry)
                continue
            data = content.encode() if isinstance(content, str) else content
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return archive_bytes.getvalue()


def inspect_settings(lab: Lab, directory: Path) -> dict[str, dict[str, Any]]:
    """Run sysctl_info on all hosts in one play; return each host's settings.

    It is asked for every key of every file, and for the keys that globs may match.
    """
    tasks: list[dict[str, Any]] = [
        {"netops.tuning.sysctl_info": {}, "register": "all"},
        {"netops.tuning.sysctl_info": {"keys": [f"{TCP}*", *KEYS]}, "register": "named"},
        {
            "ansible.builtin.copy": {
                "content": "{{ all.settings | combine(named.settings) | to_json }}",
                "dest": f"{directory}/{{{{ inventory_hostname }}}}.json",
                "mode": "0600",
            },
            "delegate_to": "localhost",
        },
    ]
    playbook = directory / "inspect.json"
    play = {"hosts": "booted", "gather_facts": False, "tasks": tasks}
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    run_play(lab, directory, str(playbook))
    settings = {}
    for host in lab.names():
        text = (directory / f"{host}.json").read_text(encoding="utf-8")
        settings[host] = json.loads(text)
    return settings


def network_keys(settings: dict[str, Any]) -> list[str]:
    """Return the keys that exist and that a container can set."""
    keys = []
    for key, setting in settings.items():
        if key.startswith("net.") and setting["runtime"] is not None:
            keys.append(key)
    return keys


def read_values(lab: Lab, host: str, keys: list[str]) -> dict[str, str]:
    """Read keys with the host's own sysctl, one at a time."""
    finished = subprocess.run(
        lab.ssh(host, READ_KEYS),
        input="\n".join(keys).encode() + b"\n",
        check=True,
        capture_output=True,
    )
    values = {}
    for line in finished.stdout.decode().splitlines():
        key, _tab, value = line.partition("\t")
        values[key] = value.strip()
    assert list(values) == keys
    return values


@pytest.mark.parametrize("seed", ["by hand", *SEEDS])
def test_the_next_boot_sets_the_predicted_values(
    lab: Lab, tmp_path: Path, count: Count, seed: str | int
) -> None:
    hosts = lab.names()
    lab.renew(hosts)
    for host in hosts:
        write_files(lab, host, files_for(seed))
    settings = inspect_settings(lab, tmp_path)
    keys = {host: network_keys(settings[host]) for host in hosts}
    values_before = {host: read_values(lab, host, keys[host]) for host in hosts}
    lab.reboot(hosts)
    for host in hosts:
        values_after = read_values(lab, host, keys[host])
        check_predictions(host, settings[host], values_before[host], values_after)
        for key in values_after:
            count.add("right", f"{host}: {key}")


def check_predictions(
    host: str, settings: dict[str, Any], before: dict[str, str], after: dict[str, str]
) -> None:
    wrong = {}
    changed = set()
    predicted_drift = set()
    for key, value in after.items():
        setting = settings[key]
        expected = before[key]
        if setting["boot"] is not None:
            expected = " ".join(setting["boot"].split())
        if value != expected:
            wrong[key] = (value, setting)
        if value != before[key]:
            changed.add(key)
        if setting["drift"]:
            predicted_drift.add(key)
    assert wrong == {}, host
    assert predicted_drift == changed, host
    assert changed, "the files set nothing, so this test shows nothing"
