# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The version that plugins know is that of the collection."""

from __future__ import annotations

from pathlib import Path

import yaml
from ansible_collections.netops.tuning.plugins.plugin_utils._version import VERSION

GALAXY = Path(__file__).parents[4] / "galaxy.yml"


def test_the_version_is_that_of_galaxy_yml():
    assert yaml.safe_load(GALAXY.read_text(encoding="utf-8"))["version"] == VERSION
