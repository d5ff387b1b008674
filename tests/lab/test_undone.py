# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program sets after the files have been read is found after a real boot.

Tested on each Debian release, with values that are kept, set again, and never applied.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab import roots
from lab.lab import Lab, open_lab
from lab_testing.plays import run_play

FIN, RETRIES, ORPHANS, PROBES = (
    f"net.ipv4.tcp_{name}"
    for name in ("fin_timeout", "retries2", "orphan_retries", "keepalive_probes")
)
SETTINGS = {FIN: 21, RETRIES: 11, PROBES: 5}
KEYS = [FIN, RETRIES, ORPHANS, PROBES]
OURS, LATER_FILE = "/etc/sysctl.d/90-ansible.conf", "/etc/sysctl.d/95-later.conf"
LATER_UNIT = """\
[Unit]
After=systemd-sysctl.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo 44 >/proc/sys/net/ipv4/tcp_fin_timeout'
[Install]
WantedBy=multi-user.target
"""
SET_UP = f"""
cat >/etc/systemd/system/later.service <<'END'
{LATER_UNIT}END
systemctl --quiet enable later.service
echo '{ORPHANS} = 3' >{LATER_FILE}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_lab(tmp_path_factory.mktemp("labs") / "undone") as opened:
        opened.up("booted", list(roots.RELEASES), len(roots.RELEASES))
        yield opened


def run_tasks(lab: Lab, folder: Path, name: str, *tasks: dict[str, Any]) -> dict[str, Any]:
    """Run tasks on all hosts; return host -> what they registered as `result`."""
    save = {
        "ansible.builtin.copy": {
            "content": "{{ result | to_json }}",
            "dest": f"{folder}/{name}-{{{{ inventory_hostname }}}}.json",
            "mode": "0600",
        },
        "delegate_to": "localhost",
    }
    play = {"hosts": "booted", "gather_facts": False, "tasks": [*tasks, save]}
    playbook = folder / f"{name}.json"
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    run_play(lab, folder, str(playbook))
    results = {}
    for host in lab.names():
        text = (folder / f"{name}-{host}.json").read_text(encoding="utf-8")
        results[host] = json.loads(text)
    return results


def set_task(**options: Any) -> dict[str, Any]:
    return {"netops.tuning.sysctl": {"settings": SETTINGS}, "register": "result", **options}


def run_on_all(lab: Lab, command: str) -> None:
    for host in lab.names():
        subprocess.run(lab.ssh(host, command), check=True)


def test_what_the_boot_did_not_keep(lab: Lab, tmp_path: Path) -> None:
    info = {"netops.tuning.sysctl_info": {"keys": KEYS}, "register": "result"}
    run_on_all(lab, SET_UP)
    first = run_tasks(lab, tmp_path, "first", set_task())
    before = run_tasks(lab, tmp_path, "before", info)
    lab.reboot(lab.names())
    run_on_all(lab, "systemctl is-system-running --wait || :")
    run_on_all(lab, f"echo '{ORPHANS} = 4' >{LATER_FILE}")
    after = run_tasks(lab, tmp_path, "after", info)
    checked = run_tasks(lab, tmp_path, "checked", set_task(check_mode=True))
    second = run_tasks(lab, tmp_path, "second", set_task())
    third = run_tasks(lab, tmp_path, "third", set_task())
    for host in lab.names():
        assert (first[host]["changed"], first[host]["undone"]) == (True, [])
        # The file that was written after the first boot has yet to be applied.
        assert (before[host]["drift"], before[host]["undone"]) == ([ORPHANS], [])
        # So has what was changed in it after the second one.
        assert (after[host]["drift"], after[host]["undone"]) == ([FIN, ORPHANS], [FIN])
        assert second[host]["undone"] == checked[host]["undone"]
        check_undone(second[host], after[host]["booted"])
        assert (third[host]["changed"], third[host]["undone"]) == (False, [])


def check_undone(result: dict[str, Any], booted: str) -> None:
    (entry,) = result["undone"]
    assert entry == {
        "key": FIN,
        "value": "21",
        "runtime": "44",
        "path": OURS,
        "line": 2,
        "by": "systemd-sysctl",
        "booted": booted,
    }
    expected = f"undone since the boot of {booted}: {FIN} is '44' instead of '21'"
    assert expected in str(result["warnings"])


MASK = "ln -s /dev/null /etc/systemd/system/systemd-sysctl.service"
CREDENTIAL = f"""
mkdir -p /etc/credstore
echo '{RETRIES} = 13' >/etc/credstore/sysctl.extra
chmod 600 /etc/credstore/sysctl.extra
"""


def test_a_credential_is_read_last_and_a_masked_loader_applies_nothing(
    lab: Lab, tmp_path: Path
) -> None:
    """The credential is one of newer releases than Debian 11."""
    hosts = lab.names()
    lab.renew(hosts)
    masked, *with_credential = hosts
    subprocess.run(lab.ssh(masked, MASK), check=True)
    for host in with_credential:
        subprocess.run(lab.ssh(host, CREDENTIAL), check=True)
    settings = {"settings": {RETRIES: 11, PROBES: 5}, "on_override": "warn"}
    task = {"netops.tuning.sysctl": settings, "register": "result"}
    info = {"netops.tuning.sysctl_info": {"keys": KEYS}, "register": "result"}
    first = run_tasks(lab, tmp_path, "first", task)
    lab.reboot(hosts)
    after = run_tasks(lab, tmp_path, "after", info)
    assert first[masked]["loader"] == "none"
    assert f"systemctl unmask {'systemd-sysctl.service'}" in str(first[masked]["warnings"])
    assert not first[masked]["settings"][RETRIES]["boot"]["certain"]
    assert after[masked]["settings"][RETRIES]["runtime"] == "15"  # the kernel's own
    assert after[masked]["undone"] == [RETRIES, PROBES]
    for host in with_credential:
        boot = first[host]["settings"][RETRIES]["boot"]
        runtime = after[host]["settings"][RETRIES]["runtime"]
        assert (boot["value"], boot["certain"]) == (runtime, True) == ("13", True)
        assert boot["path"] == "/etc/credstore/sysctl.extra"
        assert after[host]["undone"] == []
