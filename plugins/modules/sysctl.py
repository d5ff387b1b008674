#!/usr/bin/python
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: sysctl
short_description: Set kernel parameters (sysctl) now and for every boot
version_added: 0.1.0
description:
  - Sets keys below C(/proc/sys) in the running kernel, reads them back, and saves them in a file
    for the next boot.
  - Works out which value the next boot will set, from all files that the host's sysctl loader
    reads (systemd-sysctl, or C(sysctl --system) from procps). If another file would win, the
    module fails, see O(on_override).
  - All or nothing. Everything is checked before anything is written. If a step fails, the runtime
    values are restored and the files are as they were. Only what differs is written.
  - The host needs no C(sysctl) command.
author: the netops.tuning authors (@netops-tuning)
requirements:
  - Python 3.7 or later on the host
extends_documentation_fragment:
  - netops.tuning.settings
  - ansible.builtin.files
seealso:
  - module: netops.tuning.sysctl_info
  - module: netops.tuning.tcp_keepalive
  - name: sysctl.d(5)
    description: The files, their precedence, and the syntax of keys.
    link: https://www.freedesktop.org/software/systemd/man/latest/sysctl.d.html
options:
  settings:
    description:
      - A dictionary of keys and values. They are set in the order given, and a value that a later
        key of the task changes is set again; values that only a reboot can take back come last,
        see RV(irreversible). Give many keys in one task rather than in a loop.
      - Or a list of dictionaries with C(name) (or C(key)), C(value) and, if it is not that of the
        task, C(state). So one task can set some keys and take out others.
      - With O(state=absent), also a list of keys.
      - A key is a name below C(/proc/sys) in any syntax of sysctl.d(5), such as
        V(net.ipv4.ip_forward) or V(net/ipv4/ip_forward). If the first separator is a dot, a slash
        stands for a dot in a name, as in V(net.ipv4.conf.eth0/100.rp_filter) for the interface
        C(eth0.100). Do not give the same key in two spellings.
      - A key may contain the glob characters C(*), C(?) and C([]), which do not match a
        separator. They are read as glob(7) describes, C([[:digit:]]) included. Such a key is saved
        in O(path) as written, and applied to every key that matches now. An explicitly
        named key overrides all globs. Interfaces that appear later get the value at boot or at the
        next run.
      - A value is an integer, a string, a boolean (V(1) or V(0)), or a list of these (joined with
        spaces, those of C(net.ipv4.ip_local_reserved_ports) with commas). A decimal fraction must
        be a quoted string. V(null) is for O(state=absent) only.
      - The words V(yes), V(no), V(on), V(off), V(true) and V(false) as strings are V(1) and V(0)
        where the key takes numbers. They are refused where that is not known, as for a key that
        does not exist yet.
      - Values are compared as the kernel sees them. Any run of whitespace counts as one space,
        and integers are compared by value. What the kernel prints in another form is compared in
        that form. For example, it pads the groups of C(net.ipv4.tcp_fastopen_key) with zeros.
      - A value that the kernel would refuse or read as a different one is refused. For example,
        the string V(010) is octal for the kernel, V(3600 9) would become 3600, and quotes or a
        comment in the value are not removed. YAML reads V(010) without quotes as 8, which cannot
        be told from V(8). Keys that only trigger an action, such as C(vm.drop_caches), and
        directories of keys are refused too.
      - The values of secret keys (C(net.ipv4.tcp_fastopen_key),
        C(net.ipv6.conf.*.stable_secret)) are shown as V((secret\)) in results, diffs, messages
        and the log. So are those of a glob that may match one of these keys, unless they are
        numbers. They are stored in O(path) in clear text, so set O(mode) too.
      - The L(kernel documentation,https://docs.kernel.org/admin-guide/sysctl/index.html)
        describes each key.
    type: raw
    required: true
  path:
    description:
      - The file that stores the values. Other lines, comments and line endings are preserved byte
        for byte, and so is the spelling of a line whose value changes. If several lines set the
        same key, one of them is kept.
      - The host's sysctl loader must read this file, see O(on_override). A name that sorts later
        wins. For systemd and procps, the name must end in C(.conf) and the directory must be
        C(/etc/sysctl.d), C(/run/sysctl.d), C(/usr/local/lib/sysctl.d) or C(/usr/lib/sysctl.d).
        Only procps also reads C(/etc/sysctl.conf).
      - The directory is created if it is missing and is one of these. A link is followed and
        stays a link. A link to C(/dev/null) is refused, as is a path that ends in a slash or leads
        into C(/proc) or C(/sys).
    type: path
    default: /etc/sysctl.d/90-ansible.conf
  exclusive:
    description:
      - Remove all other keys from O(path). Their runtime values change as with O(state=absent)
        and a value of V(null).
      - Only with O(state=present). Has no effect with O(persistent=false).
    type: bool
    default: false
  ignore_missing:
    description:
      - Keep keys that this kernel does not have (because a kernel module is not loaded yet), and
        globs that match nothing, in O(path) for later. They are listed in RV(missing). Without
        this option they are an error.
      - Interfaces that appear later, and modules that are loaded at boot before the sysctl loader
        runs, then get the value.
      - A key that never comes is not noticed in this way. There is a doubt, see RV(doubts), if its
        module is known and nothing loads it before the files are read.
    type: bool
    default: false
  load_modules:
    description:
      - Load the kernel modules of the keys, now and at every boot. Without it, the value of such a
        key is lost at boot if the module is loaded after the files are read, with a doubt that says
        so.
      - A module that nothing loads before the sysctl loader runs gets a line in
        C(/etc/modules-load.d/90-ansible-NAME.conf), where C(NAME.conf) is the name of O(path). That
        is part of the same transaction. The line is removed with the last of its keys, with
        O(state=absent) or O(exclusive).
      - The modules of C(net.netfilter.nf_conntrack_*), C(net.bridge.bridge-nf-*),
        C(net.ipv4.vs.*), C(net.sctp.*), C(sunrpc.*), C(fs.nfs.*) and others are known, see
        O(modules). Nothing is done for a module that is built into the kernel.
      - No program is started. The kernel is asked for the module, and runs C(modprobe) itself, so
        what C(modprobe.d) says holds. Where that is not possible, the message gives the command.
      - If a later step fails, the module is unloaded again. Some cannot be unloaded, such as sctp;
        the message then names them.
      - A glob is saved and its module is loaded at boot, but it is not applied to keys that come
        with the module in the same run. Name such keys.
      - RV(loaded_modules) lists them. A module that was loaded stays loaded with O(state=absent),
        and after a rollback of a rollout.
    type: bool
    default: false
    version_added: 0.2.0
  modules:
    description:
      - The kernel modules of keys that are not known, with O(load_modules=true). A dictionary of
        keys in O(settings) and the names of their modules, or a list of modules for all keys of
        O(settings) of which no module is known.
      - Not needed to take keys out.
    type: raw
    version_added: 0.2.0
  on_error:
    description:
      - What to do with a key that this kernel does not have, and with a value that cannot be set.
      - V(fail) fails and changes nothing. The message names all that is known to be wrong.
      - V(skip) leaves such keys out, in the kernel and in O(path), and lists them in
        RV(skipped_keys). All others are set. An override in another file is still an error, see
        O(on_override).
    type: str
    choices: [fail, skip]
    default: fail
    version_added: 0.2.0
  at_least:
    description:
      - The values are minimums. A higher value, in the kernel or in O(path), is left as it is. In
        a list, each number counts for itself.
      - The next boot lowers nothing either. A key to which other files already give a value that is
        high enough gets no line in O(path). Where no file sets a key, a higher live value is saved.
      - A lower value in another file that wins at the next boot is an override, see
        O(on_override). A key with glob characters always gets its line.
      - Only for values that are numbers. Not together with O(at_most).
    type: bool
    default: false
    version_added: 0.2.0
  at_most:
    description:
      - The values are maximums. It is the counterpart of O(at_least).
    type: bool
    default: false
    version_added: 0.2.0
  header:
    description:
      - The comment at the top of a file that the module creates. A C(#) is added to each line
        that does not start with one.
      - The header of an existing file is not changed. With O(state=absent), give the same header,
        so that the module can recognize that nothing else is left in the file.
    type: str
    default: "Managed by Ansible (netops.tuning): changes made here by hand are overwritten."
  mode:
    description:
      - The permissions of O(path), as V('0644') (in quotes) or V(u=rw,go=r). The number V(644)
        without quotes and leading zero is refused, since it would be read as a decimal number.
      - If not given, an existing file keeps its permissions, and a new file gets V('0644')
        whatever the umask.
  owner:
    description:
      - The user who owns O(path). If not given, an existing file keeps its owner.
  group:
    description:
      - The group that owns O(path). If not given, an existing file keeps its group.
  attributes:
    description:
      - The attributes of O(path), as for C(chattr). V(i) and V(a) are refused, since such a file
        could not be put in its place, nor changed again.
  unsafe_writes:
    description:
      - Has no effect. The module never writes a file in a way that could leave it half-written.
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

- name: Restore the previous runtime values
  netops.tuning.sysctl:
    settings: "{{ tuned.previous }}"
    persistent: false

- name: Set a key for every interface except one
  netops.tuning.sysctl:
    settings:
      net.ipv4.conf.*.accept_redirects: 0
      net.ipv4.conf.lo.accept_redirects: 1

- name: Manage a whole file, and comment out lines that override it
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

- name: Raise limits, but do not lower what is higher already
  netops.tuning.sysctl:
    settings:
      fs.inotify.max_user_watches: 524288
      net.core.somaxconn: 4096
    at_least: true

- name: Save a key whose kernel module is loaded later
  netops.tuning.sysctl:
    settings:
      net.netfilter.nf_conntrack_max: 262144
    ignore_missing: true

- name: Load a kernel module now and at boot, and set its key
  netops.tuning.sysctl:
    settings:
      net.netfilter.nf_conntrack_max: 262144
    load_modules: true

- name: Name a module that is not known
  netops.tuning.sysctl:
    settings:
      net.ipv6.conf.default.use_tempaddr: 2
    load_modules: true
    modules:
      net.ipv6.conf.default.use_tempaddr: ipv6

- name: Set what a list of variables holds, and take a key out
  netops.tuning.sysctl:
    settings:
      - {name: net.core.somaxconn, value: 4096}
      - {name: net.ipv4.tcp_fin_timeout, value: 30}
      - {name: net.ipv4.tcp_retries2, state: absent}

- name: Remove keys, whatever their values
  netops.tuning.sysctl:
    settings: [net.core.somaxconn, net.ipv4.tcp_fin_timeout]
    state: absent

- name: Remove a key, and go back to 60 unless another file sets it
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

- name: Wait longer before the first probe than a socket option allows
  netops.tuning.sysctl:
    settings:
      net.ipv4.tcp_keepalive_time: 86400
    unsafe: true
"""

RETURN = r"""
changed_keys:
  description: The keys whose runtime value changes.
  returned: as settings
  type: list
  elements: str
  sample: [vm.swappiness]
  version_added: 0.2.0
changed_files:
  description: The files that change.
  returned: as settings
  type: list
  elements: str
  sample: [/etc/sysctl.d/90-ansible.conf]
  version_added: 0.2.0
loaded_modules:
  description: The kernel modules that are loaded now, because a key needs them.
  returned: with O(load_modules=true)
  type: list
  elements: str
  sample: [nf_conntrack]
  version_added: 0.2.0
rollout:
  description: The name of the rollout.
  returned: with O(rollout)
  type: str
  sample: keepalive 2026-11
  version_added: 0.2.0
settings:
  description:
    - One entry per key, under its canonical name, with the fields listed here. All values are
      strings, or null.
    - A glob has an entry of its own. So does each key that it matches now, and each key that
      O(exclusive) removes.
  returned: success, and failure once the plan is made
  type: dict
  sample:
    vm.swappiness:
      value: "10"
      runtime: {before: "60", after: "10"}
      persistent: {before: null, after: "10"}
      boot:
        value: "10"
        path: /etc/sysctl.d/90-ansible.conf
        line: 2
        by: systemd-sysctl
        certain: true
  contains:
    value: {description: The requested value., type: str, sample: "10"}
    runtime:
      description: The value in the kernel. Null for a glob.
      type: dict
      contains:
        before: {description: The value before the run., type: str, sample: "60"}
        after:
          description: >-
            The value after the run, or what it would be. It is shown as requested, even if the
            kernel prints it differently.
          type: str
          sample: "10"
    persistent:
      description: The value in RV(path), from a line with exactly this key.
      type: dict
      contains:
        before: {description: The value before the run., type: str, sample: "60"}
        after: {description: The value after the run., type: str, sample: "10"}
    boot:
      description: >-
        What the next boot will set. The values are null if no file sets the key. A null value
        with a line means that this line excludes the key from globs.
      type: dict
      contains:
        value: {description: The value., type: str, sample: "10"}
        path: {description: The file that wins., type: str, sample: /etc/sysctl.d/90-ansible.conf}
        line: {description: The line in that file., type: int, sample: 2}
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
          sample: systemd-sysctl
          version_added: 0.2.0
        certain:
          description: Whether nothing is known that may set another value, see RV(doubts).
          type: bool
          sample: true
          version_added: 0.2.0
previous:
  description: >-
    The runtime values before the run, ready to be passed back as O(settings). Those of keys that
    the kernel changes along with the requested ones are among them, in an order that leads back.
    Secrets are omitted.
  returned: as settings
  type: dict
  sample: {vm.swappiness: "60"}
overridden:
  description: Keys to which the next boot will give another value than the requested one.
  returned: as settings
  type: list
  elements: dict
  sample:
    - key: vm.swappiness
      value: "1"
      path: /etc/sysctl.d/99-z.conf
      line: 3
      by: systemd-sysctl
  contains:
    key: {description: The key., type: str}
    value: {description: The value that it gets. Null if none., type: str}
    path: {description: The file that wins. Null if no file sets the key., type: str}
    line: {description: The line in that file., type: int}
    line_key:
      description: >-
        The key that this line sets, if it is another one: another name of the same variable, or
        a key that changes this one. Not returned otherwise.
      type: str
      version_added: 0.2.0
    by: {description: The program that reads it., type: str, version_added: 0.2.0}
doubts:
  description: >-
    Reasons why the next boot may end otherwise than RV(settings.boot) says, each with evidence on
    the host. A value is then not certain. Empty with O(on_doubt=ignore).
  returned: as settings
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
undone:
  description: >-
    Keys to set that a file set already at the last boot, without lasting effect. That file is older
    than the boot, and the kernel has another value. Something set the key later, or the file was
    never applied, so the next boot may end the same. There is a warning too.
  returned: as settings
  type: list
  elements: dict
  sample:
    - key: vm.swappiness
      value: "10"
      path: /etc/sysctl.d/90-ansible.conf
      line: 2
      by: systemd-sysctl
      runtime: "60"
      booted: "2026-01-31T12:00:00Z"
  contains:
    key: {description: The key., type: str}
    value: {description: The value that the file gives it., type: str}
    path: {description: The file that wins at boot., type: str}
    line: {description: The line in that file., type: int}
    by: {description: The program that reads it., type: str}
    runtime: {description: The value in the kernel before the run., type: str}
    booted: {description: The time at which the host booted., type: str}
  version_added: 0.2.0
skipped_keys:
  description: With O(on_error=skip), the keys that were left out.
  returned: always
  type: list
  elements: dict
  sample: [{key: vm.swapiness, reason: "vm.swapiness: this kernel has no such key"}]
  contains:
    key: {description: The key., type: str}
    reason: {description: The message., type: str}
  version_added: 0.2.0
omitted:
  description: >-
    How many entries of RV(settings) are left out of the result of a failure. It has up to 20 of
    those that failed or differ, and the other lists have up to 20 entries too.
  returned: failure once the plan is made
  type: int
  sample: 101
  version_added: 0.2.0
missing:
  description: Requested keys that this kernel does not have.
  returned: as settings
  type: list
  elements: str
  sample: [net.netfilter.nf_conntrack_max]
path:
  description: The file, by the path under which the sysctl loader reads it.
  returned: as settings
  type: str
  sample: /etc/sysctl.d/90-ansible.conf
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
  version_added: 0.2.0
loader:
  description: >-
    The sysctl loader that applies the files at boot, V(systemd), V(procps), or V(alpine) or V(void)
    for their init scripts. V(none) if none does: the service is masked or in no runlevel, or there
    is no init. V(unknown) if that is not known.
  returned: as settings
  type: str
  sample: systemd
diff:
  description: The changes, first in the kernel, then in each file.
  returned: as settings
  type: list
  elements: dict
  sample:
    - before_header: /proc/sys
      after_header: /proc/sys
      before: "vm.swappiness = 60\n"
      after: "vm.swappiness = 10\n"
  contains:
    before_header: {description: V(/proc/sys) or the file., type: str}
    after_header: {description: V(/proc/sys) or the file after the run., type: str}
    before: {description: The text before the run., type: str}
    after: {description: The text after the run., type: str}
backup_files:
  description: The backup copies that were made.
  returned: success
  type: list
  elements: str
  sample: [/etc/sysctl.d/90-ansible.conf.4242.2026-01-31@12:00:00~]
failed_key:
  description: The key that caused the failure, if a single key did.
  returned: failure
  type: str
  sample: vm.swappiness
errno:
  description: The error number of the system call that failed, if there is one.
  returned: failure
  type: int
  sample: 22
rolled_back:
  description: >-
    Whether the host is as it was before. If not, the message says what could not be restored.
  returned: failure
  type: bool
  sample: true
"""

from ansible_collections.netops.tuning.plugins.module_utils._bootstrap import PreparedInterpreter


def main():  # type: () -> None
    """Run the module."""
    from ansible_collections.netops.tuning.plugins.module_utils._modules import sysctl

    sysctl.run()


if __name__ == "__main__":
    with PreparedInterpreter():
        main()
