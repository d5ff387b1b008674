# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The error of the engine, and the description of an errno."""

from __future__ import annotations

import errno
import os

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl import errors


def test_an_error_describes_its_errno():
    error = errors.TuningError(
        "a.b: cannot be read", "a.b", OSError(errno.EIO, os.strerror(errno.EIO))
    )
    assert str(error) == "a.b: cannot be read: Input/output error"
    assert (error.key, error.errno, error.rolled_back) == ("a.b", errno.EIO, True)


def test_an_error_without_an_errno():
    error = errors.TuningError("no")
    assert (str(error), error.key, error.errno, error.rolled_back) == ("no", None, None, True)
    assert errors.describe_os_error(OSError("odd")) == "odd"


@pytest.mark.parametrize(
    ("number", "user", "remedy"),
    [
        (errno.EACCES, 1000, "become root"),
        (errno.EACCES, 0, "for root too"),
        (errno.EPERM, 0, "container"),
        (errno.EROFS, 0, "runtime: false"),
        (errno.EINVAL, 0, "does not take this value"),
        (errno.EBUSY, 0, "bind mount"),
    ],
)
def test_an_errno_is_described_with_its_remedy(number, user, remedy, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    description = errors.describe_os_error(OSError(number, os.strerror(number)))
    assert description.startswith(os.strerror(number))
    assert remedy in description
