# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carrying a plan out on real folders: all of it or nothing.

Faults that cannot be provoked otherwise are injected into functions of os.
"""

from __future__ import annotations

import errno
import os
import re
import signal
import stat
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host import transaction
from ansible_collections.netops.tuning.plugins.module_utils._host.boot.reading import (
    read_boot_files,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime import proc_sys
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime.runtime_values import (
    RuntimeValues,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import LOADERS
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.plan import Observed
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.planning import (
    make_plan,
    surplus_keys,
)
from hosts_in_memory import HEADER, OURS, make_request
from unit.hosts_on_disk import Kernel, failing, snapshot, where

A, B, C = "net.ipv4.tcp_a", "net.ipv4.tcp_b", "net.ipv4.tcp_c"
V99 = "/etc/sysctl.d/99-v.conf"
VALUES = {A: "1", B: "2", C: "3"}
SETTINGS = {A: "10", B: "20", C: "30"}
TEXT = f"# {HEADER}\n{A} = 10\n{B} = 20\n{C} = 30\n"
ROOT = os.geteuid() == 0


def observe(request, root):
    """Observe the host at `root`; the folder in place of /proc/sys is its kernel."""
    location = root.files.locate(request.path)
    loader = LOADERS["systemd"]
    content = root.files.read(location.path, location.real_path)
    keys = [*request.settings, *surplus_keys(request, content, loader)]
    return Observed(
        loader=loader,
        boot_files=read_boot_files(root.files),
        path=location.path,
        real_path=location.real_path,
        is_link=location.is_link,
        content=content,
        runtime=proc_sys.read_keys(keys, named=True, needed=True),
        matches={},
    )


def plan_change(root, settings=None, **options):
    request = make_request(SETTINGS if settings is None else settings, **options)
    return make_plan(request, observe(request, root))


def carry_out(plan, root, attributes=lambda _path: None, backup=False):
    transaction.check_writable(plan, root.files)
    values = RuntimeValues(plan)
    return transaction.carry_out(values, root.files, {plan.observed.real_path: attributes}, backup)


def values_of(kernel):
    return {key: kernel[key] for key in VALUES}


def planned_values(plan):
    return {key: str(value) for key, value in plan.desired.items()}


def is_carried_out(plan, root):
    """Tell whether every file is as planned."""
    contents = [root.files.read(change.path, change.real_path) for change in plan.files]
    return contents == [change.after for change in plan.files]


@pytest.mark.usefixtures("umask")
def test_carries_out_a_plan_completely(host_root, kernel):
    root, live = host_root({"/etc/sysctl.d": None, "/etc/other": "x"}), kernel(**VALUES)
    assert carry_out(plan_change(root), root) == []
    assert values_of(live) == SETTINGS
    assert root.read(OURS) == TEXT.encode()
    assert set(root.snapshot()) == {"etc", "etc/other", "etc/sysctl.d", OURS[1:]}
    assert stat.S_IMODE(root.at(OURS).stat().st_mode) == 0o644
    assert not plan_change(root).changed


def test_writes_only_values_that_differ_in_the_order_given(host_root, kernel):
    root, live = host_root({"/etc/sysctl.d": None}), kernel(**VALUES)
    carry_out(plan_change(root, {C: "30", B: "2", A: "10"}), root)
    assert live.written == [(C, "30"), (A, "10")]


def test_rewrites_a_key_that_another_key_changed(host_root, kernel):
    root, live = host_root({"/etc/sysctl.d": None}), kernel(**VALUES)

    def resets(text):
        live[B] = "0"
        return text

    live.reactions[A] = resets
    carry_out(plan_change(root, {A: "10", B: "2"}), root)
    assert (live[A], live[B]) == ("10", "2")


def test_touches_nothing_if_nothing_is_to_change(host_root, kernel):
    root = host_root({OURS: TEXT})
    kernel(**SETTINGS)
    before, status = root.snapshot(), root.at("/etc/sysctl.d").stat()
    plan = plan_change(root)
    assert not plan.changed
    carry_out(plan, root)
    assert root.snapshot() == before
    assert root.at("/etc/sysctl.d").stat().st_mtime_ns == status.st_mtime_ns


@pytest.mark.usefixtures("umask")
def test_creates_missing_sysctl_d_directory(host_root, kernel):
    root = host_root({"/etc": None})
    kernel(**VALUES)
    carry_out(plan_change(root), root)
    assert stat.S_IMODE(root.at("/etc/sysctl.d").stat().st_mode) == 0o755
    assert root.read(OURS) == TEXT.encode()


def test_edited_file_keeps_mode_and_owner(host_root, kernel):
    root = host_root({OURS: f"{A} = 5\n"})
    kernel(**VALUES)
    os.chmod(str(root.at(OURS)), 0o640)
    if ROOT:
        os.chown(str(root.at(OURS)), 12, 34)
    before = root.at(OURS).stat()
    carry_out(plan_change(root), root)
    after = root.at(OURS).stat()
    assert after.st_mode == before.st_mode
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino


def test_edited_file_keeps_extended_attributes(host_root, kernel):
    root = host_root({OURS: f"{A} = 5\n"})
    kernel(**VALUES)
    try:
        os.setxattr(str(root.at(OURS)), "user.note", b"kept")
    except OSError:
        pytest.skip("the file system of the temporary folder keeps no extended attributes of users")
    carry_out(plan_change(root), root)
    assert os.getxattr(str(root.at(OURS)), "user.note") == b"kept"


@pytest.mark.parametrize(
    ("number", "fatal"), [(errno.ENOTSUP, False), (errno.EPERM, False), (errno.EIO, True)]
)
def test_extended_attribute_that_cannot_be_copied(number, fatal, host_root, kernel, monkeypatch):
    root = host_root({OURS: f"{A} = 5\n"})
    kernel(**VALUES)
    plan = plan_change(root)
    before = root.snapshot()
    monkeypatch.setattr(os, "listxattr", lambda _path: ["user.note"])
    monkeypatch.setattr(os, "getxattr", lambda _path, _name: b"x")
    monkeypatch.setattr(os, "setxattr", failure(number))
    if fatal:
        with pytest.raises(TuningError):
            carry_out(plan, root)
        assert root.snapshot() == before
    else:
        carry_out(plan, root)
        assert root.read(OURS) != before[OURS[1:]][3]


def test_sets_attributes_before_the_file_has_its_name(host_root, kernel):
    root = host_root({OURS: "# old\n", V99: f"{A} = 5\n"})
    kernel(**VALUES)
    paths = []

    def attributes(path):
        paths.append(path)
        assert root.read(OURS) == b"# old\n"
        os.chmod(path, 0o600)

    carry_out(plan_change(root, on_override="comment_out"), root, attributes)
    assert stat.S_IMODE(root.at(OURS).stat().st_mode) == 0o600
    (path,) = paths
    assert os.path.dirname(path) == str(root.at("/etc/sysctl.d"))
    assert not path.endswith(".conf")
    assert root.read(V99).startswith(b"#")


def test_keeps_a_link_and_edits_its_target(host_root, kernel):
    root = host_root({OURS: {"link": "/srv/x"}, "/srv/x": "# mine\n"})
    kernel(**VALUES)
    carry_out(plan_change(root), root)
    assert os.readlink(str(root.at(OURS))) == "/srv/x"
    assert root.read("/srv/x") == b"# mine\n" + TEXT.encode().partition(b"\n")[2]


def test_removes_a_file_without_settings(host_root, kernel):
    root = host_root({OURS: TEXT})
    kernel(**SETTINGS)
    carry_out(plan_change(root, VALUES, present=False), root)
    assert set(root.snapshot()) == {"etc", "etc/sysctl.d"}


def test_backups_keep_content_and_attributes(host_root, kernel):
    root = host_root({OURS: "# old\n", V99: f"{A} = 5\n"})
    kernel(**VALUES)
    os.chmod(str(root.at(OURS)), 0o600)
    backups = carry_out(plan_change(root, on_override="comment_out"), root, backup=True)
    assert [root.read(path) for path in backups] == [b"# old\n", f"{A} = 5\n".encode()]
    assert stat.S_IMODE(root.at(backups[0]).stat().st_mode) == 0o600
    assert all(re.search(r"\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$", path) for path in backups)
    backup_names = {path[1:] for path in backups}
    assert set(root.snapshot()) == {"etc", "etc/sysctl.d", OURS[1:], V99[1:]} | backup_names


def test_new_file_has_no_backup(host_root, kernel):
    root = host_root({"/etc/sysctl.d": None})
    kernel(**VALUES)
    assert carry_out(plan_change(root), root, backup=True) == []


# --- refused before anything is written ---


def test_refuses_a_folder_that_does_not_exist(host_root, kernel):
    root, live = host_root(), kernel(**VALUES)
    with pytest.raises(TuningError, match="there is no folder /srv/here"):
        carry_out(plan_change(root, path="/srv/here/x.conf"), root)
    assert live.written == []


def test_refuses_a_host_without_etc(host_root, kernel):
    root, live = host_root(), kernel(**VALUES)
    with pytest.raises(TuningError, match="cannot be written: No such file or directory"):
        carry_out(plan_change(root), root)
    assert live.written == []


@pytest.mark.parametrize(("flags", "number"), [(0, errno.EACCES), (os.ST_RDONLY, errno.EROFS)])
def test_refuses_a_folder_that_is_not_writable(flags, number, host_root, kernel, monkeypatch):
    root, live = host_root({"/etc/sysctl.d": None}), kernel(**VALUES)
    plan = plan_change(root)
    folder = str(root.at("/etc/sysctl.d"))
    access = os.access
    monkeypatch.setattr(
        os,
        "access",
        lambda path, *args, **at: where(path, **at) != folder and access(path, *args, **at),
    )
    monkeypatch.setattr(os, "statvfs", lambda _path: type("Status", (), {"f_flag": flags}))
    with pytest.raises(TuningError) as caught:
        carry_out(plan, root)
    assert (caught.value.errno, caught.value.rolled_back) == (number, True)
    assert OURS in str(caught.value)
    assert live.written == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_refuses_a_key_that_is_not_writable(number, host_root, kernel, monkeypatch):
    root, live = host_root({"/etc/sysctl.d": None}), kernel(**VALUES)
    plan = plan_change(root)
    key = proc_sys.proc_path(B)
    monkeypatch.setattr(os, "access", lambda path, _mode, **at: where(path, **at) != key)
    failing(monkeypatch, "open", number, key)
    with pytest.raises(TuningError, match=f"{B}: cannot be set to '20'") as caught:
        transaction.check_writable(plan, root.files)
    assert (caught.value.key, caught.value.errno, caught.value.rolled_back) == (B, number, True)
    assert live.written == []


def test_accepts_a_key_that_open_allows_though_access_denies_it(host_root, kernel, monkeypatch):
    root, live = host_root({"/etc/sysctl.d": None}), kernel(**VALUES)
    plan = plan_change(root)
    access = os.access
    monkeypatch.setattr(
        os,
        "access",
        lambda path, *args, **at: "proc-sys" not in where(path, **at) and access(path, *args, **at),
    )
    transaction.check_writable(plan, root.files)
    carry_out(plan, root)
    assert values_of(live) == SETTINGS


def test_check_mode_does_not_open_keys_for_writing(host_root, kernel, monkeypatch):
    root, _live = host_root({"/etc/sysctl.d": None}), kernel(**VALUES)
    plan = plan_change(root)
    failing(monkeypatch, "open", errno.EPERM, proc_sys.proc_path(B))
    transaction.check_writable(plan, root.files)


def test_closes_every_key(host_root, kernel):
    root, _live = host_root({"/etc/sysctl.d": None}), kernel(**VALUES)
    before = os.listdir("/proc/self/fd")
    carry_out(plan_change(root), root)
    assert os.listdir("/proc/self/fd") == before


# --- rolled back ---


def failure(number):
    def fail(*_args, **_named):
        raise OSError(number, os.strerror(number))

    return fail


def fails(plan, root, **options):
    with pytest.raises(TuningError) as caught:
        carry_out(plan, root, **options)
    return caught.value


def test_undoes_if_the_kernel_refuses_a_value(host_root, kernel):
    root, live = host_root({OURS: "# old\n"}), kernel(**VALUES)
    live.refuse(C, "30")
    before = root.snapshot()
    error = fails(plan_change(root), root)
    assert (error.key, error.errno, error.rolled_back) == (C, errno.EINVAL, True)
    assert "'30'" in str(error)
    assert "Invalid argument" in str(error)
    assert live.written == [(A, "10"), (B, "20"), (C, "30"), (B, "2"), (A, "1")]
    assert (values_of(live), root.snapshot()) == (VALUES, before)


def test_undoes_if_the_kernel_stores_another_value(host_root, kernel):
    root, live = host_root({OURS: "# old\n"}), kernel(**VALUES)
    live.reactions[B] = lambda text: "15" if text == "20" else text
    error = fails(plan_change(root), root)
    assert (error.key, error.rolled_back) == (B, True)
    assert "the kernel makes '15' of it, since it rounds or limits the value" in str(error)
    assert (values_of(live), root.read(OURS)) == (VALUES, b"# old\n")


def test_undoes_if_the_memory_does_not_suffice(host_root, kernel):
    key = "vm.nr_hugepages"
    root, live = host_root({"/etc": None}), kernel(**{key: "0"})
    live.reactions[key] = lambda text: "176" if text == "100000" else text
    request = make_request({key: "100000"}, persistent=False)
    error = fails(make_plan(request, observe(request, root)), root)
    assert (error.key, error.rolled_back, live[key]) == (key, True, "0")
    assert "'100000' was written, but the free memory sufficed for '176' only; " in str(error)


def test_undoes_if_a_later_key_resets_a_value(host_root, kernel):
    root, live = host_root({OURS: "# old\n"}), kernel(**VALUES)

    def resets(text):
        live[A] = "1"
        return text

    live.reactions[B] = resets
    error = fails(plan_change(root), root)
    assert (error.key, error.rolled_back) == (A, True)
    assert "'10' was written, but it reads back '1': another key of the task" in str(error)
    assert values_of(live) == VALUES


def test_does_not_say_that_a_key_was_written_that_was_not(host_root, kernel):
    root, live = host_root({OURS: "# old\n"}), kernel(**{**VALUES, A: "10"})

    def changes(text):
        live[A] = "7"
        return text

    live.reactions[C] = changes
    error = fails(plan_change(root), root)
    assert (error.key, error.rolled_back) == (A, True)
    assert "it had '10', so it was not written, but reads '7' now" in str(error)
    assert live[A] == "7"


def test_a_rounded_value_is_the_value_before(host_root, kernel):
    root, live = host_root({OURS: "# old\n"}), kernel(**VALUES)
    live.reactions[A] = lambda _text: "1"
    error = fails(plan_change(root), root)
    assert "'10' was written, but the kernel makes '1' of it" in str(error)
    assert "give '1'" in str(error)


def test_undoes_if_a_value_cannot_be_read_back(host_root, kernel, monkeypatch):
    root, live = host_root({OURS: "# old\n"}), kernel(**VALUES)
    plan = plan_change(root)
    read = os.pread

    def unreadable(fd, size, offset):
        if live[B] == "20" and os.readlink(f"/proc/self/fd/{fd}") == proc_sys.proc_path(B):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(fd, size, offset)

    monkeypatch.setattr(os, "pread", unreadable)
    error = fails(plan, root)
    assert (error.key, error.errno, error.rolled_back) == (B, errno.EIO, True)
    assert values_of(live) == VALUES


def test_undoes_if_the_kernel_takes_only_part_of_a_value(host_root, kernel, monkeypatch):
    root, live = host_root({OURS: "# old\n"}), kernel(**VALUES)
    plan = plan_change(root)
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: 1 if data == b"20\n" else write(fd, data))
    error = fails(plan, root)
    assert (error.key, error.rolled_back) == (B, True)
    assert values_of(live) == VALUES


@pytest.mark.parametrize("undo", ["refused", "stored as another value"])
def test_error_names_a_value_that_cannot_be_put_back(undo, host_root, kernel):
    root, live = host_root({OURS: "# old\n"}), kernel(**VALUES)
    live.refuse(C, "30")
    if undo == "refused":
        live.refuse(A, "1")
    else:
        live.reactions[A] = lambda text: text if text == "10" else "11"
    error = fails(plan_change(root), root)
    assert not error.rolled_back
    assert re.search(f"NOT put back: {A}", str(error))
    assert B not in str(error)
    assert (live[B], live[C], root.read(OURS)) == ("2", "3", b"# old\n")


def test_key_that_had_no_value_cannot_be_put_back(host_root, kernel):
    root, live = host_root({OURS: "# old\n"}), kernel(**VALUES)
    live.refuse(B, "20")
    request = make_request(SETTINGS)
    observed = observe(request, root)
    plan = make_plan(request, observed._replace(runtime={**observed.runtime, A: None}))
    error = fails(plan, root)
    assert not error.rolled_back
    assert f"{A} (it had no value to go back to)" in str(error)


def test_undoes_if_attributes_cannot_be_set(host_root, kernel):
    root, live = host_root({OURS: "# old\n"}), kernel(**VALUES)
    before = root.snapshot()

    def attributes(_path):
        raise TuningError("no such user")

    error = fails(plan_change(root), root, attributes=attributes, backup=True)
    assert (str(error), error.rolled_back) == ("no such user", True)
    assert (values_of(live), root.snapshot()) == (VALUES, before)


def test_file_system_without_hard_links(host_root, kernel, monkeypatch):
    root, live = host_root({OURS: "# old\n", V99: f"{A} = 5\n"}), kernel(**VALUES)
    os.chmod(str(root.at(OURS)), 0o600)
    plan = plan_change(root, on_override="comment_out")
    before = root.snapshot()
    monkeypatch.setattr(os, "link", failure(errno.EPERM))
    renamed, rename = [], os.rename

    def fail_late(source, target):
        renamed.append(target)
        if target == str(root.at(V99)) and renamed.count(target) == 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail_late)
    assert fails(plan, root).rolled_back
    assert (values_of(live), root.snapshot()) == (VALUES, before)
    carry_out(plan, root)
    assert set(root.snapshot()) == set(before)


class Faults:
    """Count the calls of os that change something or sync it, and let one of them fail.

    lasting: all calls after it fail too.
    """

    NAMES = (
        "open",
        "write",
        "fsync",
        "rename",
        "link",
        "unlink",
        "mkdir",
        "rmdir",
        "chmod",
        "fchmod",
        "chown",
        "listxattr",
    )

    def __init__(self, monkeypatch, at, error, lasting=False):
        self.at = at
        self.error = error
        self.lasting = lasting
        self.calls = 0
        self.failed_call = ""
        self.armed = False
        for name in self.NAMES:
            monkeypatch.setattr(os, name, self.guarded(name, getattr(os, name)))

    def guarded(self, name, function):
        def call(*args, **named):
            if self.armed:
                self.calls += 1
                if self.calls == self.at or (self.lasting and self.calls > self.at):
                    self.failed_call = self.failed_call or f"call {self.at}: {name}{args}"
                    raise self.error
            return function(*args, **named)

        return call


OVERRIDES = {
    OURS: "# old\n",
    V99: f"{A} = 5\n",
    "/etc/x": f"{B} = 5\n",
    "/etc/sysctl.d/98-x.conf": {"link": "/etc/x"},
}
SITUATIONS = {
    "a new file in a new folder": ({"/etc": None, "/usr/lib/sysctl.d": None}, {}),
    "an existing file": ({OURS: "# old\n"}, {"backup": True}),
    "a removed file": (
        {OURS: f"{A} = 10\n"},
        {"settings": dict.fromkeys(SETTINGS, "7"), "present": False},
    ),
    "a link": ({OURS: {"link": "/srv/x"}, "/srv/x": "# old\n"}, {}),
    "overriding files too": (OVERRIDES, {"on_override": "comment_out"}),
}


class FaultyRun(NamedTuple):
    """A run in which a call of os failed, and the host after it."""

    failed_call: str
    """Nothing: the run made fewer calls."""
    outcome: Any
    """The exception that ended the run, or None."""
    root: Any
    kernel: Any
    before: Any
    """Snapshot of the root folder before the run."""
    plan: Any


def runs_with_each_call_failing(situation, host_root, kernel, monkeypatch, error, lasting=False):
    """Run once for each call that can fail, until a run has no such call any more."""
    files, options = SITUATIONS[situation]
    for at in range(1, 500):
        with monkeypatch.context() as patches:
            root, live = host_root(files, f"root-{at}"), kernel(**VALUES)
            give_to_another_user(root, files)
            plan_options = {name: value for name, value in options.items() if name != "backup"}
            plan = plan_change(root, **plan_options)
            before = root.snapshot()
            faults = Faults(patches, at, error, lasting)
            transaction.check_writable(plan, root.files)
            outcome = None
            faults.armed = True
            try:
                values = RuntimeValues(plan)
                transaction.carry_out(values, root.files, {}, options.get("backup", False))
            except BaseException as raised:
                outcome = raised
            faults.armed = False
        yield FaultyRun(
            failed_call=faults.failed_call,
            outcome=outcome,
            root=root,
            kernel=live,
            before=before,
            plan=plan,
        )
        if not faults.failed_call:
            assert at > 10
            return


def give_to_another_user(root, files):
    for path in (OURS, "/srv/x"):
        if isinstance(files.get(path), str):
            os.chmod(str(root.at(path)), 0o640)
            if ROOT:
                os.chown(str(root.at(path)), 12, 34)


@pytest.fixture
def kernel_anew(tmp_path, monkeypatch):
    """Return a function that makes a kernel, or gives the one it made its values again."""
    kernels = []

    def make(**values):
        if not kernels:
            kernels.append(Kernel(tmp_path / "proc-sys", values, monkeypatch))
        (kernel,) = kernels
        for key, value in values.items():
            kernel[key] = value
        kernel.written.clear()
        return kernel

    return make


FAULTS = {"an error": OSError(errno.EIO, "Input/output error"), "an interrupt": KeyboardInterrupt()}


@pytest.mark.parametrize("fault", sorted(FAULTS))
@pytest.mark.parametrize("situation", sorted(SITUATIONS))
def test_fault_at_any_call_leaves_the_host_as_it_was(
    situation, fault, host_root, kernel_anew, monkeypatch
):
    runs = runs_with_each_call_failing(
        situation, host_root, kernel_anew, monkeypatch, FAULTS[fault]
    )
    for run in runs:
        # Without an error no call failed, or one of the clean-up after all else.
        if run.outcome is None or isinstance(run.outcome, KeyboardInterrupt):
            assert values_of(run.kernel) == planned_values(run.plan), run.failed_call
            assert is_carried_out(run.plan, run.root), run.failed_call
        else:
            assert isinstance(run.outcome, TuningError), (run.failed_call, run.outcome)
            assert run.outcome.rolled_back, (run.failed_call, run.outcome)
            assert values_of(run.kernel) == VALUES, run.failed_call
            assert run.root.snapshot() == run.before, run.failed_call


@pytest.mark.parametrize("situation", sorted(SITUATIONS))
def test_permanent_fault_never_claims_to_be_rolled_back(
    situation, host_root, kernel_anew, monkeypatch
):
    error = OSError(errno.EIO, "Input/output error")
    runs = runs_with_each_call_failing(
        situation, host_root, kernel_anew, monkeypatch, error, lasting=True
    )
    for run in runs:
        if isinstance(run.outcome, TuningError):
            unchanged = values_of(run.kernel) == VALUES and run.root.snapshot() == run.before
            assert unchanged or not run.outcome.rolled_back, (run.failed_call, run.outcome)
        else:
            assert run.outcome is None, (run.failed_call, run.outcome)


class Killed(BaseException):
    """The end of a process that is killed."""


@pytest.mark.parametrize("situation", sorted(SITUATIONS))
def test_killed_run_leaves_whole_files_and_the_next_run_finishes(
    situation, host_root, kernel_anew, monkeypatch
):
    runs = runs_with_each_call_failing(
        situation, host_root, kernel_anew, monkeypatch, Killed(), lasting=True
    )
    for run in runs:
        plan, root = run.plan, run.root
        assert run.outcome is None or isinstance(run.outcome, Killed), (
            run.failed_call,
            run.outcome,
        )
        for change in plan.files:
            data = root.files.read(change.path, change.real_path)
            assert data in (change.before, change.after), run.failed_call
        expected = {"etc/sysctl.d", *run.before}
        expected.update(change.real_path[1:] for change in plan.files)
        leftovers = set(root.snapshot()) - expected
        assert not any(path.endswith(".conf") for path in leftovers), run.failed_call
        carry_out(make_plan(plan.request, observe(plan.request, root)), root)
        assert values_of(run.kernel) == planned_values(plan), run.failed_call
        assert is_carried_out(plan, root), run.failed_call
        assert not make_plan(plan.request, observe(plan.request, root)).changed


def test_syncs_each_step_before_the_next(host_root, kernel, monkeypatch):
    root = host_root({OURS: "# old\n"})
    kernel(**VALUES)
    plan = plan_change(root)
    steps = []
    fsync, rename = os.fsync, os.rename

    def log_sync(fd):
        name = os.readlink(f"/proc/self/fd/{fd}")
        steps.append("sync the folder" if Path(name).is_dir() else "sync the file")
        fsync(fd)

    def log_rename(source, target):
        steps.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", log_sync)
    monkeypatch.setattr(os, "rename", log_rename)
    carry_out(plan, root)
    assert steps[:3] == ["sync the file", "rename", "sync the folder"]


# --- other programs at work at the same time ---


def rival_before(monkeypatch, name, act, when=1):
    """Let another program act just before a call of os, by default the first one."""
    function, calls = getattr(os, name), []

    def call(*args, **named):
        calls.append(args)
        if len(calls) == when:
            act()
        return function(*args, **named)

    monkeypatch.setattr(os, name, call)


def rewrite(path, text):
    path.write_text(text)


def replace_file(path, text):
    other = path.with_name("other")
    other.write_text(text)
    other.replace(path)


CHANGES = {
    "an edited file": ({OURS: "# old\n"}, {}),
    "a removed file": (
        {OURS: f"{A} = 10\n"},
        {"settings": dict.fromkeys(SETTINGS, "7"), "present": False},
    ),
}


@pytest.mark.parametrize("act", [rewrite, replace_file])
@pytest.mark.parametrize(
    ("change", "call"), [("an edited file", "link"), ("a removed file", "rename")]
)
def test_concurrent_change_of_a_file_is_kept(change, call, act, host_root, kernel, monkeypatch):
    files, options = CHANGES[change]
    root, live = host_root(files), kernel(**VALUES)
    plan = plan_change(root, **options)
    rival_before(monkeypatch, call, lambda: act(root.at(OURS), "# theirs\n"))
    error = fails(plan, root)
    assert "another program changed it" in str(error)
    assert OURS in str(error)
    assert error.rolled_back
    assert values_of(live) == VALUES
    assert root.read(OURS) == b"# theirs\n"
    assert set(root.snapshot()) == {"etc", "etc/sysctl.d", OURS[1:]}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_last_moment_write_to_the_original_is_kept(change, host_root, kernel, monkeypatch):
    files, options = CHANGES[change]
    root, live = host_root(files), kernel(**VALUES)
    plan = plan_change(root, **options)
    rival_before(monkeypatch, "rename", lambda: rewrite(root.at(OURS), "# theirs\n"))
    error = fails(plan, root)
    assert error.rolled_back
    assert (values_of(live), root.read(OURS)) == (VALUES, b"# theirs\n")
    assert set(root.snapshot()) == {"etc", "etc/sysctl.d", OURS[1:]}


def test_does_not_overwrite_a_file_created_meanwhile(host_root, kernel, monkeypatch):
    root, live = host_root({"/etc/sysctl.d": None}), kernel(**VALUES)
    plan = plan_change(root)
    rival_before(monkeypatch, "link", lambda: root.put(OURS, "# theirs\n"))
    error = fails(plan, root)
    assert "another program changed it" in str(error)
    assert error.rolled_back
    assert (values_of(live), root.read(OURS)) == (VALUES, b"# theirs\n")
    assert set(root.snapshot()) == {"etc", "etc/sysctl.d", OURS[1:]}


def test_rollback_keeps_the_file_of_another_program(host_root, kernel, monkeypatch):
    root, live = host_root({"/etc/sysctl.d": None, V99: f"{A} = 5\n"}), kernel(**VALUES)
    plan = plan_change(root, on_override="comment_out")

    def replace_ours_and_fail(_source, target):
        if target == str(root.at(V99)):
            root.at(OURS).unlink()
            root.put(OURS, "# theirs\n")
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "rename", replace_ours_and_fail)
    error = fails(plan, root)
    assert (error.errno, error.rolled_back) == (errno.EIO, True)
    assert (values_of(live), root.read(OURS), root.read(V99)) == (
        VALUES,
        b"# theirs\n",
        f"{A} = 5\n".encode(),
    )


LEFTOVERS = (
    ".90-ansible.conf.4242.before",
    ".90-ansible.conf.12.new",
    "..90-ansible.conf.42.before.42.new",
    ".99-z.conf.7.before",
    ".99-z.conf.7.2026-11-24@07:18:00~.7.new",
)
OTHER_FILES = (
    ".90-ansible.conf.swp",
    ".90-ansible.conf.before",
    ".90-ansibleXconf.1.before",
    "90-ansible.conf.1.before",
    ".x.1.new",
)


def test_removes_leftovers_of_killed_runs_and_nothing_else(host_root, kernel):
    names = [f"/etc/sysctl.d/{name}" for name in (*LEFTOVERS, *OTHER_FILES)]
    root = host_root(dict.fromkeys([OURS, *names], "# old\n"))
    kernel(**VALUES)
    carry_out(plan_change(root), root)
    assert sorted(os.listdir(str(root.at("/etc/sysctl.d")))) == sorted(
        ["90-ansible.conf", *OTHER_FILES]
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signal_ends_the_run_and_rolls_it_back(number, host_root, kernel, monkeypatch):
    root, live = host_root({OURS: "# old\n"}), kernel(**VALUES)
    plan = plan_change(root)
    before = root.snapshot()
    handlers = signal_handlers()
    monkeypatch.setattr(os, "rename", lambda _source, _target: os.kill(os.getpid(), number))
    error = fails(plan, root)
    assert number.name in str(error)
    assert error.rolled_back
    assert (values_of(live), root.snapshot()) == (VALUES, before)
    assert signal_handlers() == handlers


def signal_handlers():
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    return [signal.getsignal(number) for number in numbers]


def test_signal_does_not_interrupt_a_rollback(host_root, kernel):
    root, live = host_root({OURS: "# old\n"}), kernel(**VALUES)
    live.refuse(C, "30")

    def kill_while_undoing(text):
        if text == "1":
            os.kill(os.getpid(), signal.SIGTERM)
        return text

    live.reactions[A] = kill_while_undoing
    error = fails(plan_change(root), root)
    assert (error.key, error.rolled_back) == (C, True)
    assert values_of(live) == VALUES


def test_unforeseen_exception_is_rolled_back(host_root, kernel):
    root, live = host_root({OURS: "# old\n"}), kernel(**VALUES)

    def attributes(_path):
        raise LookupError("unforeseen")

    error = fails(plan_change(root), root, attributes=attributes)
    assert "LookupError('unforeseen')" in str(error)
    assert error.rolled_back
    assert values_of(live) == VALUES


@pytest.mark.parametrize(
    ("path", "mode", "owner", "refused"),
    [
        ("/etc/sysctl.d", 0o755, (0, 0), ""),
        ("/etc/sysctl.d", 0o777, (0, 0), "others may write"),
        ("/etc/sysctl.d", 0o1777, (0, 0), "others may write"),
        ("/etc/sysctl.d", 0o775, (0, 0), ""),
        ("/etc/sysctl.d", 0o775, (0, 12), "others may write"),
        ("/etc/sysctl.d", 0o755, (0, 12), ""),
        ("/etc/sysctl.d", 0o755, (12, 0), "belongs to user 12"),
        ("/etc", 0o777, (0, 0), "others may write"),
        ("/etc", 0o1777, (0, 0), ""),
        ("/etc", 0o755, (12, 0), "belongs to user 12"),
    ],
)
@pytest.mark.skipif(not ROOT, reason="only root can give a folder to somebody else")
def test_refuses_a_folder_that_others_may_write_to(path, mode, owner, refused, host_root, kernel):
    root, live = host_root({OURS: "# old\n"}), kernel(**VALUES)
    os.chown(str(root.at(path)), *owner)
    os.chmod(str(root.at(path)), mode)
    if not refused:
        carry_out(plan_change(root), root)
        return
    with pytest.raises(TuningError, match=refused) as caught:
        carry_out(plan_change(root), root)
    assert f"of the folder {path} " in str(caught.value)
    assert OURS in str(caught.value)
    assert live.written == []


def test_snapshot_shows_modes_and_new_files(host_root):
    root = host_root({"/a": "1", "/b": {"link": "/a"}, "/c": None})
    before = root.snapshot()
    os.chmod(str(root.at("/a")), 0o600)
    root.put("/c/.x", "")
    after = snapshot(root.root)
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {"a", "c/.x"}
