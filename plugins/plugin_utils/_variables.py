# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the module tcp_keepalive, as variables of its role say them."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.netops.tuning.plugins.module_utils._modules.arguments import (
    FROM_VARIABLES,
    TCP_KEEPALIVE_OPTIONS,
)

PREFIX = "tcp_keepalive_"


def options(prefix: str, variables: Mapping[str, Any], templar: Any) -> dict[str, Any]:
    """Return the options of which there is a variable that is named after them; null and omit are as if there were none."""
    given = {
        name: variables.get(prefix + name)
        for name in TCP_KEEPALIVE_OPTIONS
        if name != FROM_VARIABLES
    }
    told = templar.template({name: value for name, value in given.items() if value is not None})
    omit = variables.get("omit")  # before ansible-core 2.19 it is a text, which is left in the dict
    return {name: value for name, value in told.items() if value is not None and value != omit}
