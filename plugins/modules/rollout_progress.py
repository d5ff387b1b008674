# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of this name, which runs in its place."""

DOCUMENTATION = r"""
module: rollout_progress
short_description: "Private: show the progress of a rollout (a step of its playbook)"
version_added: 0.2.0
description:
  - Shows how many hosts are done after a batch, and decides whether the rollout goes on.
  - If it does, and there are hosts left, it waits O(soak) seconds.
extends_documentation_fragment: [netops.tuning.rollout]
options:
  max_failures:
    description: How many hosts may fail before the rollout stops.
    type: int
    default: 0
  max_unreachable:
    description: How many unreachable hosts do not count as failed.
    type: int
    default: 0
  soak:
    description: Seconds to wait before the next batch.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Show the progress
  netops.tuning.rollout_progress:
    rollout: keepalive 2026-11
    max_failures: 2
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
stop:
  description: Whether too many hosts have failed.
  returned: success
  type: bool
  sample: false
"""
