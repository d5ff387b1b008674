#!/usr/bin/python
# Copyright: (c) 2026, the netops.tuning authors; GNU General Public License v3.0+ (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible_collections.netops.tuning.plugins.module_utils._start import start


def main():  # type: () -> None
    from ansible_collections.netops.tuning.plugins.module_utils._sysctl import keepalive_info, module

    options = {
        "sockets": {"type": "bool", "default": True},
        "process_limit": {"type": "int", "default": 20},
        "namespaces": {"type": "bool", "default": True},
        "assignments": {"type": "bool", "default": False},
    }
    keepalive_info.run(module.TuningModule(options))


if __name__ == "__main__":
    start()
    main()
