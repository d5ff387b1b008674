# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""System calls about files on x86-64: their numbers, their arguments, and which change the host."""

from __future__ import annotations

import os
from typing import NamedTuple

AT_FDCWD = -100
WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

SIGNATURES = {
    0: ("read", "f"),
    1: ("write", "f"),
    2: ("open", "po"),
    3: ("close", "f"),
    4: ("stat", "p"),
    5: ("fstat", "f"),
    6: ("lstat", "p"),
    17: ("pread64", "f"),
    18: ("pwrite64", "f"),
    19: ("readv", "f"),
    20: ("writev", "f"),
    21: ("access", "p"),
    40: ("sendfile", "f"),
    59: ("execve", "p"),
    73: ("flock", "f"),
    74: ("fsync", "f"),
    75: ("fdatasync", "f"),
    76: ("truncate", "p"),
    77: ("ftruncate", "f"),
    82: ("rename", "pp"),
    83: ("mkdir", "p"),
    84: ("rmdir", "p"),
    85: ("creat", "p"),
    86: ("link", "pp"),
    87: ("unlink", "p"),
    88: ("symlink", "-p"),
    89: ("readlink", "p"),
    90: ("chmod", "p"),
    91: ("fchmod", "f"),
    92: ("chown", "p"),
    93: ("fchown", "f"),
    94: ("lchown", "p"),
    137: ("statfs", "p"),
    138: ("fstatfs", "f"),
    188: ("setxattr", "p"),
    189: ("lsetxattr", "p"),
    190: ("fsetxattr", "f"),
    191: ("getxattr", "p"),
    192: ("lgetxattr", "p"),
    193: ("fgetxattr", "f"),
    194: ("listxattr", "p"),
    195: ("llistxattr", "p"),
    196: ("flistxattr", "f"),
    197: ("removexattr", "p"),
    217: ("getdents64", "f"),
    257: ("openat", "apo"),
    258: ("mkdirat", "ap"),
    260: ("fchownat", "ap"),
    262: ("newfstatat", "ap"),
    263: ("unlinkat", "ap"),
    264: ("renameat", "apap"),
    265: ("linkat", "apap"),
    266: ("symlinkat", "-ap"),
    267: ("readlinkat", "ap"),
    268: ("fchmodat", "ap"),
    269: ("faccessat", "ap"),
    285: ("fallocate", "f"),
    316: ("renameat2", "apap"),
    322: ("execveat", "ap"),
    326: ("copy_file_range", "f"),
    332: ("statx", "ap"),
    437: ("openat2", "ap"),
    439: ("faccessat2", "ap"),
    452: ("fchmodat2", "ap"),
}
"""Number -> name and arguments, one letter each.

p: a path; f: a descriptor; a: the folder that the next path is relative to; o: the flags of open;
-: anything else.
"""

CALLS_THAT_CHANGE = frozenset(
    (
        "write",
        "pwrite64",
        "writev",
        "sendfile",
        "copy_file_range",
        "fallocate",
        "fsync",
        "fdatasync",
        "truncate",
        "ftruncate",
        "rename",
        "renameat",
        "renameat2",
        "mkdir",
        "mkdirat",
        "rmdir",
        "creat",
        "link",
        "linkat",
        "unlink",
        "unlinkat",
        "symlink",
        "symlinkat",
        "chmod",
        "fchmod",
        "fchmodat",
        "fchmodat2",
        "chown",
        "fchown",
        "lchown",
        "fchownat",
        "setxattr",
        "lsetxattr",
        "fsetxattr",
        "removexattr",
    )
)


class Call(NamedTuple):
    """A system call that a process is about to make."""

    name: str
    paths: tuple[str, ...]
    """The paths it is about; for a descriptor, the path of the open file."""
    opens_to_write: bool
    size: int
    """Bytes to write; 0 if it is no write."""

    @property
    def changes(self) -> bool:
        """Whether it may change the host, or what has reached the disk."""
        return self.name in CALLS_THAT_CHANGE or self.opens_to_write

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.paths)})"


def opens_to_write(signature: str, args: tuple[int, ...]) -> bool:
    """Tell whether a call with this signature opens a file to write to it."""
    if "o" not in signature:
        return False
    flags = args[signature.index("o")]
    return bool(flags & WRITE_FLAGS)
