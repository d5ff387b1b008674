# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module says of the next boot is what the next boot does: on each Debian release, with awkward trees, and a real reboot."""

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
from sandbox.trees import KEYS, tree
from sandbox.world import Link, Tree

TCP = "net.ipv4.tcp_"
BY_HAND: Tree = {
    # the same name in folders of different priority
    "/usr/lib/sysctl.d/10-same.conf": f"{TCP}keepalive_time = 1\n{TCP}fin_timeout = 11\n",
    "/usr/local/lib/sysctl.d/10-same.conf": f"{TCP}keepalive_time = 2\n",
    "/etc/sysctl.d/10-same.conf": f"{TCP}keepalive_time = 100\n",
    # a later name wins, whatever its folder
    "/etc/sysctl.d/20-early.conf": f"{TCP}orphan_retries = 2\n",
    "/usr/lib/sysctl.d/50-late.conf": f"{TCP}orphan_retries = 3\n",
    # masks: a link to /dev/null, an empty file, a link that leads nowhere
    "/usr/lib/sysctl.d/60-masked.conf": f"{TCP}syn_retries = 2\n",
    "/etc/sysctl.d/60-masked.conf": Link("/dev/null"),
    "/usr/lib/sysctl.d/61-emptied.conf": f"{TCP}synack_retries = 2\n",
    "/etc/sysctl.d/61-emptied.conf": b"",
    "/etc/sysctl.d/62-dangling.conf": Link("/nowhere"),
    # a link to a file elsewhere; names that are no configuration
    "/srv/elsewhere": f"{TCP}retries1 = 4\n",
    "/etc/sysctl.d/63-link.conf": Link("/srv/elsewhere"),
    "/etc/sysctl.d/99-zz.conf.bak": f"{TCP}retries1 = 9\n",
    # globs, what is kept off them, and a key that is named
    "/etc/sysctl.d/70-globs.conf": f"{TCP}keepalive_* = 50\n-{TCP}keepalive_probes\n{TCP}reord* = 7\n",
    # spellings, blanks, a dash, CRLF, no newline at the end
    "/etc/sysctl.d/71-slashes.conf": "net/ipv4/tcp_retries2 = 10\nnet/core/somaxconn=2048\n",
    "/etc/sysctl.d/72-crlf.conf": f"{TCP}max_syn_backlog = 300\r\n; a comment\r\n{TCP}tw_reuse = 1\r\n",
    "/etc/sysctl.d/73-dash.conf": f"-{TCP}notsent_lowat = 70000\n-net.ipv4.no_such_key = 1\n",
    "/etc/sysctl.d/74-words.conf": f"  {TCP}rmem \t=  4096\t 131072   6291456  \n",
    "/etc/sysctl.d/75-no-end.conf": f"{TCP}limit_output_bytes = 500000",
    # bytes that are no text, and lines that are no assignment
    "/etc/sysctl.d/76-bytes.conf": b"# \xff\xe4\n"
    + f"{TCP}base_mss = 1100\nno assignment\n= 4\n".encode(),
    "/etc/sysctl.conf": f"{TCP}ecn = 1\n",
}


SEEDS = (14, 15, 38)
"""Of `sandbox.trees`, such that the lasting part of the tree sets something."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_lab(tmp_path_factory.mktemp("labs") / "boot") as opened:
        opened.up("booted", list(roots.RELEASES), len(roots.RELEASES))
        yield opened


def lasting(made: Tree) -> Tree:
    """Leave out what is gone after a reboot, and what points there."""
    return {path: content for path, content in made.items() if not path.startswith("/run/")}


def place(lab: Lab, host: str, files: Tree) -> None:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            if isinstance(content, Link):
                entry.type, entry.linkname = tarfile.SYMTYPE, content.target
                archive.addfile(entry)
            else:
                text = content.encode() if isinstance(content, str) else content
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text))
    subprocess.run(
        lab.ssh(host, "tar -x -C / --no-same-owner --unlink-first"),
        input=raw.getvalue(),
        check=True,
    )


def told(lab: Lab, folder: Path) -> dict[str, dict[str, Any]]:
    """Ask all hosts, in one play, for every key of every file, and for those that globs may mean; give what each says."""
    tasks: list[dict[str, Any]] = [
        {"netops.tuning.sysctl_info": {}, "register": "all"},
        {"netops.tuning.sysctl_info": {"keys": [f"{TCP}*", *KEYS]}, "register": "named"},
        {
            "ansible.builtin.copy": {
                "content": "{{ all.settings | combine(named.settings) | to_json }}",
                "dest": f"{folder}/{{{{ inventory_hostname }}}}.json",
                "mode": "0600",
            },
            "delegate_to": "localhost",
        },
    ]
    (folder / "ask.json").write_text(
        json.dumps([{"hosts": "booted", "gather_facts": False, "tasks": tasks}])
    )
    run_play(lab, folder, str(folder / "ask.json"))
    return {
        host: json.loads((folder / f"{host}.json").read_text(encoding="utf-8"))
        for host in lab.names()
    }


def values(lab: Lab, host: str, keys: list[str]) -> dict[str, str]:
    """Read keys with the host's own sysctl, one by one told apart by their order."""
    script = "while read -r key; do printf '%s\\t' \"$key\"; sysctl -n -- \"$key\" | tr -s '[:space:]' ' '; echo; done"
    done = subprocess.run(
        lab.ssh(host, script),
        input="\n".join(keys).encode() + b"\n",
        check=True,
        capture_output=True,
    )
    lines = [line.partition("\t") for line in done.stdout.decode().splitlines()]
    return {key: value.strip() for key, _tab, value in lines}


@pytest.mark.parametrize("seed", ["by hand", *SEEDS])
def test_what_it_says_is_what_the_boot_does(lab: Lab, tmp_path: Path, seed: str | int) -> None:
    lab.renew(lab.names())
    for host in lab.names():
        place(lab, host, lasting(BY_HAND if isinstance(seed, str) else tree(seed, "systemd")))
    said = told(lab, tmp_path)
    keys = {
        host: [
            key
            for key, entry in settings.items()
            if key.startswith("net.") and entry["runtime"] is not None
        ]
        for host, settings in said.items()
    }
    fresh = {host: values(lab, host, keys[host]) for host in lab.names()}
    lab.reboot(lab.names())
    for host in lab.names():
        expected = {
            key: fresh[host][key]
            if said[host][key]["boot"] is None
            else " ".join(said[host][key]["boot"].split())
            for key in keys[host]
        }
        booted = values(lab, host, keys[host])
        assert {key: value for key, value in booted.items() if expected[key] != value} == {}, (
            host,
            {key: said[host][key] for key in keys[host] if expected[key] != booted[key]},
        )
        changed = {key for key in keys[host] if booted[key] != fresh[host][key]}
        assert {key for key in keys[host] if said[host][key]["drift"]} == changed
        assert changed, "a tree that sets nothing shows nothing"
