# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input is refused before anything is written, with a clear message and no traceback."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from sandbox.tasks import FIN, INTVL, OURS, PROBES, TIME, Asker, info, sysctl
from sandbox.world import NOBODY, World

SLASHES = "net/ipv4/tcp_keepalive_time"
BUFFERS = "net.core.rmem_max"
COOKIES = "net.ipv4.tcp_fastopen_key"
STABLE = "net.ipv6.conf.br0.stable_secret"
TTL = "net.ipv4.ip_default_ttl"
BOOT_VALUES = {"systemd": "3600", "procps": "3600"}


class Refused(NamedTuple):
    """A task that is refused, and a regular expression of what its message says."""

    settings: Mapping[str, Any]
    message: str
    options: Mapping[str, Any] = {}


REFUSED_KEYS = {
    "two spellings": Refused({TIME: 1, SLASHES: 1}, SLASHES),
    "dot dot among dots": Refused({"net.ipv4/../../kernel/panic": 1}, r"\.\."),
    "dot dot among slashes": Refused({"net/ipv4/../ipv4/tcp_fin_timeout": 1}, r"\.\."),
    "an absolute path": Refused(
        {"/proc/sys/net/ipv4/tcp_fin_timeout": 1},
        "/proc/sys/net/ipv4/tcp_fin_timeout",
    ),
    "a slash at the start": Refused({"/net/ipv4/tcp_fin_timeout": 1}, "starts with '/'"),
    "a folder": Refused({"net.ipv4": 1}, "folder|directory"),
    "a NUL": Refused({"net.ipv4.tcp_fin\0timeout": 1}, "."),
    "an action": Refused({"net.ipv4.route.flush": 1}, r"net\.ipv4\.route\.flush"),
    "an empty key": Refused({"": 1}, "empty"),
    "a dash": Refused({f"-{TIME}": 1}, "-"),
    "a comment": Refused({f"#{TIME}": 1}, "#"),
    "an equals sign": Refused({f"{TIME} = 1": 1}, "="),
}

REFUSED_VALUES = {
    "a newline": Refused({TIME: "3600\nnet.ipv4.ip_forward = 1"}, "newline|line"),
    "a carriage return": Refused({TIME: "3600\rx"}, "."),
    "a NUL": Refused({TIME: "3600\0"}, "NUL"),
    "null": Refused({TIME: None}, "null|value"),
    "an empty value": Refused({TIME: ""}, "''"),
    # The kernel accepts an empty value of this key, and ignores it.
    "an empty value that the kernel ignores": Refused({FIN: ""}, "''|empty"),
    "an empty value in the file": Refused({FIN: ""}, "''|empty", {"runtime": False}),
    "a float": Refused({TIME: 1.5}, "quote|float"),
    "a dict": Refused({TIME: {"a": 1}}, "."),
    "more CPUs than there are": Refused(
        {"net.core.rps_default_mask": f"1{',00000000' * 500}"}, "more CPUs .* give a mask up to"
    ),
    "octal": Refused({FIN: "010"}, "010.*8|8.*010"),
    "a large octal number": Refused({TIME: "07020"}, "3600"),
    "two numbers instead of one": Refused({TIME: "3600 9"}, "3600"),
    "a word": Refused({TIME: "abc"}, "'abc'"),
    "a word that the kernel refuses": Refused({FIN: "abc"}, "'abc' is not a number"),
    "a number with letters after it": Refused({FIN: "60abc"}, "'60abc' is not a number"),
    "a number too large for the kernel": Refused({TIME: 2147483647}, "2147483647"),
    "a number out of range": Refused({TTL: 999}, "999 is outside of the range.*give 1 to 255"),
    "a number out of range in the file": Refused(
        {TTL: 999}, "999 is outside of the range.*give 1 to 255", {"runtime": False}
    ),
    "a number out of range for a key of a module that is not loaded": Refused(
        {"net.sctp.rto_alpha_exp_divisor": 1001, TIME: 3600},
        "1001 is outside of the range.*give 0 to 1000",
        {"ignore_missing": True},
    ),
    "two numbers out of range in the file": Refused(
        {TTL: 999, "net.ipv4.tcp_retries2": 300},
        r"problems \(2\).*999 is outside.*300 is outside of the range.*give 0 to 255",
        {"runtime": False},
    ),
    "too many probes": Refused({PROBES: 256}, "256"),
    "a number that the kernel rounds, for a glob": Refused(
        {"net.ipv6.route.gc_*_ms": 30}, "^net.ipv6.route.gc_min_interval_ms: '30' is not what"
    ),
    "64 KiB": Refused({TIME: "1" * 65536}, TIME),
}

REFUSED_OPTIONS = {
    "neither runtime nor persistent": Refused(
        {TIME: 1},
        "runtime.*persistent|persistent.*runtime",
        {"runtime": False, "persistent": False},
    ),
    "exclusive with absent": Refused(
        {TIME: 1},
        "exclusive",
        {"exclusive": True, "state": "absent"},
    ),
    "root with runtime": Refused({TIME: 1}, "runtime", {"root": "/srv"}),
    "a root that does not exist": Refused(
        {TIME: 1},
        "/srv/nowhere",
        {"root": "/srv/nowhere", "runtime": False},
    ),
    "a path that is a folder": Refused(
        {TIME: 1},
        r"/etc/sysctl\.d",
        {"path": "/etc/sysctl.d"},
    ),
    "a path that ends as that of a folder": Refused(
        {TIME: 1},
        r"path '/etc/sysctl\.d/x\.conf/' names a folder, since it ends in '/'; name a file",
        {"path": "/etc/sysctl.d/x.conf/", "on_override": "warn"},
    ),
    "a path in /proc": Refused(
        {TIME: 1},
        "path '/proc/self/q.conf' leads into /proc, where no file can be kept; name a file",
        {"path": "/proc/self/q.conf", "on_override": "warn"},
    ),
    "a path in a folder that does not exist": Refused(
        {TIME: 1},
        "/srv/nowhere",
        {"path": "/srv/nowhere/x.conf", "on_override": "warn"},
    ),
    "a line end in an owner": Refused({TIME: 1}, r"no\\nbody", {"owner": "no\nbody"}),
    "a long group": Refused({TIME: 1}, "x{98}", {"group": "x" * 3000}),
    "a long path": Refused({TIME: 1}, "absolute", {"path": "x" * 3000}),
    "a relative path": Refused({TIME: 1}, r"absolute|x\.conf", {"path": "x.conf"}),
}

REFUSED: dict[str, Refused] = {}
REFUSED.update((f"key: {name}", case) for name, case in REFUSED_KEYS.items())
REFUSED.update((f"value: {name}", case) for name, case in REFUSED_VALUES.items())
REFUSED.update((f"option: {name}", case) for name, case in REFUSED_OPTIONS.items())


# --- keys, values and options ---


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_a_bad_task_is_refused_with_a_clear_message(
    world: World, ask: Asker, case: Refused
) -> None:
    result = ask.fails(world, sysctl(case.settings, **case.options))
    assert re.search(case.message, result["msg"], re.DOTALL), result["msg"]
    assert len(result["msg"]) < 2000
    assert "\n" not in result["msg"]


def test_nothing_is_written_if_only_the_last_key_is_bad(world: World, ask: Asker) -> None:
    """A trace shows that the first key was not even written and then restored."""
    strace = ["strace", "-f", "-qq", "-o", "/srv/trace", "-e", "trace=write"]
    strace += ["-P", "/proc/sys/net/ipv4/tcp_fin_timeout"]
    task = sysctl({FIN: 50, "net.ipv4.ip_forward": "1\n1"})
    ask.fails(world, task, under=strace)
    assert world.read("/srv/trace") == ""


@pytest.mark.parametrize("options", [{}, {"runtime": False}, {"persistent": False}], ids=str)
def test_on_error_skip_leaves_out_the_same_keys_in_check_mode(
    world: World, ask: Asker, options: dict[str, Any]
) -> None:
    bad = {TTL: 999, "net.ipv4.tcp_retries2": 300, BUFFERS: 5000}
    task = sysctl({**bad, FIN: 50}, on_error="skip", **options)
    predicted = ask.ok(world, task, check=True)["skipped_keys"]
    assert {entry["key"] for entry in predicted} == set(bad)
    assert all(entry["reason"].startswith(f"{entry['key']}: ") for entry in predicted)
    result = ask.ok(world, task)
    assert (result["skipped_keys"], list(result["settings"])) == (predicted, [FIN])
    ask.again(world, task)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (TIME, 0),
        (INTVL, -1),
        (PROBES, 0),
        (INTVL, 32768),
        (PROBES, 128),
    ],
)
def test_a_harmful_value_that_the_kernel_takes_is_refused(
    world: World, ask: Asker, key: str, value: int
) -> None:
    result = ask.fails(world, sysctl({key: value}))
    assert result["failed_key"] == key
    assert result["rolled_back"] is True
    assert "unsafe" in result["msg"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (TIME, 0),
        (PROBES, 0),
        (TIME, 40000),
        (PROBES, 200),
    ],
)
def test_a_harmful_value_is_set_with_unsafe(world: World, ask: Asker, key: str, value: int) -> None:
    task = sysctl({key: value}, unsafe=True)
    ask.ok(world, task)
    assert world.sysctl(key) == str(value)
    ask.again(world, task)


# --- files and folders ---


def test_a_link_to_dev_null_is_refused(world: World, ask: Asker) -> None:
    world.link(OURS, "/dev/null")
    result = ask.fails(world, sysctl({TIME: 3600}))
    assert "/dev/null" in result["msg"]


def test_a_path_that_is_not_a_regular_file_is_refused(world: World, ask: Asker) -> None:
    assert world.run(["mkfifo", OURS]).rc == 0
    assert OURS in ask.fails(world, sysctl({TIME: 3600}))["msg"]


@pytest.mark.parametrize("target", ["/nowhere", OURS], ids=["dangling", "loop"])
def test_a_link_without_a_usable_target_is_refused_and_stays(
    world: World, ask: Asker, target: str
) -> None:
    world.link(OURS, target)
    result = ask.fails(world, sysctl({TIME: 3600}))
    assert OURS in result["msg"]


def test_other_files_that_cannot_be_parsed_are_ignored_and_kept(world: World, ask: Asker) -> None:
    files = {
        "/etc/sysctl.d/10-binary.conf": bytes(range(256)) * 4,
        "/etc/sysctl.d/40-folder.conf/inner": b"x",
        "/etc/sysctl.d/50-empty.conf": b"",
        "/usr/lib/sysctl.d/60-nul.conf": b"\0" * 70000,
    }
    world.place(files)
    world.link("/etc/sysctl.d/20-dangling.conf", "/nowhere")
    world.link("/etc/sysctl.d/30-loop.conf", "30-loop.conf")
    assert world.run(["mkfifo", "/etc/sysctl.d/70-fifo.conf"]).rc == 0
    ask.ok(world, sysctl({TIME: 3600}))
    world.remove("/etc/sysctl.d/70-fifo.conf")
    assert world.boots(TIME) == BOOT_VALUES
    for path, content in files.items():
        assert world.read_bytes(path) == content


def test_a_winning_file_whose_name_is_not_utf8_is_commented_out(world: World, ask: Asker) -> None:
    script = f"echo {TIME}=1 > /etc/sysctl.d/99-$(printf '\\377').conf"
    assert world.run(["sh", "-c", script]).rc == 0
    (winner,) = ask.fails(world, sysctl({TIME: 3600}))["overridden"]
    assert winner["value"] == "1"
    assert winner["line"] == 1
    task = sysctl({TIME: 3600}, on_override="comment_out")
    assert ask.ok(world, task, diff=True).changed
    assert world.boots(TIME) == BOOT_VALUES


def test_a_missing_folder_is_made(world: World, ask: Asker) -> None:
    for folder in ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d"):
        world.remove(folder)
    ask.ok(world, sysctl({TIME: 3600}))
    assert world.files("/etc/sysctl.d")["/etc/sysctl.d"][:3] == ["0o755", 0, 0]
    assert world.boots(TIME) == BOOT_VALUES


def test_a_new_folder_is_removed_again_after_a_failure(world: World, ask: Asker) -> None:
    world.remove("/etc/sysctl.d")
    ask.fails(world, sysctl({TIME: 3600, "net.ipv4.tcp_retries1": 1000}))
    assert not world.exists("/etc/sysctl.d")


@pytest.mark.parametrize(
    ("folder", "options"),
    [
        ("/etc/sysctl.d", {}),
        ("/etc/shared", {"on_override": "comment_out", "path": "/etc/sysctl.d/95-x.conf"}),
    ],
    ids=["the folder of our file", "the folder of a commented file"],
)
def test_a_folder_that_other_users_may_write_to_is_refused(
    world: World, ask: Asker, folder: str, options: dict[str, str]
) -> None:
    """They could replace our file or its folder by one of their own."""
    world.place({OURS: f"{TIME} = 1\n", "/etc/shared/z.conf": f"{TIME} = 2\n"})
    if folder == "/etc/shared":
        world.link("/etc/sysctl.d/98-z.conf", "/etc/shared/z.conf")
    world.chmod(folder, 0o1777)
    for check in (True, False):
        result = ask.fails(world, sysctl({TIME: 3600}, **options), check=check)
        assert f"of the folder {folder} others may write to it" in result["msg"], result["msg"]


# --- /proc/sys and users ---


def test_a_read_only_proc_sys_is_an_error_unless_runtime_is_false(
    make_world: Callable[..., World], ask: Asker
) -> None:
    world = make_world(proc_sys="none")
    result = ask.fails(world, sysctl({TIME: 3600}))
    assert result["errno"] == errno.EROFS
    assert result["failed_key"] == TIME
    assert ask.ok(world, sysctl({TIME: 3600}, runtime=False)).changed


@pytest.mark.parametrize("options", [{}, {"runtime": False}, {"persistent": False}])
@pytest.mark.parametrize("key", [BUFFERS, "net.core.rmem_m*"])
def test_a_key_that_nobody_can_write_is_refused(
    world: World, ask: Asker, options: dict[str, Any], key: str
) -> None:
    before = world.sysctl(BUFFERS)
    for check in (True, False):
        result = ask.fails(world, sysctl({key: 5000, TIME: 3600}, **options), check=check)
        assert result["msg"] == (
            f"{BUFFERS}: cannot be set to '5000', neither now nor at a boot: "
            "its mode lets nobody write it on this host; leave it out"
        )
        assert (result["errno"], result["failed_key"]) == (errno.EACCES, BUFFERS)
    assert not world.exists(OURS)
    world.write("/etc/sysctl.d/99-z.conf", f"{BUFFERS} = 5000\n")
    ask.ok(world, sysctl({BUFFERS: before}))


@pytest.mark.parametrize("options", [{"persistent": False}, {"runtime": False}, {"at_least": True}])
def test_a_key_that_nobody_can_write_keeps_the_requested_value(
    world: World, ask: Asker, options: dict[str, Any]
) -> None:
    before = int(world.sysctl(BUFFERS))
    world.write("/etc/sysctl.d/99-z.conf", f"{BUFFERS} = {before + 1000}\n")
    result = ask.ok(world, sysctl({BUFFERS: before}, on_override="warn", **options))
    boot = result["settings"][BUFFERS]["boot"]
    assert boot["value"] in (None, str(before))
    assert boot["certain"]


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("net.ipv6.conf.lo.addr_gen_mode", 2, "it needs a secret; set net.ipv6.conf.lo.stable_s"),
        ("net.netfilter.nf_log.2", "nosuch", "has no such logger; give NONE, or one of nf_log_ip"),
    ],
)
def test_a_value_that_needs_what_the_kernel_lacks(
    world: World, ask: Asker, key: str, value: Any, reason: str
) -> None:
    for check in (True, False):
        task = sysctl({key: value, TIME: 3600}, on_override="warn")
        result = ask.fails(world, task, check=check)
        assert reason in result["msg"]
        assert result["failed_key"] == key
    skipped = ask.ok(world, sysctl({key: value, TIME: 3600}, persistent=False, on_error="skip"))
    assert [entry["key"] for entry in skipped["skipped_keys"]] == [key]


def test_a_key_that_nobody_can_write_where_an_image_is_built(world: World, ask: Asker) -> None:
    """In a container, what may be written says nothing of the host that will boot the image."""
    assert world.run(["rmdir", "/run/systemd/system"]).rc == 0
    task = sysctl({BUFFERS: 5000}, runtime=False)
    assert ask.ok(world, task)["loader"] == "none"
    assert f"{BUFFERS} = 5000\n" in world.read(OURS)
    ask.again(world, task)


def test_a_read_only_proc_sys_is_no_error_if_the_value_is_right(
    make_world: Callable[..., World], ask: Asker
) -> None:
    world = make_world(proc_sys="none")
    ask.ok(world, sysctl({TIME: 7200}))
    ask.again(world, sysctl({TIME: 7200}))


def test_a_missing_proc_sys_is_an_error(world: World, ask: Asker) -> None:
    assert world.run(["mount", "-t", "tmpfs", "tmpfs", "/proc/sys"]).rc == 0
    result = ask(world, sysctl({TIME: 3600}))
    assert result.failed
    assert "/proc/sys" in result["msg"]
    assert not world.exists(OURS)


@pytest.mark.parametrize(
    "options",
    [{}, {"persistent": False}, {"runtime": False}],
    ids=["runtime and file", "runtime only", "file only"],
)
def test_an_ordinary_user_is_refused(world: World, ask: Asker, options: dict[str, Any]) -> None:
    task = sysctl({TIME: 3600}, **options)
    result = ask.fails(world, task, user=NOBODY, python="/usr/bin/python3")
    assert re.search("root|become|privilege|permi", result["msg"]), result["msg"]
    assert result["errno"] in (errno.EACCES, errno.EPERM)
    assert result["rolled_back"] is True


def test_an_ordinary_user_may_run_a_task_that_changes_nothing(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 7200\n")
    ask.again(world, sysctl({TIME: 7200}), user=NOBODY, python="/usr/bin/python3")


def test_root_of_a_user_namespace_may_change_settings(
    make_world: Callable[..., World], ask: Asker
) -> None:
    world = make_world(user=NOBODY)
    task = sysctl({TIME: 3600, PROBES: 9, INTVL: 25})
    ask.ok(world, task, python="/usr/bin/python3")
    assert world.boots(TIME) == BOOT_VALUES


def test_a_later_file_that_cannot_be_read_gives_a_warning(world: World, ask: Asker) -> None:
    """It may override our file."""
    unreadable = "/etc/sysctl.d/99-secret.conf"
    world.write(OURS, f"{TIME} = 7200\n")
    world.write(unreadable, f"{TIME} = 1\n", mode=0o600)
    task = sysctl({TIME: 7200})
    result = ask.ok(world, task, check=True, user=NOBODY, python="/usr/bin/python3")
    assert any(unreadable in warning for warning in result["warnings"])


# --- the lock ---

RIVAL = """
import fcntl, os, pathlib
reader, writer = os.pipe()
if os.fork():
    os.read(reader, 1)
    os._exit(0)
lock = open("/run/netops-tuning.lock")
fcntl.flock(lock, fcntl.LOCK_EX)
os.closerange(0, 3)
os.write(writer, b"!")
while "-> FLOCK" not in pathlib.Path("/proc/locks").read_text():
    pass
ours = pathlib.Path("/etc/sysctl.d/90-ansible.conf")
ours.write_text(ours.read_text().replace("33", "44"))
"""
"""A program that holds the lock until a run waits for it, and changes our file before it ends.

Its first process returns as soon as the lock is held.
"""


def test_a_run_waits_for_the_lock_before_it_reads_the_host(world: World, ask: Asker) -> None:
    """What the holder of the lock changed meanwhile is not lost."""
    ask.ok(world, sysctl({FIN: 33}))
    assert world.run(["/usr/bin/python3", "-c", RIVAL]).rc == 0
    ask.ok(world, sysctl({TIME: 3600}))
    assert f"{FIN} = 44\n" in world.read(OURS)
    assert world.sysctl(TIME) == "3600"


# --- many keys, no keys, secrets ---


def test_ten_thousand_keys_can_be_set(world: World, ask: Asker) -> None:
    settings = {f"net.ipv4.nope{number}": number for number in range(10000)}
    settings[TIME] = 3600
    result = ask.ok(world, sysctl(settings, ignore_missing=True))
    assert len(result["missing"]) == 10000
    assert len(world.read(OURS).splitlines()) == 10002, "a header, and a line for each key"
    assert world.sysctl(TIME) == "3600"


def test_no_keys_change_nothing(world: World, ask: Asker) -> None:
    assert not ask(world, sysctl({})).changed
    assert not world.exists(OURS)


@pytest.mark.parametrize(
    ("name", "key", "secret"),
    [
        (COOKIES, COOKIES, "01234567-89abcdef-01234567-89abcdef"),
        (STABLE, STABLE, "2001:0db8:1234:5678:9abc:def0:1234:5678"),
        ("net.ipv4.tcp_fastopen_k*", COOKIES, "01234567-89abcdef-01234567-89abcdef"),
        ("net.ipv6.conf.br0.stable_*", STABLE, "2001:0db8:1234:5678:9abc:def0:1234:5678"),
    ],
)
def test_secrets_are_not_in_the_result(
    make_world: Callable[..., World], ask: Asker, name: str, key: str, secret: str
) -> None:
    """Nor in the diff, nor in the message of a failure. `invocation` is Ansible's own."""
    world = make_world(interfaces=["br0"])
    for check in (True, False, False):
        result = ask.ok(world, sysctl({name: secret}), diff=True, check=check)
        result.pop("invocation", None)
        assert secret not in str(result)
        assert {result["settings"][one]["value"] for one in (name, key)} == {"(secret)"}
    assert world.sysctl(key) == secret
    assert secret in world.read(OURS)
    assert secret not in str(ask.ok(world, info()))
    failure = ask.fails(world, sysctl({name: f"{secret}-nonsense"}))
    failure.pop("invocation", None)
    assert "nonsense" not in str(failure)
