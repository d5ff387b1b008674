#!/bin/sh
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# usage: install_packages.sh PACKAGE...
# Install the Debian packages whose programs are missing. Needs root and apt-get; otherwise it says what to install.

set -eu
PATH=$PATH:/usr/sbin:/sbin

is_installed() {
    case $1 in
        iproute2) command -v ip ;;
        e2fsprogs) command -v mkfs.ext4 ;;
        procps) command -v sysctl ;;
        python3-venv) python3 -c 'import ensurepip, venv' ;;
        systemd) ls /usr/lib/systemd/systemd-sysctl || ls /lib/systemd/systemd-sysctl ;;
        util-linux) command -v unshare && command -v nsenter ;;
        systemd-container) command -v systemd-nspawn ;;
        debian-archive-keyring) ls /usr/share/keyrings/debian-archive-keyring.gpg ;;
        qemu-system-x86) command -v qemu-system-x86_64 ;;
        default-jdk-headless) command -v javac ;;
        golang-go) command -v go ;;
        openssh-server) command -v sshd ;;
        postgresql) ls /usr/lib/postgresql/*/bin/initdb ;;
        fonts-*) find /usr/share/fonts -path "*${1#fonts-}*" | grep . ;;
        openssh-client) command -v ssh ;;
        *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

missing=
for package; do
    is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "Please install these packages (Debian's names):$missing" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "Please install these packages, as root: apt-get install$missing" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d # exit status 101 forbids the packages to start their services
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi
apt-get -qq update
# shellcheck disable=SC2086  # a list of names
apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --no-install-recommends -y $missing >/dev/null
