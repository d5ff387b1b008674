# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rehearsal may write is what the measurements of the project may write."""

from __future__ import annotations

from ansible_collections.netops.tuning.plugins.module_utils._host.boot import rehearsal
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import path_to_key
from couplings import namespaces


def test_the_keys_of_namespaces_are_those_of_the_measurements():
    assert rehearsal._OF_NAMESPACES == namespaces.OF_NAMESPACES


def test_what_would_change_the_host_is_protected():
    of_the_kernel = {path_to_key(path) for path in namespaces.OF_THE_KERNEL}
    assert of_the_kernel <= set(rehearsal._PROTECTED)
