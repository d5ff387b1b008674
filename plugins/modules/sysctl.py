#!/usr/bin/python
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible_collections.netops.tuning.plugins.module_utils._bootstrap import start


def main():  # type: () -> None
    """Run the module."""
    from ansible_collections.netops.tuning.plugins.module_utils._modules import sysctl

    sysctl.run()


if __name__ == "__main__":
    start()
    main()
