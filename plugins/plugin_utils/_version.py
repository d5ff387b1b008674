# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The version of the collection.

Plugins must not read it from galaxy.yml or MANIFEST.json: an installation may lack both files.
"""

from __future__ import annotations

VERSION = "0.2.0-dev.0"
"""The same as in galaxy.yml; a unit test compares them."""
