# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of this name, which runs in its place."""

DOCUMENTATION = r"""
module: rollout_start
short_description: Check the options of a rollout (a step of the playbook netops.tuning.rollout)
version_added: 0.2.0
description:
  - Refuses options that cannot be meant, before any host is asked.
extends_documentation_fragment: [netops.tuning.rollout]
options:
  serial:
    description:
      - The sizes of the batches, as numbers of hosts or in per cent. The last one is repeated.
    type: list
    elements: str
    default: ["1", "5%", "25%", "100%"]
  max_failures:
    description: How many hosts may fail before the rollout stops.
    type: int
    default: 0
  soak:
    description: Seconds to wait between two batches.
    type: int
    default: 0
  health_check:
    description: A file of tasks on the controller, or a URL.
    type: str
  module:
    description: The module whose change is rolled out.
    type: str
    choices: [tcp_keepalive, sysctl]
    default: tcp_keepalive
  module_options:
    description:
      - With O(module=sysctl), the options of M(netops.tuning.sysctl).
      - O(module=tcp_keepalive) takes the variables of the role P(netops.tuning.tcp_keepalive#role).
    type: dict
"""

EXAMPLES = r"""
- name: Check the options
  netops.tuning.rollout_start:
    rollout: keepalive 2026-11
    soak: 60
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
health_check:
  description: The file of tasks that are the health check; none if there is none.
  returned: success
  type: str
"""
