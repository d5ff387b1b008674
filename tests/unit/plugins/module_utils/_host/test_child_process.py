# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of child processes, and what happens when there is none."""

from __future__ import annotations

import os
import resource
import time

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host.child_process import (
    call_in_child,
)

SECONDS = 60
MANY_FILES = 1100
"""More than select(2) knows: FD_SETSIZE is 1024."""


@pytest.fixture
def many_open_files():
    """Take all the low numbers of files, as a process with many connections does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * MANY_FILES), hard))
    opened = [os.open(os.devnull, os.O_RDONLY) for _count in range(MANY_FILES)]
    yield
    for number in opened:
        os.close(number)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_child_answers():
    assert call_in_child(lambda: {"a": "x" * 200_000}, SECONDS) == {"a": "x" * 200_000}


@pytest.mark.usefixtures("many_open_files")
def test_a_child_answers_a_process_with_many_open_files():
    assert call_in_child(lambda: 1, SECONDS) == 1


def test_a_child_that_takes_too_long_is_no_answer():
    assert call_in_child(lambda: time.sleep(SECONDS), timeout=0.05) is None


def test_a_child_that_ends_early_is_no_answer():
    assert call_in_child(lambda: os._exit(1), SECONDS) is None
