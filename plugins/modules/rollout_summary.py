# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of this name, which runs in its place."""

DOCUMENTATION = r"""
module: rollout_summary
short_description: Sum up a rollout (a step of the playbook netops.tuning.rollout)
version_added: 0.2.0
description:
  - Shows and returns the outcome of a rollout on each host.
extends_documentation_fragment: [netops.tuning.rollout]
"""

EXAMPLES = r"""
- name: Sum up the rollout
  netops.tuning.rollout_summary:
    rollout: keepalive 2026-11
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
outcomes:
  description:
    - Each host with its outcome, V(done), V(already_right), V(put_back), V(failed), V(unreachable)
      or
      V(not_reached), and the reason.
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
"""
