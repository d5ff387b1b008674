# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation of every module that changes a host says of the options that all of them have."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) sets the values.
      - V(absent) takes the keys out of O(path), and removes that file if nothing but our header is left in it (a link stays).
        The runtime value becomes what the next boot will then give.
        If no file gives one, it becomes the value that is stated for the key.
        If none is stated, it stays as it is, and a warning says so.
      - A key that the kernel does not have is no error with V(absent).
    type: str
    choices: [present, absent]
    default: present
  runtime:
    description:
      - Change the running kernel.
      - With V(false) no key has to be in the running kernel, and whether it would take the value is not known.
      - Either this or O(persistent) must be true.
    type: bool
    default: true
  persistent:
    description:
      - Change O(path), so that the next boot sets the values again.
      - With V(false) the values last until the reboot, or until something sets them again. No file is changed, and none stands in the way.
    type: bool
    default: true
  on_override:
    description:
      - What to do when the next boot would give a key another value than the one asked for.
        Either a line in another file wins, or O(path) is not read.
        It is not read when it is in the wrong folder, its name does not end in C(.conf), or a file of its name
        in a folder of higher priority masks it.
      - V(fail) fails before anything is written.
      - V(warn) goes on, with a warning, and lists it in RV(overridden).
      - V(comment_out) turns the lines that win into comments, in files below C(/etc) only, all in one transaction.
        It fails if that is not enough.
      - The rules are those of L(the manual page of sysctl.d,https://www.freedesktop.org/software/systemd/man/latest/sysctl.d.html)
        and L(of sysctl,https://man7.org/linux/man-pages/man8/sysctl.8.html).
    type: str
    choices: [fail, warn, comment_out]
    default: fail
  unsafe:
    description:
      - Allow a value that the kernel takes, but that is known to do harm.
      - Known today are the TCP keepalive keys.
        C(net.ipv4.tcp_keepalive_time) and C(net.ipv4.tcp_keepalive_intvl) outside 1 to 32767 (seconds), with which
        the kernel probes wrongly or never.
        C(net.ipv4.tcp_keepalive_probes) outside 1 to 127; with 0 the kernel ends healthy idle connections.
      - The ranges are those of the socket options C(TCP_KEEPIDLE), C(TCP_KEEPINTVL) and C(TCP_KEEPCNT)
        (C(MAX_TCP_KEEPIDLE) and so on in C(include/net/tcp.h) of the kernel).
    type: bool
    default: false
  root:
    description:
      - Work on the files of an image or a chroot that is mounted at this folder. Needs O(runtime=false).
      - All paths, in options and in results, are those inside it. No link leads out of it. Its own boot loader of sysctls counts.
    type: path
    default: /
  backup:
    description:
      - Keep a copy, with the time in its name, beside each file that is changed or removed. No boot loader reads the copies.
      - They are listed in RV(backup_files).
    type: bool
    default: false
attributes:
  check_mode:
    description: Runs in check mode and tells what the real run would do.
    support: full
    details: The same plan is made, from the live values and all the files. Only the kernel itself is not asked, see the notes.
  diff_mode:
    description: Shows what changes.
    support: full
    details: One difference for the kernel (C(/proc/sys)), and one for each file.
  safe_file_operations:
    description: Never leaves a file half-written, nor with wrong permissions.
    support: full
    details: >-
      Files are replaced in one step (written beside, flushed to disk, renamed). Killed at any instant, the module
      leaves each file either whole-old or whole-new.
  platform:
    description: What it runs on.
    platforms: linux
    support: full
notes:
  - To change a setting takes root, so C(become=true). To find that there is nothing to change does not.
  - Check mode cannot know what only a write shows. A value that the kernel refuses, or stores as another one
    (because it clamps it to a range), fails in the real run, and then everything is put back.
  - One run at a time changes a host. It holds a lock on C(/run/netops-tuning.lock) (of an image, on its root folder), an empty file
    that stays until the reboot, and waits up to a minute for one that has it. Other programs can take part, with C(flock) for one.
  - A file that another program changes between the look at it and the change is left as that program made it, and the run fails.
  - A file in a folder that others than root (and the user who runs the module) may write to is refused, since they could replace it.
  - Ended by a signal, the module puts everything back. Killed, it leaves the rest to its next run.
  - What something else sets after the boot loader of sysctls is out of reach. TuneD with its profiles, ufw, a network manager,
    a container engine or an application may set a key again at any time; the next run then finds and changes it back.
  - Many keys below C(net) belong to a network namespace. A container has its own, the TCP keepalive ones too, which start at the
    defaults of the kernel. What is set on the host does not reach it.
"""
