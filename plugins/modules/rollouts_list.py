# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of this name, which runs in its place."""

DOCUMENTATION = r"""
module: rollouts_list
short_description: "Private: list rollouts (a step of the playbook netops.tuning.rollouts)"
version_added: 0.2.0
description:
  - It is a step of the playbook C(netops.tuning.rollouts). Use that playbook.
  - Merges what M(netops.tuning.sysctl_ledger) registered on the hosts.
author: the netops.tuning authors (@netops-tuning)
options:
  hosts:
    description: The hosts whose ledgers were read.
    type: list
    elements: str
    required: true
  results:
    description: The variable in which each host registered its result.
    type: str
    default: rollouts_found
  terminal:
    description: Show the list to a person, on the standard error output.
    type: bool
    default: true
attributes:
  check_mode:
    description: Runs in check mode and returns what the real run would.
    support: full
  diff_mode:
    description: Shows what changes.
    support: none
  platform:
    description: What it runs on. It is the controller.
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: List the rollouts of two hosts
  netops.tuning.rollouts_list:
    hosts: [web-1, web-2]
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
rollouts:
  description: The rollouts, oldest first.
  returned: success
  type: list
  elements: dict
  sample: [{rollout: keepalive 2026-11, at: "2026-11-24T07:30:00Z", hosts: 20, undone: 0}]
  contains:
    rollout: {description: The name., type: str}
    at: {description: "When it first changed a host, in UTC.", type: str}
    hosts: {description: The number of hosts that it changed., type: int}
    undone: {description: On how many of them it was rolled back., type: int}
"""
