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


def compile_each_module_once():  # type: () -> None
    """Keep the last result of the function that compiles a module, for the second call."""
    names = vars(zipimport)
    if FIRST_VERSION <= sys.version_info[:2] <= LAST_VERSION and "_get_module_code" in names:
        names["_get_module_code"] = functools.lru_cache(maxsize=1)(names["_get_module_code"])
