#!/usr/bin/python
# Copyright: (c) 2026, the netops.tuning authors; GNU General Public License v3.0+ (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: tcp_keepalive
short_description: Set how soon dead TCP peers are noticed, now and after the next boot
version_added: 0.1.0
description:
  - Sets the three TCP keepalive values of the kernel, under names of their own, with the means of M(netops.tuning.sysctl).
  - After O(time) seconds without traffic the kernel sends a probe, and another one each O(intvl) seconds.
    When O(probes) of them go unanswered, the connection ends with C(ETIMEDOUT), time + probes x intvl seconds after the last byte.
  - They hold for IPv6 too. They concern only sockets with C(SO_KEEPALIVE), and what an application sets itself
    (C(TCP_KEEPIDLE), C(TCP_KEEPINTVL), C(TCP_KEEPCNT)) wins.
  - With O(state=absent) the three go back to 7200 / 9 / 75, unless another file says otherwise.
author: the netops.tuning authors (@netops-tuning)
requirements:
  - Python 3.7 or later on the host
extends_documentation_fragment:
  - netops.tuning.settings.tcp_keepalive
  - netops.tuning.settings
seealso:
  - module: netops.tuning.sysctl
  - module: netops.tuning.sysctl_info
"""

EXAMPLES = r"""
- name: Set 3600 / 9 / 25
  netops.tuning.tcp_keepalive:

- name: Behind a load balancer that forgets idle connections after 350 s, with a published set
  netops.tuning.tcp_keepalive:
    profile: gce
    idle_limit: 350

- name: With values of your own, a dead peer noticed within 5 minutes
  netops.tuning.tcp_keepalive:
    time: 120
    probes: 6
    intvl: 20
    dead_after_limit: 300

- name: Let this file win, and keep copies
  netops.tuning.tcp_keepalive:
    path: /etc/sysctl.d/98-tcp-keepalive.conf
    on_override: comment_out
    backup: true

- name: Until the reboot only
  netops.tuning.tcp_keepalive:
    profile: cassandra
    persistent: false

- name: In an image
  netops.tuning.tcp_keepalive:
    root: /mnt/image
    runtime: false

- name: Wait longer than a socket option could ask for
  netops.tuning.tcp_keepalive:
    time: 86400
    unsafe: true

- name: Go back to the defaults of the kernel
  netops.tuning.tcp_keepalive:
    state: absent
"""

RETURN = r"""
dead_after:
  description: Seconds from the last byte to C(ETIMEDOUT) when the peer is gone, time + probes x intvl. Null if not known.
  returned: success
  type: int
  sample: 3825
settings:
  description: >-
    One entry for each of the three keys, and any other that is taken out of the file, which holds what is listed here.
    All values are strings, or null.
  returned: success, and failure once the plan is made
  type: dict
  sample:
    net.ipv4.tcp_keepalive_time:
      value: "3600"
      runtime: {before: "7200", after: "3600"}
      persistent: {before: null, after: "3600"}
      boot: {value: "3600", path: /etc/sysctl.d/90-tcp-keepalive.conf, line: 2}
  contains:
    value: {description: What it is to be., type: str, sample: "3600"}
    runtime:
      description: The value in the kernel.
      type: dict
      contains:
        before: {description: Before the run., type: str, sample: "7200"}
        after: {description: After it., type: str, sample: "3600"}
    persistent:
      description: The value in RV(path), if it is there.
      type: dict
      contains:
        before: {description: Before the run., type: str, sample: "7200"}
        after: {description: After it., type: str, sample: "3600"}
    boot:
      description: What the next boot will set. Null values if nothing does.
      type: dict
      contains:
        value: {description: The value., type: str, sample: "3600"}
        path: {description: The file that decides., type: str, sample: /etc/sysctl.d/99-z.conf}
        line: {description: The line in it., type: int, sample: 2}
previous:
  description: Runtime values before the run, ready to be passed to M(netops.tuning.sysctl) as settings.
  returned: as settings
  type: dict
  sample: {net.ipv4.tcp_keepalive_time: "7200"}
overridden:
  description: Keys that the next boot gives another value than the one asked for.
  returned: as settings
  type: list
  elements: dict
  sample: [{key: net.ipv4.tcp_keepalive_time, value: "1", path: /etc/sysctl.d/99-z.conf, line: 3}]
  contains:
    key: {description: The key., type: str}
    value: {description: The value it gets. Null if none., type: str}
    path: {description: The file that decides. Null if no file does., type: str}
    line: {description: The line in it., type: int}
missing:
  description: Keys that this kernel does not have, with O(state=absent) (else it fails).
  returned: as settings
  type: list
  elements: str
  sample: []
path:
  description: The file, as the boot loader names it.
  returned: as settings
  type: str
  sample: /etc/sysctl.d/90-tcp-keepalive.conf
loader:
  description: What applies the files at boot, V(systemd) or V(procps).
  returned: as settings
  type: str
  sample: systemd
diff:
  description: What changes, first in the kernel, then in each file.
  returned: as settings
  type: list
  elements: dict
  sample:
    - {before_header: /proc/sys, after_header: /proc/sys, before: "net.ipv4.tcp_keepalive_intvl = 75\n", after: "net.ipv4.tcp_keepalive_intvl = 25\n"}
  contains:
    before_header: {description: V(/proc/sys) or the file., type: str}
    after_header: {description: The same after the run., type: str}
    before: {description: Text before the run., type: str}
    after: {description: Text after it., type: str}
backup_files:
  description: The copies made.
  returned: success
  type: list
  elements: str
  sample: [/etc/sysctl.d/90-tcp-keepalive.conf.4242.2026-01-31@12:00:00~]
failed_key:
  description: The key that the failure is about, if it is about one.
  returned: failure
  type: str
  sample: net.ipv4.tcp_keepalive_time
errno:
  description: The error number of the system, if it gave one.
  returned: failure
  type: int
  sample: 22
rolled_back:
  description: Whether the host is as it was before. If not, the message says what could not be put back.
  returned: failure
  type: bool
  sample: true
"""

from ansible_collections.netops.tuning.plugins.module_utils._start import start


def main():  # type: () -> None
    from ansible_collections.netops.tuning.plugins.module_utils._sysctl import keepalive, task

    module = task.TuningModule(
        dict(
            task.OPTIONS,
            time={"type": "int"},
            probes={"type": "int"},
            intvl={"type": "int"},
            profile={"type": "str", "choices": list(keepalive.PROFILES), "default": "document"},
            idle_limit={"type": "int"},
            dead_after_limit={"type": "int"},
            path={"type": "path", "default": "/etc/sysctl.d/90-tcp-keepalive.conf"},
        )
    )
    task.run(module, keepalive.settings, keepalive.told)


if __name__ == "__main__":
    start()
    main()
