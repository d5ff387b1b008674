#!/usr/bin/python
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: sysctl_ledger
short_description: Roll a host back to its state before a rollout
version_added: 0.2.0
description:
  - The modules M(netops.tuning.sysctl) and M(netops.tuning.tcp_keepalive) record the state before a
    change in the ledger of the host, if they are given the name of a rollout. This module restores
    that state, also weeks later. The playbook C(netops.tuning.rollback) does it for a fleet.
  - Recorded are runtime values, and files with their content, mode, owner and group, or that there
    was none. The values of keys that the kernel changes along with others are among them.
  - The ledger is in C(/var/lib/netops-tuning), so it survives reboots and does not depend on the
    controller. It has one JSON file for each change, written to the disk before the host is
    changed. Only root can read it, because it contains what the files contain.
author: the netops.tuning authors (@netops-tuning)
requirements:
  - Python 3.7 or later on the host
seealso:
  - module: netops.tuning.tcp_keepalive
  - module: netops.tuning.sysctl
options:
  rollout:
    description:
      - The name of the rollout, up to 100 printable characters.
      - After a rollout was rolled back, its name can be used again for a new one.
      - Required with O(state=restored).
    type: str
  state:
    description:
      - V(restored) restores the runtime values and files from before the first change of
        O(rollout). Later rollouts are rolled back too. It restores all of it or nothing, except for
        keys that the kernel does not let go back, see RV(not_restored).
      - V(listed) returns the rollouts in the ledger, RV(rollouts), and changes nothing.
      - One of the two must be given.
    type: str
    choices: [restored, listed]
  overwrite_changes:
    description:
      - Restore files that somebody else has changed since, which loses that change. Without it,
        such a file is named and nothing is restored.
      - A runtime value that somebody else changed is restored in any case, with a warning, because
        the next boot would have lost it.
    type: bool
    default: false
  ignore_unknown:
    description:
      - Leave a host as it is if its ledger does not know O(rollout), for example because it had
        nothing to change. Otherwise that is an error, which lists the names in the ledger.
    type: bool
    default: false
attributes:
  check_mode:
    description: Runs in check mode and shows what the real run would do.
    support: full
  diff_mode:
    description: Shows what changes.
    support: full
    details: One diff for the kernel (C(/proc/sys)), and one for each file. The ledger is not in it.
  platform:
    description: What it runs on.
    platforms: linux
    support: full
notes:
  - It needs root, so C(become=true).
  - The ledger keeps 64 changes and 4 MiB. Beyond that, the oldest rollouts are dropped as a whole.
  - Access control lists and extended attributes are preserved while a file exists, but they are not
    recorded.
  - A directory that was created for a file stays.
"""

EXAMPLES = r"""
- name: Set TCP keepalive, and record the state before
  netops.tuning.tcp_keepalive:
    profile: gce
    rollout: keepalive 2026-11

- name: List the rollouts that changed this host
  netops.tuning.sysctl_ledger:
    state: listed

- name: Roll back to the state before
  netops.tuning.sysctl_ledger:
    rollout: keepalive 2026-11
    state: restored
"""

RETURN = r"""
rollout:
  description: The name of the rollout; none with O(state=listed).
  returned: always
  type: str
  sample: keepalive 2026-11
rollouts:
  description: The rollouts in the ledger, oldest first.
  returned: always
  type: list
  elements: dict
  sample: [{rollout: keepalive 2026-11, at: "2026-11-24T07:30:00Z", undone: false}]
  contains:
    rollout: {description: The name., type: str}
    at: {description: "When it first changed the host, in UTC.", type: str}
    undone: {description: Whether it was rolled back., type: bool}
changed_keys:
  description: The keys whose runtime value changes.
  returned: as settings
  type: list
  elements: str
  sample: [net.ipv4.tcp_keepalive_time]
changed_files:
  description: The files that change.
  returned: as settings
  type: list
  elements: str
  sample: [/etc/sysctl.d/90-tcp-keepalive.conf]
settings:
  description: One entry for each key that is restored, with the fields listed here.
  returned: success, and failure once the plan is made
  type: dict
  sample:
    net.ipv4.tcp_keepalive_time:
      value: "7200"
      runtime: {before: "3600", after: "7200"}
      persistent: {before: null, after: null}
      boot: {value: null, path: null, line: null, by: null, certain: true}
  contains:
    value: {description: The value to restore., type: str, sample: "7200"}
    runtime:
      description: The runtime value.
      type: dict
      contains:
        before: {description: Before the run., type: str, sample: "3600"}
        after: {description: After the run., type: str, sample: "7200"}
    persistent:
      description: Always null values, since several files may be restored.
      type: dict
      contains:
        before: {description: Null., type: str}
        after: {description: Null., type: str}
    boot:
      description: The value that the next boot will set. Null values if nothing does.
      type: dict
      contains:
        value: {description: The value., type: str}
        path: {description: The file that decides., type: str}
        line: {description: The line in it., type: int}
        line_key:
          description: >-
            The key that this line sets, if it is another one: another name of the same variable, or
            a key that changes this one. Not returned otherwise.
          type: str
        by:
          description: >-
            The program that reads the line and sets the value, as in M(netops.tuning.sysctl).
          type: str
        certain:
          description: Always true on success, since this module does not look for doubts.
          type: bool
previous:
  description: The runtime values before the run.
  returned: as settings
  type: dict
  sample: {net.ipv4.tcp_keepalive_time: "3600"}
missing:
  description: >-
    Keys that this kernel does not have. They cannot be restored; a warning says so.
  returned: as settings
  type: list
  elements: str
  sample: []
not_restored:
  description: >-
    Keys that keep another value, each with the reason, such as those that only a reboot takes back.
    All the rest is restored. A warning names them too. Other warnings name what keys that are back
    have removed for good, such as the IPv6 addresses of an interface.
  returned: as settings
  type: list
  elements: dict
  sample: [{key: kernel.kexec_load_disabled, reason: the kernel takes no 0 after a 1}]
  contains:
    key: {description: The key., type: str}
    reason: {description: Why it was not restored., type: str}
irreversible:
  description: >-
    Keys whose new value cannot be taken back before a reboot, each with the reason: the kernel
    refuses the way back, removes IPv6 addresses and routes, or gives an interface a secret. They
    are written last, when all else is done. After a failure, the message says whether they were
    written.
  returned: as settings
  type: list
  elements: dict
  sample: [{key: kernel.kexec_load_disabled, reason: the kernel takes no 0 after a 1}]
  contains:
    key: {description: The key., type: str}
    reason: {description: Why it stays., type: str}
loader:
  description: >-
    What applies the files at boot, V(systemd), V(procps), V(alpine), V(void), V(none) or
    V(unknown), as in M(netops.tuning.sysctl).
  returned: as settings
  type: str
  sample: systemd
diff:
  description: What changes, first in the kernel, then in each file.
  returned: as settings
  type: list
  elements: dict
  sample: []
failed_key:
  description: The key that the failure is about, if it is about one.
  returned: failure
  type: str
  sample: net.ipv4.tcp_keepalive_time
errno:
  description: The error number of the system, if it gave one.
  returned: failure
  type: int
  sample: 28
rolled_back:
  description: >-
    Whether the host is as it was before this run. If not, the message says what could not be put
    back.
  returned: failure
  type: bool
  sample: true
"""

from ansible_collections.netops.tuning.plugins.module_utils._bootstrap import PreparedInterpreter


def main():  # type: () -> None
    """Run the module."""
    from ansible_collections.netops.tuning.plugins.module_utils._modules import sysctl_ledger

    sysctl_ledger.run()


if __name__ == "__main__":
    with PreparedInterpreter():
        main()
