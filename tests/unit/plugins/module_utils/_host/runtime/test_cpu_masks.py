# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masks of CPUs are compared with the machine before anything is written."""

from __future__ import annotations

import errno

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime import cpu_masks
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.plan import RuntimeWrite

KEY = "net.core.rps_default_mask"

# The list of possible CPUs, the live mask, the mask, and the highest one; "": it is taken.
MASKS = [
    ("0-1", "0", "3", ""),
    ("0-1", "0", "00000003", ""),
    ("0-1", "0", ",1,", ""),
    ("0-1", "0", "4", "3"),
    ("0-1", "0", "ffff", "3"),
    ("0-1", "0", "0,1", "3"),
    ("0,2-5", "00", "3f", ""),
    ("0,2-5", "00", "40", "3f"),
    ("0-35", "0,00000000", "f,ffffffff", ""),
    ("0-35", "0,00000000", "1f,00000000", "f,ffffffff"),
    ("0-1", "00000000,00000000", "ffff", ""),
    ("0-1", "00000000,00000000", "1,0,0", "ffffffff,ffffffff"),
    ("", "00", "ff", ""),
    (None, "00", "100", "ff"),
]


@pytest.mark.parametrize(("possible", "live", "mask", "highest"), MASKS)
def test_which_masks_are_refused(tmp_path, monkeypatch, possible, live, mask, highest):
    path = tmp_path / "possible"
    if possible is not None:
        path.write_text(possible + "\n")
    monkeypatch.setattr(cpu_masks, "POSSIBLE_CPUS", str(path))
    write = RuntimeWrite(KEY, live, mask)
    if not highest:
        cpu_masks.require_possible_cpus(write)
        return
    with pytest.raises(TuningError, match=f"give a mask up to {highest}$") as caught:
        cpu_masks.require_possible_cpus(write)
    assert (caught.value.key, caught.value.errno) == (KEY, errno.EOVERFLOW)
