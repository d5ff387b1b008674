# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that cannot be taken back before a reboot."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel import one_way
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import (
    may_be_coupled,
    may_be_one_way,
)


@pytest.mark.parametrize(
    ("key", "before", "after", "is_final"),
    [
        ("kernel.yama.ptrace_scope", "1", "3", True),
        ("kernel.yama.ptrace_scope", "1", "2", False),
        ("kernel.yama.ptrace_scope", "3", "3", False),
        ("kernel.kexec_load_limit_panic", "5", "4", True),
        ("kernel.kexec_load_limit_panic", "-1", "4", True),
        ("kernel.kexec_load_limit_panic", "4", "-1", False),
        ("kernel.max_rcu_stall_to_panic", "0", "5", True),
        ("kernel.max_rcu_stall_to_panic", "5", "6", False),
        ("kernel.msg_next_id", "-1", "5", True),
        ("kernel.sem_next_id", "-1", "0", True),
        ("kernel.shm_next_id", "5", "6", False),
        ("net.ipv6.conf.eth0.disable_ipv6", "0", "1", False),
        ("vm.swappiness", "60", "10", False),
    ],
)
def test_values_that_cannot_be_taken_back(
    key: str, before: str, after: str, is_final: bool
) -> None:
    assert bool(one_way.why_no_way_back(key, before, after)) is is_final


@pytest.mark.parametrize(
    ("key", "live", "value", "is_refused"),
    [
        ("kernel.yama.ptrace_scope", "3", "1", True),
        ("kernel.yama.ptrace_scope", "2", "1", False),
        ("kernel.unprivileged_bpf_disabled", "1", "2", True),
        ("kernel.unprivileged_bpf_disabled", "2", "0", False),
        ("kernel.kexec_load_limit_panic", "-1", "5", False),
        ("kernel.kexec_load_limit_panic", "5", "4", False),
        ("kernel.kexec_load_limit_panic", "5", "6", True),
        ("kernel.kexec_load_limit_panic", "5", "-1", True),
        ("kernel.modules_disabled", None, "0", False),
        ("kernel.max_rcu_stall_to_panic", "0", "5", False),
        ("kernel.max_rcu_stall_to_panic", "5", "3", False),
        ("kernel.max_rcu_stall_to_panic", "5", "0", True),
        ("kernel.msg_next_id", "-1", "5", False),
        ("kernel.msg_next_id", "5", "0", False),
        ("kernel.msg_next_id", "5", "-1", True),
        ("kernel.tainted", "1", "5", False),
        ("kernel.tainted", "5", "1", True),
        ("kernel.usermodehelper.bset", "4294967295 511", "4294967294 511", False),
        ("kernel.usermodehelper.bset", "4294967294 511", "4294967295 511", True),
        ("kernel.usermodehelper.bset", "4294967295 511", "4294967295 4294967295", True),
        ("kernel.usermodehelper.inheritable", "0 0", "0x1", True),
        ("kernel.usermodehelper.inheritable", None, "1 0", False),
        ("vm.swappiness", "60", "10", False),
    ],
)
def test_values_that_the_kernel_takes_only_after_a_reboot(
    key: str, live: str | None, value: str, is_refused: bool
) -> None:
    assert bool(one_way.why_refused_until_reboot(key, live, value)) is is_refused


@pytest.mark.parametrize(
    ("key", "value", "is_refused"),
    [
        ("kernel.tainted", "-1", True),
        ("kernel.tainted", "0", False),
        ("kernel.kexec_load_limit_panic", "-2", True),
        ("kernel.kexec_load_limit_panic", "-1", False),
        ("kernel.max_rcu_stall_to_panic", "-1", False),
        ("vm.swappiness", "-1", False),
    ],
)
def test_values_that_the_kernel_takes_at_no_time(key: str, value: str, is_refused: bool) -> None:
    assert bool(one_way.why_never_taken(key, value)) is is_refused


@pytest.mark.parametrize(
    ("key", "value", "stops"),
    [
        ("kernel.modprobe", "/bin/false", True),
        ("kernel.modprobe", "", True),
        ("kernel.modprobe", "/usr/sbin/modprobe", False),
        ("kernel.modules_disabled", "1", True),
        ("kernel.modules_disabled", "0", False),
        ("kernel.usermodehelper.bset", "4294901759 511", True),
        ("kernel.usermodehelper.bset", "0x10000", False),
        ("kernel.usermodehelper.inheritable", "", False),
        ("kernel.core_pattern", "/bin/false", False),
    ],
)
def test_values_after_which_no_module_is_loaded(key: str, value: str, stops: bool) -> None:
    assert one_way.stops_modules(key, value) is stops


@pytest.mark.parametrize("row", one_way.ONE_WAY, ids=lambda row: row.key)
def test_every_key_of_the_table_may_be_one_way(row: one_way.OneWay) -> None:
    assert may_be_one_way(row.key)
    assert may_be_coupled(row.key)


@pytest.mark.parametrize("key", ["vm.swappiness", "net.ipv4.ip_forward", "kernel.watchdog"])
def test_the_table_is_not_read_for_another_key(key: str) -> None:
    assert not may_be_one_way(key)


@pytest.mark.parametrize(
    ("key", "before", "value", "result"),
    [
        ("kernel.tainted", "15", "16", "31"),
        ("kernel.tainted", "15", "-1", "-1"),
        ("kernel.usermodehelper.bset", "4294967295 511", "4294967294 511", "4294967294 511"),
        ("kernel.usermodehelper.bset", "4294967294 511", "4294967293 511", "4294967292 511"),
        ("kernel.usermodehelper.bset", "0 0", "1 0", "1 0"),
        ("kernel.modules_disabled", "1", "0", "0"),
    ],
)
def test_flags_that_stay_whatever_is_written(
    key: str, before: str, value: str, result: str
) -> None:
    assert one_way.with_kept_flags(key, before, value) == result
