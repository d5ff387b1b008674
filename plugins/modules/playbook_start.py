# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of this name, which runs in its place."""

DOCUMENTATION = r"""
module: playbook_start
short_description: "Private: check the variables of a playbook of this collection"
version_added: 0.2.0
description:
  - It is a step of the playbooks of this collection. Do not use it.
  - Checks all variables of a playbook, and its host patterns, before any host is asked.
author: the netops.tuning authors (@netops-tuning)
options:
  playbook:
    description: The playbook.
    type: str
    required: true
    choices: [audit, tcp_keepalive, merge_reports, rollout, rollback, rollouts]
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
- name: Check all variables before any host is asked
  netops.tuning.playbook_start:
    playbook: audit
  register: audit_start
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
hosts:
  description: The hosts that the playbook is for.
  returned: success
  type: list
  elements: str
  sample: [web-1, web-2]
patterns:
  description: A host pattern for each of them, which matches no other host whatever its name is.
  returned: success
  type: list
  elements: str
  sample: [web-1, web-2]
hosts_of_report:
  description: The hosts that are queried for the report of a rollout.
  returned: success, for the playbook rollout
  type: list
  elements: str
  sample: []
patterns_of_report:
  description: A host pattern for each of them.
  returned: success, for the playbook rollout
  type: list
  elements: str
  sample: []
"""
