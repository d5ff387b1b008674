# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the module sysctl_info. They stand here because this file is not sent to hosts, as a module is."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  keys:
    description:
      - The keys to tell about, in any spelling of sysctl.d(5), such as V(net.ipv4.ip_forward) or V(net/ipv4/ip_forward).
      - The glob characters C(*), C(?) and C([]) may be used; they do not cross a separator. A glob stands for every key that
        the kernel has and every key that a file names. One that matches nothing is told as it is.
      - If this is not given, all keys that any file or the kernel command line assigns, with globs resolved in the same way.
    type: list
    elements: str
  root:
    description:
      - Look at the files of an image or a chroot that is mounted at this folder. No link leads out of it.
      - There are no runtime values then, no kernel command line, and no drift.
    type: path
    default: /
  loader:
    description:
      - The boot loader of sysctls whose rules are used.
      - V(auto) is V(systemd) where systemd runs or is installed as what C(/sbin/init) leads to (or there is no C(/sbin/init),
        as in many images), else V(procps).
    type: str
    choices: [auto, systemd, procps]
    default: auto
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
    description: What it runs on.
    platforms: linux
    support: full
notes:
  - The values of keys that are secrets (C(net.ipv4.tcp_fastopen_key), C(net.ipv6.conf.*.stable_secret)) are shown as V((secret\)).
  - What something else sets after the boot loader of sysctls (TuneD, ufw, a network manager, a container engine, an application)
    is not in the boot value.
  - Many keys below C(net) belong to a network namespace. A container has its own, the TCP keepalive ones too; ask inside it.
"""
