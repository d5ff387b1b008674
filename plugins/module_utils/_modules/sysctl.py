# SPDX-License-Identifier: GPL-3.0-or-later

"""The module sysctl: any kernel settings, many in one task."""

from __future__ import annotations

from typing import NoReturn

from .arguments import SYSCTL_OPTIONS
from .base import TuningModule
from .flow import change_host
from .settings_change import SettingsChange


def run() -> NoReturn:
    """Run the module."""
    module = TuningModule(SYSCTL_OPTIONS, file_options=True)
    change_host(SettingsChange(module))
