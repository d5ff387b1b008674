#!/bin/sh
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Print PATH with the folders of real Python interpreters in front and no folder of a version manager's shims:
# a shim answers for Pythons that it then does not run.
# The newest comes first; folders without python3 (Python 2) stay out.

set -eu

managed=
for bin in $(printf '%s\n' "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.*/bin | sort -rV); do
    [ -x "$bin/python3" ] && managed=$managed$bin:
done

rest=
IFS=:
for folder in $PATH; do
    case $folder: in
        */shims:) ;;
        *) rest=$rest:$folder ;;
    esac
done

printf '%s\n' "$managed${rest#:}:/usr/sbin:/sbin"
