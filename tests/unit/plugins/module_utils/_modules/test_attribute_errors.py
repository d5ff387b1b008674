# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attributes of our file that cannot be set: the message names option, value, reason and remedy."""

from __future__ import annotations

import errno
import os

import pytest

pytest.importorskip(
    "ansible", reason="Ansible does not run on this Python; targets get its code sent"
)

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.netops.tuning.plugins.module_utils._modules.attribute_errors import (
    attribute_error,
)
from ansible_collections.netops.tuning.plugins.modules import sysctl
from hosts_in_memory import OURS

KEY = "net.ipv4.tcp_fin_timeout"
NOT_A_NUMBER = "is not the number of a user or group: these are from 0 to 4294967294; give one"
CHATTR = "Error while setting attributes: chattr: no such flag\nUsage: chattr FILE"


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("owner", "100000000000000000000", NOT_A_NUMBER),
        ("owner", "-1", NOT_A_NUMBER),
        ("group", "4294967295", NOT_A_NUMBER),
        ("owner", "no-such-user", f"cannot be given to {OURS}: this host has no such user"),
        ("group", "no-such-group", f"cannot be given to {OURS}: this host has no such group"),
        ("mode", " ", "neither octal nor symbolic; write it as mode: '0644' or mode: u=rw,go=r"),
        ("mode", "u=z", "neither octal nor symbolic"),
        ("mode", "-1", "neither octal nor symbolic; write it as mode: '0644' or mode: u=rw,go=r"),
        ("mode", "-0644", "neither octal nor symbolic"),
        ("attributes", "+i", "keeps the file from being put in its place"),
        ("attributes", "=da", "leave them out"),
    ],
)
def test_an_attribute_that_cannot_be_set(option, value, reason, check, host_root, modules):
    root = host_root({OURS: f"{KEY} = 20\n"})
    before = root.snapshot()
    options = {"root": str(root.root), "runtime": False, "settings": {KEY: 30}, option: value}
    message = modules.fails(sysctl, check=check, **options)["msg"]
    assert message.startswith(f"{option}: {value!r} ")
    assert reason in message
    assert root.snapshot() == before


@pytest.mark.parametrize(
    ("current", "asked", "changed"),
    [
        ("e", "-i", False),
        ("ie", "-i", True),
        ("de", "+d", False),
        ("e", "+d", True),
        ("de", "d", False),
        ("dAe", "Ad", False),
        ("dAe", "=d", True),
    ],
)
def test_attributes_that_the_file_has_are_no_change(current, asked, changed, host_root, modules):
    root = host_root({OURS: f"{KEY} = 30\n"})
    flags = {"attr_flags": current}
    modules.monkeypatch.setattr(AnsibleModule, "get_file_attributes", lambda *_, **__: flags)
    modules.monkeypatch.setattr(AnsibleModule, "get_bin_path", lambda *_: "chattr")
    options = {"root": str(root.root), "runtime": False, "settings": {KEY: 30}}
    result = modules.ok(sysctl, check=True, **options, attributes=asked)
    assert result["changed"] == changed


def test_what_a_program_says_is_one_line():
    params = {"path": OURS, "attributes": "+z"}
    assert str(attribute_error("chattr failed", CHATTR, params, None)) == (
        f"attributes: '+z' cannot be given to {OURS}: chattr: no such flag; "
        "give letters that chattr(1) and the file system know, such as +d, or leave it out"
    )
    assert f"{OURS}: chattr failed; give" in str(attribute_error("chattr failed", "", params, None))


def test_what_the_kernel_says_is_kept():
    os_error = OSError(errno.EPERM, os.strerror(errno.EPERM))
    error = attribute_error("chown failed", None, {"path": OURS}, os_error)
    assert str(error).startswith(f"{OURS}: chown failed: Operation not permitted")
    assert error.errno == errno.EPERM
