# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of test hosts on this machine: Debian hosts that really boot, on a network of their own.

`python -m lab --help` shows how to use it. The files, in the order in which they are at work:

    __main__.py          the command line
    lab.py               `Lab`, what a caller (the command line or a test) uses: opens a lab, asks
                         for hosts, runs commands in the lab
    roots.py             Debian's root file systems, built once, which hosts share read-only
    supervisor.py        starts the lab's init process; outlives the caller to clean up
    init.py              process 1 of the lab, in its own namespaces: starts hosts, and notices
                         when they end or reboot
    host.py              `Host`, and `HostKind`, the methods that a kind of hosts must have
    booted.py, light.py, virtual_machine.py
                         the kinds: containers with systemd, sysvinit, OpenRC or runit,
                         namespaces with sshd, emulated machines
    cgroups.py           the cgroups of a lab and of its hosts
    waiting.py           waits until something has happened, bounded in attempts
    inotify.py           the machine's limit of inotify instances, raised while a lab needs it
    syscalls.py          mount(2), unshare(2) and others that Python does not have

Mounts, network interfaces, addresses and processes are in the lab's own namespaces, so the kernel
removes them when the lab's init process ends. The supervisor removes what is not in a namespace:
cgroups, the inotify limit and the lab's directory.
"""
