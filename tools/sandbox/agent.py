# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first process of a throw-away host: makes its namespaces, then answers requests.

A request is a line of JSON on standard input, ``["name", [arguments]]``. The answer is a line on
standard output, ``{"ok": result}`` or ``{"errno": number, "message": text}``. The host ends with
standard input. It runs as a script of its own, so it imports nothing of this package.
"""

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
import struct
import subprocess
import sys
import traceback
from typing import Any, Callable, Iterable, Iterator

# <sys/mount.h>, <sched.h>, <sys/prctl.h>, <linux/sockios.h>, <net/if.h>
MS_RDONLY = 1
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2
CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
TUNSETIFF = 0x400454CA
TUNSETPERSIST = 0x400454CB
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
MOUNT_OPTIONS = (
    os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME | os.ST_RELATIME
)
"""The flags of a mount that a remount would otherwise clear; mount() has the same bits."""

SYSTEMD_SYSCTL = "/usr/lib/systemd/systemd-sysctl"
INIT_SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "init_scripts")
COMMANDS = "/srv/tmp/commands"
UNPACKED = os.path.join(INIT_SCRIPTS, *[os.pardir] * 3, ".build", "unpacked")
"""What `make` unpacks from Debian packages."""
SYSCTL_FOLDERS = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
)
SYSCTL_PLACES = (*SYSCTL_FOLDERS, "/etc/sysctl.conf")
LEDGER = "/var/lib/netops-tuning"
OF_THE_KERNEL = "/proc/sys/net/netfilter/nf_hooks_lwtunnel"
"""Every network namespace may write it, although it belongs to the machine until it reboots."""
VOLATILE = (
    "netfilter/nf_conntrack_count",
    "ipv4/route/gc_",
    "fs/",
    "ipv4/tcp_fastopen_key",
    "core/netdev_rss_key",
)
"""Parts of the paths of counters and secrets below /proc/sys/net."""
KEPT_IN_SRV = (".etc", ".local-lib", ".var-lib", "home", "tmp")
"""The entries of /srv that belong to the host itself."""
LOADER_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "SYSTEMD_LOG_TARGET": "console",
    "SYSTEMD_LOG_LEVEL": "info",
    "LC_ALL": "C.UTF-8",
}

libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *args: Any) -> None:
    """Call a function of the C library; raise OSError if it fails."""
    if getattr(libc, name)(*args) != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"{name}{args}: {os.strerror(errno)}")


def mount(source: str, target: str, fstype: str = "", flags: int = 0, data: str = "") -> None:
    """Mount a file system, bind a folder, or change the options of a mount."""
    call(
        "mount",
        source.encode(),
        target.encode(),
        fstype.encode(),
        ctypes.c_ulong(flags),
        data.encode(),
    )


def mount_tmpfs(folder: str, mode: str = "755") -> None:
    mount("tmpfs", folder, "tmpfs", data=f"mode={mode}")


def bind(source: str, target: str) -> None:
    mount(source, target, flags=MS_BIND | MS_REC)


def make_read_only(mount_point: str) -> None:
    """Remount read-only; the other options of the mount stay."""
    options = os.statvfs(mount_point).f_flag & MOUNT_OPTIONS
    mount("", mount_point, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | options)


# --- making the host ---------------------------------------------------------------------------


def enter_new_namespaces(user: int | None) -> None:
    """Enter new mount and network namespaces, and a new pid namespace for the children.

    An ordinary user also gets a user namespace with root's rights in it.
    """
    if user is not None and os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    if os.geteuid() != 0:
        enter_user_namespace()
    call("unshare", CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID)


def enter_user_namespace() -> None:
    """Enter a new user namespace as its root: user_namespaces(7)."""
    uid = os.geteuid()
    gid = os.getegid()
    # A process that is not dumpable may not write its own /proc/self/uid_map.
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


def make_writable(folder: str, original: str, without: tuple[str, ...]) -> None:
    """Mount a tmpfs on a folder, with links to its entries, which can then be replaced.

    original: where the folder itself is mounted, read-only.
    without: the names of the entries that get no link.
    """
    os.makedirs(original)
    bind(folder, original)
    make_read_only(original)
    mount_tmpfs(folder)
    for name in os.listdir(original):
        if name not in without:
            os.symlink(f"{original}/{name}", f"{folder}/{name}")


def make_file_system(proc_sys: str, loader: str) -> None:
    """Make everything read-only but the mounts of the host itself.

    Writable are /etc, /run, /srv, /usr/local/lib, /usr/lib/sysctl.d, /var/lib and /proc/sys/net.
    """
    mount("", "/", flags=MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc")
    mount_tmpfs("/srv")
    for folder in ("home", "tmp"):
        os.makedirs(f"/srv/{folder}")
    os.chmod("/srv/tmp", 0o1777)
    make_writable("/etc", "/srv/.etc", without=("sysctl.d", "sysctl.conf", "modules-load.d"))
    make_writable("/usr/local/lib", "/srv/.local-lib", without=("sysctl.d",))
    make_writable("/var/lib", "/srv/.var-lib", without=("netops-tuning",))
    mount_tmpfs("/run")
    mount_tmpfs("/dev/shm", mode="1777")
    if os.path.isdir("/usr/lib/sysctl.d"):  # Debian 13 has none if only procps is installed
        mount_tmpfs("/usr/lib/sysctl.d")
    for folder in SYSCTL_FOLDERS[:3]:
        os.mkdir(folder)
    feign_loader(loader)
    bind("/proc/sys", "/proc/sys")
    if proc_sys == "net":
        bind("/proc/sys/net", "/proc/sys/net")
    protect_key_of_the_kernel()
    make_read_only("/proc/sys")
    make_read_only("/")


def protect_key_of_the_kernel() -> None:
    """Make OF_THE_KERNEL read-only, whose file is another one in each network namespace."""
    if os.path.exists(OF_THE_KERNEL):
        bind(OF_THE_KERNEL, OF_THE_KERNEL)
        make_read_only(OF_THE_KERNEL)


def enter_new_network() -> None:
    """Enter a new network namespace, and a mount namespace with its keys of the machine read-only.

    The file system stays the same.
    """
    call("unshare", CLONE_NEWNET | CLONE_NEWNS)
    protect_key_of_the_kernel()


def feign_loader(loader: str) -> None:
    """Make the host look as if it booted with systemd, or as if it had no systemd at all."""
    if loader == "systemd":
        os.makedirs("/run/systemd/system")
    elif loader == "procps":
        mount_tmpfs("/usr/lib/systemd")


def add_interfaces(names: list[str]) -> None:
    """Add TAP interfaces: Documentation/networking/tuntap.rst of the kernel.

    They take any name, even one with a dot like that of a VLAN. The kernel removes them a dozen
    times as fast as bridges; removing those would hold up all other worlds.
    """
    for name in names:
        tap = os.open("/dev/net/tun", os.O_RDWR)
        try:
            request = struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI)
            fcntl.ioctl(tap, TUNSETIFF, request)
            fcntl.ioctl(tap, TUNSETPERSIST, 1)
        finally:
            os.close(tap)


def set_loopback_up() -> None:
    """Set the loopback interface up; it gets its addresses then: netdevice(7)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh", b"lo", IFF_UP)
        fcntl.ioctl(control, SIOCSIFFLAGS, request)


# --- requests ----------------------------------------------------------------------------------


def proc_path(key: str) -> str:
    """Return the path of a key below /proc/sys, by the rule of sysctl.d(5)."""
    separators = [char for char in key if char in "./"]
    if separators and separators[0] == ".":
        key = key.translate(str.maketrans("./", "/."))
    return "/proc/sys/" + key


def get_key(key: str) -> str:
    return read(proc_path(key)).rstrip("\n")


def set_key(key: str, value: str) -> None:
    fd = os.open(proc_path(key), os.O_WRONLY)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


def net_values() -> dict[str, str]:
    """Return each readable value below /proc/sys/net, by its path, without the volatile ones."""
    values = {}
    for folder, _folders, names in os.walk("/proc/sys/net"):
        for name in names:
            path = f"{folder}/{name}"
            if any(part in path for part in VOLATILE):
                continue
            with contextlib.suppress(OSError):
                key = path[len("/proc/sys/") :]
                values[key] = read(path).rstrip("\n")
    return values


def describe(path: str, identity: bool) -> list[Any]:
    """Return mode, uid, gid, kind and content; with `identity`, inode and times too."""
    info = os.lstat(path)
    description: list[Any] = [oct(stat.S_IMODE(info.st_mode)), info.st_uid, info.st_gid]
    if stat.S_ISLNK(info.st_mode):
        description += ["link", os.readlink(path)]
    elif stat.S_ISREG(info.st_mode):
        description += ["file", read(path)]
    elif stat.S_ISDIR(info.st_mode):
        description += ["folder", ""]
    else:
        description += ["other", ""]
    if identity:
        description += [info.st_ino, info.st_mtime_ns, info.st_ctime_ns]
    return description


def paths_below(top: str) -> Iterator[str]:
    """Yield a path, and every path below it."""
    if os.path.lexists(top):
        yield top
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            yield f"{folder}/{name}"


def snapshot(tops: Iterable[str], identity: bool) -> dict[str, Any]:
    descriptions = {}
    for top in tops:
        for path in paths_below(top):
            descriptions[path] = describe(path, identity)
    return descriptions


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
    """Remove all sysctl files, the ledger, and what a test put below /srv."""
    for name in os.listdir("/srv"):
        if name not in KEPT_IN_SRV:
            remove(f"/srv/{name}")
    if os.path.lexists(LEDGER):
        remove(LEDGER)
    for path in SYSCTL_PLACES:
        if os.path.isdir(path) and not os.path.islink(path):
            for name in os.listdir(path):
                remove(f"{path}/{name}")
        elif os.path.lexists(path):
            os.unlink(path)


def run(
    argv: list[str], env: dict[str, str], stdin: str, user: int | None, timeout: float
) -> dict[str, Any]:
    """Run a command; return its rc and its output."""
    completed = subprocess.run(
        argv,
        env=env,
        input=stdin.encode("latin-1"),
        capture_output=True,
        cwd="/",
        check=False,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        timeout=timeout,
    )
    return {
        "rc": completed.returncode,
        "stdout": completed.stdout.decode("latin-1"),
        "stderr": completed.stderr.decode("latin-1"),
    }


def boot(loader: str, interfaces: list[str], keys: list[str] | None) -> dict[str, Any]:
    """Run the real loader over the files of this host, in a new network namespace.

    loader: systemd, procps, or an init script and the sysctl that it runs, with a dash.
    Return its rc and output, and the "values" afterwards: those of the keys, or all of net.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            text = json.dumps(boot_here(loader, interfaces, keys))
        except BaseException:  # pylint: disable=broad-except
            text = json.dumps({"error": traceback.format_exc()})
        with open(write_end, "w", encoding="utf-8") as pipe:
            pipe.write(text)
        os._exit(0)
    os.close(write_end)
    with open(read_end, encoding="utf-8") as pipe:
        answer: dict[str, Any] = json.load(pipe)
    os.waitpid(child, 0)
    if "error" in answer:
        raise OSError(answer["error"])
    return answer


def make_folder() -> str:
    """Make the folder of commands that come before those of the machine, in a mount namespace."""
    os.makedirs(COMMANDS, exist_ok=True)
    mount_tmpfs(COMMANDS)
    return COMMANDS


def boot_here(loader: str, interfaces: list[str], keys: list[str] | None) -> dict[str, Any]:
    """Do the work of `boot`, in a child process that then ends."""
    enter_new_network()
    if os.path.ismount("/usr/lib/systemd"):
        call("umount2", b"/usr/lib/systemd", MNT_DETACH)
    add_interfaces(interfaces)
    argv = ["sysctl", "--system"]
    environment = dict(LOADER_ENVIRONMENT)
    script, dash, program = loader.partition("-")
    if loader == "systemd":
        argv = [SYSTEMD_SYSCTL]
    elif dash:
        argv = ["sh", "-c", f". {INIT_SCRIPTS}/{script}.sh; start"]
    if program == "busybox":
        os.symlink(f"{UNPACKED}/bin/busybox", f"{make_folder()}/sysctl")
        environment["PATH"] = f"{COMMANDS}:{environment['PATH']}"
    answer = run(argv, environment, "", None, 60)
    if keys is None:
        answer["values"] = net_values()
    else:
        answer["values"] = {key: get_key(key) for key in keys if os.path.isfile(proc_path(key))}
    return answer


REQUESTS: dict[str, Callable[..., Any]] = {
    "add_interfaces": add_interfaces,
    "boot": boot,
    "chmod": os.chmod,
    "chown": os.chown,
    "clear": clear,
    "exists": os.path.lexists,
    "get": get_key,
    "link": link,
    "mkdir": os.makedirs,
    "net_values": net_values,
    "read": read,
    "remove": remove,
    "rename": os.rename,
    "run": run,
    "set": set_key,
    "snapshot": snapshot,
    "write": write,
}


def serve() -> None:
    """Answer requests until standard input ends."""
    for line in sys.stdin:
        name, args = json.loads(line)
        try:
            answer: Any = {"ok": REQUESTS[name](*args)}
        except OSError as error:
            answer = {"errno": error.errno, "message": str(error)}
        except Exception:  # pylint: disable=broad-except
            answer = {"errno": None, "message": traceback.format_exc()}
        send(answer)


def send(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def main() -> int:
    """Make the host, and serve it from a child: process 1 of the new pid namespace."""
    options = json.loads(base64.b64decode(sys.argv[1]))
    try:
        enter_new_namespaces(options["user"])
        call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        child = os.fork()
        if child == 0:
            call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            make_file_system(options["proc_sys"], options["loader"])
            add_interfaces(options["interfaces"])
            os.chdir("/")
            send({"ok": None})
            serve()
            os._exit(0)
    except OSError as error:
        send({"errno": error.errno, "message": str(error)})
        return 1
    send({"pid": child})
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
