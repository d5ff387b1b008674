#!/bin/sh
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Print PATH with the folders of pyenv's Pythons first, the newest before the others, and without its shims: a shim
# exists also for a Python that it then refuses to run. Folders without python3 (Python 2) are left out.

set -eu

pythons=
for bin in $(printf '%s\n' "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.*/bin | sort -rV); do
    [ -x "$bin/python3" ] && pythons=$pythons$bin:
done

rest=
IFS=:
for folder in $PATH; do
    case $folder: in
        */shims:) ;;
        *) rest=$rest:$folder ;;
    esac
done

printf '%s\n' "$pythons${rest#:}:/usr/sbin:/sbin"
