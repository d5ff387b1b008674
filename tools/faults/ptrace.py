# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow a process from one system call to the next, and meddle with them: what strace does, without starting one for each run (ptrace(2))."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import signal
from typing import Any, Callable, Iterable, Optional

from .calls import AT_FDCWD, SIGNATURES, Call, opens_to_write

TRACEME, POKEUSER, SYSCALL, SETOPTIONS, GET_SYSCALL_INFO = 0, 6, 24, 0x4200, 0x420E
O_TRACESYSGOOD, O_CHILDREN, O_EXITKILL = 1, 2 | 4 | 8, 1 << 20
WALL = 0x40000000
ENTRY = 1
ORIG_RAX, RAX, RDX = 15 * 8, 10 * 8, 12 * 8
"""Where struct user of x86-64 keeps the number of the call, its answer, and its third argument."""

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long


class SyscallInfo(ctypes.Structure):
    """What PTRACE_GET_SYSCALL_INFO tells at the entry to a call."""

    _fields_ = (
        ("op", ctypes.c_uint8), ("pad", ctypes.c_uint8 * 3), ("arch", ctypes.c_uint32), ("ip", ctypes.c_uint64), ("sp", ctypes.c_uint64),
        ("number", ctypes.c_uint64), ("args", ctypes.c_uint64 * 6), ("more", ctypes.c_uint64),
    )  # fmt: skip


def ptrace(request: int, pid: int, address: int = 0, data: Any = 0) -> None:
    value = data if isinstance(data, int) else ctypes.addressof(data)
    if (
        libc.ptrace(
            ctypes.c_long(request),
            ctypes.c_long(pid),
            ctypes.c_void_p(address),
            ctypes.c_void_p(value),
        )
        < 0
    ):
        raise OSError(ctypes.get_errno(), f"ptrace {request}: {os.strerror(ctypes.get_errno())}")


def be_followed() -> None:
    """Stop here, in a child, until its parent follows."""
    ptrace(TRACEME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)


class Verdict:
    """What is to become of a call that a process is about to make."""


class Kill(Verdict):
    """It is not made: the process ends here, as by SIGKILL or when the power fails."""


class KillAfter(Verdict):
    """It is made, of a write only so many bytes, and then the process ends."""

    def __init__(self, size: int | None = None) -> None:
        self.size = size


class Fail(Verdict):
    """It is not made, and says that it failed."""

    def __init__(self, errno: int) -> None:
        self.errno = errno


class Shorten(Verdict):
    """Of a write only so many bytes are made."""

    def __init__(self, size: int) -> None:
        self.size = size


Decide = Callable[[Call], Optional[Verdict]]
"""Asked at each call about files, before it is made; the process waits meanwhile."""


def follow(pid: int, decide: Decide) -> int:
    """Let a child that waits in `be_followed` go on to its end; return how it ended, as os.waitpid does."""
    if platform.machine() != "x86_64":
        raise SystemExit(
            f"the numbers of system calls are those of x86-64; this is {platform.machine()}"
        )
    status = os.waitpid(pid, 0)[1]
    ptrace(SETOPTIONS, pid, 0, O_TRACESYSGOOD | O_EXITKILL)
    followed = _Followed(pid, decide)
    deliver = 0
    while True:
        with contextlib.suppress(ProcessLookupError):  # it has been killed
            ptrace(SYSCALL, pid, 0, deliver)
        status = os.waitpid(pid, 0)[1]
        if not os.WIFSTOPPED(status):
            return status
        deliver = os.WSTOPSIG(status)
        if deliver == signal.SIGTRAP | 0x80:
            deliver = 0
            with contextlib.suppress(ProcessLookupError):
                followed.stopped()


def follow_all(pid: int, decide: Decide) -> int:
    """Follow a child and all that it starts, as the only children there are; Kill ends them all. Return how the child ended."""
    os.waitpid(pid, 0)
    ptrace(SETOPTIONS, pid, 0, O_TRACESYSGOOD | O_CHILDREN | O_EXITKILL)
    followed = {pid: _Followed(pid, decide)}
    stopped, deliver, end = pid, 0, 0
    while followed:
        with contextlib.suppress(ProcessLookupError):
            ptrace(SYSCALL, stopped, 0, deliver)
        stopped, status = os.waitpid(-1, WALL)
        deliver = 0
        if not os.WIFSTOPPED(status):
            followed.pop(stopped, None)
            end = status if stopped == pid else end
        elif stopped not in followed:
            followed[stopped] = _Followed(stopped, decide)
        elif os.WSTOPSIG(status) == signal.SIGTRAP | 0x80:
            with contextlib.suppress(ProcessLookupError):
                followed[stopped].stopped(list(followed))
        elif os.WSTOPSIG(status) not in (signal.SIGTRAP, signal.SIGSTOP):
            deliver = os.WSTOPSIG(status)
    return end


class _Followed:
    """A process that has stopped at a system call."""

    def __init__(self, pid: int, decide: Decide) -> None:
        self.pid = pid
        self.decide = decide
        self.info = SyscallInfo()
        self.at_exit: Callable[[], None] | None = None
        self.together: Iterable[int] = ()

    def stopped(self, together: Iterable[int] = ()) -> None:
        self.together = together
        ptrace(GET_SYSCALL_INFO, self.pid, ctypes.sizeof(self.info), self.info)
        if self.info.op == ENTRY:
            if self.info.number in SIGNATURES:
                self._entered()
        elif self.at_exit:
            self.at_exit()
            self.at_exit = None

    def _entered(self) -> None:
        verdict = self.decide(self._call())
        if isinstance(verdict, Kill):
            self._kill()
        elif isinstance(verdict, Fail):
            answer = -verdict.errno
            ptrace(POKEUSER, self.pid, ORIG_RAX, -1)
            self.at_exit = lambda: ptrace(POKEUSER, self.pid, RAX, answer)
        elif isinstance(verdict, (KillAfter, Shorten)):
            if verdict.size is not None:
                ptrace(POKEUSER, self.pid, RDX, verdict.size)
            if isinstance(verdict, KillAfter):
                self.at_exit = self._kill

    def _kill(self) -> None:
        for pid in {self.pid, *self.together}:
            os.kill(pid, signal.SIGKILL)

    def _call(self) -> Call:
        name, signature = SIGNATURES[self.info.number]
        args = tuple(self.info.args)
        paths = []
        base = ""
        for kind, arg in zip(signature, args):
            if kind == "a":
                base = "" if ctypes.c_int(arg).value == AT_FDCWD else self._open_file(arg)
            elif kind == "p":
                text = self._text(arg) if arg else ""
                paths.append(os.path.join(base, text) if text else base)
            elif kind == "f":
                paths.append(self._open_file(arg))
        size = args[2] if name in ("write", "pwrite64") else 0
        return Call(name, tuple(paths), opens_to_write(signature, args), size)

    def _open_file(self, fd: int) -> str:
        try:
            return os.readlink(f"/proc/{self.pid}/fd/{ctypes.c_int(fd).value}")
        except OSError:
            return "closed"

    def _text(self, address: int) -> str:
        """Read a path from the memory of the process, not beyond the page where it may end."""
        found = b""
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory, contextlib.suppress(
            OSError
        ):
            while b"\0" not in found:
                memory.seek(address + len(found))
                found += memory.read(4096 - (address + len(found)) % 4096)
        return os.fsdecode(found.partition(b"\0")[0])
