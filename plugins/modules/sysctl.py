#!/usr/bin/python
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: sysctl
short_description: Make kernel settings true now and after the next boot
version_added: 0.1.0
description:
  - Sets keys below C(/proc/sys) in the running kernel, reads them back, and keeps them in a file for the next boot.
  - Works out which value the next boot will set, from all the files that the host's boot loader of sysctls reads,
    be it systemd-sysctl or the C(sysctl --system) of procps. If another file would win, it fails, see O(on_override).
  - All or nothing. Everything is checked before anything is written. If a step fails, the runtime values are put back
    and the files are as they were. Only what differs is written.
  - Needs no C(sysctl) command on the host.
author: the netops.tuning authors (@netops-tuning)
requirements:
  - Python 3.7 or later on the host
extends_documentation_fragment:
  - netops.tuning.settings
  - netops.tuning.settings.sysctl
  - ansible.builtin.files
seealso:
  - module: netops.tuning.sysctl_info
  - module: netops.tuning.tcp_keepalive
  - name: sysctl.d(5)
    description: The files, their order, and the spellings of keys.
    link: https://www.freedesktop.org/software/systemd/man/latest/sysctl.d.html
"""

EXAMPLES = r"""
- name: Set keys now and for every boot
  netops.tuning.sysctl:
    settings:
      vm.swappiness: 10
      net.ipv4.ip_forward: true
      net.ipv4.tcp_rmem: [4096, 131072, 6291456]
      net.ipv4.conf.eth0/100.rp_filter: 2 # the interface eth0.100
  register: tuned

- name: Give the keys their runtime values of before
  netops.tuning.sysctl:
    settings: "{{ tuned.previous }}"
    persistent: false

- name: Set a key of every interface, but one
  netops.tuning.sysctl:
    settings:
      net.ipv4.conf.*.accept_redirects: 0
      net.ipv4.conf.lo.accept_redirects: 1

- name: Own a file, and take what beats it out of the way
  netops.tuning.sysctl:
    path: /etc/sysctl.d/95-router.conf
    settings:
      net.ipv4.ip_forward: 1
    exclusive: true
    on_override: comment_out
    backup: true
    header: Routers. See the network handbook.
    owner: root
    group: root
    mode: "0644"

- name: Keep a key whose kernel module is loaded later
  netops.tuning.sysctl:
    settings:
      net.netfilter.nf_conntrack_max: 262144
    ignore_missing: true

- name: Take a key out, and go back to 60 unless another file says otherwise
  netops.tuning.sysctl:
    settings:
      vm.swappiness: 60
    state: absent

- name: Prepare an image
  netops.tuning.sysctl:
    settings:
      vm.swappiness: 10
    root: /mnt/image
    runtime: false

- name: Wait longer before the first probe than a socket option could ask for
  netops.tuning.sysctl:
    settings:
      net.ipv4.tcp_keepalive_time: 86400
    unsafe: true
"""

RETURN = r"""
settings:
  description:
    - One entry for each key, under its canonical name, which holds what is listed here. All values are strings, or null.
    - A glob has an entry, and so have each key that it matches now, and each one that O(exclusive) takes out.
  returned: success, and failure once the plan is made
  type: dict
  sample:
    vm.swappiness:
      value: "10"
      runtime: {before: "60", after: "10"}
      persistent: {before: null, after: "10"}
      boot: {value: "10", path: /etc/sysctl.d/90-ansible.conf, line: 2}
  contains:
    value: {description: What it is to be., type: str, sample: "10"}
    runtime:
      description: The value in the kernel. Null for a glob.
      type: dict
      contains:
        before: {description: Before the run., type: str, sample: "60"}
        after: {description: "After it, or what it would be; as asked, even if the kernel prints it otherwise.", type: str, sample: "10"}
    persistent:
      description: The value in RV(path), of a line with this very key.
      type: dict
      contains:
        before: {description: Before the run., type: str, sample: "60"}
        after: {description: After it., type: str, sample: "10"}
    boot:
      description: What the next boot will set. Null values if nothing does; a null value with a line if that keeps globs off the key.
      type: dict
      contains:
        value: {description: The value., type: str, sample: "10"}
        path: {description: The file that decides., type: str, sample: /etc/sysctl.d/90-ansible.conf}
        line: {description: The line in it., type: int, sample: 2}
previous:
  description: Runtime values before the run, ready to be passed back as O(settings). Secrets are left out.
  returned: as settings
  type: dict
  sample: {vm.swappiness: "60"}
overridden:
  description: Keys that the next boot gives another value than the one asked for.
  returned: as settings
  type: list
  elements: dict
  sample: [{key: vm.swappiness, value: "1", path: /etc/sysctl.d/99-z.conf, line: 3}]
  contains:
    key: {description: The key., type: str}
    value: {description: The value it gets. Null if none., type: str}
    path: {description: The file that decides. Null if no file does., type: str}
    line: {description: The line in it., type: int}
missing:
  description: Keys asked for that this kernel does not have.
  returned: as settings
  type: list
  elements: str
  sample: [net.netfilter.nf_conntrack_max]
path:
  description: The file, as the boot loader names it.
  returned: as settings
  type: str
  sample: /etc/sysctl.d/90-ansible.conf
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
    - {before_header: /proc/sys, after_header: /proc/sys, before: "vm.swappiness = 60\n", after: "vm.swappiness = 10\n"}
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
  sample: [/etc/sysctl.d/90-ansible.conf.4242.2026-01-31@12:00:00~]
failed_key:
  description: The key that the failure is about, if it is about one.
  returned: failure
  type: str
  sample: vm.swappiness
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
    from ansible_collections.netops.tuning.plugins.module_utils._sysctl import task

    module = task.TuningModule(
        dict(
            task.OPTIONS,
            settings={"type": "dict", "required": True},
            path={"type": "path", "default": "/etc/sysctl.d/90-ansible.conf"},
            exclusive={"type": "bool", "default": False},
            ignore_missing={"type": "bool", "default": False},
            header={"type": "str", "default": task.HEADER},
        ),
        file_options=True,
    )
    task.run(module, lambda params: params["settings"])


if __name__ == "__main__":
    start()
    main()
