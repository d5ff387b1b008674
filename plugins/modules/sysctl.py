#!/usr/bin/python
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible_collections.netops.tuning.plugins.module_utils._start import start


def main():  # type: () -> None
    from ansible_collections.netops.tuning.plugins.module_utils._sysctl import module, options, task

    tuning = module.TuningModule(options.SYSCTL, file_options=True)
    task.run(tuning, lambda params: params["settings"])


if __name__ == "__main__":
    start()
    main()
