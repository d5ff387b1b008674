# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's root file systems, built from its own packages and then only read.

One is built once for each release and each version of the command in this file.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
ROOTS = PROJECT / ".build" / "roots"
RELEASES = {"bullseye": "11", "bookworm": "12", "trixie": "13"}

PACKAGES = ("openssh-server", "python3", "procps", "iproute2", "sudo")
SYSTEMD = ("systemd", "systemd-sysv", "dbus")
SYSVINIT = ("sysvinit-core", "ifupdown")
OPENRC = ("sysvinit-core", "openrc", "ifupdown")
RUNIT = ("runit-init", "ifupdown")
KERNEL_PACKAGE = "linux-image-cloud-amd64"
KERNEL_PACKAGES = {"bullseye": "linux-image-5.10.0-32-cloud-amd64"}
"""Release -> the package of its kernel, if that is not KERNEL_PACKAGE.

Debian 11 gets no more updates: the kernel of its last point release is still there, while the
package that names the newest one is not.
"""
PROGRAMS = {
    "ufw": ("ufw", "iptables"),
    "tuned": ("tuned",),
    "firewalld": ("firewalld",),
    "networking": ("ifupdown",),
    "keepalived": ("keepalived",),
    "cron": ("cron",),
    "NetworkManager": ("network-manager",),
    "cloud-init": ("cloud-init",),
    # In place of the kernel's module, which the machine need not have.
    "wg-quick@": ("wireguard-tools", "wireguard-go"),
}
"""Programs that set keys at boot: unit -> packages. None of the units is enabled."""
UNUSED = ("doc", "man", "locale", "info", "lintian", "bug")
"""Directories of /usr/share that no test reads."""
MASKED = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
    "systemd-tmpfiles-clean.timer",
    "systemd-networkd-wait-online.service",
    "systemd-resolved.service",
    "e2scrub_reap.service",
    "console-getty.service",
    "ldconfig.service",
    "systemd-journal-catalog-update.service",
    "systemd-update-done.service",
)
"""Units that have nothing to do here, slow down the boot, or start in the middle of a test."""
SMALL_INITRD = (
    'mkdir -p "$1/etc/initramfs-tools/conf.d"',
    'echo MODULES=list >"$1/etc/initramfs-tools/conf.d/small"',
    'printf "virtio_pci\\nvirtio_blk\\next4\\n" >"$1/etc/initramfs-tools/modules"',
)
"""Run before the kernel is installed: only what finds the disk, since an emulator unpacks it."""
SMALL_DRACUT = (
    'mkdir -p "$1/etc/dracut.conf.d"',
    'echo "compress=cat" >"$1/etc/dracut.conf.d/small.conf"',
    'echo "drivers=\' virtio_pci virtio_blk ext4 \'" >>"$1/etc/dracut.conf.d/small.conf"',
)
"""The same for dracut."""
HOOKS = (
    f'chroot "$1" systemctl --quiet mask {" ".join(MASKED)}',
    'chroot "$1" systemctl --quiet enable systemd-networkd',
    'rm -f "$1"/etc/ssh/ssh_host_*',
    'printf "127.0.0.1 localhost\\n::1 localhost\\n" >"$1/etc/hosts"',
    ': >"$1/etc/default/locale"',
)


DISABLE_PROGRAMS = (
    f'chroot "$1" systemctl --quiet disable {" ".join(PROGRAMS)}',
    # Its units are started by a generator, which looks for this file.
    ': >"$1/etc/cloud/cloud-init.disabled"',
)
NETWORK_SCRIPT = """\
#!/bin/sh
### BEGIN INIT INFO
# Provides: lab-network
# Required-Start: mountkernfs
# Required-Stop:
# Default-Start: S
# Default-Stop:
### END INIT INFO
[ "$1" = start ] || exit 0
ip link set lo up
ip address add "$(cat /etc/lab-address)" dev host0
ip link set host0 up
"""
SCRIPT_HOOKS = (
    f'cat >"$1/etc/init.d/lab-network" <<"END"\n{NETWORK_SCRIPT}END',
    'chmod 755 "$1/etc/init.d/lab-network"',
    'chroot "$1" update-rc.d lab-network defaults',
    'rm -f "$1"/etc/ssh/ssh_host_*',
    'printf "127.0.0.1 localhost\\n::1 localhost\\n" >"$1/etc/hosts"',
)
# There are no terminals to wait at.
SYSVINIT_HOOKS = (*SCRIPT_HOOKS, 'sed -i "/getty/d" "$1/etc/inittab"')
RUNIT_HOOKS = (*SCRIPT_HOOKS, 'rm -f "$1"/etc/runit/runsvdir/default/getty-*')


class Variant(NamedTuple):
    """What a root has besides PACKAGES."""

    packages: tuple[str, ...]
    hooks: tuple[str, ...]
    """Run at the end."""
    early_hooks: tuple[str, ...] = ()
    """Run before the packages are installed."""


ALL_PROGRAMS = tuple(chain.from_iterable(PROGRAMS.values()))
VARIANTS = {
    "": Variant(SYSTEMD, HOOKS),
    "kernel": Variant((*SYSTEMD, "initramfs-tools"), HOOKS, early_hooks=SMALL_INITRD),
    "programs": Variant((*SYSTEMD, *ALL_PROGRAMS), (*HOOKS, *DISABLE_PROGRAMS)),
    "dracut": Variant((*SYSTEMD, "dracut"), HOOKS, early_hooks=SMALL_DRACUT),
    "sysvinit": Variant(SYSVINIT, SYSVINIT_HOOKS),
    "openrc": Variant(OPENRC, SYSVINIT_HOOKS),
    "runit": Variant(RUNIT, RUNIT_HOOKS),
}


class RootError(Exception):
    """An error whose message is for the user."""


def release_of(name: str) -> str:
    """Return the code name of a release, which may be named by its number."""
    for release, number in RELEASES.items():
        if name in (release, number, f"debian{number}"):
            return release
    raise ValueError(f"no release {name!r}; there are {', '.join(RELEASES)}")


def make_root(release: str, variant: str = "") -> Path:
    """Return the root of a release, in one of VARIANTS.

    It is built if it is missing: completely or not at all, and by one process at a time.
    """
    name = f"{release}+{variant}" if variant else release
    command_text = json.dumps(_command(release, "", variant))
    version = hashlib.sha256(command_text.encode()).hexdigest()[:12]
    finished = ROOTS / f"{name}-{version}"
    unfinished = ROOTS / f".{name}-{version}.making"
    ROOTS.mkdir(parents=True, exist_ok=True)
    with (ROOTS / f".{name}-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.is_dir():
            _remove(unfinished)
            addition = f" ({variant})" if variant else ""
            print(f"making a root of Debian {RELEASES[release]}{addition}, once", flush=True)
            _build(_command(release, str(unfinished), variant), unfinished)
            unfinished.rename(finished)
            _remove_older(name, finished)
    return finished


def make_roots(releases: Iterable[str], variant: str = "") -> dict[str, Path]:
    """Return the roots of several releases. Those that are missing are built side by side."""
    names = sorted(set(releases))
    with concurrent.futures.ThreadPoolExecutor(len(names) or 1) as pool:
        builds = {name: pool.submit(make_root, name, variant) for name in names}
        return {name: build.result() for name, build in builds.items()}


def _command(release: str, target: str, variant: str) -> list[str]:
    """Return the command that builds a root."""
    additions = VARIANTS[variant]
    packages = [*additions.packages, *PACKAGES]
    if variant in ("kernel", "dracut"):
        packages.append(KERNEL_PACKAGES.get(release, KERNEL_PACKAGE))
    command = [
        "mmdebstrap",
        "--quiet",
        "--mode=root",
        "--variant=minbase",
        f"--include={','.join(packages)}",
        "--dpkgopt=force-unsafe-io",
        '--aptopt=Acquire::Languages "none"',
    ]
    command += [f"--dpkgopt=path-exclude=/usr/share/{directory}/*" for directory in UNUSED]
    command += [f"--essential-hook={hook}" for hook in additions.early_hooks]
    command += [f"--customize-hook={hook}" for hook in additions.hooks]
    return [*command, release, target]


def _build(command: list[str], target: Path) -> None:
    """Run mmdebstrap in its own namespaces: a build that is killed leaves no process or mount."""
    die_with_parent = ["setpriv", "--pdeathsig", "KILL"]
    in_namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    finished = subprocess.run(
        [*die_with_parent, *in_namespaces, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if finished.returncode:
        _remove(target)
        name = target.name[1:].rpartition("-")[0]
        output = finished.stdout.decode(errors="replace")[-3000:]
        raise RootError(f"mmdebstrap could not make {name}:\n{output}")


def mark_in_use(root: Path) -> int:
    """Protect a root from being removed, as long as the returned descriptor is open."""
    fd = os.open(root, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_SH)
    return fd


def _remove_older(name: str, newest: Path) -> None:
    """Remove what older versions of this file built, unless a lab uses it."""
    for path in ROOTS.glob(f"{name}-*"):
        fd = os.open(path, os.O_RDONLY)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path != newest:
                _remove(path)
        os.close(fd)


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)
