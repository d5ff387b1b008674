# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that leave our file, to which another file gives a value that the kernel may not take."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime import (
    cpu_masks,
    requirements,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime.removed_keys import (
    with_earlier_values,
)
from hosts_in_memory import OURS, make_host, make_request, plan_for

KEXEC, PTRACE = "kernel.kexec_load_disabled", "kernel.yama.ptrace_scope"
OTHERS = "/etc/sysctl.d/10-hard.conf"


@pytest.mark.parametrize("options", [{"present": False}, {"exclusive": True}])
def test_a_value_that_stays_until_a_reboot_is_left_as_it_is(options):
    files = {
        OTHERS: f"{KEXEC} = 0\n{PTRACE} = 1\n",
        OURS: f"{KEXEC} = 1\n{PTRACE} = 2\n",
    }
    kernel = {KEXEC: "1", PTRACE: "2"}
    settings = {} if "exclusive" in options else {KEXEC: None, PTRACE: None}
    plan = plan_for(make_request(settings, **options), make_host("systemd", files, kernel))
    plan = with_earlier_values(plan)
    assert [(write.key, write.after) for write in plan.writes] == [(PTRACE, "1")]
    assert plan.desired[KEXEC] is None


@pytest.mark.parametrize(
    ("key", "value", "live", "is_written"),
    [
        ("net.netfilter.nf_log.2", "nosuch", "NONE", False),
        ("net.netfilter.nf_log.2", "nf_log_ipv4", "NONE", True),
        ("net.core.rps_default_mask", "8", "0", False),
        ("net.core.rps_default_mask", "2", "0", True),
    ],
)
def test_a_value_for_which_the_kernel_lacks_something_is_not_written(
    tmp_path, monkeypatch, key, value, live, is_written
):
    loggers = tmp_path / "nf_log"
    loggers.write_text(" 2 NONE (nf_log_ipv4)\n")
    cpus = tmp_path / "possible"
    cpus.write_text("0-1\n")
    monkeypatch.setattr(requirements, "_LOGGERS", str(loggers))
    monkeypatch.setattr(cpu_masks, "POSSIBLE_CPUS", str(cpus))
    files = {OTHERS: f"{key} = {value}\n", OURS: f"{key} = {live}\n"}
    request = make_request({key: None}, present=False)
    plan = with_earlier_values(plan_for(request, make_host("systemd", files, {key: live})))
    written = [(write.key, write.after) for write in plan.writes]
    assert written == ([(key, value)] if is_written else [])
