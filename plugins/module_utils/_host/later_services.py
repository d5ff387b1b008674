# SPDX-License-Identifier: GPL-3.0-or-later

"""Services that are known to set keys when they start. When, and whether, is not certain.

The sources of the table are in docs/boot-order.md.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from .._sysctl.doubts import Doubt
from .configuration import LaterChanges, is_enabled, read_configuration
from .files import HostFiles

_FORWARDING = ("net.ipv4.ip_forward", "net.ipv4.conf.*.forwarding")
_KUBELET_1 = ("vm.overcommit_memory", "kernel.panic_on_oops")


class Service(NamedTuple):
    """A service, the keys that it sets, and the value they get."""

    unit: str
    keys: tuple[str, ...]
    value: str | None
    evidence: tuple[str, str] | None = None
    """A file or folder, and a text in (a file of) it, without which the service sets nothing."""


SERVICES = (
    Service("docker", _FORWARDING, "1"),
    Service("docker", ("net.bridge.bridge-nf-call-ip*tables",), "1"),
    Service("libvirtd", _FORWARDING, "1", ("/etc/libvirt/qemu/networks/autostart", "<forward")),
    Service("lxc-net", _FORWARDING, "1"),
    Service("firewalld", _FORWARDING, "1", ("/etc/firewalld/zones", "<masquerade")),
    Service("firewalld", _FORWARDING, "1", ("/etc/firewalld/zones", "<forward-port")),
    Service("kubelet", _KUBELET_1, "1"),
    Service("kubelet", ("vm.panic_on_oom",), "0"),
    Service("kubelet", ("kernel.panic",), "10"),
    Service("kubelet", ("kernel.keys.root_maxkeys",), "1000000"),
    Service("kubelet", ("kernel.keys.root_maxbytes",), "25000000"),
    Service("k3s", (*_KUBELET_1, *_FORWARDING, "net.ipv6.conf.*.forwarding"), "1"),
    Service("k3s", ("net.bridge.bridge-nf-call-ip*tables",), "1"),
    Service("k3s", ("vm.panic_on_oom",), "0"),
    Service("k3s", ("kernel.panic",), "10"),
    Service("k3s", ("net.netfilter.nf_conntrack_*", "net.nf_conntrack_max"), None),
    Service(
        "keepalived",
        ("net.ipv4.conf.*.arp_ignore", "net.ipv4.conf.*.arp_filter"),
        None,
        ("/etc/keepalived", "use_vmac"),
    ),
)
_SAME_AS = {"k3s": ("k3s", "k3s-agent")}


def read(files: HostFiles) -> LaterChanges:
    """Return a doubt for each service that is enabled and sets keys."""
    doubts = []
    for service in SERVICES:
        units = _SAME_AS.get(service.unit, (service.unit,))
        enabled = [unit for unit in units if is_enabled(files, unit)]
        if enabled and _has_evidence(files, service):
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


def _has_evidence(files: HostFiles, service: Service) -> bool:
    if service.evidence is None:
        return True
    folder, text = service.evidence
    try:
        names = os.listdir(files.host_path(files.resolve(folder)))
    except OSError:
        return False
    for name in names:
        try:
            if text.encode() in read_configuration(files, f"{folder}/{name}"):
                return True
        except OSError:
            continue
    return False
