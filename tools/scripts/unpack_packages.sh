#!/bin/sh
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# usage: unpack_packages.sh FOLDER PACKAGE...
# Unpack Debian packages into a folder, without installing them: their programs would change how this machine boots.

set -eu
folder=$1
shift
rm -rf "$folder"
mkdir -p "$folder"
if ! command -v apt-get >/dev/null; then
    echo "Not unpacked, since this is no Debian: $*" >&2
    exit 1
fi
downloads=$(mktemp -d)
trap 'rm -rf "$downloads"' EXIT
[ "$(id -u)" -ne 0 ] || chown _apt "$downloads"
apt-get -qq update || echo "The list of packages is as old as before" >&2
(cd "$downloads" && apt-get -qq download "$@")
for package in "$downloads"/*.deb; do
    dpkg-deb --extract "$package" "$folder"
done
