# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every part stands on: records that do not change, and errors in words."""

from __future__ import annotations

import errno
import os
import re

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl import base


@base.dataclass(frozen=True)
class Point:
    x: int
    y: int = 2


@base.dataclass(frozen=True)
class Other:
    x: int
    y: int = 2


def test_a_record_is_made_by_position_and_by_name():
    assert Point(1) == Point(x=1)
    assert Point(1, y=3).y == 3
    assert Point(1).y == 2


def test_records_are_equal_when_type_and_fields_are():
    assert Point(1) != Point(2)
    assert Point(1) != Other(1)
    assert Point(1) != 1


def test_a_record_says_what_it_holds():
    assert {"Point", "1", "3"} <= set(re.findall(r"\w+", repr(Point(1, 3))))


def test_a_record_does_not_change():
    point = Point(1)
    with pytest.raises(AttributeError):
        point.x = 2
    assert {point: "one", Point(3): "two"}[Point(1)] == "one"
    assert base.replace(point, x=5) == Point(5)
    assert point.x == 1


def test_a_record_that_may_change():
    @base.dataclass(frozen=False)
    class Count:
        number: int

    count = Count(1)
    count.number += 1
    assert count == Count(2)
    with pytest.raises(TypeError):
        hash(count)


def test_an_error_says_the_errno_in_words():
    error = base.TuningError("a.b: cannot be read", "a.b", OSError(errno.EIO, os.strerror(errno.EIO)))
    assert str(error) == "a.b: cannot be read: Input/output error"
    assert (error.key, error.errno, error.rolled_back) == ("a.b", errno.EIO, True)


def test_an_error_without_an_errno():
    error = base.TuningError("no")
    assert (str(error), error.key, error.errno, error.rolled_back) == ("no", None, None, True)
    assert base.in_words(OSError("odd")) == "odd"


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
def test_an_errno_comes_with_what_to_do(number, user, remedy, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    words = base.in_words(OSError(number, os.strerror(number)))
    assert words.startswith(os.strerror(number))
    assert remedy in words
