# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module sysctl: what it refuses, what it does, and its results."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time

import pytest

pytest.importorskip(
    "ansible", reason="Ansible does not run on this Python; targets get its code sent"
)

from ansible_collections.netops.tuning.plugins.module_utils._host.boot import settings_undone
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
RESULT_KEYS = {
    "changed",
    "changed_keys",
    "changed_files",
    "settings",
    "previous",
    "overridden",
    "doubts",
    "undone",
    "missing",
    "skipped_keys",
    "irreversible",
    "path",
    "backup_files",
    "loader",
    "diff",
}


def image(root, **options):
    """Return the options of a task for the image in this folder."""
    return {"root": str(root.root), "runtime": False, **options}


def test_makes_a_request_from_options():
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
        ({"path": f"{OURS}/"}, {}, f"path '{OURS}/' names a folder, since it ends in '/'", None),
        ({"path": f"{OURS}//"}, {}, "name a file in /etc/sysctl.d, or leave out path", None),
        ({"path": f"{OURS}/."}, {}, "since it ends in '/.'", None),
        ({"path": "/etc/none/.."}, {}, "since it ends in '/..'", None),
        ({"state": "absent", "exclusive": True}, {}, "exclusive", None),
        ({}, {KEY: 1, "net/ipv4/tcp_fin_timeout": 1}, "given twice", KEY),
        ({}, {KEY: None}, "no value", KEY),
        ({}, {KEY: 1.5}, "1.5 is not a value", KEY),
        ({}, {KEY: "1\n2"}, "line end", KEY),
        ({}, {"net/../x": 1}, "'..'", "net/../x"),
        ({}, {"/etc/passwd": 1}, "starts with", "/etc/passwd"),
        ({}, {"net.ipv4.route.flush": 1}, "an action", "net.ipv4.route.flush"),
        ({}, {"vm/drop_caches": 1}, "an action", "vm.drop_caches"),
    ],
)
def test_refuses_bad_options_before_it_reads_the_host(params, settings, reason, key):
    with pytest.raises(TuningError) as caught:
        settings_change.make_request({**PARAMS, **params}, settings)
    assert reason in str(caught.value)
    assert caught.value.key == key


def test_sets_the_file_of_an_image(host_root, modules):
    root = host_root({"/etc/sysctl.d": None, "/etc/rcS.d/S01procps": ""})
    before = root.snapshot()
    predicted = modules.ok(sysctl, check=True, **image(root, settings={KEY: 30}))
    assert root.snapshot() == before
    result = modules.ok(sysctl, **image(root, settings={KEY: 30}))
    assert set(result) - {"invocation"} == RESULT_KEYS
    assert result == predicted
    assert result["changed"]
    assert root.read(OURS).decode() == f"# {DEFAULT_HEADER}\n{KEY} = 30\n"
    again = modules.ok(sysctl, **image(root, settings={KEY: 30}))
    assert (again["changed"], again["diff"]) == (False, [])


def test_sets_the_running_kernel(kernel, modules):
    live = kernel(**{KEY: "60", OTHER: "15"})
    options = {"settings": {KEY: 30, "net.ipv4.tcp_retr*": 8}, "persistent": False}
    predicted = modules.ok(sysctl, check=True, **options)
    assert live[KEY] == "60"
    result = modules.ok(sysctl, **options)
    assert result == predicted
    assert (live[KEY], live[OTHER]) == ("30", "8")
    assert result["previous"] == {KEY: "60", OTHER: "15"}
    assert not modules.ok(sysctl, **options)["changed"]
    assert modules.ok(sysctl, settings=result["previous"], persistent=False)["changed"]
    assert (live[KEY], live[OTHER]) == ("60", "15")


def test_sets_kernel_and_file(kernel, modules, tmp_path):
    live = kernel(**{KEY: "60"})
    path = tmp_path / "x.conf"
    options = {"settings": {KEY: 30}, "path": str(path), "on_override": "warn"}
    result = modules.ok(sysctl, **options)
    assert live[KEY] == "30"
    assert path.read_text() == f"# {DEFAULT_HEADER}\n{KEY} = 30\n"
    assert "does not read it" in str(result["warnings"])
    assert modules.fails(sysctl, **{**options, "on_override": "fail"})["failed_key"] == KEY


@pytest.fixture
def running_host(host_root, monkeypatch):
    """Return a function that makes a running host with these files, which booted long after."""

    def make(files):
        root = host_root({"/etc/rcS.d/S01procps": "", **files})
        root.files.root = "/"
        monkeypatch.setattr(settings_change, "HostFiles", lambda _root: root.files)
        monkeypatch.setattr(settings_undone, "read_boot_time", lambda: time.time() + 1000)
        return root

    return make


@pytest.mark.parametrize("check", [True, False])
def test_warns_before_it_sets_again_what_was_undone(kernel, modules, running_host, check):
    kernel(**{KEY: "60", OTHER: "15"})
    running_host({OURS: f"{KEY} = 30\n{OTHER} = 15\n"})
    result = modules.ok(sysctl, check=check, settings={KEY: 30, OTHER: 8})
    assert result["changed_keys"] == [KEY, OTHER]
    (entry,) = result["undone"]
    booted = entry.pop("booted")
    assert entry == {
        "key": KEY,
        "value": "30",
        "path": OURS,
        "line": 1,
        "runtime": "60",
        "by": "procps",
    }
    assert len(result["warnings"]) == 1
    expected = f"undone since the boot of {booted}: {KEY} is '60' instead of '30'"
    assert expected in str(result["warnings"])


def test_a_run_that_sets_nothing_does_not_ask_for_the_boot(
    kernel, modules, running_host, monkeypatch
):
    kernel(**{KEY: "30", OTHER: "15"})
    running_host({OURS: f"{KEY} = 30\n"})

    def refuse(*_arguments):
        raise AssertionError("the boot time is of no interest here")

    monkeypatch.setattr(settings_undone, "find_undone", refuse)
    result = modules.ok(sysctl, settings={KEY: 30})
    assert (result["changed"], result["undone"]) == (False, [])
    first_time = modules.ok(sysctl, settings={KEY: 30, OTHER: 8})
    assert (first_time["changed_keys"], first_time["undone"]) == ([OTHER], [])
    assert "warnings" not in first_time


def test_failure_returns_the_values_it_read(kernel, modules):
    live = kernel(**{KEY: "60", OTHER: "15"})
    live.refuse(OTHER, "8")
    result = modules.fails(sysctl, settings={KEY: 30, OTHER: 8}, persistent=False)
    assert (result["failed_key"], result["errno"]) == (OTHER, errno.EINVAL)
    assert (live[KEY], live[OTHER]) == ("60", "15")
    assert result["settings"][KEY]["runtime"] == {"before": "60", "after": "60"}
    assert result["previous"] == {KEY: "60", OTHER: "15"}
    assert result["diff"] == []


def test_failure_that_could_not_be_rolled_back(kernel, modules):
    live = kernel(**{KEY: "60", OTHER: "15"})
    live.refuse(OTHER, "8")
    live.refuse(KEY, "60")
    result = modules.run(sysctl, settings={KEY: 30, OTHER: 8}, persistent=False)
    assert (result["failed"], result["rolled_back"], result["changed"]) == (True, False, True)
    assert "NOT put back" in result["msg"]


def test_os_error_is_no_traceback(host_root, modules, monkeypatch):
    root = host_root({"/etc/sysctl.d": None})

    def fail(_self):
        raise OSError(errno.EIO, os.strerror(errno.EIO), "/etc/somewhere")

    monkeypatch.setattr(settings_change, "read_boot_files", fail)
    result = modules.fails(sysctl, **image(root, settings={KEY: 30}))
    assert result["msg"].startswith("/etc/somewhere: Input/output error")
    assert result["errno"] == errno.EIO


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"settings": {"net.ipv4": 1}}, "a folder of settings"),
        ({"settings": {"net.ipv4.none": 1}}, "no such key"),
        ({"settings": {"net.ipv4.none*": 1}}, "matches no key"),
        ({"settings": {KEY: "010"}}, "octal"),
    ],
)
def test_refuses_settings_that_the_kernel_cannot_take(options, reason, kernel, modules):
    live = kernel(**{KEY: "60"})
    assert reason in modules.fails(sysctl, persistent=False, **options)["msg"]
    assert live.written == []


MISREAD = {"010": "octal", "yes": "give 1", "1 # one": "a comment", "'1'": "quotes"}
"""Value -> why it is refused for a key that is not known here."""


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(("value", "reason"), MISREAD.items())
def test_refuses_values_of_globs_that_match_nothing(
    value, reason, check, host_root, kernel, modules
):
    live = kernel(**{KEY: "60"})
    settings = {"net.ipv4.none*.rp_filter": value}
    options = {"settings": settings, "persistent": False, "ignore_missing": True}
    assert reason in modules.fails(sysctl, check=check, **options)["msg"]
    assert live.written == []
    root = host_root({"/etc/sysctl.d": None})
    options = image(root, settings={"net.ipv4.conf.*.rp_filter": value})
    assert reason in modules.fails(sysctl, check=check, **options)["msg"]
    assert not root.at(OURS).exists()


def test_returns_missing_keys(kernel, modules):
    kernel(**{KEY: "60"})
    result = modules.ok(
        sysctl, settings={"net.ipv4.none": 1, KEY: 60}, persistent=False, ignore_missing=True
    )
    assert (result["changed"], result["missing"]) == (False, ["net.ipv4.none"])


def test_changes_the_mode_of_an_existing_file(host_root, modules):
    root = host_root({OURS: f"{KEY} = 30\n"})
    os.chmod(str(root.at(OURS)), 0o644)
    predicted = modules.ok(sysctl, check=True, **image(root, settings={KEY: 30}, mode="0600"))
    assert stat.S_IMODE(root.at(OURS).stat().st_mode) == 0o644
    result = modules.ok(sysctl, **image(root, settings={KEY: 30}, mode="0600"))
    assert result == predicted
    assert result["changed"]
    assert "0600" in result["diff"][0]["after_header"]
    assert stat.S_IMODE(root.at(OURS).stat().st_mode) == 0o600
    assert not modules.ok(sysctl, **image(root, settings={KEY: 30}, mode="0600"))["changed"]


@pytest.mark.parametrize(
    "files", [{OURS: f"{KEY} = 20\n"}, {"/etc/sysctl.d": None}], ids=["an old file", "a new file"]
)
@pytest.mark.parametrize("check", [True, False])
def test_refuses_an_unknown_owner(files, check, host_root, modules):
    root = host_root(files)
    before = root.snapshot()
    result = modules.fails(
        sysctl, check=check, **image(root, settings={KEY: 30}, owner="no-such-user")
    )
    assert "no-such-user" in result["msg"]
    assert root.snapshot() == before


def test_sets_the_mode_of_a_new_file(host_root, modules):
    root = host_root({"/etc/sysctl.d": None})
    modules.ok(sysctl, **image(root, settings={KEY: 30}, mode="0600", backup=True))
    assert stat.S_IMODE(root.at(OURS).stat().st_mode) == 0o600
    result = modules.ok(sysctl, **image(root, settings={KEY: 31}, backup=True))
    assert len(result["backup_files"]) == 1


def test_sets_an_selinux_label(host_root, modules, monkeypatch):
    """The file gets its label before it gets its name.

    Ansible's SELinux functions are replaced, since not every kernel has SELinux.
    """
    root = host_root({OURS: f"{KEY} = 30\n"})
    old, new = ["system_u", "object_r", "tmp_t", "s0"], ["system_u", "object_r", "etc_t", "s0"]
    labelled = []

    def context_of(_module, path):
        return new if labelled and path in (labelled[-1], str(root.at(OURS))) else old

    def set_context(_module, path, context, changed, diff=None):
        if context_of(_module, path) == new:
            return changed
        if diff is not None:
            diff["before"]["secontext"] = ":".join(old)
            diff["after"]["secontext"] = ":".join(context)
        if not _module.check_mode:
            assert path.endswith(".new")
            assert root.read(OURS) == f"{KEY} = 30\n".encode()
            labelled.append(path)
        return True

    monkeypatch.setattr(basic.AnsibleModule, "selinux_enabled", lambda _module: True)
    monkeypatch.setattr(basic.AnsibleModule, "selinux_mls_enabled", lambda _module: True)
    monkeypatch.setattr(basic.AnsibleModule, "selinux_initial_context", lambda _module: [None] * 4)
    monkeypatch.setattr(basic.AnsibleModule, "selinux_context", context_of)
    monkeypatch.setattr(basic.AnsibleModule, "set_context_if_different", set_context)
    options = image(
        root, settings={KEY: 30}, setype="etc_t", seuser="system_u", serole="object_r", selevel="s0"
    )
    predicted = modules.ok(sysctl, check=True, **options)
    assert predicted["changed"]
    assert labelled == []
    result = modules.ok(sysctl, **options)
    assert result == predicted
    assert "etc_t" in str(result["diff"])
    assert len(labelled) == 1
    assert not modules.ok(sysctl, **options)["changed"]


def test_results_and_logs_contain_no_secrets(host_root, modules, monkeypatch):
    logged = []
    monkeypatch.setattr(
        basic.AnsibleModule, "log", lambda _self, msg, log_args=None: logged.append((msg, log_args))
    )
    root = host_root({OURS: f"{SECRET} = 0000000a-0-0-0\n"})
    options = image(root, settings={SECRET: "0000000b-0-0-0", KEY: 30})
    result = str(modules.ok(sysctl, **options))
    assert "0000000a" not in result
    assert "0000000b" not in result
    assert all(args is None for _unused, args in logged)
    modules.ok(sysctl, **image(root, settings={KEY: 31}))
    assert "31" in str(logged[-1])


@pytest.mark.parametrize(
    ("before", "glob", "secret"),
    [
        ("", "net.ipv6.conf.eth0.stable_*", "2001:db8::5ec"),
        ("net/ipv6/conf/eth0/stable_* = 2001:db8::5ec", "net.ipv6.conf.eth0.stable_*", "::5ec"),
        ("# net.ipv4.tcp_fastopen_k* = 5ec-0-0-0\n", "net.ipv4.tcp_fastopen_k*", "5ec-0-0-1"),
    ],
)
def test_results_contain_no_secrets_of_globs(before, glob, secret, host_root, modules):
    root = host_root({OURS: before})
    result = modules.ok(
        sysctl, **image(root, settings={glob: secret, KEY: 30}, ignore_missing=True)
    )
    assert result["changed"]
    assert "5ec" not in str(result)


def test_the_number_of_a_wide_glob_is_shown(host_root, modules):
    root = host_root({OURS: ""})
    result = modules.ok(sysctl, **image(root, settings={"net.ipv6.conf.eth0.*": 1}))
    assert result["settings"]["net.ipv6.conf.eth0.*"]["value"] == "1"


def test_refuses_other_operating_systems(modules, monkeypatch):
    monkeypatch.setattr(sys, "platform", "freebsd14")
    assert "freebsd14" in modules.run(sysctl, settings={KEY: 1})["msg"]


def test_exclusive_shows_the_keys_it_removes(kernel, modules, tmp_path):
    live = kernel(**{KEY: "60", OTHER: "15"})
    path = tmp_path / "x.conf"
    path.write_text(f"{OTHER} = 15\nnet.ipv4.tcp_retri* = 15\n")
    result = modules.ok(
        sysctl, settings={KEY: 30}, path=str(path), on_override="warn", exclusive=True
    )
    assert path.read_text() == f"{KEY} = 30\n"
    assert OTHER in result["settings"]
    assert live[KEY] == "30"


def test_check_mode_fails_with_the_same_message(host_root, modules):
    options = image(host_root(), settings={KEY: 30}, path="/srv/x/y.conf", on_override="warn")
    messages = [modules.fails(sysctl, check=check, **options)["msg"] for check in (True, False)]
    assert messages[0] == messages[1]
    assert "there is no folder /srv/x" in messages[0]
