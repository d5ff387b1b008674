# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run may have to do: each of these is killed, and made to fail, at every system call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

from .host import IMAGE, Content, File, Link

TIME, PROBES, INTVL = (
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_intvl",
)
FIN, RETRIES, RMEM = "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_retries1", "net.ipv4.tcp_rmem"
OURS, LATER, EARLIER = (
    "/etc/sysctl.d/90-ansible.conf",
    "/etc/sysctl.d/99-z.conf",
    "/etc/sysctl.d/10-a.conf",
)
KERNEL = {TIME: 7200, PROBES: 9, INTVL: 75, FIN: 60}
DOCUMENT = {TIME: 3600, PROBES: 5, INTVL: 25}
INTERFACES = ("br0", "br1", "br2")
MEDIUM = {f"net.ipv4.conf.{name}.medium_id": 0 for name in INTERFACES}
ACL = b"\x02\0\0\0" + b"".join(
    entry.to_bytes(2, "little")
    + mode.to_bytes(2, "little")
    + who.to_bytes(4, "little", signed=True)
    for entry, mode, who in ((1, 6, -1), (2, 4, 1000), (4, 4, -1), (16, 4, -1), (32, 0, -1))
)
"""user::rw- user:1000:r-- group::r-- mask::r-- other::---, as acl(5) is stored in system.posix_acl_access."""


@dataclass(frozen=True)
class Scenario:
    """A host, and what is asked of it."""

    name: str
    options: Mapping[str, Any]
    tree: Mapping[str, Content] = field(default_factory=dict)
    live: Mapping[str, Any] = field(default_factory=lambda: KERNEL)
    module: str = "sysctl"
    loader: str = "systemd"
    interfaces: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    """Folders that are not there."""
    remedy: Mapping[str, Any] | None = None
    """The kernel does not take one of the values, and all is taken back; with these options it goes well."""


def setting(settings: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    return {"settings": dict(settings), **options}


LINES = "".join(f"net.ipv4.conf.eth{n}.rp_filter = 1\n# {n}\n" for n in range(2000))

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("first run", setting(DOCUMENT)),
        Scenario("change", setting(DOCUMENT), {OURS: f"# theirs\n{TIME} = 1\n{FIN} = 60\n{PROBES}=3"}),
        Scenario("the file alone", setting(DOCUMENT), {OURS: f"{TIME} = 1\n"}, {**KERNEL, **DOCUMENT}),
        Scenario("the kernel alone", setting(DOCUMENT), {OURS: "".join(f"{k} = {v}\n" for k, v in DOCUMENT.items())}),
        Scenario("runtime alone", setting(DOCUMENT, persistent=False)),
        Scenario("file only, by option", setting(DOCUMENT, runtime=False)),
        Scenario(
            "absent, others stay",
            setting(DOCUMENT, state="absent"),
            {OURS: f"{FIN} = 60\n" + "".join(f"{key} = 30\n" for key in DOCUMENT)},
            {**KERNEL, TIME: 30, PROBES: 30, INTVL: 30},
        ),
        Scenario(
            "absent, nothing stays",
            setting({TIME: 7200, PROBES: 9}, state="absent"),
            {OURS: f"{TIME} = 30\n{PROBES} = 3\n"},
            {**KERNEL, TIME: 30, PROBES: 3},
        ),
        Scenario(
            "absent, with backup",
            setting({TIME: 7200, PROBES: None}, state="absent", backup=True),
            {OURS: File(f"{TIME} = 30\n{PROBES} = 3\n", 0o600)},
            {**KERNEL, TIME: 30, PROBES: 3},
        ),
        Scenario(
            "comment_out",
            setting(DOCUMENT, on_override="comment_out"),
            {OURS: f"{TIME} = 1\n", LATER: File(f"# z\n{TIME} = 2\n{FIN} = 60\n", 0o640)},
        ),
        Scenario(
            "comment_out of three files, with backup",
            setting(DOCUMENT, on_override="comment_out", backup=True),
            {
                OURS: File(f"{TIME} = 1\n", 0o600),
                LATER: f"{TIME} = 2\n",
                "/etc/sysctl.d/98-y.conf": File(f"{PROBES} = 2\n", 0o600, 1000),
                "/etc/sysctl.d/97-x.conf": f"net/ipv4/tcp_keepalive_intvl=2\n{FIN} = 60",
            },
        ),
        Scenario(
            "comment_out, first run, sysctl.conf read last",
            setting(DOCUMENT, on_override="comment_out"),
            {"/etc/sysctl.conf": f"{INTVL} = 2\n{TIME} = 2\n", EARLIER: f"{FIN} = 60\n"},
            loader="procps",
        ),
        Scenario("backup", setting(DOCUMENT, backup=True), {OURS: File(f"{TIME} = 1\n", 0o600, 1000)}),
        Scenario(
            "exclusive",
            setting(DOCUMENT, exclusive=True),
            {OURS: f"# theirs\n{FIN} = 30\n{TIME} = 1\n", EARLIER: f"{FIN} = 50\n"},
            {**KERNEL, FIN: 30},
        ),
        Scenario("tcp_keepalive", {"profile": "gce"}, module="tcp_keepalive"),
        Scenario(
            "tcp_keepalive absent, with backup",
            {"state": "absent", "backup": True},
            {"/etc/sysctl.d/90-tcp-keepalive.conf": f"{TIME} = 60\n{PROBES} = 5\n{INTVL} = 60\n"},
            {**KERNEL, TIME: 60, PROBES: 5, INTVL: 60},
            module="tcp_keepalive",
        ),
        Scenario("a glob", setting({"net.ipv4.conf.br*.medium_id": 3, TIME: 3600}), live={**MEDIUM, TIME: 7200}, interfaces=INTERFACES),
        Scenario(
            "a link",
            setting(DOCUMENT, backup=True),
            {OURS: Link("/srv/sysctl-elsewhere/real.conf"), "/srv/sysctl-elsewhere/real.conf": f"{TIME} = 1\n"},
        ),
        Scenario(
            "a folder that is not there",
            setting(DOCUMENT, path="/usr/local/lib/sysctl.d/95-ansible.conf"),
            without=("/usr/local/lib/sysctl.d",),
        ),
        Scenario("another mode and owner", setting(KERNEL, mode="0600", owner="1000"), {OURS: "".join(f"{k} = {v}\n" for k, v in KERNEL.items())}),
        Scenario(
            "ACLs and extended attributes",
            setting(DOCUMENT, backup=True),
            {OURS: File(f"{TIME} = 1\n", 0o640, 1000, {"user.mark": b"x", "system.posix_acl_access": ACL})},
        ),
        Scenario(
            "an image",
            setting(DOCUMENT, root=IMAGE, runtime=False, on_override="comment_out", backup=True),
            {f"{IMAGE}{OURS}": f"{TIME} = 1\n", f"{IMAGE}/etc/sysctl.d/99-y.conf": f"{PROBES} = 2\n", f"{IMAGE}/run": None},
        ),
        Scenario("a large file", setting({**DOCUMENT, RMEM: "8192 65536 1048576"}), {OURS: LINES}, {**KERNEL, RMEM: "4096 131072 6291456"}),
        Scenario(
            "refused by the kernel",
            setting({**DOCUMENT, RETRIES: 1000}),
            {OURS: f"{TIME} = 1\n"},
            {**KERNEL, RETRIES: 3},
            remedy=setting({**DOCUMENT, RETRIES: 4}),
        ),
        Scenario(
            "refused when read back",
            setting({"net.ipv4.conf.all.accept_redirects": 1, TIME: 3600, "net.ipv4.ip_forward": 1}),
            live={"net.ipv4.ip_forward": 0, **KERNEL, "net.ipv4.conf.all.accept_redirects": 0},
            remedy=setting({"net.ipv4.ip_forward": 1, "net.ipv4.conf.all.accept_redirects": 1, TIME: 3600}),
        ),
    )
}  # fmt: skip
