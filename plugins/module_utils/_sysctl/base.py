# SPDX-License-Identifier: GPL-3.0-or-later

"""Frozen records, and the one kind of error."""

from __future__ import annotations

import errno as errnos
import os
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(frozen: bool) -> Any:
        """Do as dataclasses does, which compiles five methods a class: on every host, at every run."""

        def same(self: Any, other: Any) -> bool:
            return type(self) is type(other) and self.__dict__ == other.__dict__

        def show(self: Any) -> str:
            return f"{type(self).__name__}({self.__dict__})"

        def hashed(self: Any) -> int:
            return hash(tuple(self.__dict__.values()))

        def refuse(_self: Any, *_args: Any) -> None:
            raise AttributeError("a record does not change")

        def finish(cls: Any) -> Any:
            fields = tuple(cls.__annotations__)

            def init(self: Any, *args: Any, **named: Any) -> None:
                self.__dict__.update(zip(fields, args), **named)

            cls.__init__, cls.__eq__, cls.__repr__, cls.__hash__ = init, same, show, None
            if frozen:
                cls.__setattr__, cls.__hash__ = refuse, hashed
            return cls

        return finish


__all__ = ["TuningError", "dataclass", "in_words", "replace"]

Record = TypeVar("Record")


def replace(record: Record, **changes: object) -> Record:
    """Return the record with some fields changed."""
    return type(record)(**{**record.__dict__, **changes})


class TuningError(Exception):
    """The message names the key or file, the value, the reason and the remedy.

    ``rolled_back``: the host is as it was before, also where nothing had been written yet.
    """

    def __init__(self, message: str, key: str | None = None, error: OSError | None = None) -> None:
        super().__init__(f"{message}: {in_words(error)}" if error else message)
        self.key = key
        self.errno = error.errno if error else None
        self.rolled_back = True


_REMEDIES = {
    errnos.EACCES: "become root: 'become: true'",
    errnos.EPERM: "a container, an immutable file or a missing capability may be why",
    errnos.EROFS: "mounted read-only: in a container set it on the host; 'runtime: false' keeps it for the next boot alone",
    errnos.EINVAL: "the kernel does not take this value here",
    errnos.EBUSY: "something holds it, such as a bind mount",
}


def in_words(error: OSError) -> str:
    """Say an errno in words, with what to do where that is known."""
    remedy = _REMEDIES.get(error.errno or 0)
    if error.errno == errnos.EACCES and os.geteuid() == 0:
        remedy = "it is read-only here, for root too"
    return f"{error.strerror or error}" + (f" ({remedy})" if remedy else "")
