# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host lock: who holds it, who waits for it, and who gives up."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import threading

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host import lock, lock_wait
from ansible_collections.netops.tuning.plugins.module_utils._host.files import HostFiles
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "LOCK", str(tmp_path / "lock"))
    return tmp_path / "lock"


def is_free(path):
    fd = os.open(str(path), os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def test_lock_is_held_inside_the_context_and_belongs_to_root(path):
    with lock.host_lock(HostFiles("/")):
        assert not is_free(path)
    assert is_free(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_second_run_does_not_touch_the_lock_file(path):
    with lock.host_lock(HostFiles("/")):
        pass
    os.chmod(str(path), 0o400)
    before = path.stat()
    with lock.host_lock(HostFiles("/")):
        pass
    assert path.stat() == before


def test_error_releases_the_lock(path):
    with pytest.raises(ZeroDivisionError), lock.host_lock(HostFiles("/")):
        raise ZeroDivisionError
    assert is_free(path)


@pytest.mark.usefixtures("path")
def test_image_has_its_own_lock(tmp_path):
    image = tmp_path / "image"
    image.mkdir()
    with lock.host_lock(HostFiles("/")), lock.host_lock(HostFiles(str(image))):
        assert not is_free(image)
    assert is_free(image)
    assert list(image.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT])
def test_locks_the_root_folder_without_access_to_run(number, path, monkeypatch):
    def refuse():
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(lock, "_open_lock_file", refuse)
    with lock.host_lock(HostFiles("/")):
        assert not is_free("/")
    assert not path.exists()


@pytest.mark.usefixtures("path")
def test_other_errors_of_the_lock_file_are_fatal(monkeypatch):
    def refuse():
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(lock, "_open_lock_file", refuse)
    with pytest.raises(
        TuningError, match="cannot be opened: Too many open files"
    ) as caught, lock.host_lock(HostFiles("/")):
        pass
    assert caught.value.errno == errno.EMFILE


def test_does_not_follow_a_link_in_place_of_the_lock_file(path, tmp_path):
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TuningError, match="cannot be opened"), lock.host_lock(HostFiles("/")):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_file_that_cannot_be_locked_is_an_error(path, monkeypatch):
    def refuse(_fd, _how):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(
        TuningError, match=f"{path} cannot be locked: No locks available"
    ), lock.host_lock(HostFiles("/")):
        pass


def test_waits_for_the_lock(path):
    path.touch()
    fd = os.open(str(path), os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    is_waiting = threading.Event()
    flock = fcntl.flock

    def flock_and_notice(fd, how):
        if not how & fcntl.LOCK_NB:
            is_waiting.set()
        flock(fd, how)

    def release():
        is_waiting.wait()
        os.close(fd)

    holder = threading.Thread(target=release)
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(fcntl, "flock", flock_and_notice)
        holder.start()
        with lock.host_lock(HostFiles("/")):
            assert is_waiting.is_set()
            assert not is_free(path)
    holder.join()
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_timeout_names_the_process_that_holds_the_lock(path, monkeypatch):
    path.touch()
    monkeypatch.setattr(lock_wait, "TIMEOUT", 0.01)
    fd = os.open(str(path), os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        with pytest.raises(TuningError) as caught, lock.host_lock(HostFiles("/")):
            pass
    finally:
        os.close(fd)
    assert f"waited 0.01 s for {path}" in str(caught.value)
    assert f"process {os.getpid()} (" in str(caught.value)
    assert "pytest" in str(caught.value)
    assert is_free(path)


def test_holder_that_is_not_visible(path):
    path.touch()
    fd = os.open(str(path), os.O_RDONLY)
    try:
        assert lock_wait._describe_holder(fd) == "a process that cannot be seen from here"
    finally:
        os.close(fd)
