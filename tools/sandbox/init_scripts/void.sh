# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Reads the files that the core service sysctl of Void's runit reads, in its order.

start() {
    chosen=$(mktemp -d /run/chosen.XXXXXX)
    for file in /run/sysctl.d/*.conf /etc/sysctl.d/*.conf \
        /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf; do
        link=$chosen/${file##*/}
        if [ -e "$file" ] && [ ! -e "$link" ]; then
            ln -s "$file" "$link"
        fi
    done
    for file in "$chosen"/*.conf; do
        sysctl -q -p "$file"
    done
    rm -r "$chosen"
    sysctl -q -p /etc/sysctl.conf
}
