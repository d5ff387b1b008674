# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Document the options shared by the modules that change a host."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) sets the values.
      - V(absent) removes the keys from O(path), and deletes that file if nothing but our header is
        left in it (a link stays). The runtime value becomes the one that the next boot would then
        set. If no file sets one, it becomes the value given for the key. If none is given, it
        becomes the kernel's own value if that is known, else it stays as it is, with a warning.
      - The kernel's own value is read in fresh network, IPC and UTS namespaces, which needs root.
        It is known for most keys that belong to such a namespace, such as C(net.ipv4.tcp_*), but
        not for those that start there with the current values of the host, such as
        C(net.ipv4.conf.*), C(net.ipv4.ip_forward) and C(net.ipv4.tcp_rmem).
      - With V(absent), a key that the kernel does not have is not an error.
    type: str
    choices: [present, absent]
    default: present
  runtime:
    description:
      - Change the running kernel.
      - With V(false), the keys need not exist in the running kernel, which is not asked whether it
        accepts the values. Values outside of a known range are refused all the same.
      - Either this option or O(persistent) must be true.
    type: bool
    default: true
  persistent:
    description:
      - Change O(path), so that the next boot sets the values again.
      - With V(false), the values last until the reboot, or until something else sets them. No file
        is changed, and overrides in other files are not checked.
    type: bool
    default: true
  on_override:
    description:
      - What to do if the next boot would give a key another value than the requested one. Either a
        line in another file wins, or O(path) is not read. It is not read if it is in the wrong
        directory, its name does not end in C(.conf), or a file of the same name in a directory with
        higher priority masks it.
      - V(fail) fails before anything is written.
      - V(warn) continues with a warning, and lists the key in RV(overridden).
      - V(comment_out) comments out the lines that win, only in files below C(/etc), all in one
        transaction. It fails if that is not enough.
      - A file that ufw or TuneD applies after the sysctl loader can win too. The message and the
        result name the program.
      - The precedence rules are in the manual pages of
        L(sysctl.d,https://www.freedesktop.org/software/systemd/man/latest/sysctl.d.html) and
        L(sysctl,https://man7.org/linux/man-pages/man8/sysctl.8.html).
    type: str
    choices: [fail, warn, comment_out]
    default: fail
  on_doubt:
    description:
      - What to do if it is not certain that the next boot gives a key its value, such as if an
        enabled service is known to set it, or if nothing applies the files. See RV(doubts).
      - V(warn) continues with a warning. V(fail) fails before anything is written. V(ignore) does
        not look for doubts.
    type: str
    choices: [ignore, warn, fail]
    default: warn
    version_added: 0.2.0
  unsafe:
    description:
      - Allow a value that the kernel accepts but that is known to do harm.
      - Currently this concerns the TCP keepalive keys. With C(net.ipv4.tcp_keepalive_time) or
        C(net.ipv4.tcp_keepalive_intvl) outside 1 to 32767 (seconds), the kernel probes wrongly or
        never. The range of C(net.ipv4.tcp_keepalive_probes) is 1 to 127; with 0 the kernel ends
        healthy idle connections.
      - The ranges are those of the socket options C(TCP_KEEPIDLE), C(TCP_KEEPINTVL) and
        C(TCP_KEEPCNT) (C(MAX_TCP_KEEPIDLE) and so on in C(include/net/tcp.h) of the kernel).
    type: bool
    default: false
  root:
    description:
      - Work on the files of an image or a chroot that is mounted at this directory, an absolute
        path. Needs O(runtime=false).
      - All paths in options and results are paths inside it. No link leads out of it. The rules are
        those of the sysctl loader of the image.
    type: path
    default: /
  backup:
    description:
      - Keep a copy, with the time in its name, next to each file that is changed or deleted. No
        sysctl loader reads the copies.
      - They are listed in RV(backup_files).
    type: bool
    default: false
  rollout:
    description:
      - Record the state before the change in the ledger of the host, under this name. The module
        M(netops.tuning.sysctl_ledger) can roll the host back to it, also weeks later.
      - Recorded are the runtime values and files that are about to change. The state before the
        first change of a rollout stays on record, however many runs it takes. Nothing is recorded
        where nothing changes, nor in check mode.
      - Up to 100 printable characters. An image (O(root)) has no ledger.
    type: str
    version_added: 0.2.0
attributes:
  check_mode:
    description: Runs in check mode and shows what the real run would do.
    support: full
    details: >-
      It makes the same plan, from the live values and all files, but cannot ask the kernel whether
      it accepts a value. See the notes.
  diff_mode:
    description: Shows what changes.
    support: full
    details: One diff for the kernel (C(/proc/sys)), and one for each file.
  safe_file_operations:
    description: Never leaves a file half-written or with wrong permissions.
    support: full
    details: >-
      Files are replaced atomically (written next to the original, flushed to disk, renamed). If the
      module is killed at any instant, each file is either completely old or completely new.
  platform:
    description: The platforms on which it runs.
    platforms: linux
    support: full
notes:
  - Changing a setting needs root, so set C(become=true). Finding that nothing has to change does
    not.
  - Check mode refuses values that are known to be out of range or to be rounded. What only a write
    shows, it cannot know. If the kernel then refuses a value or stores a different one, the real
    run fails and everything is rolled back.
  - Only one run at a time changes a host. It locks C(/run/netops-tuning.lock) (for an image, its
    root directory), an empty file that stays until the reboot, and waits for the lock for up to a
    minute. Other programs can take the same lock, for example with C(flock).
  - If another program changes a file after the module has read it, the file is left as that program
    wrote it, and the run fails.
  - A file in a directory that is writable for anyone but root (and the user who runs the module) is
    refused, because others could replace it.
  - If a signal ends the module, it rolls everything back first. If it is killed, the next run
    finishes the job.
  - The module cannot control what other software sets after the sysctl loader has run. What ufw
    and TuneD do at boot is taken into account; a network manager, a container engine or an
    application may set a key again at any time. The next run then changes it back, with a warning,
    see RV(undone).
  - Many keys below C(net) belong to a network namespace, including the TCP keepalive keys. A
    container has its own, which start at the kernel's defaults. Settings of the host do not reach
    it.
"""
