# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our file in modules-load.d: lines come with their keys and leave with the last of them."""

from __future__ import annotations

from itertools import chain

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.module_file import (
    edit_modules,
    module_file_of,
)

TOP = "# Ours\n"
CONNTRACK = "# for net.nf_conntrack_max\nnf_conntrack\n"
SCTP_B_AND_C = "# for net.sctp.b, net.sctp.c\nsctp\n"
SCTP = "# for net.sctp.a, net.sctp.b\nsctp\n"


@pytest.mark.parametrize(
    ("before", "needed", "kept", "after"),
    [
        (None, {}, [], None),
        (None, {"nf_conntrack": ["net.nf_conntrack_max"]}, [], TOP + CONNTRACK),
        (TOP + CONNTRACK, {}, ["net.nf_conntrack_max"], TOP + CONNTRACK),
        (TOP + CONNTRACK, {}, [], None),
        (TOP + CONNTRACK + SCTP, {}, ["net.sctp.a", "net.sctp.b"], TOP + SCTP),
        (TOP + SCTP, {}, ["net.sctp.b"], TOP + "# for net.sctp.b\nsctp\n"),
        (TOP + SCTP, {"sctp": ["net.sctp.b", "net.sctp.c"]}, [], TOP + SCTP_B_AND_C),
        (TOP + SCTP, {"sctp": ["net.sctp.b", "net.sctp.a"]}, [], TOP + SCTP),
        ("loop\n# theirs\n" + CONNTRACK, {}, [], "loop\n# theirs\n"),
        ("nf-conntrack", {"nf_conntrack": ["k"]}, [], "nf-conntrack"),
        ("loop", {"sctp": ["net.sctp.a"]}, [], "loop\n# for net.sctp.a\nsctp\n"),
        ("", {}, [], ""),
        (TOP, {}, [], TOP),
        ("# for x\n# for net.sctp.a\nsctp", {}, ["net.sctp.a"], "# for x\n# for net.sctp.a\nsctp"),
    ],
    ids=[
        "nothing to say",
        "a first module",
        "it stays with its key",
        "the last key takes the file along",
        "one of two leaves",
        "one key of two leaves",
        "a key more",
        "the same keys in another order",
        "lines of others stay",
        "a line of others is enough",
        "a file without a line end",
        "an empty file of others",
        "a file with our header only",
        "a comment without a module",
    ],
)
def test_the_file_after_an_edit(before, needed, kept, after):
    data = None if before is None else before.encode()
    edited = edit_modules(data, needed, kept, "Ours")
    assert (None if edited is None else edited.decode()) == after
    keys = [*kept, *chain.from_iterable(needed.values())]
    assert edit_modules(edited, needed, keys, "Ours") == edited


def test_each_file_of_settings_has_one():
    path = "/etc/modules-load.d/90-ansible-95-router.conf"
    assert module_file_of("/etc/sysctl.d/95-router.conf") == path
