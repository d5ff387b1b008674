# SPDX-License-Identifier: GPL-3.0-or-later

"""A workaround for zipimport, which compiles each module twice: 10 % of a run of a module.

zipimporter.get_filename compiles a module to learn the name of its file, and the import then
compiles it again (Lib/zipimport.py of Python 3.8 to 3.14; CPython issue 141276). Ansible sends
modules to hosts in a zip file. Python 2.7 and later must be able to read this file.
"""

import functools
import sys
import zipimport

FIRST_VERSION = (3, 8)
"""Python 3.7 and earlier have zipimport in C."""
LAST_VERSION = (3, 14)
"""The newest Python that is known to need this: tests/unit tells when it can go."""


def is_in_archive(path):  # type: (str) -> bool
    """Tell whether a module is in a zip file, as Ansible sends it for a process of its own."""
    return ".zip/" in path


def compile_each_module_once():  # type: () -> object
    """Keep the last result of the function that compiles a module, for the second call.

    Return the function as it was, None if it stays so.
    """
    names = vars(zipimport)
    function = names.get("_get_module_code")
    is_known = FIRST_VERSION <= sys.version_info[:2] <= LAST_VERSION
    if not is_known or function is None:
        return None
    names["_get_module_code"] = functools.lru_cache(maxsize=1)(function)
    return function


def compile_each_module_again(function):  # type: (object) -> None
    """Take that back. function: what compile_each_module_once returned."""
    if function is not None:
        vars(zipimport)["_get_module_code"] = function
