#!/usr/bin/python
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: tcp_keepalive
short_description: Set TCP keepalive now and for every boot
version_added: 0.1.0
description:
  - Sets the three TCP keepalive values of the kernel, in the same way as M(netops.tuning.sysctl),
    under shorter names.
  - It sets all three values of O(profile), or only those that are given. Without either it sets
    those of the profile V(one_hour).
  - After O(time) seconds without traffic the kernel sends a probe, and then another one every
    O(intvl) seconds. After O(probes) unanswered probes the connection ends with C(ETIMEDOUT),
    time + probes x intvl seconds after the last byte.
  - The values apply to IPv6 too. They apply only to sockets with C(SO_KEEPALIVE). What an
    application sets itself (C(TCP_KEEPIDLE), C(TCP_KEEPINTVL), C(TCP_KEEPCNT)) overrides them.
  - With O(state=absent) the three values go back to 7200 / 9 / 75, unless another file sets them.
author: the netops.tuning authors (@netops-tuning)
requirements:
  - Python 3.7 or later on the host
extends_documentation_fragment:
  - netops.tuning.settings
seealso:
  - module: netops.tuning.sysctl
  - module: netops.tuning.sysctl_info
  - module: netops.tuning.tcp_keepalive_info
options:
  from_variables:
    description:
      - The contract between the role and this module. The value is a variable prefix. An option
        that is not given is read from the variable with this prefix and the option's name. With
        V(tcp_keepalive_), O(time) is read from the variable C(tcp_keepalive_time).
      - A variable that is undefined, null or C(omit) sets no option. It is an error if no
        variable sets one.
      - The role uses this because passing a template for each option costs the controller 1.5
        times the CPU time.
    type: str
    version_added: 0.2.0
  time:
    description:
      - C(net.ipv4.tcp_keepalive_time), the idle time in seconds before the first probe. 1 to
        32767.
      - If not given, it is that of O(profile), or stays as it is. The kernel's default is 7200.
      - See L(the manual page of tcp,https://man7.org/linux/man-pages/man7/tcp.7.html).
    type: int
  probes:
    description:
      - C(net.ipv4.tcp_keepalive_probes), the number of consecutive unanswered probes after which
        the connection ends. 1 to 127.
      - If not given, it is that of O(profile), or stays as it is. The kernel's default is 9.
    type: int
  intvl:
    description:
      - C(net.ipv4.tcp_keepalive_intvl), the time in seconds between probes. 1 to 32767.
      - If not given, it is that of O(profile), or stays as it is. The kernel's default is 75.
    type: int
  profile:
    description:
      - A published set of the three values, written here as time / probes / intvl. A value given
        explicitly overrides it.
      - If neither a profile nor a value is given, it is V(one_hour). With O(time), O(probes) or
        O(intvl) and without a profile, only the values that are given are set. The others stay as
        they are, in the kernel and in O(path).
      - V(one_hour) is 3600 / 9 / 25, the first probe after an hour. A dead peer is noticed after
        3825 s. In version 0.1.0 it was called V(document); that name still works.
      - V(kernel) is 7200 / 9 / 75, the kernel's defaults (the manual page of tcp); 7875 s.
      - V(aws) is 45 / 9 / 75, from the troubleshooting pages of the Amazon Bedrock user guide,
        which give only the time (the others are the kernel's); 720 s. It is for NAT gateways, VPC
        endpoints and load balancers of AWS.
      - V(gce) is 60 / 5 / 60, from the general tips of Google Compute Engine; 360 s.
      - V(cloudfoundry_azure) is 120 / 8 / 30, from the Cloud Foundry BOSH stemcell, made for
        Azure (C(60-bosh-sysctl.conf) in bosh-linux-stemcell-builder); 360 s.
      - V(sap) is 300 / 9 / 75, from SAP note 1410736; 975 s.
      - V(cassandra) is 60 / 3 / 10, from the idle firewall settings in the DataStax documentation
        of Cassandra; 90 s.
      - V(mongodb) is 120 / 9 / 75, from the diagnostics FAQ of MongoDB, which gives only the time
        (the others are the kernel's); 795 s.
      - V(oracle_rac) is 30 / 9 / 60, from Red Hat's tuning guide for Oracle on Red Hat Enterprise
        Linux 5, for the failover of Oracle RAC; 570 s.
      - V(rabbitmq) is 30 / 4 / 10, from the RabbitMQ documentation (Networking, TCP keepalives);
        70 s.
      - V(talos) is 600 / 9 / 60, from Talos Linux (C(kernel_param_defaults.go)), which keeps the
        kernel's number of probes; 1140 s.
    type: str
    choices:
      - one_hour
      - kernel
      - aws
      - gce
      - cloudfoundry_azure
      - sap
      - cassandra
      - mongodb
      - oracle_rac
      - rabbitmq
      - talos
      - document
  idle_limit:
    description:
      - Seconds after which a device on the path (NAT, firewall, load balancer) drops an idle
        connection. A time that is not below it is refused, and the message names the profiles
        that are below it. If time + intvl is not below it, the module warns, since a single lost
        probe is then too many.
      - 240 for an Azure load balancer (4 to 100 minutes can be set; Azure documentation,
        load-balancer-tcp-idle-timeout).
      - 300 for the NAT of Cisco Meraki (haproxy pull request 252).
      - 350 for a NAT gateway and a VPC endpoint of AWS (AWS blog, Implementing long-running TCP
        connections within VPC networking).
      - 350 for an AWS Network Load Balancer. For its TCP listeners 60 to 6000 can be set, for TLS
        listeners 350 is fixed (Elastic Load Balancing documentation, update-idle-timeout).
      - 350 for an AWS Gateway Load Balancer, Network Firewall, and EC2 Nitro v6 (AWS documentation,
        ConnectionTrackingConfiguration).
      - 600 for a Google VPC (Compute Engine documentation, troubleshooting).
      - 900 for kube-proxy with IPVS (kubernetes issue 71358).
      - 1200 for Google Cloud NAT (Compute Engine API, tcpEstablishedIdleTimeoutSec).
      - 1800 for the outbound connections of AKS (4 to 120 minutes can be set; Azure API,
        ManagedClusterLoadBalancerProfile).
      - The profile V(one_hour) is below none of these.
      - With O(state=absent), this limit, O(dead_after_limit), O(profile) and the three values are
        ignored.
    type: int
  dead_after_limit:
    description:
      - The longest time in seconds that a dead peer may go unnoticed. Values whose time + probes
        x intvl exceeds it are refused.
    type: int
  path:
    description:
      - The file that stores the values. It holds nothing else; other keys than the three are
        removed from it. Comments stay.
      - The host's sysctl loader must read this file, see O(on_override). A path that ends in a
        slash or leads into C(/proc) or C(/sys) is refused.
    type: path
    default: /etc/sysctl.d/90-tcp-keepalive.conf
notes:
  - An open connection uses a new O(time) only after its running timer ends, which takes up to 2
    hours with 7200. Services with long-lived connections have to reconnect. O(probes) and
    O(intvl) take effect from the next probe on.
"""

EXAMPLES = r"""
- name: Set 3600 / 9 / 25
  netops.tuning.tcp_keepalive:

- name: Use a published set behind a load balancer that drops idle connections after 350 s
  netops.tuning.tcp_keepalive:
    profile: gce
    idle_limit: 350

- name: Set only the idle time, and leave the other two values as they are
  netops.tuning.tcp_keepalive:
    time: 120

- name: Use other values, with a dead peer noticed within 5 minutes
  netops.tuning.tcp_keepalive:
    time: 120
    probes: 6
    intvl: 20
    dead_after_limit: 300

- name: Override other files, and keep backup copies
  netops.tuning.tcp_keepalive:
    on_override: comment_out
    backup: true

- name: Set the values until the reboot only
  netops.tuning.tcp_keepalive:
    profile: cassandra
    persistent: false

- name: Set the values in an image
  netops.tuning.tcp_keepalive:
    root: /mnt/image
    runtime: false

- name: Wait longer than a socket option allows
  netops.tuning.tcp_keepalive:
    time: 86400
    unsafe: true

- name: Go back to the kernel's defaults
  netops.tuning.tcp_keepalive:
    state: absent
"""

RETURN = r"""
changed_keys:
  description: The keys whose runtime value changes.
  returned: as settings
  type: list
  elements: str
  sample: [net.ipv4.tcp_keepalive_time]
  version_added: 0.2.0
changed_files:
  description: The files that change.
  returned: as settings
  type: list
  elements: str
  sample: [/etc/sysctl.d/90-tcp-keepalive.conf]
  version_added: 0.2.0
rollout:
  description: The name of the rollout.
  returned: with O(rollout)
  type: str
  sample: keepalive 2026-11
  version_added: 0.2.0
dead_after:
  description: >-
    Seconds from the last byte to C(ETIMEDOUT) if the peer is gone, time + probes x intvl. Null if
    unknown.
  returned: success
  type: int
  sample: 3825
settings:
  description: >-
    One entry for each of the keys that are set, and for any other key that is removed from the
    file, with the fields listed here. All values are strings, or null.
  returned: success, and failure once the plan is made
  type: dict
  sample:
    net.ipv4.tcp_keepalive_time:
      value: "3600"
      runtime: {before: "7200", after: "3600"}
      persistent: {before: null, after: "3600"}
      boot:
        value: "3600"
        path: /etc/sysctl.d/90-tcp-keepalive.conf
        line: 2
        by: systemd-sysctl
        certain: true
  contains:
    value: {description: The requested value., type: str, sample: "3600"}
    runtime:
      description: The value in the kernel.
      type: dict
      contains:
        before: {description: The value before the run., type: str, sample: "7200"}
        after: {description: The value after the run., type: str, sample: "3600"}
    persistent:
      description: The value in RV(path). Null if the key is not in it.
      type: dict
      contains:
        before: {description: The value before the run., type: str, sample: "7200"}
        after: {description: The value after the run., type: str, sample: "3600"}
    boot:
      description: What the next boot will set. The values are null if no file sets the key.
      type: dict
      contains:
        value: {description: The value., type: str, sample: "3600"}
        path: {description: The file that wins., type: str, sample: /etc/sysctl.d/99-z.conf}
        line: {description: The line in that file., type: int, sample: 2}
        by:
          description: >-
            The program that reads the line and sets the value, V(systemd-sysctl) or V(procps), or
            one that comes later, such as V(ufw) or V(tuned). V(kernel) for the command line.
          type: str
          sample: systemd-sysctl
          version_added: 0.2.0
        certain:
          description: Whether nothing is known that may set another value, see RV(doubts).
          type: bool
          sample: true
          version_added: 0.2.0
previous:
  description: >-
    The runtime values before the run, ready to be passed to M(netops.tuning.sysctl) as settings.
  returned: as settings
  type: dict
  sample: {net.ipv4.tcp_keepalive_time: "7200"}
overridden:
  description: Keys to which the next boot will give another value than the requested one.
  returned: as settings
  type: list
  elements: dict
  sample:
    - key: net.ipv4.tcp_keepalive_time
      value: "1"
      path: /etc/sysctl.d/99-z.conf
      line: 3
      by: systemd-sysctl
  contains:
    key: {description: The key., type: str}
    value: {description: The value that it gets. Null if none., type: str}
    path: {description: The file that wins. Null if no file sets the key., type: str}
    line: {description: The line in that file., type: int}
    by: {description: The program that reads it., type: str, version_added: 0.2.0}
doubts:
  description: >-
    Reasons why the next boot may end otherwise than RV(settings.boot) says, each with evidence on
    the host. A value is then not certain. Empty with O(on_doubt=ignore).
  returned: as settings
  type: list
  elements: dict
  sample:
    - affected_keys: [net.ipv4.ip_forward]
      by: docker
      why: docker.service is enabled, and can set it to '1' when it starts
      path: /etc/systemd/system/multi-user.target.wants/docker.service
      line: null
      remedy: set what docker sets in its own configuration
  contains:
    affected_keys: {description: The keys., type: list, elements: str}
    by: {description: Who may set the keys. V(none) if nothing applies the files., type: str}
    why: {description: What makes that likely., type: str}
    path: {description: Where that can be seen., type: str}
    line: {description: The line in that file. Null if it is not about a single line., type: int}
    remedy: {description: What makes the value certain., type: str}
  version_added: 0.2.0
undone:
  description: >-
    Keys to set that a file set already at the last boot, without lasting effect. That file is older
    than the boot, and the kernel has another value. Something set the key later, or the file was
    never applied, so the next boot may end the same. There is a warning too.
  returned: as settings
  type: list
  elements: dict
  sample:
    - key: net.ipv4.tcp_keepalive_time
      value: "300"
      path: /etc/sysctl.d/90-tcp-keepalive.conf
      line: 2
      by: systemd-sysctl
      runtime: "7200"
      booted: "2026-01-31T12:00:00Z"
  contains:
    key: {description: The key., type: str}
    value: {description: The value that the file gives it., type: str}
    path: {description: The file that wins at boot., type: str}
    line: {description: The line in that file., type: int}
    by: {description: The program that reads it., type: str}
    runtime: {description: The value in the kernel before the run., type: str}
    booted: {description: The time at which the host booted., type: str}
  version_added: 0.2.0
omitted:
  description: >-
    How many entries of RV(settings) the result of a failure leaves out, as not different.
  returned: failure once the plan is made
  type: int
  sample: 2
  version_added: 0.2.0
missing:
  description: >-
    With O(state=absent), the keys that this kernel does not have. Otherwise such a key is an
    error.
  returned: as settings
  type: list
  elements: str
  sample: []
irreversible:
  description: >-
    Keys whose new value cannot be taken back before a reboot, each with the reason: the kernel
    refuses the way back, removes IPv6 addresses and routes, or gives an interface a secret. They
    are written last, when all else is done. After a failure, the message says whether they were
    written.
  returned: as settings
  type: list
  elements: dict
  sample: [{key: kernel.kexec_load_disabled, reason: the kernel takes no 0 after a 1}]
  contains:
    key: {description: The key., type: str}
    reason: {description: Why it stays., type: str}
  version_added: 0.2.0
path:
  description: The file, by the path under which the sysctl loader reads it.
  returned: as settings
  type: str
  sample: /etc/sysctl.d/90-tcp-keepalive.conf
loader:
  description: >-
    The sysctl loader that applies the files at boot, V(systemd), V(procps), or V(alpine) or V(void)
    for their init scripts. V(none) if none does: the service is masked or in no runlevel, or there
    is no init. V(unknown) if that is not known.
  returned: as settings
  type: str
  sample: systemd
diff:
  description: >-
    The changes, first in the kernel, then in each file. The first header tells where the values
    come from.
  returned: as settings
  type: list
  elements: dict
  sample:
    - before_header: /proc/sys
      after_header: "/proc/sys # profile one_hour (3600 / 9 / 25)"
      before: "net.ipv4.tcp_keepalive_intvl = 75\n"
      after: "net.ipv4.tcp_keepalive_intvl = 25\n"
  contains:
    before_header: {description: V(/proc/sys) or the file., type: str}
    after_header: {description: V(/proc/sys) or the file after the run., type: str}
    before: {description: The text before the run., type: str}
    after: {description: The text after the run., type: str}
backup_files:
  description: The backup copies that were made.
  returned: success
  type: list
  elements: str
  sample: [/etc/sysctl.d/90-tcp-keepalive.conf.4242.2026-01-31@12:00:00~]
failed_key:
  description: The key that caused the failure, if a single key did.
  returned: failure
  type: str
  sample: net.ipv4.tcp_keepalive_time
errno:
  description: The error number of the system call that failed, if there is one.
  returned: failure
  type: int
  sample: 22
rolled_back:
  description: >-
    Whether the host is as it was before. If not, the message says what could not be restored.
  returned: failure
  type: bool
  sample: true
"""

from ansible_collections.netops.tuning.plugins.module_utils._bootstrap import PreparedInterpreter


def main():  # type: () -> None
    """Run the module."""
    from ansible_collections.netops.tuning.plugins.module_utils._modules import tcp_keepalive

    tcp_keepalive.run()


if __name__ == "__main__":
    with PreparedInterpreter():
        main()
