# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that are not written, each with the reason, and keys that are written last."""

from __future__ import annotations

from fnmatch import fnmatchcase

NEVER_READ = {
    "vm.stat_refresh": "reading it starts work",
}

ACTIONS = {
    "net.ipv4.route.flush": "starts an action, keeps no value",
    "net.ipv6.route.flush": "starts an action, keeps no value",
    "vm.compact_memory": "starts an action, keeps no value",
    "vm.drop_caches": "starts an action, and 4 stays until a reboot",
    "kernel.*_next_id": "the next object uses it up, and then it is -1 again",
    "fs.binfmt_misc.register": "starts an action, keeps no value",
}

DANGEROUS = {
    "kernel.cad_pid": "another process would get Ctrl-Alt-Del",
    "kernel.hardlockup_panic": "an emulated machine looks as if it hung, and would stop",
    "kernel.hung_task_panic": "an emulated machine looks as if it hung, and would stop",
    "kernel.softlockup_panic": "an emulated machine looks as if it hung, and would stop",
    "kernel.panic_on_rcu_stall": "an emulated machine looks as if it hung, and would stop",
    "kernel.panic_on_warn": "any warning of a driver would stop the machine",
    "kernel.sched_rt_runtime_us": "kernel threads might never run again",
    "kernel.threads-max": "no process could start another",
    "kernel.pid_max": "no process could start another",
    "kernel.ns_last_pid": "a counter: the next process changes it",
    "vm.overcommit_memory": "2 with a low ratio takes the memory from all processes",
    "vm.panic_on_oom": "the machine would stop when memory is short",
    "vm.max_map_count": "running processes could not map memory",
    "vm.min_free_kbytes": "large values leave no memory for processes",
    "fs.nr_open": "running processes could not open files",
    "fs.file-max": "running processes could not open files",
    "user.max_*_namespaces": "services could not start",
    "fs.binfmt_misc.python*": "-1 removes the entry",
    "dev.*": "belongs to a driver, not to vm, kernel or fs",
    "sunrpc.*": "belongs to a service that the machine does not run",
}

WRITTEN_LAST = (
    "net.netfilter.nf_hooks_lwtunnel",
    "kernel.unprivileged_bpf_disabled",
    "kernel.usermodehelper.bset",
    "kernel.usermodehelper.inheritable",
    "kernel.yama.ptrace_scope",
    "kernel.kexec_load_limit_panic",
    "kernel.kexec_load_limit_reboot",
    "kernel.kexec_load_disabled",
    "vm.memfd_noexec",
    "kernel.modules_disabled",
)
"""Keys with a value that stays until a reboot, so that all others are measured before them."""

COUNTERS = (
    "fs.dentry-state",
    "fs.file-nr",
    "fs.inode-nr",
    "fs.inode-state",
    "fs.quota.*",
    "kernel.ns_last_pid",
    "kernel.pty.nr",
    "kernel.random.*",
    "net.core.netdev_rss_key",
    "net.ipv4.tcp_fastopen_key",
    "net.netfilter.nf_conntrack_count",
)
"""Keys that change by themselves, or are random."""


DANGEROUS_FOR_LONG = (
    "kernel.pid_max",
    "kernel.sched_rt_runtime_us",
    "kernel.threads-max",
    "vm.max_map_count",
    "vm.overcommit_memory",
    "fs.nr_open",
    "fs.file-max",
)
"""Dangerous keys that may have any value for as long as it takes to write the old one again."""

LARGE = (
    "net.core.rps_sock_flow_entries",
    "net.netfilter.nf_conntrack_buckets",
    "vm.min_free_kbytes",
    "vm.nr_hugepages",
    "vm.watermark",
)
"""How the keys begin whose largest numbers take all memory, or the time to look for it."""


def why_not_written(key: str) -> str:
    """Return why a key is not written, "" if it is."""
    for reasons in (NEVER_READ, ACTIONS, DANGEROUS):
        for pattern, reason in reasons.items():
            if fnmatchcase(key, pattern):
                return reason
    return ""


def why_range_is_not_sought(key: str) -> str:
    """Return why the smallest and the largest number of a key are not sought, "" if they are."""
    if key in DANGEROUS_FOR_LONG:
        return ""
    if key.startswith(LARGE):
        return "the largest numbers take all memory"
    return why_not_written(key)


def is_counter(key: str) -> bool:
    """Tell whether a key changes by itself, or is random."""
    return any(fnmatchcase(key, pattern) for pattern in COUNTERS)
