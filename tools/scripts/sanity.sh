#!/bin/sh
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# usage: sanity.sh VENV
# Run ansible-test sanity of the ansible-core in .venv/VENV. It needs the collection in a folder .../netops/tuning, so it
# gets a copy. The copy is a git repository of its own, because this repository ignores .build. It also gets a home
# folder of its own in .build, because it keeps its virtual environments there.

set -eu
top=$PWD
bin=$top/.venv/$1/bin
copy=$top/.build/sanity/$1/ansible_collections/netops/tuning
home=$top/.build/sanity/$1-home

rm -rf "$copy"
mkdir -p "$copy" "$home"
git init --quiet "$copy"
git ls-files --cached --others --exclude-standard | while IFS= read -r file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
done | xargs -0 cp --parents --no-dereference --target-directory "$copy"

"$bin/python" tools/scripts/pip_for_ansible_test.py "$home"
mkdir -p "$home/.config"
ln -sfn "${XDG_CONFIG_HOME:-$HOME/.config}/pip" "$home/.config/pip" # which index, which certificates
export HOME="$home" PATH="$bin:$PATH"
cd "$copy"
exec ansible-test sanity --color no
