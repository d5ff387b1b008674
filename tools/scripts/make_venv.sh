#!/bin/sh
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# usage: make_venv.sh FOLDER PYTHON LOCKFILE
# Make a virtual environment with this version of Python, and exactly the packages of the lock file. The interpreter is
# one on PATH, or else downloaded by uv.

set -eu
folder=$1
version=$2
lockfile=$3
uv=.venv/tools/bin/uv

exec 9>.venv/lock
flock 9
if [ -e "$folder/.ready" ] && [ -z "$(find "$lockfile" -newer "$folder/.ready")" ]; then
    exit 0
fi
echo "$folder: Python $version, $lockfile"

if ! log=$($uv python find --quiet --system --no-project "$version" 2>&1 ||
    $uv python install --no-bin "$version" 2>&1); then
    echo "Python $version is not on PATH and could not be downloaded; please install it. ($(echo "$log" | tail -n 1))" >&2
    exit 1
fi
$uv venv --quiet --no-project --clear --python "$version" "$folder"
$uv pip install --quiet --python "$folder" --require-hashes --requirement "$lockfile"
touch "$folder/.ready"
