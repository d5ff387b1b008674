# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of SSH hosts on this machine, to run playbooks on and to break.

fleet.py    `Fleet`: the light hosts of a lab, their state, and runs of ansible-playbook
faults.py   what can go wrong with a host, and how to repair it
runner.py   runs of ansible-runner, on the fleet or on slices of it as AWX makes them
"""
