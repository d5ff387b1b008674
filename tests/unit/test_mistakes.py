# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Typical mistakes, and what each is answered: one line, with what was typed and the remedy.

Of 54 kinds of mistakes that users made, this table has those with the modules that need no real
host (47 cases), and cases/fleet_mistakes.yml those with the playbooks (43 cases). The others need a
kernel, files or several hosts. In tests/integration they are in test_refused.py, test_override.py,
test_attributes.py, test_values.py, test_tcp_keepalive.py, test_ledger.py, test_rollout.py and
test_audit.py; a rollout that is interrupted is in tests/fleet, and hosts that apply their settings
themselves are in tests/unit/plugins/plugin_utils/test_self_apply.py and extensions/molecule.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
pytest.importorskip(
    "ansible", reason="Ansible does not run on this Python; targets get its code sent"
)

HALF_OF_A_PAIR = "\ud800"
"""No tool for YAML reads a surrogate, but JSON can have one."""
SURROGATES = [
    {
        "mistake": "half of a surrogate pair in a key",
        "module": "sysctl_info",
        "runtime_only": False,
        "options": {"keys": [f"{HALF_OF_A_PAIR}x"]},
        "message": r"key '\ud800x': it holds a blank, an equals sign or a control character; "
        "name it as in sysctl.d(5), such as net.ipv4.tcp_keepalive_time",
    },
    {
        "mistake": "half of a surrogate pair in a value",
        "options": {"settings": {"vm.swappiness": HALF_OF_A_PAIR}},
        "message": r"vm.swappiness: '\ud800' has half of a surrogate pair, which is no character; "
        "take it out",
    },
]
CASES = [
    *yaml.safe_load((Path(__file__).parent / "cases" / "mistakes.yml").read_text("utf-8")),
    *SURROGATES,
]
KERNEL = {
    "net.ipv4.tcp_keepalive_time": "7200",
    "net.ipv4.tcp_keepalive_probes": "9",
    "net.ipv4.tcp_keepalive_intvl": "75",
    "net.ipv4.tcp_fin_timeout": "60",
    "net.ipv4.tcp_rmem": "4096\t131072\t6291456",
    "net.core.somaxconn": "4096",
    "vm.swappiness": "60",
    "net.ipv4.conf.eth0/100.rp_filter": "1",
}
LONGEST = 700
"""Characters of a message."""


@pytest.mark.parametrize("case", CASES, ids=[case["mistake"] for case in CASES])
def test_a_mistake_is_answered_in_one_line_with_the_remedy(case, kernel, modules):
    live = kernel(**KERNEL)
    name = case.get("module", "sysctl")
    module = importlib.import_module(f"ansible_collections.netops.tuning.plugins.modules.{name}")
    options = dict(case["options"])
    if name != "sysctl_ledger" and case.get("runtime_only", True):
        options.setdefault("persistent", False)
    message = modules.run(module, **options)["msg"]
    assert message == case["message"]
    assert "\n" not in message
    assert len(message) <= LONGEST
    assert live.written == []
