# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's root file systems, from its own packages: made once for each state of this file, and then only read."""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ROOTS = PROJECT / ".build" / "roots"
RELEASES = {"bullseye": "11", "bookworm": "12", "trixie": "13"}

PACKAGES = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "python3",
    "procps",
    "iproute2",
    "sudo",
)
KERNEL_PACKAGES = ("linux-image-cloud-amd64", "initramfs-tools")
"""What a root needs beside those to start on a machine of its own, a virtual one."""
UNWANTED = ("doc", "man", "locale", "info", "lintian", "bug")
"""Folders of /usr/share that no test reads."""
MASKED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "fstrim.timer", "systemd-tmpfiles-clean.timer", "systemd-networkd-wait-online.service", "systemd-resolved.service",
    "e2scrub_reap.service", "console-getty.service", "ldconfig.service", "systemd-journal-catalog-update.service",
    "systemd-update-done.service",
)  # fmt: skip
"""Units that have nothing to do here, slow the boot, or wake up in the middle of a test."""
SMALL_INITRD = (
    'mkdir -p "$1/etc/initramfs-tools/conf.d"',
    'echo MODULES=list >"$1/etc/initramfs-tools/conf.d/small"',
    'printf "virtio_pci\\nvirtio_blk\\next4\\n" >"$1/etc/initramfs-tools/modules"',
)
"""Before the kernel is installed: no more in its first file system than finds the disk, since an emulator unpacks it."""
HOOKS = (
    f'chroot "$1" systemctl --quiet mask {" ".join(MASKED)}',
    'chroot "$1" systemctl --quiet enable systemd-networkd',
    'rm -f "$1"/etc/ssh/ssh_host_*',
    'printf "127.0.0.1 localhost\\n::1 localhost\\n" >"$1/etc/hosts"',
    ': >"$1/etc/default/locale"',
)


def release_of(name: str) -> str:
    """Give the code name of a release named by that or by its number."""
    for release, number in RELEASES.items():
        if name in (release, number, f"debian{number}"):
            return release
    raise ValueError(f"no release {name!r}; there are {', '.join(RELEASES)}")


class RootError(Exception):
    """Said to the user as it stands."""


def _command(release: str, target: str, *, kernel: bool) -> list[str]:
    packages = (*PACKAGES, *(KERNEL_PACKAGES if kernel else ()))
    return [
        "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={','.join(packages)}",
        "--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"',
        *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in UNWANTED),
        *(f"--essential-hook={hook}" for hook in SMALL_INITRD if kernel),
        *(f"--customize-hook={hook}" for hook in HOOKS),
        release, target,
    ]  # fmt: skip


def root(release: str, *, kernel: bool = False) -> Path:
    """Give the root of a release, making it if it is not there: whole or not at all, and by one of us at a time."""
    key = hashlib.sha256(json.dumps(_command(release, "", kernel=kernel)).encode()).hexdigest()[:12]
    name = f"{release}+kernel" if kernel else release
    made, making = ROOTS / f"{name}-{key}", ROOTS / f".{name}-{key}.making"
    ROOTS.mkdir(parents=True, exist_ok=True)
    with (ROOTS / f".{name}-{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.is_dir():
            _forget(making)
            print(
                f"making a root of Debian {RELEASES[release]}{', with a kernel' * kernel}, once",
                flush=True,
            )
            _build(_command(release, str(making), kernel=kernel), making)
            making.rename(made)
            _forget_older(name, made)
    return made


def roots(releases: Iterable[str], *, kernel: bool = False) -> dict[str, Path]:
    """Give several, made side by side."""
    wanted = sorted(set(releases))
    with concurrent.futures.ThreadPoolExecutor(len(wanted) or 1) as pool:
        return dict(zip(wanted, pool.map(functools.partial(root, kernel=kernel), wanted)))


def _build(command: list[str], target: Path) -> None:
    """Run mmdebstrap in namespaces of its own, so that a killed build leaves no process and no mount."""
    alone = [
        "setpriv",
        "--pdeathsig",
        "KILL",
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
    ]
    done = subprocess.run(
        [*alone, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        _forget(target)
        told = done.stdout.decode(errors="replace")[-3000:]
        raise RootError(f"mmdebstrap could not make {target.name[1:].rpartition('-')[0]}:\n{told}")


def in_use(made: Path) -> int:
    """Keep a root from being removed for as long as the descriptor that this gives is open."""
    fd = os.open(made, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_SH)
    return fd


def _forget_older(name: str, newest: Path) -> None:
    """Remove what an older state of this file made, unless a lab runs on it."""
    for path in ROOTS.glob(f"{name}-*"):
        fd = os.open(path, os.O_RDONLY)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path != newest:
                _forget(path)
        os.close(fd)


def _forget(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)
