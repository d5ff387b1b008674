# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Reads the files that the service sysctl of Alpine's OpenRC reads, in its order.

apply() {
    if [ -f "$1" ]; then
        sysctl -q -p "$1"
    fi
}

start() {
    for file in /lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf; do
        name=${file##*/}
        if [ ! -f /etc/sysctl.d/"$name" ] && [ ! -f /run/sysctl.d/"$name" ]; then
            apply "$file"
        fi
    done
    for file in /etc/sysctl.d/*.conf; do
        if [ ! -f /run/sysctl.d/"${file##*/}" ]; then
            apply "$file"
        fi
    done
    apply /etc/sysctl.conf
    for file in /run/sysctl.d/*.conf; do
        apply "$file"
    done
}
