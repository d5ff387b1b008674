# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of this name, which runs in its place."""

DOCUMENTATION = r"""
module: rollout_plan
short_description: "Private: plan a rollout (a step of its playbook)"
version_added: 0.2.0
description:
  - Chooses the hosts to be changed and their order, from what they registered in check mode.
  - No host is to be changed if one of O(require) cannot be.
extends_documentation_fragment: [netops.tuning.rollout]
options:
  hosts:
    description: The hosts of the rollout.
    type: list
    elements: str
    required: true
  serial:
    description:
      - The sizes of the batches, as numbers of hosts or percentages. The last one is repeated.
    type: list
    elements: str
    default: ["1", "5%", "25%", "100%"]
  canary:
    description: The hosts to change first.
    type: list
    elements: str
    default: []
  require:
    description: The hosts without which nothing is changed.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Plan the rollout
  netops.tuning.rollout_plan:
    rollout: keepalive 2026-11
    hosts: [web-1, web-2]
    canary: [web-1]
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
hosts:
  description: >-
    The hosts to be changed, in order. None in check mode, or if a required host cannot be changed.
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
sizes:
  description: The sizes of the batches.
  returned: success
  type: list
  elements: int
  sample: [1, 1]
planned:
  description: When the plan was made, in seconds since 1970.
  returned: success
  type: float
problem:
  description: Why no host is to be changed; none if there is no reason.
  returned: success
  type: str
  sample: null
"""
