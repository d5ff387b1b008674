# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trace a process with ptrace(2): look at each system call, and kill, fail or shorten it.

strace can do the same, but would have to be started for each of thousands of runs.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import signal
from collections.abc import Callable, Iterable
from typing import Any, Optional

from .calls import AT_FDCWD, SIGNATURES, Call, opens_to_write

PTRACE_TRACEME = 0
PTRACE_POKEUSER = 6
PTRACE_SYSCALL = 24
PTRACE_SETOPTIONS = 0x4200
PTRACE_GET_SYSCALL_INFO = 0x420E
PTRACE_SYSCALL_INFO_ENTRY = 1

O_TRACESYSGOOD = 1
O_TRACE_CHILDREN = 2 | 4 | 8
"""Fork, vfork and clone."""
O_EXITKILL = 1 << 20
WAIT_FOR_ALL = 0x40000000
"""__WALL of waitpid(2)."""
SYSCALL_STOP = signal.SIGTRAP | 0x80
"""The signal of a stop at a system call (O_TRACESYSGOOD)."""

# Offsets in struct user of x86-64.
ORIG_RAX = 15 * 8
"""The number of the call."""
RAX = 10 * 8
"""Its return value."""
RDX = 12 * 8
"""Its third argument."""
PAGE = 4096
RESTARTED = (-512, -513, -514, -516)
"""ERESTARTSYS and its like (linux/errno.h): the kernel makes the same call again, by itself.

A write to ip_forward returns so for as long as another process has the lock of the network.
"""

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long


class SyscallInfo(ctypes.Structure):
    """struct ptrace_syscall_info, as PTRACE_GET_SYSCALL_INFO fills it in at the entry to a call.

    At the exit, the return value is where the number of the call was.
    """

    _fields_ = (
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("ip", ctypes.c_uint64),
        ("sp", ctypes.c_uint64),
        ("number", ctypes.c_uint64),
        ("args", ctypes.c_uint64 * 6),
        ("more", ctypes.c_uint64),
    )


class Verdict:
    """What the tracer does with a system call; this one lets it happen."""


class Kill(Verdict):
    """End the process before the call, as SIGKILL or a power failure does."""


class KillAfter(Verdict):
    """Let the call happen, of a write only the first `size` bytes, then end the process."""

    def __init__(self, size: int | None = None) -> None:
        self.size = size


class Fail(Verdict):
    """Skip the call and return an error."""

    def __init__(self, errno: int) -> None:
        self.errno = errno


class Shorten(Verdict):
    """Write only the first `size` bytes."""

    def __init__(self, size: int) -> None:
        self.size = size


CallHandler = Callable[[Call], Optional[Verdict]]
"""Called before each system call about files, while the process waits. None: let it happen."""


def ptrace(request: int, pid: int, address: int = 0, data: Any = 0) -> None:
    """Make a ptrace request. data: a number, or a structure of ctypes."""
    value = data if isinstance(data, int) else ctypes.addressof(data)
    status = libc.ptrace(
        ctypes.c_long(request), ctypes.c_long(pid), ctypes.c_void_p(address), ctypes.c_void_p(value)
    )
    if status < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"ptrace {request}: {os.strerror(errno)}")


def wait_for_tracer() -> None:
    """Stop this process, a child, until its parent traces it."""
    ptrace(PTRACE_TRACEME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)


def trace(pid: int, handler: CallHandler) -> int:
    """Trace a child that is in `wait_for_tracer` to its end; return its status of waitpid(2)."""
    if platform.machine() != "x86_64":
        raise SystemExit(
            f"the numbers of system calls are those of x86-64; this is {platform.machine()}"
        )
    os.waitpid(pid, 0)
    ptrace(PTRACE_SETOPTIONS, pid, 0, O_TRACESYSGOOD | O_EXITKILL)
    tracee = _Tracee(pid, handler)
    signal_to_deliver = 0
    while True:
        with contextlib.suppress(ProcessLookupError):  # it has been killed
            ptrace(PTRACE_SYSCALL, pid, 0, signal_to_deliver)
        _pid, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            return status
        signal_to_deliver = os.WSTOPSIG(status)
        if signal_to_deliver == SYSCALL_STOP:
            signal_to_deliver = 0
            with contextlib.suppress(ProcessLookupError):
                tracee.handle_stop()


def trace_all(pid: int, handler: CallHandler) -> int:
    """Trace a child and all processes that it starts; return the child's status of waitpid(2).

    A Kill ends all of them. The caller must have no other children.
    """
    os.waitpid(pid, 0)
    ptrace(PTRACE_SETOPTIONS, pid, 0, O_TRACESYSGOOD | O_TRACE_CHILDREN | O_EXITKILL)
    tracees = {pid: _Tracee(pid, handler)}
    stopped = pid
    signal_to_deliver = 0
    child_status = 0
    while tracees:
        with contextlib.suppress(ProcessLookupError):
            ptrace(PTRACE_SYSCALL, stopped, 0, signal_to_deliver)
        stopped, status = os.waitpid(-1, WAIT_FOR_ALL)
        signal_to_deliver = 0
        if not os.WIFSTOPPED(status):
            tracees.pop(stopped, None)
            if stopped == pid:
                child_status = status
        elif stopped not in tracees:
            tracees[stopped] = _Tracee(stopped, handler)
        elif os.WSTOPSIG(status) == SYSCALL_STOP:
            with contextlib.suppress(ProcessLookupError):
                tracees[stopped].handle_stop(kill_with=list(tracees))
        elif os.WSTOPSIG(status) not in (signal.SIGTRAP, signal.SIGSTOP):
            signal_to_deliver = os.WSTOPSIG(status)
    return child_status


class _Tracee:
    """A traced process."""

    def __init__(self, pid: int, handler: CallHandler) -> None:
        self.pid = pid
        self.handler = handler
        self.info = SyscallInfo()
        self.at_exit: Callable[[], None] | None = None
        """What to do when the present call returns."""
        self.kill_with: Iterable[int] = ()
        self.entered: tuple[int, ...] = ()
        """Number and arguments of the present call."""
        self.is_restarted = False
        """Whether the present call is to be made again."""

    def handle_stop(self, kill_with: Iterable[int] = ()) -> None:
        """Handle a stop at the entry to a system call, or at its exit.

        kill_with: the other processes that a Kill ends.
        """
        self.kill_with = kill_with
        size = ctypes.sizeof(self.info)
        ptrace(PTRACE_GET_SYSCALL_INFO, self.pid, size, self.info)
        if self.info.op == PTRACE_SYSCALL_INFO_ENTRY:
            self._enter()
            return
        self.is_restarted = ctypes.c_int64(self.info.number).value in RESTARTED
        if self.at_exit and not self.is_restarted:
            self.at_exit()
            self.at_exit = None

    def _enter(self) -> None:
        """Ask the handler about a call, unless it is the same one, made again."""
        call = (self.info.number, *self.info.args)
        if self.is_restarted and call == self.entered:
            return
        self.entered = call
        if self.info.number in SIGNATURES:
            self._apply(self.handler(self._read_call()))

    def _apply(self, verdict: Verdict | None) -> None:
        if isinstance(verdict, Kill):
            self._kill()
        elif isinstance(verdict, Fail):
            self._fail(verdict.errno)
        elif isinstance(verdict, (KillAfter, Shorten)):
            if verdict.size is not None:
                ptrace(PTRACE_POKEUSER, self.pid, RDX, verdict.size)
            if isinstance(verdict, KillAfter):
                self.at_exit = self._kill

    def _fail(self, errno: int) -> None:
        no_call = -1
        ptrace(PTRACE_POKEUSER, self.pid, ORIG_RAX, no_call)
        self.at_exit = lambda: ptrace(PTRACE_POKEUSER, self.pid, RAX, -errno)

    def _kill(self) -> None:
        for pid in {self.pid, *self.kill_with}:
            os.kill(pid, signal.SIGKILL)

    def _read_call(self) -> Call:
        """Read the name and the arguments of the call from the process."""
        name, signature = SIGNATURES[self.info.number]
        args = tuple(self.info.args)
        paths = []
        folder = ""
        for kind, arg in zip(signature, args):
            if kind == "a":
                is_cwd = ctypes.c_int(arg).value == AT_FDCWD
                folder = "" if is_cwd else self._path_of_descriptor(arg)
            elif kind == "p":
                path = self._read_path(arg) if arg else ""
                paths.append(os.path.join(folder, path) if path else folder)
            elif kind == "f":
                paths.append(self._path_of_descriptor(arg))
        size = args[2] if name in ("write", "pwrite64") else 0
        return Call(
            name=name,
            paths=tuple(paths),
            opens_to_write=opens_to_write(signature, args),
            size=size,
        )

    def _path_of_descriptor(self, fd: int) -> str:
        try:
            return os.readlink(f"/proc/{self.pid}/fd/{ctypes.c_int(fd).value}")
        except OSError:
            return "closed"

    def _read_path(self, address: int) -> str:
        """Read a C string from the memory of the process.

        Read page by page: the page after the string may not be mapped.
        """
        data = b""
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            while b"\0" not in data:
                start = address + len(data)
                try:
                    memory.seek(start)
                    data += memory.read(PAGE - start % PAGE)
                except OSError:
                    break
        return os.fsdecode(data.partition(b"\0")[0])
