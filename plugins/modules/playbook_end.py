# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of this name, which runs in its place."""

DOCUMENTATION = r"""
module: playbook_end
short_description: "Private: end a playbook of this collection with the failure of a host"
version_added: 0.2.0
description:
  - It is a step of the playbooks of this collection. Do not use it.
  - Fails on each host that an earlier step judged to be wrong, so that the recap shows it as failed
    or unreachable, and the other hosts as they are.
author: the netops.tuning authors (@netops-tuning)
options:
  result:
    description: The fact of localhost that holds the result of that step.
    type: str
    required: true
attributes:
  check_mode:
    description: Runs in check mode and fails as the real run would.
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
- name: Fail where a host is not as wanted
  netops.tuning.playbook_end:
    result: netops_tuning_end
"""

RETURN = r"""
msg:
  description: What is wrong with the host, or on localhost with the run as a whole.
  returned: failure
  type: str
  sample: "rollout 'keepalive 2026-11': 2 done, 1 put back"
"""
