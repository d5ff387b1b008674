# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module does before it imports the engine.

Python 2.7 and later must be able to read this file and the modules, so that they can say which
Python is needed.
"""

import gc
import json
import sys

from ansible_collections.netops.tuning.plugins.module_utils._zipimport_cache import (
    compile_each_module_once,
)


def start():  # type: () -> None
    """Check the Python of the host, and prepare for importing the engine."""
    if sys.version_info < (3, 7):
        message = (
            "netops.tuning needs Python 3.7 or later on the host, this is %s (%s); "
            "set ansible_python_interpreter" % (sys.version.split()[0], sys.executable)
        )
        sys.stdout.write(json.dumps({"failed": True, "msg": message}))
        raise SystemExit(1)
    _switch_off_garbage_collector()
    compile_each_module_once()


def _switch_off_garbage_collector():  # type: () -> None
    """Save the 3 % of a run that the collector spends on objects that live until the end anyway."""
    gc.disable()
    gc.freeze()
