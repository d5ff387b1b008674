# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the lab share: snapshots of the machine, and runs of programs in a lab.

machine.py             snapshots of this machine, which show what a lab leaves behind
plays.py               runs of programs, and of Ansible on the hosts of a lab
boot_scenarios.py      hosts on which other programs set keys at boot
machine_scenarios.py   virtual machines whose kernel, firmware or initramfs sets keys
statements.py          counts how often the module is right about the next boot
kernel_histories.py    generated tasks over keys of the whole kernel
reboots.py             runs them on a virtual machine, by history_boot.py at each of its boots
random_writes.py       generated writes to keys of the whole kernel; kernel_writes.py compares, on a
                       virtual machine, what they do with what is said of them
installation.py        copies the collection and the tools to a virtual machine
seeds.py               the command line of these generated tests
"""
