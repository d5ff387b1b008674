# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused, before anything is written, and what bad input gets: a clear error or the right work, and no traceback."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from typing import Any

import pytest
from sandbox.tasks import FIN, INTVL, OURS, PROBES, TIME, Asker, sysctl
from sandbox.world import NOBODY, Link, World

REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    # what, settings, options, what the message says
    (
        "two spellings",
        {TIME: 1, "net/ipv4/tcp_keepalive_time": 1},
        {},
        r"net/ipv4/tcp_keepalive_time",
    ),
    ("dots and dots", {"net.ipv4/../../kernel/panic": 1}, {}, r"\.\."),
    ("dot dot in slashes", {"net/ipv4/../ipv4/tcp_fin_timeout": 1}, {}, r"\.\."),
    (
        "absolute path",
        {"/proc/sys/net/ipv4/tcp_fin_timeout": 1},
        {},
        r"/proc/sys/net/ipv4/tcp_fin_timeout",
    ),
    ("a slash at the start", {"/net/ipv4/tcp_fin_timeout": 1}, {}, r"starts with '/'"),
    ("a folder", {"net.ipv4": 1}, {}, r"folder|directory"),
    ("a newline", {TIME: "3600\nnet.ipv4.ip_forward = 1"}, {}, r"newline|line"),
    ("a carriage return", {TIME: "3600\rx"}, {}, r"."),
    ("a NUL", {TIME: "3600\0"}, {}, r"NUL"),
    ("a NUL in the key", {"net.ipv4.tcp_fin\0timeout": 1}, {}, r"."),
    ("an action", {"net.ipv4.route.flush": 1}, {}, r"net\.ipv4\.route\.flush"),
    ("no value", {TIME: None}, {}, r"null|value"),
    ("an empty value", {TIME: ""}, {}, r"''"),
    ("an empty value, which the kernel takes and forgets", {FIN: ""}, {}, r"''|empty"),
    ("an empty value, kept for the boot", {FIN: ""}, {"runtime": False}, r"''|empty"),
    ("an empty key", {"": 1}, {}, r"empty"),
    ("a dash", {f"-{TIME}": 1}, {}, r"-"),
    ("a comment", {f"#{TIME}": 1}, {}, r"#"),
    ("an equals sign", {f"{TIME} = 1": 1}, {}, r"="),
    ("a float", {TIME: 1.5}, {}, r"quote|float"),
    ("a dict", {TIME: {"a": 1}}, {}, r"."),
    (
        "neither runtime nor file",
        {TIME: 1},
        {"runtime": False, "persistent": False},
        r"runtime.*persistent|persistent.*runtime",
    ),
    ("exclusive and absent", {TIME: 1}, {"exclusive": True, "state": "absent"}, r"exclusive"),
    ("a root with a kernel", {TIME: 1}, {"root": "/srv"}, r"runtime"),
    (
        "a root that is not there",
        {TIME: 1},
        {"root": "/srv/nowhere", "runtime": False},
        r"/srv/nowhere",
    ),
    ("a path that is a folder", {TIME: 1}, {"path": "/etc/sysctl.d"}, r"/etc/sysctl\.d"),
    (
        "a path below nothing",
        {TIME: 1},
        {"path": "/srv/nowhere/x.conf", "on_override": "warn"},
        r"/srv/nowhere",
    ),
    ("a relative path", {TIME: 1}, {"path": "x.conf"}, r"absolute|x\.conf"),
    ("octal", {FIN: "010"}, {}, r"010.*8|8.*010"),
    ("octal, large", {TIME: "07020"}, {}, r"3600"),
    ("two numbers for one", {TIME: "3600 9"}, {}, r"3600"),
    ("a word", {TIME: "abc"}, {}, r"'abc'"),
    ("a word that the kernel refuses", {FIN: "abc"}, {}, r"nvalid argument"),
    ("a number with a tail", {FIN: "60abc"}, {}, r"nvalid argument"),
    ("too large for the kernel", {TIME: 2147483647}, {}, r"2147483647"),
    ("too many probes", {PROBES: 256}, {}, r"256"),
    ("a value of 64 KiB", {TIME: "1" * 65536}, {}, TIME),
]

HARMFUL = [(TIME, 0), (INTVL, -1), (PROBES, 0), (INTVL, 32768), (PROBES, 128)]


@pytest.mark.parametrize(
    ("settings", "options", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused(
    world: World, ask: Asker, settings: dict[str, Any], options: dict[str, Any], says: str
) -> None:
    result = ask.fails(world, sysctl(settings, **options))
    assert re.search(says, result["msg"], re.DOTALL), result["msg"]
    assert len(result["msg"]) < 2000


def test_several_mistakes_are_found_before_anything_is_written(world: World, ask: Asker) -> None:
    """The bad key comes last: strace would show that the first was never written; here its value tells."""
    trace = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/srv/trace",
        "-e",
        "trace=write",
        "-P",
        "/proc/sys/net/ipv4/tcp_fin_timeout",
    ]
    ask.fails(world, sysctl({FIN: 50, "net.ipv4.ip_forward": "1\n1"}), under=trace)
    assert world.read("/srv/trace") == ""


@pytest.mark.parametrize(("key", "value"), HARMFUL)
def test_values_that_the_kernel_takes_and_that_do_harm(
    world: World, ask: Asker, key: str, value: int
) -> None:
    result = ask.fails(world, sysctl({key: value}))
    assert (result["failed_key"], result["rolled_back"]) == (key, True)
    assert "unsafe" in result["msg"]


@pytest.mark.parametrize(("key", "value"), [(TIME, 0), (PROBES, 0), (TIME, 40000), (PROBES, 200)])
def test_unsafe_allows_them(world: World, ask: Asker, key: str, value: int) -> None:
    task = sysctl({key: value}, unsafe=True)
    ask.ok(world, task)
    assert world.sysctl(key) == str(value)
    ask.again(world, task)


def test_a_path_that_is_a_link_to_dev_null(world: World, ask: Asker) -> None:
    world.link(OURS, "/dev/null")
    result = ask.fails(world, sysctl({TIME: 3600}))
    assert "/dev/null" in result["msg"]


def test_a_path_that_is_no_regular_file(world: World, ask: Asker) -> None:
    assert world.run(["mkfifo", OURS]).rc == 0
    assert OURS in ask.fails(world, sysctl({TIME: 3600}))["msg"]


@pytest.mark.parametrize("target", ["/nowhere", "loop"])
def test_a_path_that_is_a_link_to_nothing(world: World, ask: Asker, target: str) -> None:
    """The link is followed: its target is made where that can be, else refused; the link stays."""
    world.link(OURS, OURS if target == "loop" else target)
    result = ask.fails(world, sysctl({TIME: 3600}))
    assert OURS in result["msg"]


def test_other_files_that_cannot_be_understood_are_no_matter(world: World, ask: Asker) -> None:
    awkward = {
        "/etc/sysctl.d/10-binary.conf": bytes(range(256)) * 4,
        "/etc/sysctl.d/20-dangling.conf": Link("/nowhere"),
        "/etc/sysctl.d/30-loop.conf": Link("30-loop.conf"),
        "/etc/sysctl.d/40-folder.conf/inner": "x",
        "/etc/sysctl.d/50-empty.conf": "",
        "/usr/lib/sysctl.d/60-nul.conf": b"\0" * 70000,
    }
    world.place(awkward)
    assert world.run(["mkfifo", "/etc/sysctl.d/70-fifo.conf"]).rc == 0
    ask.ok(world, sysctl({TIME: 3600}))
    world.remove("/etc/sysctl.d/70-fifo.conf")
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}
    for path, content in awkward.items():
        assert isinstance(content, Link) or world.read_bytes(path) == (
            content.encode() if isinstance(content, str) else content
        )


def test_names_that_are_not_utf8(world: World, ask: Asker) -> None:
    assert (
        world.run(["sh", "-c", f"echo {TIME}=1 > /etc/sysctl.d/99-$(printf '\\377').conf"]).rc == 0
    )
    (entry,) = ask.fails(world, sysctl({TIME: 3600}))["overridden"]
    assert (entry["value"], entry["line"]) == ("1", 1)
    assert ask.ok(world, sysctl({TIME: 3600}, on_override="comment_out"), diff=True).changed
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}


def test_no_folder_of_settings_at_all(world: World, ask: Asker) -> None:
    for folder in ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d"):
        world.remove(folder)
    ask.ok(world, sysctl({TIME: 3600}))
    assert world.files("/etc/sysctl.d")["/etc/sysctl.d"][:3] == ["0o755", 0, 0]
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}


def test_a_folder_made_for_nothing_is_taken_away(world: World, ask: Asker) -> None:
    world.remove("/etc/sysctl.d")
    ask.fails(world, sysctl({TIME: 3600, "net.ipv4.tcp_retries1": 1000}))
    assert not world.exists("/etc/sysctl.d")


def test_proc_sys_all_read_only(make_world: Callable[..., World], ask: Asker) -> None:
    world = make_world(proc_sys="none")
    result = ask.fails(world, sysctl({TIME: 3600}))
    assert (result["errno"], result["failed_key"]) == (errno.EROFS, TIME)
    assert ask.ok(world, sysctl({TIME: 3600}, runtime=False)).changed, "the file can still be made"


def test_proc_sys_all_read_only_but_all_right(make_world: Callable[..., World], ask: Asker) -> None:
    """What has its value already needs no write."""
    world = make_world(proc_sys="none")
    ask.ok(world, sysctl({TIME: 7200}))
    ask.again(world, sysctl({TIME: 7200}))


def test_no_proc_sys(world: World, ask: Asker) -> None:
    assert world.run(["mount", "-t", "tmpfs", "tmpfs", "/proc/sys"]).rc == 0
    result = ask(world, sysctl({TIME: 3600}))
    assert result.failed
    assert "/proc/sys" in result["msg"]
    assert not world.exists(OURS)


@pytest.mark.parametrize("options", [{}, {"persistent": False}, {"runtime": False}])
def test_an_ordinary_user(world: World, ask: Asker, options: dict[str, Any]) -> None:
    result = ask.fails(
        world, sysctl({TIME: 3600}, **options), user=NOBODY, python="/usr/bin/python3"
    )
    assert re.search(r"root|become|privilege|permi", result["msg"]), result["msg"]
    assert result["errno"] in (errno.EACCES, errno.EPERM)
    assert result["rolled_back"] is True


def test_an_ordinary_user_with_nothing_to_do(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 7200\n")
    ask.again(world, sysctl({TIME: 7200}), user=NOBODY, python="/usr/bin/python3")


def test_an_ordinary_user_who_is_root_in_his_own_namespace(
    make_world: Callable[..., World], ask: Asker
) -> None:
    world = make_world(user=NOBODY)
    ask.ok(world, sysctl({TIME: 3600, PROBES: 9, INTVL: 25}), python="/usr/bin/python3")
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}


def test_a_file_that_may_not_be_read_may_override(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 7200\n")
    world.write("/etc/sysctl.d/99-secret.conf", f"{TIME} = 1\n", mode=0o600)
    result = ask.ok(world, sysctl({TIME: 7200}), check=True, user=NOBODY, python="/usr/bin/python3")
    assert any("/etc/sysctl.d/99-secret.conf" in warning for warning in result["warnings"])


@pytest.mark.parametrize(
    "options", [{}, {"on_override": "comment_out", "path": "/etc/sysctl.d/95-x.conf"}]
)
def test_a_folder_that_others_may_write_to(
    world: World, ask: Asker, options: dict[str, str]
) -> None:
    """They could put another file in the place of ours, or another folder in the place of its own."""
    world.place({OURS: f"{TIME} = 1\n", "/etc/shared/z.conf": f"{TIME} = 2\n"})
    where = "/etc/shared" if options else "/etc/sysctl.d"
    if options:
        world.link("/etc/sysctl.d/98-z.conf", "/etc/shared/z.conf")
    world.chmod(where, 0o1777)
    for check in (True, False):
        result = ask.fails(world, sysctl({TIME: 3600}, **options), check=check)
        assert f"of the folder {where} others may write to it" in result["msg"], result["msg"]


RIVAL = """
import fcntl, os, pathlib
told, tell = os.pipe()
if os.fork():
    os.read(told, 1)
    os._exit(0)
lock = open("/run/netops-tuning.lock")
fcntl.flock(lock, fcntl.LOCK_EX)
os.closerange(0, 3)
os.write(tell, b"!")
while "-> FLOCK" not in pathlib.Path("/proc/locks").read_text():
    pass
ours = pathlib.Path("/etc/sysctl.d/90-ansible.conf")
ours.write_text(ours.read_text().replace("33", "44"))
"""
"""It holds the lock until somebody waits for it, and has changed our file by then."""


def test_a_lock_that_another_program_has(world: World, ask: Asker) -> None:
    """The run waits until it is free, and only then looks at the host: what the other one did is not lost."""
    ask.ok(world, sysctl({FIN: 33}))
    assert world.run(["/usr/bin/python3", "-c", RIVAL]).rc == 0
    ask.ok(world, sysctl({TIME: 3600}))
    assert f"{FIN} = 44\n" in world.read(OURS)
    assert world.sysctl(TIME) == "3600"


def test_ten_thousand_keys(world: World, ask: Asker) -> None:
    settings = {f"net.ipv4.nope{n}": n for n in range(10000)}
    result = ask.ok(world, sysctl({**settings, TIME: 3600}, ignore_missing=True))
    assert len(result["missing"]) == 10000
    assert len(world.read(OURS).splitlines()) == 10002
    assert world.sysctl(TIME) == "3600"


def test_no_keys_at_all(world: World, ask: Asker) -> None:
    assert not ask(world, sysctl({})).changed
    assert not world.exists(OURS)


@pytest.mark.parametrize("key", ["net.ipv4.tcp_fastopen_key", "net.ipv6.conf.br0.stable_secret"])
def test_secrets_are_not_told(make_world: Callable[..., World], ask: Asker, key: str) -> None:
    secrets = {
        "net.ipv4.tcp_fastopen_key": "01234567-89abcdef-01234567-89abcdef",
        "net.ipv6.conf.br0.stable_secret": "2001:0db8:1234:5678:9abc:def0:1234:5678",
    }
    world = make_world(interfaces=["br0"])
    for how in ({"check": True}, {}, {}):
        result = ask.ok(world, sysctl({key: secrets[key]}), diff=True, **how)
        result.pop("invocation", None)
        assert secrets[key] not in str(result)
        assert result["settings"][key]["value"] == "(secret)"
    assert world.sysctl(key) == secrets[key]
    assert secrets[key] in world.read(OURS)
    failed = ask.fails(world, sysctl({key: f"{secrets[key]}-nonsense"}))
    failed.pop("invocation", None)
    assert "nonsense" not in str(failed)
