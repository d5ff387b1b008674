# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault tests: modules that are killed, fail, race and get hostile input, on a real kernel.

Each experiment runs in a world (``sandbox/world.py``), a throw-away host of its own.

launch.py       starts an experiment in a world and returns its result
__main__.py     runs an experiment inside the world
scenarios.py    the situations in which modules run: a host, and the options of the module
module_run.py   one run of a module, forked from a process that has imported it already
ptrace.py       traces a run: kills it, fails a system call or shortens a write
calls.py        system calls: numbers, arguments, and which of them change the host
host.py         resets the host to where a scenario starts, and records its state
experiment.py   a scenario, and what must hold however a run of it ends
kill.py         experiment: SIGKILL at each system call that changes the host
power.py        experiment: the power fails at each of these calls
errors.py       experiment: each system call on the host fails
races.py        experiments: two runs at once, and other programs that change keys and files
hostile.py      hostile input, generated from a seed
fuzz.py         experiment: the engine gets hostile input, in memory
trees.py        experiment: the whole module gets hostile folders
plug.py         kills all processes of a host at one call, for benchmarks/faults.py
"""
