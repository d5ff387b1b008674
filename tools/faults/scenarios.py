# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The situations in which modules run; each is killed, and made to fail, at every system call."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from .host import IMAGE, Content, File, Link

TIME = "net.ipv4.tcp_keepalive_time"
PROBES = "net.ipv4.tcp_keepalive_probes"
INTVL = "net.ipv4.tcp_keepalive_intvl"
FIN = "net.ipv4.tcp_fin_timeout"
RETRIES = "net.ipv4.tcp_retries1"
RMEM = "net.ipv4.tcp_rmem"
FORWARD = "net.ipv4.ip_forward"
REDIRECTS = "net.ipv4.conf.all.accept_redirects"

CONNTRACK = "net.netfilter.nf_conntrack_max"

OURS = "/etc/sysctl.d/90-ansible.conf"
"""The default path of the module sysctl."""
OUR_MODULES = "/etc/modules-load.d/90-ansible-90-ansible.conf"
LATER = "/etc/sysctl.d/99-z.conf"
EARLIER = "/etc/sysctl.d/10-a.conf"

DEFAULTS = {TIME: 7200, PROBES: 9, INTVL: 75, FIN: 60}
"""The kernel's."""
DESIRED = {TIME: 3600, PROBES: 5, INTVL: 25}
INTERFACES = ("br0", "br1", "br2")
FILTER = "net.ipv4.conf.default.rp_filter"
DEVICES = ("lo", *INTERFACES)
FORWARDINGS = [f"net.ipv4.conf.{name}.forwarding" for name in DEVICES]
FILTERS = [f"net.ipv4.conf.{name}.rp_filter" for name in DEVICES]
COUPLED = {
    FORWARD: 0,
    REDIRECTS: 0,
    FILTER: 0,
    "net.ipv4.conf.default.forwarding": 0,
    **dict.fromkeys(FORWARDINGS, 0),
    "net.ipv4.conf.br0.forwarding": 1,
    **dict.fromkeys(FILTERS, 2),
    **DEFAULTS,
}
"""A host where keys are not as ip_forward would make them."""
CHANGED_ALONG = (REDIRECTS, *FORWARDINGS)
MEDIUM = {f"net.ipv4.conf.{name}.medium_id": 0 for name in INTERFACES}


class Scenario(NamedTuple):
    """A host, and the options with which a module runs on it."""

    name: str
    options: Mapping[str, Any]
    tree: Mapping[str, Content] = {}
    runtime: Mapping[str, Any] = DEFAULTS
    module: str = "sysctl"
    loader: str = "systemd"
    interfaces: tuple[str, ...] = ()
    missing_folders: tuple[str, ...] = ()
    changed_along: tuple[str, ...] = ()
    """Keys that the kernel changes along with others: a run that is killed while it restores them
    leaves what the kernel made of them."""
    lower_layer: str = ""
    """Where the lower layer is if /etc/sysctl.d is an overlay: a key of LOWER_FILE_SYSTEMS."""
    accepted_options: Mapping[str, Any] | None = None
    """Not None: the kernel refuses a value of `options`, so the run fails and undoes everything;
    with these options it succeeds."""


def sysctl(settings: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Return options of the module sysctl."""
    return {"settings": dict(settings), **options}


def conf(settings: Mapping[str, Any]) -> str:
    """Return the text of a file with these settings."""
    return "".join(f"{key} = {value}\n" for key, value in settings.items())


def posix_acl(*entries: tuple[int, int, int]) -> bytes:
    """Return an ACL of (tag, permissions, user) as system.posix_acl_access stores it (acl(5))."""
    version = 2
    acl = struct.pack("<I", version)
    for tag, permissions, user in entries:
        acl += struct.pack("<HHi", tag, permissions, user)
    return acl


ACL = posix_acl((1, 6, -1), (2, 4, 1000), (4, 4, -1), (16, 4, -1), (32, 0, -1))
"""user::rw- user:1000:r-- group::r-- mask::r-- other::---"""

LARGE_FILE = "".join(f"net.ipv4.conf.eth{n}.rp_filter = 1\n# {n}\n" for n in range(2000))

_ALL = (
    Scenario(name="first run", options=sysctl(DESIRED)),
    Scenario(
        name="change",
        options=sysctl(DESIRED),
        tree={OURS: f"# theirs\n{TIME} = 1\n{FIN} = 60\n{PROBES}=3"},
    ),
    Scenario(
        name="only the file differs",
        options=sysctl(DESIRED),
        tree={OURS: f"{TIME} = 1\n"},
        runtime={**DEFAULTS, **DESIRED},
    ),
    Scenario(
        name="only the runtime values differ",
        options=sysctl(DESIRED),
        tree={OURS: conf(DESIRED)},
    ),
    Scenario(name="persistent: false", options=sysctl(DESIRED, persistent=False)),
    Scenario(name="runtime: false", options=sysctl(DESIRED, runtime=False)),
    Scenario(
        name="absent, other settings stay",
        options=sysctl(DESIRED, state="absent"),
        tree={OURS: f"{FIN} = 60\n" + conf({TIME: 30, PROBES: 30, INTVL: 30})},
        runtime={**DEFAULTS, TIME: 30, PROBES: 30, INTVL: 30},
    ),
    Scenario(
        name="absent, no setting stays",
        options=sysctl({TIME: 7200, PROBES: 9}, state="absent"),
        tree={OURS: conf({TIME: 30, PROBES: 3})},
        runtime={**DEFAULTS, TIME: 30, PROBES: 3},
    ),
    Scenario(
        name="absent, with backup",
        options=sysctl({TIME: 7200, PROBES: None}, state="absent", backup=True),
        tree={OURS: File(content=conf({TIME: 30, PROBES: 3}), mode=0o600)},
        runtime={**DEFAULTS, TIME: 30, PROBES: 3},
    ),
    Scenario(
        name="comment_out",
        options=sysctl(DESIRED, on_override="comment_out"),
        tree={
            OURS: f"{TIME} = 1\n",
            LATER: File(content=f"# z\n{TIME} = 2\n{FIN} = 60\n", mode=0o640),
        },
    ),
    Scenario(
        name="comment_out of three files, with backup",
        options=sysctl(DESIRED, on_override="comment_out", backup=True),
        tree={
            OURS: File(content=f"{TIME} = 1\n", mode=0o600),
            LATER: f"{TIME} = 2\n",
            "/etc/sysctl.d/98-y.conf": File(content=f"{PROBES} = 2\n", mode=0o600, owner=1000),
            "/etc/sysctl.d/97-x.conf": f"net/ipv4/tcp_keepalive_intvl=2\n{FIN} = 60",
        },
    ),
    Scenario(
        name="comment_out, first run, sysctl.conf read last",
        options=sysctl(DESIRED, on_override="comment_out"),
        tree={
            "/etc/sysctl.conf": f"{INTVL} = 2\n{TIME} = 2\n",
            EARLIER: f"{FIN} = 60\n",
        },
        loader="procps",
    ),
    Scenario(
        name="backup",
        options=sysctl(DESIRED, backup=True),
        tree={OURS: File(content=f"{TIME} = 1\n", mode=0o600, owner=1000)},
    ),
    Scenario(
        name="exclusive",
        options=sysctl(DESIRED, exclusive=True),
        tree={
            OURS: f"# theirs\n{FIN} = 30\n{TIME} = 1\n",
            EARLIER: f"{FIN} = 50\n",
        },
        runtime={**DEFAULTS, FIN: 30},
    ),
    Scenario(name="tcp_keepalive", options={"profile": "gce"}, module="tcp_keepalive"),
    Scenario(
        name="tcp_keepalive absent, with backup",
        options={"state": "absent", "backup": True},
        tree={"/etc/sysctl.d/90-tcp-keepalive.conf": conf({TIME: 60, PROBES: 5, INTVL: 60})},
        runtime={**DEFAULTS, TIME: 60, PROBES: 5, INTVL: 60},
        module="tcp_keepalive",
    ),
    Scenario(
        name="a glob",
        options=sysctl({"net.ipv4.conf.br*.medium_id": 3, TIME: 3600}),
        runtime={**MEDIUM, TIME: 7200},
        interfaces=INTERFACES,
    ),
    Scenario(
        name="a link",
        options=sysctl(DESIRED, backup=True),
        tree={
            OURS: Link("/srv/sysctl-elsewhere/real.conf"),
            "/srv/sysctl-elsewhere/real.conf": f"{TIME} = 1\n",
        },
    ),
    Scenario(
        name="an overlay",
        options=sysctl(DESIRED, on_override="comment_out", backup=True),
        tree={
            OURS: f"# theirs\n{TIME} = 1\n",
            LATER: File(content=f"{PROBES} = 2\n", mode=0o640, owner=1000),
        },
        lower_layer="another file system",
    ),
    Scenario(
        name="an overlay, all in one file system",
        options=sysctl(DESIRED, on_override="comment_out"),
        tree={OURS: f"# theirs\n{TIME} = 1\n", LATER: f"{PROBES} = 2\n"},
        lower_layer="the same file system",
    ),
    Scenario(
        name="an overlay, absent",
        options=sysctl({TIME: 7200}, state="absent"),
        tree={OURS: f"{TIME} = 30\n"},
        runtime={**DEFAULTS, TIME: 30},
        lower_layer="another file system",
    ),
    Scenario(
        name="a missing folder",
        options=sysctl(DESIRED, path="/usr/local/lib/sysctl.d/95-ansible.conf"),
        missing_folders=("/usr/local/lib/sysctl.d",),
    ),
    Scenario(
        name="another mode and owner",
        options=sysctl(DEFAULTS, mode="0600", owner="1000"),
        tree={OURS: conf(DEFAULTS)},
    ),
    Scenario(
        name="ACLs and extended attributes",
        options=sysctl(DESIRED, backup=True),
        tree={
            OURS: File(
                content=f"{TIME} = 1\n",
                mode=0o640,
                owner=1000,
                attributes={"user.mark": b"x", "system.posix_acl_access": ACL},
            )
        },
    ),
    Scenario(
        name="an image",
        options=sysctl(DESIRED, root=IMAGE, runtime=False, on_override="comment_out", backup=True),
        tree={
            f"{IMAGE}{OURS}": f"{TIME} = 1\n",
            f"{IMAGE}/etc/sysctl.d/99-y.conf": f"{PROBES} = 2\n",
            f"{IMAGE}/run": None,
        },
    ),
    Scenario(
        name="load_modules, in an image",
        options=sysctl(
            {TIME: 3600, CONNTRACK: 65536},
            root=IMAGE,
            runtime=False,
            load_modules=True,
            backup=True,
        ),
        tree={
            f"{IMAGE}{OURS}": f"{TIME} = 1\n",
            f"{IMAGE}{OUR_MODULES}": f"loop\n# for {TIME}, net.sctp.max_burst\nsctp\n",
            f"{IMAGE}/run": None,
        },
    ),
    Scenario(
        name="absent, with the line of a kernel module",
        options=sysctl({TIME: 7200}, state="absent"),
        tree={
            OURS: f"{TIME} = 30\n",
            OUR_MODULES: f"# Managed by hand\n# for {TIME}\nsome_module\n",
        },
        runtime={**DEFAULTS, TIME: 30},
    ),
    Scenario(
        name="a large file",
        options=sysctl({**DESIRED, RMEM: "8192 65536 1048576"}),
        tree={OURS: LARGE_FILE},
        runtime={**DEFAULTS, RMEM: "4096 131072 6291456"},
    ),
    Scenario(
        name="refused by the kernel",
        options=sysctl({**DESIRED, RETRIES: 1000}),
        tree={OURS: f"{TIME} = 1\n"},
        runtime={**DEFAULTS, RETRIES: 3},
        accepted_options=sysctl({**DESIRED, RETRIES: 4}),
    ),
    Scenario(
        name="keys that act on others",
        options=sysctl({FORWARD: 1, REDIRECTS: 1, TIME: 3600}),
        tree={OURS: f"{TIME} = 1\n"},
        runtime=COUPLED,
        interfaces=INTERFACES,
    ),
    Scenario(
        name="refused after keys that act on others",
        options=sysctl({FORWARD: 1, FILTER: 1, RETRIES: 1000}),
        tree={OURS: f"{TIME} = 1\n"},
        runtime={**COUPLED, RETRIES: 3},
        changed_along=CHANGED_ALONG,
        interfaces=INTERFACES,
        accepted_options=sysctl({FORWARD: 1, FILTER: 1, RETRIES: 4}),
    ),
    Scenario(
        name="a value that a later key resets",  # ip_forward resets accept_redirects
        options=sysctl({REDIRECTS: 1, TIME: 3600, FORWARD: 1}),
        runtime={FORWARD: 0, **DEFAULTS, REDIRECTS: 0},
    ),
)
SCENARIOS = {scenario.name: scenario for scenario in _ALL}
