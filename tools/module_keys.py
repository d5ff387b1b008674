# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures which kernel module brings which keys: every module of Debian's kernel that could.

usage: python tools/module_keys.py >tests/unit/module_keys/linux-6.1.yml

An emulated machine loads them one by one and lists /proc/sys after each. It boots from a file
system in memory that holds busybox and these modules. Needs Debian's packages and dpkg,
binutils and qemu-system-x86; takes some minutes.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

KERNEL_PACKAGE = "linux-image-amd64"
REGISTERS_KEYS = re.compile(rb"\sU (__)?(register|neigh)_\w*sysctl\w*$", re.MULTILINE)
DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")
NEEDED_BY_NAME = {"libcrc32c": ("crc32c_generic",)}
"""What a module asks the kernel for, which would start modprobe for it."""
OF_INTERFACES = re.compile(r"net\.\w+\.(conf|neigh)\.(?!all\.|default\.)[^.]+\.")
LICENCE = [
    "# Copyright: (c) 2026, the netops.tuning authors",
    "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
    "",
]
INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /bin /tmp
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
list() { find /proc/sys -type f | sort; }
list >/tmp/before
while read module path; do
  insmod "$path" 2>/tmp/error || echo "FAILED $module $(head -n 1 /tmp/error)"
  list >/tmp/after
  grep -vxFf /tmp/before /tmp/after | sed "s|^/proc/sys/|KEY $module |"
  mv /tmp/after /tmp/before
done </modules
echo "KERNEL $(uname -r)"
echo END
poweroff -f
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        download(root)
        version = next((root / "lib/modules").iterdir()).name
        modules = modules_in_order(root / "lib/modules" / version)
        initrd = root / "initrd"
        initrd.write_bytes(make_initrd(root, modules))
        kernel = next((root / "boot").glob("vmlinuz-*"))
        print(format_record(boot(kernel, initrd)), end="")


def download(root: Path) -> None:
    """Unpack the packages into a folder."""
    depends = subprocess.run(
        ["apt-cache", "depends", "--no-recommends", "--no-suggests", KERNEL_PACKAGE],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    match = re.search(r"Depends: (linux-image-\S+)", depends)
    assert match
    for package in (match[1], "busybox-static"):
        subprocess.run(["apt-get", "download", "-q", package], cwd=root, check=True, stdout=2)
        (archive,) = root.glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", str(archive), str(root)], check=True)
        archive.unlink()


def modules_in_order(folder: Path) -> dict[str, Path]:
    """Return name -> file of the modules that may bring keys, each after those that it needs."""
    files = {path.stem.replace("-", "_"): path for path in folder.rglob("*.ko")}
    ordered: dict[str, Path] = {}
    for name in sorted(files):
        if b"sysctl" not in files[name].read_bytes():
            continue
        symbols = subprocess.run(["nm", "-u", str(files[name])], check=True, capture_output=True)
        if REGISTERS_KEYS.search(symbols.stdout):
            add_with_needed(name, files, ordered)
    return ordered


def add_with_needed(name: str, files: dict[str, Path], ordered: dict[str, Path]) -> None:
    """Add a module after those that it needs, which its section .modinfo names."""
    if name in ordered:
        return
    match = DEPENDS.search(files[name].read_bytes())
    needed = match[1].decode().split(",") if match and match[1] else []
    for other in [*NEEDED_BY_NAME.get(name, ()), *needed]:
        add_with_needed(other.replace("-", "_"), files, ordered)
    ordered[name] = files[name]


def make_initrd(root: Path, modules: dict[str, Path]) -> bytes:
    """Return a file system in memory as the kernel unpacks it (a cpio archive)."""
    table = "".join(f"{name} /{path.name}\n" for name, path in modules.items())
    files = {
        "bin": (0o40755, b""),
        "bin/busybox": (0o100755, (root / "bin/busybox").read_bytes()),
        "dev": (0o40755, b""),
        "init": (0o100755, INIT.encode()),
        "modules": (0o100644, table.encode()),
    }
    for path in modules.values():
        files[path.name] = (0o100644, path.read_bytes())
    files["TRAILER!!!"] = (0, b"")
    return b"".join(cpio_entry(name, *entry) for name, entry in files.items())


def cpio_entry(name: str, mode: int, data: bytes) -> bytes:
    """Return one entry of a cpio archive: Documentation/driver-api/early-userspace."""
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    header = "070701" + "".join(f"{field:08x}" for field in fields)
    return padded(header.encode() + name.encode() + b"\0") + padded(data)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def boot(kernel: Path, initrd: Path) -> list[str]:
    """Boot a machine, and return the lines of its console."""
    machine = ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot", "-m", "1024"]
    console = ["-serial", "stdio", "-append", "console=ttyS0 quiet mitigations=off panic=-1"]
    files = ["-kernel", str(kernel), "-initrd", str(initrd)]
    finished = subprocess.run(
        [*machine, *console, *files], check=True, capture_output=True, timeout=1800
    )
    lines = finished.stdout.decode(errors="replace").splitlines()
    assert "END" in lines, lines[-20:]
    return lines


def format_record(lines: Iterable[str]) -> str:
    """Return the output of the machine as a YAML file."""
    keys: dict[str, list[str]] = {}
    failed = []
    kernel = ""
    for kind, module, rest in _fields(lines):
        if kind == "KERNEL":
            kernel = module
        elif kind == "FAILED":
            failed.append(module)
        elif kind == "KEY":
            key = rest.replace(".", "|").replace("/", ".").replace("|", "/")
            if not OF_INTERFACES.match(key):
                keys.setdefault(module, []).append(key)
    text = [*LICENCE, "---", f"# {kernel}: python tools/module_keys.py", "keys:"]
    for module in sorted(keys):
        text.append(f"  {module}:")
        text += [f"    - {key}" for key in sorted(keys[module])]
    text.append("not_loaded: # for want of their hardware, or since another one is in their place")
    text += [f"  - {module}" for module in sorted(failed)]
    return "\n".join(text) + "\n"


def _fields(lines: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    for line in lines:
        kind, _space, rest = line.partition(" ")
        module, _space, rest = rest.partition(" ")
        yield kind, module, rest


if __name__ == "__main__":
    main()
