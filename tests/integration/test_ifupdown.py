# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real ifup prints the commands for which there are doubts, on generated interfaces."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host.files import HostFiles
from ansible_collections.netops.tuning.plugins.module_utils._host.later.ifupdown import read
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import normalize_key

IFUP = Path(__file__).parents[2] / ".build" / "unpacked" / "sbin" / "ifup"
METHODS = ("auto", "static", "dhcp", "manual", "loopback")
OPTIONS = ("privext", "accept_ra", "autoconf", "mtu", "dad-attempts")
LINK = "etc/systemd/system/multi-user.target.wants/networking.service"
SETTING = re.compile(r"^sysctl -q -e -w (\S+)=(\S+)$", re.MULTILINE)


def interfaces(rnd: random.Random) -> str:
    """Return a file with one IPv6 stanza, or two of an interface."""
    name = rnd.choice(("eth0", "eth0.100"))
    lines = [f"auto {name}"]
    if rnd.randrange(2):
        lines.append(f"iface {name} inet manual")
    method = rnd.choice(METHODS)
    lines.append(f"iface {name} inet6 {method}")
    if method == "static":
        lines.append("\taddress 2001:db8::1/64")
    for option in rnd.sample(OPTIONS, rnd.randrange(4)):
        lines.append(f"  {option} {rnd.randrange(3)}" if option != "mtu" else "  mtu 9000")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(40))
def test_the_commands_of_ifup(tmp_path: Path, seed: int) -> None:
    text = interfaces(random.Random(seed))
    file = tmp_path / "etc/network/interfaces"
    link = tmp_path / LINK
    for path in (file, link):
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    command = [IFUP, "--no-act", "--verbose", "--all", f"--state-dir={tmp_path}", "-i", file]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    printed = SETTING.findall(answer.stderr + answer.stdout)
    expected = {normalize_key(key): value for key, value in printed if not key.endswith(".mtu")}
    doubts = read(HostFiles(str(tmp_path))).doubts
    assert {doubt.keys[0]: doubt.value for doubt in doubts} == expected, text + answer.stderr
