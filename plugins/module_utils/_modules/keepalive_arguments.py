# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the module tcp_keepalive. The controller imports this file too."""

from __future__ import annotations

from .._keepalive.profiles import PROFILES
from .arguments import COMMON_OPTIONS, Options

FROM_VARIABLES = "from_variables"
"""An option that the action plugin replaces on the controller: a host knows no variables."""

TCP_KEEPALIVE_OPTIONS: Options = {
    **COMMON_OPTIONS,
    "time": {"type": "int"},
    "probes": {"type": "int"},
    "intvl": {"type": "int"},
    "idle_limit": {"type": "int"},
    "dead_after_limit": {"type": "int"},
    "profile": {"type": "str", "choices": list(PROFILES)},
    "path": {"type": "path", "default": "/etc/sysctl.d/90-tcp-keepalive.conf"},
    FROM_VARIABLES: {"type": "str"},
}
