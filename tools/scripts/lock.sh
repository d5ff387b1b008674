#!/bin/sh
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Pin the newest versions of the dependency groups in pyproject.toml, each for the Pythons that it must run on. The lock
# files have exact versions and hashes, and no address of a package index.

set -eu

lock() {
    file=requirements/$1.txt
    shift
    .venv/tools/bin/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-config \
        --custom-compile-command 'make lock' --output-file "$file" "$@"
    echo "$file"
}

lock tools --group tools --universal --python-version 3.9
lock ansible --group ansible --universal --python-version 3.11
lock dev --group dev --universal --python-version 3.12
lock core-2.16 --group core-2-16 --universal --python-version 3.10
lock core-2.17 --group core-2-17 --universal --python-version 3.10
lock core-2.18 --group core-2-18 --universal --python-version 3.11
lock core-2.19 --group core-2-19 --universal --python-version 3.11
lock core-2.20 --group core-2-20 --universal --python-version 3.12
lock core-2.21 --group core-2-21 --universal --python-version 3.12
lock core-2.15 --group core-2-15 --python-version 3.9 # for test hosts that are too old
lock target-3.7 --group target-3-7 --python-version 3.7
lock peers --group peers --universal --python-version 3.12
lock mitogen --group mitogen --universal --python-version 3.12
