# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules of the engine that are imported when they are first used.

A host compiles the code that it imports at every run, and most of the engine is needed by few.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class LazyModule:
    """A module that is imported when one of its names is used for the first time.

    Beside it stands the ordinary import, under ``if TYPE_CHECKING``: type checkers read it, and
    Ansible, which sends to a host what is imported anywhere in the source.

    importer: ``__name__`` of the file; its ``__package__`` is not set yet where zipimport of
    Python 3.7 imports it. name: the module's, relative to the package of the file.
    """

    def __init__(self, importer: str, name: str) -> None:
        self._package = importer.rpartition(".")[0]
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name, self._package), attribute)
