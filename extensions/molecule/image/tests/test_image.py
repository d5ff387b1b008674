# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any


def test_host_booted_with_the_values_of_the_image(keepalive: list[str]) -> None:
    assert keepalive == ["300", "9", "75"]


def test_file_does_not_depend_on_where_the_image_was_mounted(host: Any) -> None:
    file = host.file("/etc/sysctl.d/90-tcp-keepalive.conf")
    assert (file.user, file.mode) == ("root", 0o644)
    assert "/run/hosts" not in file.content_string
