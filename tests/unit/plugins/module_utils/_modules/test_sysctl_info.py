# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module sysctl_info: every line about a key, with its fate."""

from __future__ import annotations

import errno
import os
from operator import itemgetter

import pytest

pytest.importorskip(
    "ansible", reason="Ansible does not run on this Python; targets get its code sent"
)

from ansible_collections.netops.tuning.plugins.module_utils._host.boot import settings_undone
from ansible_collections.netops.tuning.plugins.module_utils._host.files import HostFiles
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime import (
    key_states,
    proc_sys,
)
from ansible_collections.netops.tuning.plugins.module_utils._modules import sysctl_info as engine
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.doubts import FileProblem
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import LOADERS
from ansible_collections.netops.tuning.plugins.modules import sysctl_info
from hosts_in_memory import make_tree

KEY, GLOB = "net.ipv4.conf.eth0.promote_secondaries", "net.ipv4.conf.*.promote_secondaries"
LO_KEY, LATER_KEY = GLOB.replace("*", "lo"), GLOB.replace("*", "later")
BY = "systemd-sysctl"
COOKIES = "net.ipv4.tcp_fastopen_key"


def inspect(files, keys=None, loader="systemd", command_line="", problems=()):
    """Inspect the running kernel with these boot files in place of the host's own."""
    boot_files = make_tree(files, command_line)
    boot_files = boot_files._replace(problems=problems)
    return engine.inspect_settings(boot_files, LOADERS[loader], keys, running=HostFiles("/"))


def fates(result, key):
    """Return (path, line, key, value, fate) of each assignment of a key."""
    assignments = result["settings"][key]["assignments"]
    columns = itemgetter("path", "line", "key", "value", "fate")
    return [columns(assignment) for assignment in assignments]


def test_every_line_has_a_fate(kernel):
    kernel(**{KEY: "0"})
    files = {
        "/etc/sysctl.d/50-a.conf": f"{KEY} = 1\n{KEY} = 2\n",
        "/usr/lib/sysctl.d/50-a.conf": f"{KEY} = 9\n",
        "/usr/lib/sysctl.d/60-b.conf": f"\n{GLOB} = 3\n",
    }
    result = inspect(files, [KEY])
    assert fates(result, KEY) == [
        ("/etc/sysctl.d/50-a.conf", 1, KEY, "1", "overridden"),
        ("/etc/sysctl.d/50-a.conf", 2, KEY, "2", "winner"),
        ("/usr/lib/sysctl.d/50-a.conf", 1, KEY, "9", "masked"),
        ("/usr/lib/sysctl.d/60-b.conf", 2, GLOB, "3", "overridden"),
    ]
    setting = result["settings"][KEY]
    assert (setting["runtime"], setting["boot"], setting["drift"]) == ("0", "2", True)
    assert setting["winner"] == {"path": "/etc/sysctl.d/50-a.conf", "line": 2, "by": BY}
    assert result["drift"] == [KEY]
    assert result["files"] == [
        {"path": "/etc/sysctl.d/50-a.conf", "masked_by": None, "by": BY},
        {"path": "/usr/lib/sysctl.d/50-a.conf", "masked_by": "/etc/sysctl.d/50-a.conf", "by": BY},
        {"path": "/usr/lib/sysctl.d/60-b.conf", "masked_by": None, "by": BY},
    ]
    assert (result["loader"], result["problems"]) == ("systemd", [])


def test_tells_what_was_undone_from_what_was_never_set(kernel, host_root, monkeypatch):
    kernel(**{KEY: "0", COOKIES: "0-0-0-0", "kernel.x": "1"})
    old, new = "/etc/sysctl.d/a.conf", "/etc/sysctl.d/b.conf"
    files = {old: f"{GLOB} = 1\n{COOKIES} = 1-1-1-1\nkernel.x = 1\n", new: f"{COOKIES} = 1-2-3-4\n"}
    root = host_root(files)
    booted = root.at(old).stat().st_ctime + 1000
    monkeypatch.setattr(settings_undone, "read_boot_time", lambda: booted)
    os.utime(str(root.at(new)), (booted + 1, booted + 1))
    boot_files = make_tree(files)
    result = engine.inspect_settings(boot_files, LOADERS["systemd"], None, running=root.files)
    assert (result["drift"], result["undone"]) == ([KEY, COOKIES], [KEY])
    flags = [(setting["drift"], setting["undone"]) for setting in result["settings"].values()]
    assert flags == [(True, True), (True, False), (False, False)]
    assert result["booted"].endswith("Z")


def test_an_image_has_not_booted():
    result = engine.inspect_settings(make_tree({}), LOADERS["systemd"], [KEY], running=None)
    assert (result["undone"], result["booted"]) == ([], None)
    assert result["settings"][KEY]["undone"] is False


def test_exclusion_wins_over_a_glob(kernel):
    kernel(**{KEY: "0"})
    result = inspect({"/etc/sysctl.d/a.conf": f"{GLOB} = 1\n-{KEY}\n"}, [KEY])
    assert [fate for *_unused, fate in fates(result, KEY)] == ["excluded", "winner"]
    assert (result["settings"][KEY]["boot"], result["drift"]) == (None, [])


def test_equal_values_are_no_drift(kernel):
    kernel(**{KEY: "16"})
    assert inspect({"/etc/sysctl.d/a.conf": f"{KEY} = 0x10"})["drift"] == []


def test_returns_all_keys_that_a_file_assigns(kernel):
    kernel(**{KEY: "0", LO_KEY: "1", "kernel.x": "1"})
    result = inspect({"/etc/sysctl.d/a.conf": f"{GLOB} = 1\nkernel/x = 2\n-kernel.y\nvm.none* = 1"})
    assert list(result["settings"]) == [
        KEY,
        "net.ipv4.conf.lo.promote_secondaries",
        "kernel.x",
        "vm.none*",
    ]
    assert result["drift"] == [KEY, "kernel.x"]


def test_requested_glob_matches_keys_of_kernel_and_files(kernel):
    kernel(**{KEY: "0", "net.ipv4.conf.lo.other": "1"})
    result = inspect(
        {"/etc/sysctl.d/a.conf": "net.ipv4.conf.later.promote_secondaries = 1"},
        [GLOB, "kernel.none"],
    )
    assert list(result["settings"]) == [
        KEY,
        "net.ipv4.conf.later.promote_secondaries",
        "kernel.none",
    ]
    assert [problem["problem"] for problem in result["problems"]] == [
        "this kernel has no such key"
    ] * 2


def test_problems_have_path_and_line(kernel):
    kernel(**{KEY: "0"})
    files = {"/etc/sysctl.d/a.conf": f"garbage\n{KEY} = 1\n", "/etc/sysctl.conf": f"{KEY} = 2"}
    problem = FileProblem(path="/etc/sysctl.d/b.conf", reason="Permission denied", matters=True)
    result = inspect(files, command_line=f"sysctl.{KEY}=7", problems=(problem,))["problems"]
    assert [(entry["path"], entry["line"]) for entry in result] == [
        ("/etc/sysctl.d/b.conf", None),
        ("/proc/cmdline", None),
        ("/etc/sysctl.d/a.conf", 1),
        ("/etc/sysctl.conf", None),
    ]
    assert "'7'" in result[1]["problem"]
    assert "does not read this file" in result[3]["problem"]
    assert len(inspect(files, loader="procps")["problems"]) == 1


def test_unreadable_key_is_a_problem(kernel, monkeypatch):
    kernel(**{KEY: "0"})

    def deny(_key):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(key_states, "read_key", deny)
    result = inspect({}, [GLOB, "vm.drop_caches"])
    assert result["settings"][KEY]["runtime"] is None
    assert [problem["path"] for problem in result["problems"]] == [proc_sys.proc_path(KEY)]


def test_result_contains_no_secrets(kernel):
    kernel(**{COOKIES: "1-1-1-aaaa"})
    result = inspect(
        {"/etc/sysctl.d/a.conf": f"{COOKIES} = 1-1-1-bbbb"},
        command_line=f"sysctl.{COOKIES}=1-1-1-cccc",
    )
    assert "1-1-1" not in str(result)
    assert result["drift"] == [COOKIES]


def test_lines_of_globs_contain_no_secrets(kernel):
    kernel(**{COOKIES: "1-1-1-aaaa", "net.ipv4.tcp_keepalive_time": "7200"})
    lines = "net.ipv4.tcp_* = 1-1-1-bbbb\nnet.ipv4.tcp_fastopen_k* = 1-1-1-cccc\n"
    for keys in (None, [COOKIES, "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_f*"]):
        assert "1-1-1" not in str(inspect({"/etc/sysctl.d/a.conf": lines}, keys))


def test_module_on_an_image(host_root, modules):
    root = host_root(
        {
            "/etc/rcS.d/S01procps": "",
            "/etc/sysctl.d/a.conf": f"{KEY} = 1\n",
            "/etc/sysctl.conf": f"{KEY} = 2\n",
        }
    )
    before = root.snapshot()
    for check in (True, False):
        result = modules.ok(sysctl_info, check=check, root=str(root.root))
        assert (result["loader"], result["changed"]) == ("procps", False)
        assert result["settings"][KEY]["boot"] == "2"
        assert result["settings"][KEY]["runtime"] is None
    result = modules.ok(sysctl_info, root=str(root.root), loader="systemd", keys=[KEY])
    assert result["settings"][KEY]["boot"] == "1"
    assert root.snapshot() == before


def test_module_on_this_host(kernel, modules):
    kernel(**{KEY: "0"})
    assert modules.ok(sysctl_info, keys=[KEY.replace(".", "/")])["settings"][KEY]["runtime"] == "0"


def test_module_failures(modules, tmp_path, monkeypatch):
    assert modules.fails(sysctl_info, keys=["/etc/passwd"])["failed_key"] == "/etc/passwd"
    assert "nowhere" in modules.fails(sysctl_info, root=str(tmp_path / "nowhere"))["msg"]

    def fail(_self):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(engine, "read_boot_files", fail)
    assert modules.fails(sysctl_info)["errno"] == errno.EIO


FORWARD, FORWARD_ALIAS = "net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"
REDIRECTS = "net.ipv4.conf.all.accept_redirects"


def test_lines_of_both_names_are_about_one_variable(kernel):
    kernel(**{FORWARD: "0", FORWARD_ALIAS: "0"})
    files = {"/etc/sysctl.d/a.conf": f"{FORWARD} = 1\n{FORWARD_ALIAS} = 0\n"}
    result = inspect(files, [FORWARD, FORWARD_ALIAS])
    for key in (FORWARD, FORWARD_ALIAS):
        assert [fate for *_unused, fate in fates(result, key)] == ["overridden", "winner"]
        assert result["settings"][key]["boot"] == "0"
    winner = {"path": "/etc/sysctl.d/a.conf", "line": 2, "by": BY, "line_key": FORWARD_ALIAS}
    assert result["settings"][FORWARD]["winner"] == winner
    assert result["drift"] == []


MODE, SECRET = "net.ipv6.conf.eth0.addr_gen_mode", "net.ipv6.conf.eth0.stable_secret"
RATIO, BYTES = "vm.dirty_ratio", "vm.dirty_bytes"


@pytest.mark.parametrize(
    ("key", "own_value", "other_key", "other_value", "boot"),
    [
        (MODE, "0", SECRET, "2001:db8:dead:beef::1", "2"),
        (RATIO, "15", BYTES, "268435456", "0"),
    ],
)
def test_a_line_of_another_key_is_not_judged_as_one_of_this_key(
    kernel, key, own_value, other_key, other_value, boot
):
    kernel(**{key: "20"})
    text = f"{key} = {own_value}\n{other_key} = {other_value}\n"
    result = inspect({"/etc/sysctl.d/a.conf": text}, [key])
    assert result["settings"][key]["boot"] == boot
    assert [fate for *_unused, fate in fates(result, key)] == ["overridden", "winner"]
    assert result["problems"] == []
    assert "dead:beef" not in str(result)


def test_a_line_of_another_key_that_decides_is_among_the_lines(kernel):
    kernel(**{REDIRECTS: "1"})
    files = {"/etc/sysctl.d/a.conf": f"{REDIRECTS} = 1\n", "/etc/sysctl.d/b.conf": f"{FORWARD} = 1"}
    result = inspect(files, [REDIRECTS])
    assert fates(result, REDIRECTS) == [
        ("/etc/sysctl.d/a.conf", 1, REDIRECTS, "1", "overridden"),
        ("/etc/sysctl.d/b.conf", 1, FORWARD, "1", "winner"),
    ]
    assert (result["settings"][REDIRECTS]["boot"], result["drift"]) == ("0", [REDIRECTS])


BUILT_IN = "/lib/modules/6.1.0-9/modules.builtin"
CONGESTION = "net.ipv4.tcp_congestion_control"


@pytest.mark.parametrize(
    ("files", "is_certain"),
    [
        ({}, False),
        ({"/etc/modules-load.d/bbr.conf": "tcp_bbr\n"}, True),
        ({BUILT_IN: "kernel/net/ipv4/tcp_bbr.ko\n"}, True),
        ({BUILT_IN: "kernel/net/ipv4/tcp_bbr.ko\n", "/lib/modules/6.1.0-8": None}, False),
        ({"/etc/sysctl.d/20-more.conf": "kernel.modprobe = /usr/sbin/modprobe\n"}, True),
    ],
    ids=["a module", "loaded early", "built in", "built into one kernel", "allowed again"],
)
def test_a_name_whose_module_may_not_be_loaded(modules, host_root, files, is_certain):
    lines = {
        "/etc/sysctl.d/10-hard.conf": "kernel.modprobe = /bin/false\n",
        "/etc/sysctl.d/90-ansible.conf": f"{CONGESTION} = bbr\n",
    }
    root = host_root({**lines, **files})
    result = modules.ok(sysctl_info, root=str(root.root), loader="systemd", keys=[CONGESTION])
    assert result["settings"][CONGESTION]["boot"] == "bbr"
    paths = [doubt["path"] for doubt in result["doubts"] if CONGESTION in doubt["why"]]
    assert paths == ([] if is_certain else ["/etc/sysctl.d/10-hard.conf"])
