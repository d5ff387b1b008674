#!/usr/bin/python
# Copyright: (c) 2026, the netops.tuning authors; GNU General Public License v3.0+ (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible_collections.netops.tuning.plugins.module_utils._start import start


def main():  # type: () -> None
    from ansible_collections.netops.tuning.plugins.module_utils._sysctl import keepalive, module, task

    tuning = module.TuningModule(keepalive.OPTIONS)
    task.run(tuning, keepalive.settings, keepalive.told)


if __name__ == "__main__":
    start()
    main()
