# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first process of a throw-away host: makes its namespaces, then answers requests (a line of JSON each) until its standard input ends."""

from __future__ import annotations

import base64
import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import traceback
from typing import Any, Callable, Iterator

MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 1, 32, 4096, 16384, 1 << 18, 2
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = (
    0x00020000,
    0x10000000,
    0x20000000,
    0x40000000,
)
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
SIOCBRADDBR = 0x89A0

SYSTEMD_SYSCTL = "/usr/lib/systemd/systemd-sysctl"
SYSCTL_PLACES = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/etc/sysctl.conf",
)
LEDGER = "/var/lib/netops-tuning"
VOLATILE = (
    "netfilter/nf_conntrack_count",
    "ipv4/route/gc_",
    "fs/",
    "ipv4/tcp_fastopen_key",
    "core/netdev_rss_key",
)

libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *args: Any) -> None:
    """Call a function of libc, raising OSError when it fails."""
    if getattr(libc, name)(*args) != 0:
        raise OSError(ctypes.get_errno(), f"{name}{args}: {os.strerror(ctypes.get_errno())}")


def mount(source: str, target: str, fstype: str = "", flags: int = 0, data: str = "") -> None:
    call(
        "mount",
        source.encode(),
        target.encode(),
        fstype.encode(),
        ctypes.c_ulong(flags),
        data.encode(),
    )


def bind(source: str, target: str) -> None:
    mount(source, target, flags=MS_BIND | MS_REC)


def read_only(target: str) -> None:
    kept = os.statvfs(target).f_flag & (
        os.ST_NOSUID
        | os.ST_NODEV
        | os.ST_NOEXEC
        | os.ST_NOATIME
        | os.ST_NODIRATIME
        | os.ST_RELATIME
    )
    mount("", target, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | kept)


# --- making the host ---------------------------------------------------------------------------------------------


def become_namespaces(user: int | None) -> None:
    """Leave the machine: new mount, network and pid (for children) namespaces; for an ordinary user a user namespace with them."""
    if user is not None and os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    uid, gid = os.geteuid(), os.getegid()
    if uid:
        call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)
        call("unshare", CLONE_NEWUSER)
        call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"0 {uid} 1"),
            ("gid_map", f"0 {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="utf-8") as file:
                file.write(text)
    call("unshare", CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID)


def substitute(folder: str, kept: str, without: tuple[str, ...]) -> None:
    """Put a tmpfs over a folder, with links to the old entries, so that its own entries can be made, removed and replaced."""
    os.makedirs(kept)
    bind(folder, kept)
    read_only(kept)
    mount("tmpfs", folder, "tmpfs", data="mode=755")
    for name in os.listdir(kept):
        if name not in without:
            os.symlink(f"{kept}/{name}", f"{folder}/{name}")


def make_file_system(proc_sys: str, loader: str) -> None:
    """Nothing but the host's own tmpfs mounts can be written: /etc, /run, /srv, /usr/local/lib, /var/lib, /usr/lib/sysctl.d and /proc/sys/net."""
    mount("", "/", flags=MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc")
    mount("tmpfs", "/srv", "tmpfs", data="mode=755")
    for folder in ("home", "tmp"):
        os.makedirs(f"/srv/{folder}")
    os.chmod("/srv/tmp", 0o1777)
    substitute("/etc", "/srv/.etc", ("sysctl.d", "sysctl.conf"))
    substitute("/usr/local/lib", "/srv/.local-lib", ("sysctl.d",))
    substitute("/var/lib", "/srv/.var-lib", ("netops-tuning",))
    mount("tmpfs", "/run", "tmpfs", data="mode=755")
    mount("tmpfs", "/dev/shm", "tmpfs", data="mode=1777")
    if os.path.isdir("/usr/lib/sysctl.d"):  # Debian 13's procps alone does not have it
        mount("tmpfs", "/usr/lib/sysctl.d", "tmpfs", data="mode=755")
    for place in SYSCTL_PLACES[:3]:
        os.mkdir(place)
    if loader == "systemd":
        os.makedirs("/run/systemd/system")
    elif loader == "procps":
        mount("tmpfs", "/usr/lib/systemd", "tmpfs", data="mode=755")
    bind("/proc/sys", "/proc/sys")
    if proc_sys == "net":
        bind("/proc/sys/net", "/proc/sys/net")
    read_only("/proc/sys")
    read_only("/")


def add_bridges(names: list[str]) -> None:
    """Make network interfaces; a bridge takes any name, one with a dot like a VLAN's too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for name in names:
            fcntl.ioctl(control, SIOCBRADDBR, name.encode() + b"\0")


# --- requests ----------------------------------------------------------------------------------------------------


def proc_path(key: str) -> str:
    """Where a key stands under /proc/sys, by the rule of sysctl.d(5)."""
    first = min((key.find(c) for c in "./" if c in key), default=-1)
    if first >= 0 and key[first] == ".":
        key = key.translate(str.maketrans("./", "/."))
    return "/proc/sys/" + key


def get_key(key: str) -> str:
    with open(proc_path(key), "rb") as file:
        return file.read().decode("latin-1").rstrip("\n")


def set_key(key: str, value: str) -> None:
    fd = os.open(proc_path(key), os.O_WRONLY)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


def net_values() -> dict[str, str]:
    """Every readable value below /proc/sys/net, by its path there, but for counters and secrets."""
    found = {}
    for folder, _folders, names in os.walk("/proc/sys/net"):
        for name in names:
            path = f"{folder}/{name}"
            if not any(part in path for part in VOLATILE):
                with contextlib.suppress(OSError), open(path, "rb") as file:
                    found[path[len("/proc/sys/") :]] = file.read().decode("latin-1").rstrip("\n")
    return found


def describe(path: str, identity: bool) -> list[Any]:
    info = os.lstat(path)
    entry: list[Any] = [oct(stat.S_IMODE(info.st_mode)), info.st_uid, info.st_gid]
    if stat.S_ISLNK(info.st_mode):
        entry += ["link", os.readlink(path)]
    elif stat.S_ISREG(info.st_mode):
        with open(path, "rb") as file:
            entry += ["file", file.read().decode("latin-1")]
    else:
        entry += ["folder" if stat.S_ISDIR(info.st_mode) else "other", ""]
    return entry + ([info.st_ino, info.st_mtime_ns, info.st_ctime_ns] if identity else [])


def below(top: str) -> Iterator[str]:
    if os.path.lexists(top):
        yield top
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            yield f"{folder}/{name}"


def snapshot(places: list[str], identity: bool) -> dict[str, Any]:
    return {path: describe(path, identity) for top in places for path in below(top)}


def write(path: str, text: str, mode: int) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(text.encode("latin-1"))
    os.chmod(path, mode)


def link(path: str, target: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(target, path)


def remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def read(path: str) -> str:
    with open(path, "rb") as file:
        return file.read().decode("latin-1")


def clear() -> None:
    """Take away every file in the places where sysctl files lie, the ledger, and what a test put below /srv."""
    for name in os.listdir("/srv"):
        if name not in (".etc", ".local-lib", ".var-lib", "home", "tmp"):
            remove(f"/srv/{name}")
    if os.path.lexists(LEDGER):
        remove(LEDGER)
    for place in SYSCTL_PLACES:
        if os.path.isdir(place) and not os.path.islink(place):
            for name in os.listdir(place):
                remove(f"{place}/{name}")
        elif os.path.lexists(place):
            os.unlink(place)


def run(
    argv: list[str], env: dict[str, str], stdin: str, user: int | None, timeout: float
) -> dict[str, Any]:
    done = subprocess.run(
        argv, env=env, input=stdin.encode("latin-1"), capture_output=True, cwd="/", check=False, user=user, group=user, timeout=timeout,
        extra_groups=[] if user is not None else None,
    )  # fmt: skip
    return {
        "rc": done.returncode,
        "stdout": done.stdout.decode("latin-1"),
        "stderr": done.stderr.decode("latin-1"),
    }


def boot(loader: str, interfaces: list[str], keys: list[str] | None) -> dict[str, Any]:
    """Run the real loader in a new network namespace over the files of this host, as the next boot does; give the values it left."""
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            text = json.dumps(boot_child(loader, interfaces, keys))
        except BaseException:  # pylint: disable=broad-except
            text = json.dumps({"error": traceback.format_exc()})
        with open(there, "w", encoding="utf-8") as pipe:
            pipe.write(text)
        os._exit(0)
    os.close(there)
    with open(here, encoding="utf-8") as pipe:
        answer: dict[str, Any] = json.load(pipe)
    os.waitpid(child, 0)
    if "error" in answer:
        raise OSError(answer["error"])
    return answer


def boot_child(loader: str, interfaces: list[str], keys: list[str] | None) -> dict[str, Any]:
    call("unshare", CLONE_NEWNET | CLONE_NEWNS)
    if os.path.ismount("/usr/lib/systemd"):
        call("umount2", b"/usr/lib/systemd", MNT_DETACH)
    add_bridges(interfaces)
    argv = [SYSTEMD_SYSCTL] if loader == "systemd" else ["sysctl", "--system"]
    env = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "SYSTEMD_LOG_TARGET": "console",
        "SYSTEMD_LOG_LEVEL": "info",
        "LC_ALL": "C.UTF-8",
    }
    answer = run(argv, env, "", None, 60)
    if keys is None:
        answer["values"] = net_values()
    else:
        answer["values"] = {key: get_key(key) for key in keys if os.path.isfile(proc_path(key))}
    return answer


REQUESTS: dict[str, Callable[..., Any]] = {
    "add_bridges": add_bridges,
    "boot": boot, "chmod": os.chmod, "chown": os.chown, "clear": clear, "exists": os.path.lexists, "get": get_key, "link": link, "mkdir": os.makedirs,
    "net_values": net_values, "read": read, "remove": remove, "rename": os.rename, "run": run, "set": set_key, "snapshot": snapshot, "write": write,
}  # fmt: skip


def serve() -> None:
    for line in sys.stdin:
        name, args = json.loads(line)
        try:
            answer: Any = {"ok": REQUESTS[name](*args)}
        except OSError as error:
            answer = {"errno": error.errno, "message": str(error)}
        except Exception:  # pylint: disable=broad-except
            answer = {"errno": None, "message": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


def main() -> int:
    options = json.loads(base64.b64decode(sys.argv[1]))
    try:
        become_namespaces(options["user"])
        call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        child = os.fork()
        if child == 0:
            call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            make_file_system(options["proc_sys"], options["loader"])
            add_bridges(options["interfaces"])
            os.chdir("/")
            print(json.dumps({"ok": None}), flush=True)
            serve()
            os._exit(0)
    except OSError as error:
        print(json.dumps({"errno": error.errno, "message": str(error)}), flush=True)
        return 1
    print(json.dumps({"pid": child}), flush=True)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
