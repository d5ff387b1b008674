# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test hosts on this machine: Debian as it really boots, in a lab that has no way out and ends with whoever opened it.

`python -m lab --help` tells how it is used. Who does what:

    caller     the command line, or a test (`lab.py`): opens a lab, asks it for hosts, runs commands in it
    keeper     `keeper.py`: outlives the caller by a moment, to leave the machine as it was
    first      `first.py`: process 1 of the lab, in namespaces of its own: starts hosts, sees them end or reboot
    hosts      `booted.py`, `light.py`, `virtual.py`: kinds of hosts; another kind is another class with these methods (`kinds.py`)

Mounts, links, addresses and processes are in namespaces of the lab, so the kernel takes them away with the lab's first
process. What it does not, cgroups, a limit of inotify and a folder, the keeper takes away.
"""
