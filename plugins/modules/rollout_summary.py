# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of this name, which runs in its place."""

DOCUMENTATION = r"""
module: rollout_summary
short_description: "Private: sum up a rollout (a step of its playbook)"
version_added: 0.2.0
description:
  - Shows and returns the outcome of a rollout on each host.
extends_documentation_fragment: [netops.tuning.rollout]
options:
  hosts:
    description: The hosts of the rollout.
    type: list
    elements: str
    required: true
  problem:
    description: Why no host was to be changed.
    type: str
  max_unreachable:
    description: How many hosts may be unreachable without being wrong.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Sum up the rollout
  netops.tuning.rollout_summary:
    rollout: keepalive 2026-11
    hosts: [web-1, web-2]
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
outcomes:
  description:
    - Each host with its outcome, V(done), V(already_right), V(would_change) in check mode,
      V(put_back), V(failed), V(unreachable) or V(not_reached), and the reason.
  returned: success
  type: dict
  sample: {web-1: {outcome: done, reason: ""}}
counts:
  description: The number of hosts for each outcome.
  returned: success
  type: dict
  sample: {done: 2}
summary:
  description: The counts as text.
  returned: success
  type: str
  sample: 2 done
wrong:
  description: Whether a host is not as wanted.
  returned: success
  type: bool
  sample: false
failure:
  description: What is to be shown as the failure, if a host is not as wanted.
  returned: success
  type: str
  sample: "rollout 'keepalive 2026-11': 1 done, 1 put back"
failing:
  description: >-
    Host patterns of those that the playbook ends with a failure on. The first is localhost.
  returned: success
  type: list
  elements: str
  sample: []
failed_hosts:
  description: The hosts that failed or were put back, and why.
  returned: success
  type: dict
  sample: {}
unreachable_hosts:
  description: The hosts that could not be reached, and why.
  returned: success
  type: dict
  sample: {}
"""
