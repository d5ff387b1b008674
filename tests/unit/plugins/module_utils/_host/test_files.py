# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a host: its files are real folders, one of them in place of /proc/sys."""

from __future__ import annotations

import errno
import os
import stat

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host import files
from ansible_collections.netops.tuning.plugins.module_utils._host.boot import reading
from ansible_collections.netops.tuning.plugins.module_utils._host.boot.reading import (
    detect_loader,
    read_boot_files,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime import (
    proc_sys,
    proc_sys_globs,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import FOLDERS
from hosts_in_memory import OURS
from unit.hosts_on_disk import failing

KEY = "net.ipv4.tcp_fin_timeout"
SYSTEMD = "/usr/lib/systemd/systemd-sysctl"
A, V = "/etc/sysctl.d/a.conf", "/usr/lib/sysctl.d/a.conf"
LINKED_FOLDER = {"/etc/sysctl.d": {"link": "/srv/d"}, "/srv/d/x": ""}


def test_reads_a_key_as_the_kernel_prints_it(kernel):
    kernel(
        **{
            "net.ipv4.conf.eth0/100.rp_filter": "1",
            "net.ipv4.tcp_rmem": "4096\t131072\t6291456",
            "kernel.x": "é",
        }
    )
    assert proc_sys.read_key("net.ipv4.conf.eth0/100.rp_filter") == "1"
    assert proc_sys.read_key("net.ipv4.tcp_rmem") == "4096\t131072\t6291456"
    assert proc_sys.read_key("kernel.x") == "é"


def test_leaves_out_keys_that_do_not_exist(kernel):
    kernel(**{KEY: "60"})
    keys = ["net.ipv4.none", KEY, f"{KEY}.below"]
    for named in (True, False):
        assert proc_sys.read_keys(keys, named=named, needed=True) == {KEY: "60"}


def test_key_without_a_value_is_none(kernel, monkeypatch):
    kernel(**{KEY: "60"})
    failing(monkeypatch, "open", errno.EIO, proc_sys.proc_path(KEY))
    assert proc_sys.read_keys([KEY], named=True, needed=True) == {KEY: None}


def test_refuses_a_folder_of_settings(kernel):
    kernel(**{KEY: "60"})
    for needed in (True, False):
        with pytest.raises(TuningError, match="a folder of settings") as caught:
            proc_sys.read_keys(["net.ipv4"], named=True, needed=needed)
        assert caught.value.key == "net.ipv4"
    assert proc_sys.read_keys(["net.ipv4"]) == {}


def test_never_reads_actions(kernel, monkeypatch):
    kernel(**{"vm.stat_refresh": ""})
    failing(monkeypatch, "open", errno.EINVAL, proc_sys.proc_path("vm.stat_refresh"))
    assert proc_sys.read_keys(["vm.stat_refresh"]) == {}


@pytest.mark.parametrize(
    ("mode", "reason"), [(0o200, "does something"), (0o644, "cannot be read: Permission denied")]
)
def test_unreadable_key_is_an_error_if_it_was_named(mode, reason, kernel, monkeypatch):
    kernel(**{KEY: "60"})
    os.chmod(proc_sys.proc_path(KEY), mode)
    failing(monkeypatch, "open", errno.EACCES, proc_sys.proc_path(KEY))
    with pytest.raises(TuningError, match=reason):
        proc_sys.read_keys([KEY], named=True, needed=True)
    assert proc_sys.read_keys([KEY]) == {}


def test_leaves_out_an_unreadable_key_that_is_not_needed(kernel, monkeypatch):
    kernel(**{KEY: "60"})
    failing(monkeypatch, "open", errno.EACCES, proc_sys.proc_path(KEY))
    assert proc_sys.read_keys([KEY], named=True) == {}


def test_refuses_a_host_without_proc_sys(kernel, tmp_path, monkeypatch):
    kernel()
    proc_sys.require_procfs()
    monkeypatch.setattr(proc_sys, "PROC_SYS", str(tmp_path))
    with pytest.raises(TuningError, match="mount proc"):
        proc_sys.require_procfs()


@pytest.mark.parametrize(
    ("glob", "matches"),
    [
        ("net.ipv4.conf.*.rp_filter", ["all", "eth0", "eth0/100"]),
        ("net.ipv4.conf.eth*.rp_filter", ["eth0", "eth0/100"]),
        ("net.ipv4.conf.[^e]*.rp_filter", ["all"]),
        ("net.ipv4.conf.eth?.rp_filter", ["eth0"]),
        ("net.ipv4.conf.x*.rp_filter", []),
        ("net.none.*.rp_filter", []),
    ],
)
def test_glob_matches_keys_of_the_kernel(glob, matches, kernel):
    names = [f"net.ipv4.conf.{name}.rp_filter" for name in ("all", "eth0/100", "eth0")]
    kernel(**dict.fromkeys(names, "1"))
    values = proc_sys.read_keys(proc_sys_globs.expand_glob(glob))
    assert list(values) == [f"net.ipv4.conf.{name}.rp_filter" for name in matches]


def test_glob_in_the_last_segment(kernel):
    kernel(**{"net.ipv4.tcp_b": "1", "net.ipv4.tcp_a": "1", "net.ipv4.udp_a": "1"})
    assert list(proc_sys_globs.expand_glob("net.ipv4.tcp_*")) == [
        "net.ipv4.tcp_a",
        "net.ipv4.tcp_b",
    ]


@pytest.mark.parametrize(
    ("files", "loader"),
    [
        ({}, "procps"),
        ({SYSTEMD: ""}, "systemd"),
        ({"/lib/systemd/systemd-sysctl": ""}, "systemd"),
        (
            {
                SYSTEMD: "",
                "/sbin/init": {"link": "/lib/systemd/systemd"},
                "/lib/systemd/systemd": "",
            },
            "systemd",
        ),
        ({SYSTEMD: "", "/sbin/init": {"link": "../lib/systemd/systemd"}}, "systemd"),
        (
            {
                SYSTEMD: "",
                "/sbin": {"link": "usr/sbin"},
                "/usr/sbin/init": {"link": "../lib/systemd/systemd"},
            },
            "systemd",
        ),
        ({SYSTEMD: "", "/sbin/init": ""}, "procps"),
        ({SYSTEMD: "", "/sbin/init": {"link": "/bin/busybox"}, "/bin/busybox": ""}, "procps"),
        ({"/sbin/init": {"link": "/lib/systemd/systemd"}}, "procps"),
        ({"/run/systemd/system": None}, "procps"),
    ],
)
def test_detects_the_loader_of_an_image(files, loader, host_root):
    assert detect_loader(host_root(files).files).name == loader


def test_detects_the_loader_of_the_running_host():
    systemd_runs = os.path.isdir("/run/systemd/system")
    assert detect_loader(files.HostFiles("/")).name == "systemd" or not systemd_runs


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("/a/plain", "/a/plain"),
        ("/a/none/at/all", "/a/none/at/all"),
        ("/a/up", "/top"),
        ("/a/rooted", "/b/file"),
        ("/linked/file", "/b/file"),
        ("/linked/../a", "/a"),
        ("/../../a", "/a"),
        ("//a/./plain", "/a/plain"),
        ("/a/far", "/etc/passwd"),
        ("/", "/"),
    ],
)
def test_follows_links_as_the_host_itself_would(path, real, host_root):
    root = host_root(
        {
            "/a/plain": "",
            "/a/up": {"link": "../../../top"},
            "/a/rooted": {"link": "/b/file"},
            "/a/far": {"link": "/../../etc/passwd"},
            "/b/file": "",
            "/linked": {"link": "b"},
        }
    )
    assert root.files.resolve(path) == real
    assert root.files.host_path(real) == f"{root.root}{real}"


def test_circular_links_come_to_an_end(host_root):
    root = host_root({"/a": {"link": "/b"}, "/b": {"link": "/a"}})
    assert root.files.resolve("/a/x").endswith("/x")


def test_paths_of_the_running_host_have_no_prefix(tmp_path):
    (tmp_path / "link").symlink_to("file")
    host_files = files.HostFiles("/")
    assert host_files.resolve(f"{tmp_path}/link") == os.path.realpath(f"{tmp_path}/file")
    assert host_files.host_path("/etc") == "/etc"


@pytest.mark.parametrize("root", ["", ".", "mnt/image", " /mnt"])
def test_refuses_a_root_that_depends_on_the_folder_of_the_process(root):
    with pytest.raises(TuningError, match=f"root '{root}' is not absolute; name the folder"):
        files.HostFiles(root)


def test_refuses_a_root_that_does_not_exist(tmp_path):
    with pytest.raises(TuningError, match="nowhere"):
        files.HostFiles(str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("files", "path", "location"),
    [
        ({}, OURS, (OURS, OURS, False)),
        ({OURS: ""}, OURS, (OURS, OURS, False)),
        ({OURS: {"link": "../x.conf"}, "/etc/x.conf": ""}, OURS, (OURS, "/etc/x.conf", True)),
        ({OURS: {"link": "/none"}}, OURS, (OURS, "/none", True)),
        ({"/lib": {"link": "usr/lib"}, V: ""}, "/lib/sysctl.d/a.conf", (V, V, False)),
        (LINKED_FOLDER, OURS, (OURS, "/srv/d/90-ansible.conf", False)),
        ({}, "/etc//sysctl.d/../sysctl.d/a.conf", (A, A, False)),
        ({}, "/a.conf", ("//a.conf", "/a.conf", False)),
    ],
)  # fmt: skip
def test_locates_our_file(files, path, location, host_root):
    expected_path, expected_real_path, expected_is_link = location
    located = host_root(files).files.locate(path)
    normal_path = os.path.normpath(located.path).replace("//", "/")
    assert normal_path == expected_path.replace("//", "/")
    assert (located.real_path, located.is_link) == (expected_real_path, expected_is_link)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({OURS: None}, "is a folder; name a file in /etc/sysctl.d, or leave out path"),
        ({OURS: {"link": "/dev/null"}}, "a link to /dev/null"),
        ({OURS: {"link": "/srv"}, "/srv/x": ""}, "is a folder"),
    ],
)
def test_refuses_a_path_that_is_not_a_file(files, reason, host_root):
    with pytest.raises(TuningError, match=reason) as caught:
        host_root(files).files.locate(OURS)
    assert OURS in str(caught.value)


@pytest.mark.parametrize(
    ("path", "folder"),
    [("/proc/q.conf", "/proc"), ("/sys/kernel/q.conf", "/sys"), (OURS, "/proc")],
)
def test_refuses_a_path_where_the_kernel_has_no_files(path, folder, host_root):
    files = {OURS: {"link": "../../proc/sys/q.conf"}}
    with pytest.raises(TuningError) as caught:
        host_root(files).files.locate(path)
    assert str(caught.value) == (
        f"path '{path}' leads into {folder}, where no file can be kept; "
        "name a file in /etc/sysctl.d, or leave out path"
    )


def test_reads_our_file_or_refuses_it(host_root, monkeypatch):
    root = host_root({"/a": b"\xff\0", "/big": b"x" * 3_000_000, "/empty": b""})
    assert root.files.read("/a", "/a") == b"\xff\0"
    assert root.files.read("/big", "/big") == b"x" * 3_000_000
    assert root.files.read("/empty", "/empty") == b""
    assert root.files.read("/none", "/none") is None
    failing(monkeypatch, "open", errno.EACCES, root.at("/a"))
    with pytest.raises(TuningError, match="/a cannot be read: Permission denied") as caught:
        root.files.read("/a", "/a")
    assert caught.value.errno == errno.EACCES


def test_reads_all_that_a_loader_reads(host_root):
    root = host_root(
        {
            "/etc/sysctl.d/a.conf": "a=1",
            "/etc/sysctl.d/README": "",
            "/etc/sysctl.d/link.conf": {"link": "../sysctl.conf"},
            "/etc/sysctl.d/null.conf": {"link": "/dev/null"},
            "/etc/sysctl.d/none.conf": {"link": "/none"},
            "/etc/sysctl.d/folder.conf": None,
            "/etc/sysctl.conf": "b=2",
            "/usr/lib/sysctl.d/v.conf": "c=3",
            "/lib": {"link": "usr/lib"},
            "/run/sysctl.d": "no folder",
        }
    )
    boot_files = read_boot_files(root.files)
    listing = dict(boot_files.listing)
    listing.pop("/lib/sysctl.d", None)  # a link to another folder
    assert listing == {
        "/etc/sysctl.d": {
            "a.conf": "/etc/sysctl.d/a.conf",
            "link.conf": "/etc/sysctl.conf",
            "null.conf": "/dev/null",
            "none.conf": "/none",
            "folder.conf": "/etc/sysctl.d/folder.conf",
        },
        "/run/sysctl.d": {},
        "/usr/local/lib/sysctl.d": {},
        "/usr/lib/sysctl.d": {"v.conf": "/usr/lib/sysctl.d/v.conf"},
        "/etc": {"sysctl.conf": "/etc/sysctl.conf"},
    }
    assert boot_files.contents == {
        "/etc/sysctl.d/a.conf": b"a=1",
        "/etc/sysctl.conf": b"b=2",
        "/dev/null": b"",
        "/usr/lib/sysctl.d/v.conf": b"c=3",
    }
    assert boot_files.command_line == ""
    matters = {problem.path: problem.matters for problem in boot_files.problems}
    assert matters == {"/etc/sysctl.d/none.conf": False, "/etc/sysctl.d/folder.conf": False}


def test_host_without_boot_files(host_root):
    boot_files = read_boot_files(host_root().files)
    assert boot_files.listing == {folder: {} for folder in (*FOLDERS, "/etc")}
    assert (boot_files.contents, boot_files.problems) == ({}, ())


@pytest.mark.parametrize("function", ["open", "scandir"])
def test_unreadable_file_or_folder_is_a_problem_and_not_fatal(function, host_root, monkeypatch):
    root = host_root({"/etc/sysctl.d/a.conf": "a=1", "/run/sysctl.d/b.conf": "b=1"})
    path = "/etc/sysctl.d" if function == "scandir" else "/etc/sysctl.d/a.conf"
    failing(monkeypatch, function, errno.EACCES, root.at(path))
    boot_files = read_boot_files(root.files)
    (problem,) = boot_files.problems
    assert (problem.path, problem.matters) == (path, True)
    assert "Permission denied" in problem.reason
    assert list(boot_files.contents) == ["/run/sysctl.d/b.conf"]


@pytest.mark.parametrize("name", ["pipe.conf", "link.conf"])
def test_does_not_wait_for_a_pipe(name, host_root):
    root = host_root({"/etc/sysctl.d/link.conf": {"link": "/pipe"}})
    os.mkfifo(str(root.at("/pipe" if name == "link.conf" else f"/etc/sysctl.d/{name}")))
    boot_files = read_boot_files(root.files)
    assert f"/etc/sysctl.d/{name}" in [problem.path for problem in boot_files.problems]
    assert boot_files.contents == {}


def test_does_not_read_a_device():
    """A device may never end, and reading one may change something."""
    with pytest.raises(OSError, match="not a regular file"):
        files.read_file("/dev/zero")


def test_link_on_a_failing_disk_is_an_error(host_root, monkeypatch):
    root = host_root({OURS: {"link": "/srv/x"}, "/srv/x": "a = 1\n"})
    failing(monkeypatch, "readlink", errno.EIO, str(root.at(OURS)))
    with pytest.raises(OSError, match="Input/output error"):
        root.files.locate(OURS)


def test_sysctl_conf_on_a_failing_disk_is_a_problem(host_root, monkeypatch):
    root = host_root({"/etc/sysctl.conf": "a = 1\n"})
    for name in ("stat", "open"):
        failing(monkeypatch, name, errno.EIO, str(root.at("/etc/sysctl.conf")))
    (problem,) = read_boot_files(root.files).problems
    assert (problem.path, problem.matters) == ("/etc/sysctl.conf", True)


def test_unreadable_key_of_a_glob_is_an_error_if_it_is_needed(kernel, monkeypatch):
    kernel(**{KEY: "60"})
    failing(monkeypatch, "open", errno.EMFILE, proc_sys.proc_path(KEY))
    assert proc_sys.read_keys([KEY]) == {}
    with pytest.raises(TuningError, match="Too many open files"):
        proc_sys.read_keys([KEY], needed=True)


def test_reads_a_large_file_whole(host_root):
    data = b"# x\n" * 40_000
    assert read_boot_files(host_root({OURS: data}).files).contents[OURS] == data


def test_reads_the_boot_files_of_the_running_host():
    boot_files = read_boot_files(files.HostFiles("/"))
    assert boot_files.command_line
    assert {*FOLDERS[:4], "/etc"} <= set(boot_files.listing)


def test_unreadable_kernel_command_line_is_empty(monkeypatch):
    failing(monkeypatch, "open", errno.EACCES, "/proc/cmdline")
    assert read_boot_files(files.HostFiles("/")).command_line == ""


@pytest.mark.parametrize(("is_machine", "expected"), [(True, "sysctl.a.b=1"), (False, "")])
def test_the_kernel_command_line_is_that_of_the_machine(
    monkeypatch, tmp_path, is_machine, expected
):
    (tmp_path / "cmdline").write_text("sysctl.a.b=1")
    monkeypatch.setattr(reading, "COMMAND_LINE", str(tmp_path / "cmdline"))
    namespace = os.readlink("/proc/self/ns/pid") if is_machine else "pid:[1]"
    monkeypatch.setattr(reading, "_FIRST_PID_NAMESPACE", namespace)
    assert read_boot_files(files.HostFiles("/")).command_line == expected


def test_a_link_to_itself_in_an_image_does_not_lead_to_this_machine(host_root, tmp_path):
    target = tmp_path / "outside.conf"
    target.write_text("a.b = 1\n")
    folder = str(tmp_path)
    root = host_root({f"{folder}/outside.conf": {"link": str(target)}})
    root.at("/etc").mkdir()
    root.at("/etc/sysctl.d").symlink_to(folder)
    boot_files = read_boot_files(root.files)
    assert b"a.b = 1\n" not in boot_files.contents.values()


def test_reading_changes_nothing(host_root, kernel):
    kernel(**{KEY: "60"})
    root = host_root({OURS: "a=1", "/etc/sysctl.conf": {"link": "/none"}})
    before = root.snapshot()
    read_boot_files(root.files)
    root.files.locate(OURS)
    proc_sys.read_keys([KEY], named=True, needed=True)
    assert root.snapshot() == before
    assert stat.S_ISREG(os.stat(proc_sys.proc_path(KEY)).st_mode)
