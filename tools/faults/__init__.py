# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module killed, failing, racing and given hostile input, on a real kernel and real file systems.

scenarios.py    what a run may have to do: a host, and what is asked of it
laboratory.py   has an experiment done in a throw-away host of its own; __main__.py is its end in there
target.py       a run of the module, forked from a process that has imported it
ptrace.py       follows a run, and ends it, fails it or shortens a write at a system call; calls.py knows these by name
host.py         the host around a run: brought to where it starts from, and looked at
experiment.py   what must hold however a run is disturbed
kill.py, power.py, errors.py, races.py, trees.py    the experiments
hostile.py, fuzz.py                                 hostile input, and the rules that it must not break
plug.py         pulls the plug of a host on which whole plays run, for benchmarks/faults.py
"""
