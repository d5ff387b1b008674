#!/usr/bin/python
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: sysctl_info
short_description: Show kernel parameters as they are now and as the next boot will set them
version_added: 0.1.0
description:
  - For each key, returns the value in the kernel, the value that the next boot will set, and
    every line of every file that concerns the key.
  - Reads the files as the host's sysctl loader does (systemd-sysctl, or C(sysctl --system) from
    procps). Their rules differ. Only procps reads C(/etc/sysctl.conf) without a link to it in
    C(/etc/sysctl.d).
  - Changes nothing, and needs no root. What it cannot read is listed in RV(problems).
author: the netops.tuning authors (@netops-tuning)
requirements:
  - Python 3.7 or later on the host
seealso:
  - module: netops.tuning.sysctl
  - name: sysctl.d(5)
    description: The files, their precedence, and the syntax of keys.
    link: https://www.freedesktop.org/software/systemd/man/latest/sysctl.d.html
options:
  keys:
    description:
      - The keys to show, in any syntax of sysctl.d(5), such as V(net.ipv4.ip_forward) or
        V(net/ipv4/ip_forward).
      - The glob characters C(*), C(?) and C([]) are allowed; they do not match a separator. A
        glob stands for every matching key that the kernel has or that a file names. A glob that
        matches nothing is returned as it is.
      - If not given, all keys that any file or the kernel command line sets, with globs expanded
        in the same way.
    type: list
    elements: str
  root:
    description:
      - Inspect the files of an image or a chroot that is mounted at this directory, an absolute
        path. No link leads out of it.
      - The result then has no runtime values, no kernel command line, no drift, and
        nothing undone.
    type: path
    default: /
  loader:
    description:
      - The sysctl loader whose rules are used.
      - V(auto) is V(systemd) if systemd is running, or if it is installed and C(/sbin/init) leads
        to it or does not exist (as in many images). Otherwise the rules are those of the host's
        init script (Alpine or Void) if it is recognized, and else those of V(procps).
    type: str
    choices: [auto, systemd, procps]
    default: auto
  defaults:
    description:
      - Return the kernel's own value of each key, RV(settings.default). It is read in fresh
        network, IPC and UTS namespaces, by a child process, in a few milliseconds. Nothing on the
        host is changed. Needs root.
    type: bool
    default: false
    version_added: 0.2.0
  rehearse:
    description:
      - Also run the host's own sysctl loader where it can change nothing, and return what it really
        set, RV(rehearsed), and where that is not what was predicted, RV(disagreements).
      - It runs in fresh network, IPC, UTS and mount namespaces, with network interfaces of the same
        names. There everything is read-only, except the keys that belong to these namespaces.
        It has 30 seconds.
      - What cannot be tried in this way is in RV(not_rehearsed) with the reason, such as the keys
        of the whole kernel (C(vm), most of C(kernel) and C(fs)).
      - Needs root, and the capability C(CAP_SYS_ADMIN), which a container does not have.
      - Cannot be combined with an O(root) other than V(/).
    type: bool
    default: false
    version_added: 0.2.0
attributes:
  check_mode:
    description: Runs in check mode.
    support: full
    details: Nothing is ever changed.
  diff_mode:
    description: Shows what changes.
    support: none
    details: Nothing is ever changed.
  platform:
    description: The platforms on which it runs.
    platforms: linux
    support: full
notes:
  - The values of secret keys (C(net.ipv4.tcp_fastopen_key), C(net.ipv6.conf.*.stable_secret)) are
    shown as V((secret\)).
  - The boot value includes what ufw and TuneD apply after the sysctl loader. Other software that
    may set the value later (a container engine, a network manager, an application) is listed in
    RV(doubts) where it is known. If the last boot ended with another value, RV(undone) names the
    key.
  - Many keys below C(net) belong to a network namespace, including the TCP keepalive keys. A
    container has its own; run the module inside it.
"""

EXAMPLES = r"""
- name: Show all keys that any file sets
  netops.tuning.sysctl_info:
  register: found

- name: Fail if a value is not the one that the files give at boot
  ansible.builtin.assert:
    that: not found.drift

- name: Fail if something sets a value again after each boot
  ansible.builtin.assert:
    that: not found.undone

- name: Show TCP keepalive, and one key of every interface
  netops.tuning.sysctl_info:
    keys:
      - net.ipv4.tcp_keepalive_*
      - net.ipv4.conf.*.rp_filter

- name: Fail if the sysctl loader would do something else than predicted
  netops.tuning.sysctl_info:
    rehearse: true
  become: true
  register: found
  failed_when: found.disagreements | length > 0

- name: Show what an image will set when it boots with procps
  netops.tuning.sysctl_info:
    root: /mnt/image
    loader: procps
"""

RETURN = r"""
loader:
  description: >-
    The sysctl loader whose rules were used, V(systemd), V(procps), or V(alpine) or V(void) for
    their init scripts. V(none) if none runs at boot: its service is masked or in no runlevel, or
    there is no init. V(unknown) if that is not known.
  returned: success
  type: str
  sample: systemd
settings:
  description: >-
    One entry per key, under its canonical name, with the fields listed here. All values are
    strings, or null.
  returned: success
  type: dict
  sample:
    vm.swappiness:
      runtime: "60"
      boot: "10"
      winner: {path: /etc/sysctl.d/90-ansible.conf, line: 2, by: systemd-sysctl}
      assignments:
        - path: /usr/lib/sysctl.d/50-vendor.conf
          line: 7
          by: systemd-sysctl
          key: vm.swappiness
          value: "30"
          fate: overridden
        - path: /etc/sysctl.d/90-ansible.conf
          line: 2
          by: systemd-sysctl
          key: vm.swappiness
          value: "10"
          fate: winner
      drift: true
      undone: false
      certain: true
  contains:
    runtime:
      description: >-
        The value in the kernel. Null if there is no such key, if it cannot be read, for a glob,
        for a key that triggers an action, and with an O(root) other than V(/).
      type: str
      sample: "60"
    boot:
      description: >-
        The value that the next boot will set, as the kernel takes it from the line. What stands
        behind the numbers of a key, such as a comment, is not part of it. Null if nothing sets it.
      type: str
      sample: "10"
    winner:
      description: The line that wins. Null if there is none.
      type: dict
      sample: {path: /etc/sysctl.d/90-ansible.conf, line: 2, by: systemd-sysctl}
      contains:
        path: {description: The file. V(/proc/cmdline) is the kernel command line., type: str}
        line: {description: The line in that file., type: int}
        line_key:
          description: >-
            The key that this line sets, if it is another one: another name of the same variable, or
            a key that changes this one. Not returned otherwise.
          type: str
          version_added: 0.2.0
        by:
          description: >-
            The program that reads the line and sets the value, V(systemd-sysctl) or V(procps), or
            one that comes later, such as V(ufw) or V(tuned). V(kernel) for the command line.
          type: str
          version_added: 0.2.0
    assignments:
      description: All lines about the key, including globs, in the order in which they are read.
      type: list
      elements: dict
      contains:
        path: {description: The file., type: str, sample: /etc/sysctl.d/90-ansible.conf}
        line: {description: The line in that file., type: int, sample: 2}
        by:
          description: The program that reads it.
          type: str
          sample: systemd-sysctl
          version_added: 0.2.0
        key: {description: The key or glob in that line., type: str, sample: vm.swappiness}
        value:
          description: The text of the value. Null for a line that excludes the key from globs.
          type: str
          sample: "10"
        fate:
          description: >-
            V(winner) wins. V(overridden) loses to it. V(masked) is in a file that is not read.
            V(excluded) is a glob from which another line excludes the key. V(refused) has a value
            that the kernel refuses, or a key that nobody can write, so that it sets nothing.
          type: str
          sample: winner
    drift:
      description: >-
        Whether the runtime value is not the one that the files give at boot, RV(settings.boot). A
        reboot would change it, unless something else sets it after the files are read, see
        RV(settings.undone).
      type: bool
      sample: true
    undone:
      description: >-
        Whether the last boot ended with another value than RV(settings.boot), or it was changed
        since. The file that wins is older than the boot, and the kernel has another value.
        Something set the key later, or the file was never applied, so the next boot may end the
        same.
      type: bool
      sample: false
      version_added: 0.2.0
    certain:
      description: Whether nothing is known that may set another value at boot, see RV(doubts).
      type: bool
      sample: true
      version_added: 0.2.0
    default:
      description: >-
        The kernel's own value, with O(defaults=true). Null if it is not known, as for keys of the
        whole kernel, for those that a fresh namespace takes from the host, such as
        C(net.ipv4.conf.*), without root, and with an O(root) other than V(/).
      type: str
      sample: "60"
      version_added: 0.2.0
files:
  description: >-
    The files in the order in which they are read. A masked file follows the one that masks it.
  returned: success
  type: list
  elements: dict
  sample:
    - {path: /etc/sysctl.d/50-vendor.conf, masked_by: null, by: systemd-sysctl}
    - path: /usr/lib/sysctl.d/50-vendor.conf
      masked_by: /etc/sysctl.d/50-vendor.conf
      by: systemd-sysctl
  contains:
    path: {description: The file., type: str}
    masked_by:
      description: The file of the same name that masks it. Null if the file is read.
      type: str
    by:
      description: The program that reads it.
      type: str
      version_added: 0.2.0
problems:
  description: >-
    Lines that no sysctl loader understands, lines whose value the kernel will refuse at boot, files
    and keys that cannot be read, dangling links, keys that this kernel does not have, keys on the
    kernel command line, and an C(/etc/sysctl.conf) that is not read.
  returned: success
  type: list
  elements: dict
  sample: [{path: /etc/sysctl.d/10-a.conf, line: 4, problem: no '=' in the line}]
  contains:
    path: {description: The file., type: str}
    line: {description: The line. Null if the problem is not about a single line., type: int}
    problem: {description: What is wrong., type: str}
doubts:
  description: >-
    Reasons why the next boot may end otherwise than RV(settings.boot) says, each with evidence on
    the host. A value is then not certain.
  returned: success
  type: list
  elements: dict
  sample:
    - affected_keys: [net.ipv4.ip_forward]
      by: docker
      why: docker.service is enabled, and can set it to '1' when it starts
      path: /etc/systemd/system/multi-user.target.wants/docker.service
      line: null
      remedy: set what docker sets in its own configuration
  contains:
    affected_keys: {description: The keys., type: list, elements: str}
    by: {description: Who may set the keys. V(none) if nothing applies the files., type: str}
    why: {description: What makes that likely., type: str}
    path: {description: Where that can be seen., type: str}
    line: {description: The line in that file. Null if it is not about a single line., type: int}
    remedy: {description: What makes the value certain., type: str}
  version_added: 0.2.0
drift:
  description: The keys whose runtime value is not the one that the files give at boot.
  returned: success
  type: list
  elements: str
  sample: [vm.swappiness]
undone:
  description: Those of RV(drift) whose file is older than the last boot, see RV(settings.undone).
  returned: success
  type: list
  elements: str
  sample: []
  version_added: 0.2.0
booted:
  description: >-
    When the host booted, which is when process 1 started. Null if RV(undone) is empty.
  returned: success
  type: str
  sample: "2026-01-31T12:00:00Z"
  version_added: 0.2.0
rehearsed:
  description: Key -> the value that the sysctl loader set, or left, in the rehearsal.
  returned: with O(rehearse=true)
  type: dict
  sample: {net.ipv4.tcp_keepalive_time: "3600"}
  version_added: 0.2.0
disagreements:
  description: >-
    The keys for which the rehearsal gave another value than was predicted. Please report them: the
    loader is right. Keys whose prediction is not certain, see RV(settings.certain), are not here.
  returned: with O(rehearse=true)
  type: list
  elements: dict
  sample: []
  contains:
    key: {description: The key., type: str, sample: net.ipv4.icmp_ratelimit}
    boot: {description: The predicted value. Null if nothing sets it., type: str, sample: "999"}
    rehearsed: {description: The value in the rehearsal., type: str, sample: "1000"}
  version_added: 0.2.0
not_rehearsed:
  description: The keys that could not be rehearsed.
  returned: with O(rehearse=true)
  type: list
  elements: dict
  sample: [{key: vm.swappiness, reason: "it belongs to the whole kernel, or is read-only here"}]
  contains:
    key: {description: The key., type: str}
    reason: {description: Why not., type: str}
  version_added: 0.2.0
failed_key:
  description: The invalid key in O(keys), if that is the cause of the failure.
  returned: failure
  type: str
  sample: net..ipv4
errno:
  description: The error number of the system call that failed, if there is one.
  returned: failure
  type: int
  sample: 13
rolled_back:
  description: Always true, because nothing is ever written.
  returned: failure
  type: bool
  sample: true
"""

from ansible_collections.netops.tuning.plugins.module_utils._bootstrap import PreparedInterpreter


def main():  # type: () -> None
    """Run the module."""
    from ansible_collections.netops.tuning.plugins.module_utils._modules import sysctl_info

    sysctl_info.run()


if __name__ == "__main__":
    with PreparedInterpreter():
        main()
