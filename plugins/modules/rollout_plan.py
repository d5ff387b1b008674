# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of this name, which runs in its place."""

DOCUMENTATION = r"""
module: rollout_plan
short_description: Plan a rollout (a step of the playbook netops.tuning.rollout)
version_added: 0.2.0
description:
  - Chooses the hosts to be changed and their order, from what they registered in check mode.
  - Fails if a host of O(require) cannot be changed.
extends_documentation_fragment: [netops.tuning.rollout]
options:
  serial:
    description:
      - The sizes of the batches, as numbers of hosts or in per cent. The last one is repeated.
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
    canary: [web-1]
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
hosts:
  description: The hosts to be changed, in order. None in check mode.
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
"""
