#!/bin/sh
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# usage: ansible_for_hosts.sh FOLDER
# Make what a test host needs to run Ansible itself, to be copied over its root file system: in FOLDER/debian12 and so
# on, an ansible-core for the Python of that release, and this machine's git with its libraries. The root file systems
# do not have these, because few scenarios need them, and all would wait for them.

set -eu
folder=$1
uv=.venv/tools/bin/uv

make_overlay() {
    # $1: release, $2: its Python, $3: ansible-core
    opt=$folder/$1/opt
    usr_local=$folder/$1/usr/local
    mkdir -p "$opt/git" "$usr_local/bin" "$usr_local/lib/python$2/dist-packages"
    $uv pip install --quiet --target "$opt/ansible" --python-version "$2" --python-platform "$(uname -m)-manylinux_2_31" \
        --only-binary :all: --no-deps --require-hashes --requirement "requirements/core-$3.txt"
    sed -i '1s|^#!.*|#!/usr/bin/python3|' "$opt/ansible/bin/"ansible*
    echo /opt/ansible >"$usr_local/lib/python$2/dist-packages/ansible.pth"
    program=$(readlink -f "$(git --exec-path)/git")
    cp "$program" "$opt/git/program"
    ldd "$program" | grep -o '/[^ ]*' | xargs cp --dereference --target-directory "$opt/git"
    loader=/opt/git/$(basename "$opt/git/"ld-*)
    for name in git git-upload-pack; do
        printf '#!/bin/sh\nexport GIT_EXEC_PATH=/usr/local/bin\nexec %s --library-path /opt/git --argv0 %s /opt/git/program "$@"\n' \
            "$loader" "$name" >"$usr_local/bin/$name"
        chmod 755 "$usr_local/bin/$name"
    done
}

rm -rf "$folder"
make_overlay debian11 3.9 2.15 # too old for the collection, but the newest for this Python
make_overlay debian12 3.11 2.16
make_overlay debian13 3.13 2.21
