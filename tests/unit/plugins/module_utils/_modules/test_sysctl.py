# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An Ansible task over the engine: what it refuses, and what a module ends with."""

from __future__ import annotations

import errno
import os
import stat
import sys

import pytest

pytest.importorskip(
    "ansible", reason="Ansible does not run on this Python; targets get its code sent"
)

from ansible_collections.netops.tuning.plugins.module_utils._modules import settings_change
from ansible_collections.netops.tuning.plugins.module_utils._modules.arguments import DEFAULT_HEADER
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.modules import sysctl
from hosts_in_memory import OURS
from unit.in_process import basic

KEY, OTHER, SECRET = (
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_retries2",
    "net.ipv4.tcp_fastopen_key",
)
PARAMS = {
    "state": "present",
    "runtime": True,
    "persistent": True,
    "on_override": "fail",
    "unsafe": False,
    "root": "/",
    "path": OURS,
    "header": "x",
    "exclusive": False,
    "ignore_missing": False,
}
SUCCESS = {
    "changed",
    "changed_keys",
    "changed_files",
    "settings",
    "previous",
    "overridden",
    "missing",
    "path",
    "backup_files",
    "loader",
    "diff",
}


def image(place, **options):
    return {"root": str(place.root), "runtime": False, **options}


def test_what_a_task_asks_for():
    request = settings_change.make_request(
        {**PARAMS, "state": "absent"}, {"net/ipv4/tcp_rmem": [1, "2", True], KEY: None, 7: False}
    )
    assert request.settings == {"net.ipv4.tcp_rmem": "1 2 1", KEY: None, "7": "0"}
    assert (request.present, request.path, request.header, request.runtime) == (
        False,
        OURS,
        "x",
        True,
    )


@pytest.mark.parametrize(
    ("params", "settings", "reason", "key"),
    [
        ({"runtime": False, "persistent": False}, {}, "nothing to do", None),
        ({"root": "/mnt"}, {}, "runtime: false", None),
        ({"path": "90-ansible.conf"}, {}, "not absolute", None),
        ({"state": "absent", "exclusive": True}, {}, "exclusive", None),
        ({}, {KEY: 1, "net/ipv4/tcp_fin_timeout": 1}, "given twice", KEY),
        ({}, {KEY: None}, "no value", KEY),
        ({}, {KEY: 1.5}, "float", KEY),
        ({}, {KEY: "1\n2"}, "line end", KEY),
        ({}, {"net/../x": 1}, "'..'", "net/../x"),
        ({}, {"/etc/passwd": 1}, "starts with", "/etc/passwd"),
        ({}, {"net.ipv4.route.flush": 1}, "an action", "net.ipv4.route.flush"),
        ({}, {"vm/drop_caches": 1}, "an action", "vm.drop_caches"),
    ],
)
def test_what_is_refused_before_the_host_is_looked_at(params, settings, reason, key):
    with pytest.raises(TuningError) as caught:
        settings_change.make_request({**PARAMS, **params}, settings)
    assert reason in str(caught.value)
    assert caught.value.key == key


def test_the_file_of_an_image(place, modules):
    root = place({"/etc/sysctl.d": None})
    before = root.snapshot()
    predicted = modules.ok(sysctl, check=True, **image(root, settings={KEY: 30}))
    assert root.snapshot() == before
    told = modules.ok(sysctl, **image(root, settings={KEY: 30}))
    assert set(told) - {"invocation"} == SUCCESS
    assert told == predicted
    assert told["changed"]
    assert root.read(OURS).decode() == f"# {DEFAULT_HEADER}\n{KEY} = 30\n"
    again = modules.ok(sysctl, **image(root, settings={KEY: 30}))
    assert (again["changed"], again["diff"]) == (False, [])


def test_the_running_kernel(kernel, modules):
    live = kernel(**{KEY: "60", OTHER: "15"})
    options = {"settings": {KEY: 30, "net.ipv4.tcp_retr*": 8}, "persistent": False}
    predicted = modules.ok(sysctl, check=True, **options)
    assert live[KEY] == "60"
    told = modules.ok(sysctl, **options)
    assert told == predicted
    assert (live[KEY], live[OTHER]) == ("30", "8")
    assert told["previous"] == {KEY: "60", OTHER: "15"}
    assert not modules.ok(sysctl, **options)["changed"]
    assert modules.ok(sysctl, settings=told["previous"], persistent=False)["changed"]
    assert (live[KEY], live[OTHER]) == ("60", "15")


def test_both_in_one(kernel, modules, tmp_path):
    live = kernel(**{KEY: "60"})
    path = tmp_path / "x.conf"
    options = {"settings": {KEY: 30}, "path": str(path), "on_override": "warn"}
    told = modules.ok(sysctl, **options)
    assert live[KEY] == "30"
    assert path.read_text() == f"# {DEFAULT_HEADER}\n{KEY} = 30\n"
    assert "does not read our file" in str(told["warnings"])
    assert modules.fails(sysctl, **{**options, "on_override": "fail"})["failed_key"] == KEY


def test_a_failure_tells_what_was_found(kernel, modules):
    live = kernel(**{KEY: "60", OTHER: "15"})
    live.refuse(OTHER, "8")
    told = modules.fails(sysctl, settings={KEY: 30, OTHER: 8}, persistent=False)
    assert (told["failed_key"], told["errno"]) == (OTHER, errno.EINVAL)
    assert (live[KEY], live[OTHER]) == ("60", "15")
    assert told["settings"][KEY]["runtime"] == {"before": "60", "after": "60"}
    assert told["previous"] == {KEY: "60", OTHER: "15"}
    assert told["diff"] == []


def test_a_failure_that_could_not_be_taken_back(kernel, modules):
    live = kernel(**{KEY: "60", OTHER: "15"})
    live.refuse(OTHER, "8")
    live.refuse(KEY, "60")
    told = modules.run(sysctl, settings={KEY: 30, OTHER: 8}, persistent=False)
    assert (told["failed"], told["rolled_back"], told["changed"]) == (True, False, True)
    assert "NOT put back" in told["msg"]


def test_an_error_of_the_host_is_no_traceback(place, modules, monkeypatch):
    root = place({"/etc/sysctl.d": None})

    def fail(_self):
        raise OSError(errno.EIO, os.strerror(errno.EIO), "/etc/somewhere")

    monkeypatch.setattr(settings_change, "read_boot_files", fail)
    told = modules.fails(sysctl, **image(root, settings={KEY: 30}))
    assert told["msg"].startswith("/etc/somewhere: Input/output error")
    assert told["errno"] == errno.EIO


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"settings": {"net.ipv4": 1}}, "a folder of settings"),
        ({"settings": {"net.ipv4.none": 1}}, "no such key"),
        ({"settings": {"net.ipv4.none*": 1}}, "matches no key"),
        ({"settings": {KEY: "010"}}, "octal"),
    ],
)
def test_what_the_kernel_cannot_take_is_refused(options, reason, kernel, modules):
    live = kernel(**{KEY: "60"})
    assert reason in modules.fails(sysctl, persistent=False, **options)["msg"]
    assert live.written == []


def test_missing_keys_are_told(kernel, modules):
    kernel(**{KEY: "60"})
    told = modules.ok(
        sysctl, settings={"net.ipv4.none": 1, KEY: 60}, persistent=False, ignore_missing=True
    )
    assert (told["changed"], told["missing"]) == (False, ["net.ipv4.none"])


def test_mode_of_a_file_that_is_there(place, modules):
    root = place({OURS: f"{KEY} = 30\n"})
    os.chmod(str(root.at(OURS)), 0o644)
    predicted = modules.ok(sysctl, check=True, **image(root, settings={KEY: 30}, mode="0600"))
    assert stat.S_IMODE(root.at(OURS).stat().st_mode) == 0o644
    told = modules.ok(sysctl, **image(root, settings={KEY: 30}, mode="0600"))
    assert told == predicted
    assert told["changed"]
    assert "0600" in told["diff"][0]["after_header"]
    assert stat.S_IMODE(root.at(OURS).stat().st_mode) == 0o600
    assert not modules.ok(sysctl, **image(root, settings={KEY: 30}, mode="0600"))["changed"]


@pytest.mark.parametrize(
    "files", [{OURS: f"{KEY} = 20\n"}, {"/etc/sysctl.d": None}], ids=["an old file", "a new file"]
)
@pytest.mark.parametrize("check", [True, False])
def test_an_owner_that_is_none_is_refused(files, check, place, modules):
    root = place(files)
    before = root.snapshot()
    told = modules.fails(
        sysctl, check=check, **image(root, settings={KEY: 30}, owner="no-such-user")
    )
    assert "no-such-user" in told["msg"]
    assert root.snapshot() == before


def test_mode_of_a_new_file(place, modules):
    root = place({"/etc/sysctl.d": None})
    modules.ok(sysctl, **image(root, settings={KEY: 30}, mode="0600", backup=True))
    assert stat.S_IMODE(root.at(OURS).stat().st_mode) == 0o600
    told = modules.ok(sysctl, **image(root, settings={KEY: 31}, backup=True))
    assert len(told["backup_files"]) == 1


def test_a_label_asked_for_where_selinux_is_in_force(place, modules, monkeypatch):
    """A stand-in for SELinux, which this machine's kernel has not: the file is labelled before it has its name."""
    root = place({OURS: f"{KEY} = 30\n"})
    old, new = ["system_u", "object_r", "tmp_t", "s0"], ["system_u", "object_r", "etc_t", "s0"]
    labelled = []

    def context_of(_module, path):
        return new if labelled and path in (labelled[-1], str(root.at(OURS))) else old

    def give(_module, path, context, changed, diff=None):
        if context_of(_module, path) == new:
            return changed
        if diff is not None:
            diff["before"]["secontext"], diff["after"]["secontext"] = (
                ":".join(old),
                ":".join(context),
            )
        if not _module.check_mode:
            assert path.endswith(".new")
            assert root.read(OURS) == f"{KEY} = 30\n".encode()
            labelled.append(path)
        return True

    monkeypatch.setattr(basic.AnsibleModule, "selinux_enabled", lambda _module: True)
    monkeypatch.setattr(basic.AnsibleModule, "selinux_mls_enabled", lambda _module: True)
    monkeypatch.setattr(basic.AnsibleModule, "selinux_initial_context", lambda _module: [None] * 4)
    monkeypatch.setattr(basic.AnsibleModule, "selinux_context", context_of)
    monkeypatch.setattr(basic.AnsibleModule, "set_context_if_different", give)
    options = image(
        root, settings={KEY: 30}, setype="etc_t", seuser="system_u", serole="object_r", selevel="s0"
    )
    predicted = modules.ok(sysctl, check=True, **options)
    assert predicted["changed"]
    assert labelled == []
    told = modules.ok(sysctl, **options)
    assert told == predicted
    assert "etc_t" in str(told["diff"])
    assert len(labelled) == 1
    assert not modules.ok(sysctl, **options)["changed"]


def test_secrets_are_in_no_result(place, modules, monkeypatch):
    logged = []
    monkeypatch.setattr(
        basic.AnsibleModule, "log", lambda _self, msg, log_args=None: logged.append((msg, log_args))
    )
    root = place({OURS: f"{SECRET} = 0000000a-0-0-0\n"})
    options = image(root, settings={SECRET: "0000000b-0-0-0", KEY: 30})
    told = str(modules.ok(sysctl, **options))
    assert "0000000a" not in told
    assert "0000000b" not in told
    assert all(args is None for _unused, args in logged)
    modules.ok(sysctl, **image(root, settings={KEY: 31}))
    assert "31" in str(logged[-1])


def test_another_system_is_refused(modules, monkeypatch):
    monkeypatch.setattr(sys, "platform", "freebsd14")
    assert "freebsd14" in modules.run(sysctl, settings={KEY: 1})["msg"]


def test_exclusive_looks_at_the_keys_that_go(kernel, modules, tmp_path):
    live = kernel(**{KEY: "60", OTHER: "15"})
    path = tmp_path / "x.conf"
    path.write_text(f"{OTHER} = 15\nnet.ipv4.tcp_retri* = 15\n")
    told = modules.ok(
        sysctl, settings={KEY: 30}, path=str(path), on_override="warn", exclusive=True
    )
    assert path.read_text() == f"{KEY} = 30\n"
    assert OTHER in told["settings"]
    assert live[KEY] == "30"


def test_check_mode_refuses_what_the_run_refuses(place, modules):
    options = image(place(), settings={KEY: 30}, path="/srv/x/y.conf", on_override="warn")
    messages = [modules.fails(sysctl, check=check, **options)["msg"] for check in (True, False)]
    assert messages[0] == messages[1]
    assert "there is no folder /srv/x" in messages[0]
