# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel modules that bring keys: tests/unit/module_keys has what Debian's kernel did."""

from __future__ import annotations

from fnmatch import fnmatchcase

MODULES = {
    "nf_conntrack": (
        "net.netfilter.nf_conntrack_*",
        "net.nf_conntrack_max",
        "net.netfilter.nf_flowtable_*",
        "net.netfilter.nf_hooks_lwtunnel",
    ),
    "br_netfilter": ("net.bridge.bridge-nf-*",),
    "ip_vs_lblc": ("net.ipv4.vs.lblc_*",),
    "ip_vs_lblcr": ("net.ipv4.vs.lblcr_*",),
    "ip_vs": ("net.ipv4.vs.*",),
    "sctp": ("net.sctp.*",),
    "lockd": ("fs.nfs.nlm_*", "fs.nfs.nsm_*"),
    "nfsv4": ("fs.nfs.idmap_*", "fs.nfs.nfs_callback_*"),
    "nfs": ("fs.nfs.*",),
    "rpcrdma": ("sunrpc.rdma_*", "sunrpc.svc_rdma.*"),
    "sunrpc": ("sunrpc.*",),
    "xfs": ("fs.xfs.*",),
    "mpls_router": ("net.mpls.*",),
    "vrf": ("net.vrf.*",),
    "dccp": ("net.dccp.*",),
    "tipc": ("net.tipc.*",),
    "smc": ("net.smc.*",),
    "rds_rdma": ("net.rds.ib.*",),
    "rds_tcp": ("net.rds.tcp.*",),
    "rds": ("net.rds.*",),
    "iw_cm": ("net.iw_cm.*",),
    "rdma_ucm": ("net.rdma_ucm.*",),
    "llc2": ("net.llc.*",),
    "appletalk": ("net.appletalk.*",),
    "netrom": ("net.netrom.*",),
    "phonet": ("net.phonet.*",),
    "rose": ("net.rose.*",),
    "ieee802154_6lowpan": ("net.ieee802154.6lowpan.*",),
    "md_mod": ("dev.raid.*",),
    "scsi_mod": ("dev.scsi.*",),
    "cdrom": ("dev.cdrom.*",),
    "parport": ("dev.parport.*",),
    "ipmi_poweroff": ("dev.ipmi.*",),
    "i915": ("dev.i915.*",),
    "coda": ("coda.*",),
    "ocfs2_stackglue": ("fs.ocfs2.*",),
}
"""Module -> its keys, for each key the first row that fits."""


def modules_of(key: str) -> tuple[str, ...]:
    """Return the module that brings a key, or all keys of a glob, nothing if none is known."""
    for module, patterns in MODULES.items():
        if any(fnmatchcase(key, pattern) for pattern in patterns):
            return (module,)
    return ()
