# SPDX-License-Identifier: GPL-3.0-or-later

"""The one kind of error of the engine, and what an errno means to a user."""

from __future__ import annotations

import errno
import os


class TuningError(Exception):
    """A failure whose message names the key or file, the value, the reason and the remedy.

    ``rolled_back`` is true when the host is as it was before, also when nothing had been written.
    ``refuses_plan`` is true when the plan is refused whole for what the next boot would do to it,
    so that it is no remedy to leave out the key.
    """

    refuses_plan = False

    def __init__(self, message: str, key: str | None = None, error: OSError | None = None) -> None:
        if error is not None:
            message = f"{message}: {describe_os_error(error)}"
        super().__init__(message)
        self.key = key
        self.errno = None if error is None else error.errno
        self.rolled_back = True


_REMEDIES = {
    errno.EACCES: "become root: 'become: true'",
    errno.EPERM: "a container, an immutable file or a missing capability may be why",
    errno.EROFS: (
        "mounted read-only: in a container set it on the host; "
        "'runtime: false' only saves it for the next boot"
    ),
    errno.EINVAL: "the kernel does not take this value here",
    errno.EBUSY: "something holds it, such as a bind mount",
}


def describe_os_error(error: OSError) -> str:
    """Describe an errno, with the remedy where one is known."""
    description = error.strerror or str(error)
    if error.errno == errno.EACCES and os.geteuid() == 0:
        remedy = "it is read-only here, for root too"
    else:
        remedy = _REMEDIES.get(error.errno or 0, "")
    if not remedy:
        return description
    return f"{description} ({remedy})"
