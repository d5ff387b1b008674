#!/usr/bin/python
# Copyright: (c) 2026, the netops.tuning authors; GNU General Public License v3.0+ (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: sysctl_info
short_description: Tell what kernel settings are now, and what the next boot will make of them
version_added: 0.1.0
description:
  - For each key tells the value in the kernel, the value that the next boot will set, and every line of every file that has a say in it.
  - Reads the files as the host's boot loader of sysctls does, be it systemd-sysctl or the C(sysctl --system) of procps.
    They differ. Only procps reads C(/etc/sysctl.conf) without a link to it in C(/etc/sysctl.d).
  - Changes nothing, and needs no root. What it may not read is told in RV(problems).
author: the netops.tuning authors (@netops-tuning)
requirements:
  - Python 3.7 or later on the host
extends_documentation_fragment: netops.tuning.sysctl_info
seealso:
  - module: netops.tuning.sysctl
  - name: sysctl.d(5)
    description: The files, their order, and the spellings of keys.
    link: https://www.freedesktop.org/software/systemd/man/latest/sysctl.d.html
"""

EXAMPLES = r"""
- name: What any file sets
  netops.tuning.sysctl_info:
  register: found

- name: Fail if a reboot would change something
  ansible.builtin.assert:
    that: not found.drift

- name: TCP keepalive, and a key of every interface
  netops.tuning.sysctl_info:
    keys:
      - net.ipv4.tcp_keepalive_*
      - net.ipv4.conf.*.rp_filter

- name: What an image will do when it boots with procps
  netops.tuning.sysctl_info:
    root: /mnt/image
    loader: procps
"""

RETURN = r"""
loader:
  description: The boot loader of sysctls whose rules were used, V(systemd) or V(procps).
  returned: success
  type: str
  sample: systemd
settings:
  description: One entry for each key, under its canonical name, which holds what is listed here. All values are strings, or null.
  returned: success
  type: dict
  sample:
    vm.swappiness:
      runtime: "60"
      boot: "10"
      winner: {path: /etc/sysctl.d/90-ansible.conf, line: 2}
      assignments:
        - {path: /usr/lib/sysctl.d/50-vendor.conf, line: 7, key: vm.swappiness, value: "30", fate: overridden}
        - {path: /etc/sysctl.d/90-ansible.conf, line: 2, key: vm.swappiness, value: "10", fate: winner}
      drift: true
  contains:
    runtime:
      description: >-
        The value in the kernel. Null if it has no such key, or it may not be read, for a glob, a key that
        triggers an action, and an O(root) other than V(/).
      type: str
      sample: "60"
    boot: {description: The value that the next boot will set. Null if nothing sets it., type: str, sample: "10"}
    winner:
      description: The line that decides. Null if there is none.
      type: dict
      sample: {path: /etc/sysctl.d/90-ansible.conf, line: 2}
      contains:
        path: {description: The file. V(/proc/cmdline) is the kernel command line., type: str}
        line: {description: The line in it., type: int}
    assignments:
      description: Every line about the key, globs too, in reading order.
      type: list
      elements: dict
      contains:
        path: {description: The file., type: str, sample: /etc/sysctl.d/90-ansible.conf}
        line: {description: The line in it., type: int, sample: 2}
        key: {description: The key or glob that the line names., type: str, sample: vm.swappiness}
        value: {description: The value. Null for a line that excludes the key from globs., type: str, sample: "10"}
        fate:
          description: >-
            V(winner) decides. V(overridden) loses to it. V(masked) is in a file that is not read.
            V(excluded) is a glob from which another line excludes the key.
          type: str
          sample: winner
    drift: {description: Whether a reboot would change the runtime value., type: bool, sample: true}
files:
  description: The files in reading order. A masked one is right after the one that masks it.
  returned: success
  type: list
  elements: dict
  sample:
    - {path: /etc/sysctl.d/50-vendor.conf, masked_by: null}
    - {path: /usr/lib/sysctl.d/50-vendor.conf, masked_by: /etc/sysctl.d/50-vendor.conf}
  contains:
    path: {description: The file., type: str}
    masked_by: {description: The file of its name that replaces it. Null if it is read., type: str}
problems:
  description: >-
    Lines that no loader understands, files and keys that cannot be read, links that lead nowhere, keys that this kernel
    does not have, keys on the kernel command line, and an C(/etc/sysctl.conf) that is not read.
  returned: success
  type: list
  elements: dict
  sample: [{path: /etc/sysctl.d/10-a.conf, line: 4, problem: no '=' in the line}]
  contains:
    path: {description: The file., type: str}
    line: {description: The line. Null if it is not about one., type: int}
    problem: {description: What is wrong., type: str}
drift:
  description: The keys that a reboot would change.
  returned: success
  type: list
  elements: str
  sample: [vm.swappiness]
failed_key:
  description: The key in O(keys) that is not a valid one, if that is why it failed.
  returned: failure
  type: str
  sample: net..ipv4
errno:
  description: The error number of the system, if it gave one.
  returned: failure
  type: int
  sample: 13
rolled_back:
  description: Always true, as nothing is ever written.
  returned: failure
  type: bool
  sample: true
"""

from ansible_collections.netops.tuning.plugins.module_utils._start import start


def main():  # type: () -> None
    from ansible_collections.netops.tuning.plugins.module_utils._sysctl import info, task

    module = task.TuningModule(
        {
            "keys": {"type": "list", "elements": "str", "no_log": False},
            "root": {"type": "path", "default": "/"},
            "loader": {"type": "str", "choices": ["auto", "systemd", "procps"], "default": "auto"},
        }
    )
    info.run(module)


if __name__ == "__main__":
    start()
    main()
