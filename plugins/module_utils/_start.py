# SPDX-License-Identifier: GPL-3.0-or-later

"""How each module starts, before it imports the engine. This file and the modules are read by Python 2.7 too."""

import functools
import gc
import json
import sys
import zipimport


def start():  # type: () -> None
    """End in one clear line where the engine would be a syntax error; else make ready for importing it."""
    if sys.version_info < (3, 7):
        msg = "netops.tuning needs Python 3.7 or later on the host, this is %s (%s); set ansible_python_interpreter"
        sys.stdout.write(json.dumps({"failed": True, "msg": msg % (sys.version.split()[0], sys.executable)}))
        raise SystemExit(1)
    _spare_time()


def _spare_time():  # type: () -> None
    """Take a tenth off the time of a run: nearly all of it goes into importing code from Ansible's zip.

    The garbage collector finds nothing to free in so short a life, but looks through Ansible's own objects again and
    again, last when Python ends. And zipimport compiles a module to learn the name of its file, then again to run it
    (get_filename in Lib/zipimport.py, 3.8 to 3.13): keeping the last result spares the second time.
    """
    gc.disable()
    gc.freeze()
    inside = vars(zipimport)
    if "_get_module_code" in inside:
        inside["_get_module_code"] = functools.lru_cache(maxsize=1)(inside["_get_module_code"])
