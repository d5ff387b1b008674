# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module does before it imports the engine, and when it ends.

Python 2.7 and later must be able to read this file and the modules, so that they can say which
Python is needed.
"""

import atexit
import gc
import json
import sys

from ansible_collections.netops.tuning.plugins.module_utils._zipimport_cache import (
    compile_each_module_again,
    compile_each_module_once,
    is_in_archive,
)


class PreparedInterpreter:
    """Check the Python of the host, and prepare it for importing and running the engine.

    Restore it afterwards: under Mitogen it goes on, and runs thousands of tasks.
    """

    def __enter__(self):  # type: () -> None
        _require_python_3_7()
        self._had_collector = gc.isenabled()
        gc.disable()
        self._compile_function = compile_each_module_once()

    def __exit__(self, *error):  # type: (object) -> None
        compile_each_module_again(self._compile_function)
        if self._had_collector:
            _switch_on_garbage_collector()


def _require_python_3_7():  # type: () -> None
    if sys.version_info < (3, 7):
        message = (
            "netops.tuning needs Python 3.7 or later on the host, this is %s (%s); "
            "set ansible_python_interpreter" % (sys.version.split()[0], sys.executable)
        )
        sys.stdout.write(json.dumps({"failed": True, "msg": message}))
        raise SystemExit(1)


def _switch_on_garbage_collector():  # type: () -> None
    """Switch the collector on, but save the 3 % of a run that it would spend right away.

    What is alive now counts as old: freeze and unfreeze move it there. A process that Ansible
    started for this module ends now, and what is frozen then is not collected at its end.
    """
    if gc.get_freeze_count() == 0:
        gc.freeze()
        gc.unfreeze()
    if is_in_archive(__file__):
        atexit.register(gc.freeze)
    gc.enable()
