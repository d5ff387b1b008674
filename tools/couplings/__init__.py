# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures which kernel settings act on each other: writes each, and reads all others.

measure.py        writes keys, each in fresh namespaces or in a virtual machine; needs only Python
proc_sys.py       the keys of /proc/sys: which there are, and their values
namespaces.py     fresh namespaces with network devices, in which nothing else can be written
virtual_machine.py   runs measure.py on a virtual machine of the lab
dangerous.py      the keys that are never written, each with the reason, and those written last
trial_values.py   the values that a key is tried with
first_namespace.py   which keys of fresh namespaces follow the first ones
kernel_defaults.py   runs first_namespace.py on a virtual machine of the lab, and records that
ranges.py         seeks the smallest and the largest number that each key takes
range_table.py    makes the table of ranges in the collection from the records of all kernels
record.py         the file of what a kernel did, small and stable
comparison.py     what such a file and the table of the collection say differently
__main__.py       the command line
"""
