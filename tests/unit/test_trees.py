# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The next boot with the sysctl files of real distributions."""

from __future__ import annotations

import pytest
from sandbox.distributions import Distribution, distributions
from sandbox.predict import winners

DISTRIBUTIONS = list(distributions())


@pytest.mark.parametrize("host", DISTRIBUTIONS, ids=[host.name for host in DISTRIBUTIONS])
def test_each_key_has_its_winner(host: Distribution) -> None:
    result = {}
    for key, line in winners(host.tree, host.loader, host.expect).items():
        result[key] = line and {"value": line.value, "path": line.path, "line": line.number}
    assert result == host.expect


def test_every_supported_distribution_is_captured() -> None:
    names = " ".join(host.name for host in DISTRIBUTIONS)
    for name in ("Debian 11", "Debian 12", "Debian 13", "RHEL", "Ubuntu", "openSUSE", "Arch"):
        assert name in names
