# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation that the actions of a rollout share."""

from __future__ import annotations


class ModuleDocFragment:
    """The parts of the documentation that all actions of a rollout share."""

    DOCUMENTATION = r"""
author: the netops.tuning authors (@netops-tuning)
options:
  rollout:
    description: The name of the rollout.
    type: str
    required: true
  terminal:
    description: Show lines for a person, on the standard error output.
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
notes:
  - It is private, a step of the playbook C(netops.tuning.rollout). Use that playbook.
  - It looks at all hosts of the play, so it runs once, with C(run_once), under the linear strategy.
"""
