# SPDX-License-Identifier: GPL-3.0-or-later

"""Services that are known to set keys when they start. When, and whether, is not certain.

The sources of the table are in docs/boot-order.md.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..._sysctl.files.doubts import Doubt
from ..configuration import LaterChanges, is_enabled, paths_in, read_text
from ..files import HostFiles

_IPV4 = ("net.ipv4.ip_forward", "net.ipv4.conf.*.forwarding")
_IPV6 = ("net.ipv6.conf.*.forwarding",)
_ONE = ("vm.overcommit_memory", "kernel.panic_on_oops")
_CONNTRACK = (
    "net.netfilter.nf_conntrack_max",
    "net.nf_conntrack_max",
    "net.netfilter.nf_conntrack_tcp_timeout_established",
    "net.netfilter.nf_conntrack_tcp_timeout_close_wait",
)


class Evidence(NamedTuple):
    """A text in a file, or in a file of a folder."""

    path: str
    pattern: str


class Service(NamedTuple):
    """A service, the keys that it sets, and the value they get."""

    unit: str
    keys: tuple[str, ...]
    value: str | None
    evidence: tuple[Evidence, ...] = ()
    """One of these must be there; none: the service always sets the keys."""
    unless: Evidence | None = None
    """With this, it does not."""


_DOCKER = Evidence("/etc/docker/daemon.json", r'"ip-forward"\s*:\s*false')
_LIBVIRT = Evidence(
    "/etc/libvirt/qemu/networks/autostart", r"<forward\s*/|<forward[^>]*mode=.(nat|route|open)"
)
_LIBVIRT_IPV6 = Evidence("/etc/libvirt/qemu/networks/autostart", r"<ip\b[^>]*family=.ipv6")
_LXC = Evidence("/etc/default/lxc-net", r'(?m)^\s*USE_LXC_BRIDGE="?false')
_FIREWALLD = (
    Evidence("/etc/firewalld/zones", r"<masquerade|<forward-port[^>]*to-addr="),
    Evidence("/etc/firewalld/policies", r"<masquerade|<forward-port[^>]*to-addr="),
    Evidence("/etc/firewalld/firewalld.conf", r"(?m)^DefaultZone=external"),
)
_KUBELET = Evidence("/var/lib/kubelet/config.yaml", r"(?m)^protectKernelDefaults:\s*true")
_K3S_IPV6 = (Evidence("/etc/rancher/k3s/config.yaml", r"(?m)^cluster-cidr:[^#]*:[^#]*:"),)
_K3S = Evidence("/etc/rancher/k3s/config.yaml", r"protect-kernel-defaults['\"]?\s*[:=]\s*true")
_KEEPALIVED = (Evidence("/etc/keepalived", r"(?m)^\s*use_vmac\b"),)

SERVICES = (
    Service(unit="docker", keys=_IPV4, value="1", unless=_DOCKER),
    Service(unit="docker", keys=("net.bridge.bridge-nf-call-ip*tables",), value="1"),
    Service(unit="libvirtd", keys=_IPV4, value="1", evidence=(_LIBVIRT,)),
    Service(unit="libvirtd", keys=_IPV6, value="1", evidence=(_LIBVIRT_IPV6,)),
    Service(unit="lxc-net", keys=_IPV4, value="1", unless=_LXC),
    Service(unit="firewalld", keys=_IPV4, value="1", evidence=_FIREWALLD),
    Service(unit="kubelet", keys=_ONE, value="1", unless=_KUBELET),
    Service(unit="kubelet", keys=("vm.panic_on_oom",), value="0", unless=_KUBELET),
    Service(unit="kubelet", keys=("kernel.panic",), value="10", unless=_KUBELET),
    Service(unit="kubelet", keys=("kernel.keys.root_maxkeys",), value="1000000", unless=_KUBELET),
    Service(unit="kubelet", keys=("kernel.keys.root_maxbytes",), value="25000000", unless=_KUBELET),
    Service(unit="k3s", keys=_ONE, value="1", unless=_K3S),
    Service(unit="k3s", keys=("vm.panic_on_oom",), value="0", unless=_K3S),
    Service(unit="k3s", keys=("kernel.panic",), value="10", unless=_K3S),
    Service(unit="k3s", keys=("kernel.keys.root_maxkeys",), value="1000000", unless=_K3S),
    Service(unit="k3s", keys=("kernel.keys.root_maxbytes",), value="25000000", unless=_K3S),
    Service(unit="k3s", keys=(*_IPV4, "net.bridge.bridge-nf-call-iptables"), value="1"),
    Service(unit="k3s", keys=_IPV6, value="1", evidence=_K3S_IPV6),
    Service(
        unit="k3s",
        keys=("net.bridge.bridge-nf-call-ip6tables",),
        value="1",
        evidence=_K3S_IPV6,
    ),
    Service(unit="k3s", keys=("net.core.devconf_inherit_init_net",), value="1", evidence=_K3S_IPV6),
    Service(unit="k3s", keys=_CONNTRACK, value=None),
    Service(
        unit="keepalived",
        keys=("net.ipv4.conf.*.arp_ignore", "net.ipv4.conf.*.arp_filter"),
        value="1",
        evidence=_KEEPALIVED,
    ),
    Service(
        unit="keepalived",
        keys=("net.ipv4.conf.all.rp_filter",),
        value="0",
        evidence=_KEEPALIVED,
    ),
    Service(
        unit="keepalived",
        keys=("net.ipv4.conf.default.rp_filter",),
        value=None,
        evidence=_KEEPALIVED,
    ),
)
_SAME_AS = {"k3s": ("k3s", "k3s-agent"), "libvirtd": ("libvirtd", "virtnetworkd")}


def read(files: HostFiles) -> LaterChanges:
    """Return a doubt for each service that is enabled and sets keys."""
    doubts = []
    for service in SERVICES:
        units = _SAME_AS.get(service.unit, (service.unit,))
        enabled = [unit for unit in units if is_enabled(files, unit)]
        if enabled and _sets_keys(files, service):
            doubts.append(_doubt(service, enabled[0]))
    return LaterChanges(doubts=tuple(doubts))


def _doubt(service: Service, unit: str) -> Doubt:
    value = "other values" if service.value is None else repr(service.value)
    return Doubt(
        by=unit,
        why=f"{unit}.service is enabled, and can set it to {value} when it starts",
        path=f"/etc/systemd/system/multi-user.target.wants/{unit}.service",
        remedy=f"set what {unit} sets in its own configuration",
        keys=service.keys,
        value=service.value,
    )


def _sets_keys(files: HostFiles, service: Service) -> bool:
    if service.unless and _is_there(files, service.unless):
        return False
    return not service.evidence or any(_is_there(files, one) for one in service.evidence)


def _is_there(files: HostFiles, evidence: Evidence) -> bool:
    for path in paths_in(files, evidence.path) or [evidence.path]:
        if re.search(evidence.pattern, read_text(files, path)):
            return True
    return False
