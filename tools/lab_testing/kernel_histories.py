# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated histories of a whole kernel: tasks over keys that no new namespace has.

reboots.py runs them. They are like those of sandbox/histories.py, which are about the network.
"""

from __future__ import annotations

import random
from itertools import chain
from typing import Any

from sandbox.histories import OTHER_FILES, OUR_PATHS, REFUSED, History

SWITCH = ("0", "1")
GROUPS: tuple[dict[str, tuple[str, ...]], ...] = (
    {
        "vm.dirty_ratio": ("5", "20", "40"),
        "vm.dirty_bytes": ("0", "268435456", "536870912"),
    },
    {
        "vm.dirty_background_ratio": ("5", "10"),
        "vm.dirty_background_bytes": ("0", "67108864", "134217728"),
    },
    {
        "vm.overcommit_ratio": ("40", "50", "80"),
        "vm.overcommit_kbytes": ("0", "400000", "600000"),
        "vm.overcommit_memory": SWITCH,
    },
    {
        "vm.nr_hugepages": ("0", "1", "2"),
        "vm.nr_hugepages_mempolicy": ("0", "1", "2"),
    },
    {
        "kernel.watchdog": SWITCH,
        "kernel.soft_watchdog": SWITCH,
        "kernel.nmi_watchdog": SWITCH,
        "kernel.watchdog_thresh": ("10", "20", "61"),
    },
    {
        "kernel.sched_rt_period_us": ("500000", "1000000", "2000000"),
        "kernel.sched_rt_runtime_us": ("-1", "400000", "950000"),
    },
    {
        "kernel.panic": ("-1", "0", "10"),
        "kernel.panic_on_oops": SWITCH,
        "kernel.panic_print": SWITCH,
    },
    {
        "kernel.yama.ptrace_scope": ("0", "1", "2", "3"),
        "kernel.unprivileged_bpf_disabled": ("0", "1", "2"),
        "kernel.kexec_load_disabled": SWITCH,
    },
    {
        "kernel.printk": ("4 4 1 7", "3", "7 4"),
        "kernel.core_pattern": ("core", "core.%p", "|/bin/false %p"),
        "kernel.msgmni": ("32000", "1000"),
        "kernel.sem": ("32000 1024000000 500 32000", "250"),
    },
    {
        "fs.inotify.max_user_instances": ("128", "256", "512"),
        "user.max_inotify_instances": ("128", "256", "512"),
    },
    {
        "fs.inotify.max_user_watches": ("8192", "65536"),
        "user.max_inotify_watches": ("8192", "65536"),
    },
    {
        "fs.fanotify.max_user_marks": ("8192", "65536"),
        "user.max_fanotify_marks": ("8192", "65536"),
    },
    {
        "fs.file-max": ("100000", "200000"),
        "fs.nr_open": ("1048576", "2097152"),
        "fs.pipe-max-size": ("1048576", "5000"),
        "fs.suid_dumpable": ("0", "1", "2", "3"),
    },
    {
        "vm.swappiness": ("10", "60", "201"),
        "vm.lowmem_reserve_ratio": ("256 256 32 0 0", "128"),
        "kernel.pid_max": ("32768", "4194304"),
        "kernel.sysrq": ("0", "1", "438"),
    },
    {
        "kernel.perf_cpu_time_max_percent": ("0", "1", "25", "100"),
        "kernel.perf_event_max_sample_rate": ("1", "50000"),
    },
    {
        "fs.pipe-user-pages-soft": ("1000", "-1"),
        "kernel.sched_rr_timeslice_ms": ("50", "0"),
        "vm.user_reserve_kbytes": ("1000", "-1"),
    },
    {
        # Its module is loaded for the first of these keys, but not for the second one.
        "net.ipv4.tcp_congestion_control": ("reno", "cubic", "bbr"),
        "net.ipv4.tcp_allowed_congestion_control": ("reno", "cubic", "reno cubic"),
    },
)
"""Keys and values to give them. Those of a group act on or limit each other, or are alike."""
VALUES = dict(chain.from_iterable(group.items() for group in GROUPS))
STARTING_DIFFERENTLY = ("vm.user_reserve_kbytes",)
"""Keys whose default depends on how much memory is free when the kernel starts."""
GLOBS = {
    "vm.dirty_*ratio": ("10", "30"),
    "vm.overcommit_*": SWITCH,
    "kernel.*watchdog": SWITCH,
    "kernel.panic*": ("0",),
    "fs.inotify.max_user_*": ("512",),
}


def make_history(seed: int) -> History:
    """Return the history of a seed, always the same one."""
    rng = random.Random(seed)
    related: list[str] = []
    for group in rng.sample(GROUPS, rng.randint(2, 4)):
        related += group
    files = {}
    for path in OTHER_FILES:
        if rng.random() < 0.4:
            files[path] = "".join(_line(rng, related) for _number in range(rng.randint(1, 4)))
    tasks = [_task(rng, related) for _number in range(rng.randint(1, 4))]
    passes_previous_back = rng.random() < 0.5
    is_rolled_back = rng.random() < 0.5
    return History(
        seed=seed,
        files=files,
        tasks=tasks,
        passes_previous_back=passes_previous_back,
        is_rolled_back=is_rolled_back,
    )


def _line(rng: random.Random, keys: list[str]) -> str:
    key, value = _setting(rng, keys)
    return f"-{key}\n" if rng.random() < 0.1 else f"{key} = {value}\n"


def _setting(rng: random.Random, keys: list[str]) -> tuple[str, str]:
    if rng.random() < 0.1:
        key = rng.choice(list(GLOBS))
        return key, rng.choice(GLOBS[key])
    key = rng.choice(keys)
    return key, rng.choice(VALUES[key])


def _task(rng: random.Random, keys: list[str]) -> dict[str, Any]:
    settings = dict(_setting(rng, keys) for _number in range(rng.randint(1, 4)))
    task: dict[str, Any] = {
        "settings": settings,
        "path": rng.choice(OUR_PATHS),
        "on_override": rng.choice(["warn", "warn", "fail", "comment_out"]),
        "ignore_missing": True,
    }
    if rng.random() < 0.1:
        settings.update(REFUSED)
    elif rng.random() < 0.15:
        task["state"] = "absent"
    elif rng.random() < 0.15:
        task["exclusive"] = True
    return task
