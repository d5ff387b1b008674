# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Throw-away hosts on this machine, and Ansible runs against them.

world.py          a throw-away host: make it, change its files and settings, run commands in it
agent.py          its first process, which makes its namespaces and answers the world's requests
play.py           runs the real ansible-playbook against a world: tasks, or a whole playbook
callback/         the callback plugin by which ansible-playbook sends results to play.py
compiled.py, target/    let a target's Python load Ansible's modules already compiled
long_lived.py     runs modules many times in one interpreter, as Mitogen does
tasks.py          the modules as tasks, and what must hold for the result of each
documented.py     what differs between results and their documentation
connections.py    TCP connections in a world, opened by processes that run holder.py; ss counts them
socket_options.py       prints the keepalive settings of other processes' connections
init_scripts/     the scripts by which Alpine and Void Linux apply the files
trees.py          random trees of sysctl files; distributions.py has those of real distributions
kernel_keys.py    writes keys of the real kernel in new namespaces, as the loaders do it
histories.py      generated tasks over coupled keys; history_runner.py runs them and boots
odd_lines.py      generated lines for any key of the network; odd_lines_runner.py boots with them
random_writes.py  generated writes to keys of the network; random_writes_runner.py compares what
                  they change with the table of couplings, and what becomes of each value
open_keys.py      the keys of /proc/sys, opened once and read again and again
oracle.py         what the real boot loaders make of a tree; predict.py says what we expect of them,
                  and of one write
"""
