# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of this name, which runs in its place."""

DOCUMENTATION = r"""
module: self_apply_validate
short_description: "Internal to the role self_apply: validate its variables"
version_added: 0.2.0
description:
  - Fails if the role P(netops.tuning.self_apply#role) cannot work with its variables, and says
    for each one what is wrong and what to do. The role runs it before it changes anything.
  - Checks what an argument spec cannot express. Do not use it elsewhere. It may change in any
    release.
  - A password or token in O(source) is never printed.
author: the netops.tuning authors (@netops-tuning)
options:
  source:
    description:
      - The URL or path of the git repository or tarball, C(self_apply_source). It must be given.
    type: str
  source_type:
    description: What O(source) is, C(self_apply_source_type).
    type: str
    choices: [git, tarball]
    default: git
  version:
    description:
      - The branch, tag or commit of a git repository, C(self_apply_version).
      - Refused with O(source_type=tarball).
    type: str
  checksum:
    description:
      - The checksum of a tarball, C(self_apply_checksum).
      - Refused with O(source_type=git).
    type: str
  playbook:
    description: The path of the playbook in the source, C(self_apply_playbook).
    type: str
    required: true
  inventory:
    description: The inventory, C(self_apply_inventory).
    type: str
    required: true
attributes:
  check_mode:
    description: Runs in check mode.
    support: full
    details: It changes nothing in either mode.
  diff_mode:
    description: Shows what changes.
    support: none
  action:
    description: Runs on the controller, without a connection to the host.
    support: full
  platform:
    description: What it runs on.
    platforms: posix
    support: full
"""

EXAMPLES = r"""
- name: Validate the variables of the role
  netops.tuning.self_apply_validate:
    source: https://git.example.com/tuning.git
    playbook: local.yml
    inventory: localhost,
"""

RETURN = r"""
msg:
  description: Each variable that is refused, with its value, the reason and the remedy.
  returned: failed
  type: str
  sample: >-
    self_apply_checksum is for a tarball, and self_apply_source_type is git. Leave it out.
    Nothing was changed.
"""
