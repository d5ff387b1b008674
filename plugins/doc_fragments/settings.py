# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation of the modules says of their options. It stands here because this file is not sent to hosts, as a module is."""

from __future__ import annotations


class ModuleDocFragment:
    # What every module that changes a host has.
    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) sets the values.
      - V(absent) takes the keys out of O(path), and removes that file if nothing but our header is left in it (a link stays).
        The runtime value becomes what the next boot will then give.
        If no file gives one, it becomes the value that is stated for the key.
        If none is stated, it stays as it is, and a warning says so.
      - A key that the kernel does not have is no error with V(absent).
    type: str
    choices: [present, absent]
    default: present
  runtime:
    description:
      - Change the running kernel.
      - With V(false) no key has to be in the running kernel, and whether it would take the value is not known.
      - Either this or O(persistent) must be true.
    type: bool
    default: true
  persistent:
    description:
      - Change O(path), so that the next boot sets the values again.
      - With V(false) the values last until the reboot, or until something sets them again. No file is changed, and none stands in the way.
    type: bool
    default: true
  on_override:
    description:
      - What to do when the next boot would give a key another value than the one asked for.
        Either a line in another file wins, or O(path) is not read.
        It is not read when it is in the wrong folder, its name does not end in C(.conf), or a file of its name
        in a folder of higher priority masks it.
      - V(fail) fails before anything is written.
      - V(warn) goes on, with a warning, and lists it in RV(overridden).
      - V(comment_out) turns the lines that win into comments, in files below C(/etc) only, all in one transaction.
        It fails if that is not enough.
      - The rules are those of L(the manual page of sysctl.d,https://www.freedesktop.org/software/systemd/man/latest/sysctl.d.html)
        and L(of sysctl,https://man7.org/linux/man-pages/man8/sysctl.8.html).
    type: str
    choices: [fail, warn, comment_out]
    default: fail
  unsafe:
    description:
      - Allow a value that the kernel takes, but that is known to do harm.
      - Known today are the TCP keepalive keys.
        C(net.ipv4.tcp_keepalive_time) and C(net.ipv4.tcp_keepalive_intvl) outside 1 to 32767 (seconds), with which
        the kernel probes wrongly or never.
        C(net.ipv4.tcp_keepalive_probes) outside 1 to 127; with 0 the kernel ends healthy idle connections.
      - The ranges are those of the socket options C(TCP_KEEPIDLE), C(TCP_KEEPINTVL) and C(TCP_KEEPCNT)
        (C(MAX_TCP_KEEPIDLE) and so on in C(include/net/tcp.h) of the kernel).
    type: bool
    default: false
  root:
    description:
      - Work on the files of an image or a chroot that is mounted at this folder. Needs O(runtime=false).
      - All paths, in options and in results, are those inside it. No link leads out of it. Its own boot loader of sysctls counts.
    type: path
    default: /
  backup:
    description:
      - Keep a copy, with the time in its name, beside each file that is changed or removed. No boot loader reads the copies.
      - They are listed in RV(backup_files).
    type: bool
    default: false
attributes:
  check_mode:
    description: Runs in check mode and tells what the real run would do.
    support: full
    details: The same plan is made, from the live values and all the files. Only the kernel itself is not asked, see the notes.
  diff_mode:
    description: Shows what changes.
    support: full
    details: One difference for the kernel (C(/proc/sys)), and one for each file.
  safe_file_operations:
    description: Never leaves a file half-written, nor with wrong permissions.
    support: full
    details: >-
      Files are replaced in one step (written beside, flushed to disk, renamed). Killed at any instant, the module
      leaves each file either whole-old or whole-new.
  platform:
    description: What it runs on.
    platforms: linux
    support: full
notes:
  - To change a setting takes root, so C(become=true). To find that there is nothing to change does not.
  - Check mode cannot know what only a write shows. A value that the kernel refuses, or stores as another one
    (because it clamps it to a range), fails in the real run, and then everything is put back.
  - What something else sets after the boot loader of sysctls is out of reach. TuneD with its profiles, ufw, a network manager,
    a container engine or an application may set a key again at any time; the next run then finds and changes it back.
  - Many keys below C(net) belong to a network namespace. A container has its own, the TCP keepalive ones too, which start at the
    defaults of the kernel. What is set on the host does not reach it.
"""

    # The options of the module sysctl alone.
    SYSCTL = r"""
options:
  settings:
    description:
      - The keys and their values, as a dictionary. They are set in the order given. Give many keys in one task rather than in a loop.
      - A key is a name below C(/proc/sys) in any spelling of sysctl.d(5), such as V(net.ipv4.ip_forward) or V(net/ipv4/ip_forward).
        If the first separator is a dot, a slash stands for a dot in a name, as in V(net.ipv4.conf.eth0/100.rp_filter)
        for the interface C(eth0.100). One key must not be given in two spellings.
      - A key may hold the glob characters C(*), C(?) and C([]), which do not cross a separator. It is kept in O(path) as written,
        and applied to every key that it matches now. A key that is named wins over all globs.
        Interfaces that appear later get the value at boot or at the next run.
      - A value is an integer, a string, a boolean (V(1) or V(0)), or a list of these (joined by blanks).
        A decimal fraction has to be a string, in quotes. V(null) is for O(state=absent) only.
      - A value is compared as the kernel sees it. Any run of blanks is one blank, integers are equal by value.
      - Refused is a value that the kernel would read as another one. V(010) is octal for it, and V(3600 9) would become 3600.
        Refused are also keys that only trigger an action, such as C(vm.drop_caches), and folders of keys.
      - The values of keys that are secrets (C(net.ipv4.tcp_fastopen_key), C(net.ipv6.conf.*.stable_secret)) are shown
        as V((secret\)) in results, differences, messages and the log. They stand in O(path) in clear, so set O(mode) too.
      - What each key means is in the
        L(documentation of the kernel,https://docs.kernel.org/admin-guide/sysctl/index.html).
    type: dict
    required: true
  path:
    description:
      - The file that keeps the values. Other lines in it, comments and line ends stay byte for byte, and so does the spelling
        of a line whose value changes. Of several lines of one key one is left.
      - It has to be one that the boot loader of sysctls reads, see O(on_override). A name later in the alphabet wins.
        For systemd and procps that is a name that ends in C(.conf) in C(/etc/sysctl.d), C(/run/sysctl.d),
        C(/usr/local/lib/sysctl.d) or C(/usr/lib/sysctl.d). procps alone reads C(/etc/sysctl.conf) too.
      - The folder is made if it is missing and one of these. A link is followed, and stays. A link to C(/dev/null) is refused.
    type: path
    default: /etc/sysctl.d/90-ansible.conf
  exclusive:
    description:
      - Take all other keys out of O(path). What becomes of their runtime values is as with O(state=absent) and a value of V(null).
      - Only with O(state=present). Has no effect with O(persistent=false).
    type: bool
    default: false
  ignore_missing:
    description:
      - Keep keys that this kernel does not have (because a kernel module is not loaded yet), and globs that match nothing,
        in O(path) for later. They are listed in RV(missing). Else they are an error.
      - Interfaces that come later, and modules loaded at boot before the boot loader of sysctls runs, then get the value.
    type: bool
    default: false
  header:
    description:
      - The comment at the top of a file that the module makes. Each line of it gets a C(#) at its start if it has none.
      - It is not changed in a file that is there. Give the same one with O(state=absent), by which the module knows
        that nothing else is left in the file.
    type: str
    default: "Managed by Ansible (netops.tuning): changes made here by hand are overwritten."
  mode:
    description:
      - The permissions of O(path), as V('0644') (in quotes) or V(u=rw,go=r).
      - If it is not given, those of a file that is there stay, and a new file gets V('0644') whatever the umask.
  owner:
    description:
      - The user who owns O(path). If it is not given, that of a file that is there stays.
  group:
    description:
      - The group that owns O(path). If it is not given, that of a file that is there stays.
  unsafe_writes:
    description:
      - Has no effect. The module never writes a file in a way that could leave it half-written.
"""

    # The options of the module tcp_keepalive alone.
    TCP_KEEPALIVE = r"""
options:
  time:
    description:
      - C(net.ipv4.tcp_keepalive_time), the idle time in seconds before the first probe. 1 to 32767.
      - The default is that of O(profile). The kernel starts with 7200.
      - See L(the manual page of tcp,https://man7.org/linux/man-pages/man7/tcp.7.html).
    type: int
  probes:
    description:
      - C(net.ipv4.tcp_keepalive_probes), how many probes in a row may go unanswered before the connection ends. 1 to 127.
      - The default is that of O(profile). The kernel starts with 9.
    type: int
  intvl:
    description:
      - C(net.ipv4.tcp_keepalive_intvl), the time in seconds between probes. 1 to 32767.
      - The default is that of O(profile). The kernel starts with 75.
    type: int
  profile:
    description:
      - A published set of the three, written here as time / probes / intvl. A value that is given wins over it.
      - V(document) is 3600 / 9 / 25, the set that this collection was made for. A dead peer is noticed after 3825 s.
      - V(kernel) is 7200 / 9 / 75, with which the kernel starts (the manual page of tcp); 7875 s.
      - V(gce) is 60 / 5 / 60, from the general tips of Google Compute Engine; 360 s.
      - V(cloudfoundry_azure) is 120 / 8 / 30, from the Cloud Foundry BOSH stemcell, made for Azure
        (C(60-bosh-sysctl.conf) in bosh-linux-stemcell-builder); 360 s.
      - V(sap) is 300 / 9 / 75, from SAP note 1410736; 975 s.
      - V(cassandra) is 60 / 3 / 10, from the idle firewall settings in the DataStax documentation of Cassandra; 90 s.
      - V(mongodb) is 120 / 9 / 75, from the diagnostics FAQ of MongoDB, which gives the time alone
        (the rest is the kernel's); 795 s.
      - V(talos) is 600 / 9 / 60, from Talos Linux (C(kernel_param_defaults.go)), which leaves the probes as the kernel has them; 1140 s.
    type: str
    choices: [document, kernel, gce, cloudfoundry_azure, sap, cassandra, mongodb, talos]
    default: document
  idle_limit:
    description:
      - Seconds after which something on the path (a NAT, a firewall, a load balancer) forgets an idle connection.
        A time that is not below it is refused, and the message names the profiles that would do.
      - 240 for an Azure load balancer or public IP (4 to 30 minutes can be set; Azure documentation, load-balancer-tcp-idle-timeout).
      - 300 for the NAT of Cisco Meraki (haproxy issue 252).
      - 350 for an AWS Network Load Balancer (60 to 6000 can be set since 2024-09), Gateway Load Balancer, Network Firewall,
        and EC2 Nitro v6 (AWS What's New 2024/09; AWS documentation, ConnectionTrackingConfiguration).
      - 600 for a Google VPC (Compute Engine documentation, troubleshooting).
      - 900 for kube-proxy with IPVS (kubernetes issue 71358).
      - The profile V(document) is below none of these.
      - Neither limit is looked at with O(state=absent), nor are O(profile) and the three values.
    type: int
  dead_after_limit:
    description:
      - The longest time in seconds that a dead peer may go unnoticed. A set of which time + probes x intvl is over it is refused.
    type: int
  path:
    description:
      - The file that keeps the three values. It holds nothing else; other keys are taken out of it. Comments stay.
      - It has to be one that the boot loader of sysctls reads, see O(on_override).
    type: path
    default: /etc/sysctl.d/90-tcp-keepalive.conf
notes:
  - An open connection takes a new O(time) only when its running timer ends. Under 7200 that is up to 2 hours.
    Services with long connections have to reconnect. O(probes) and O(intvl) count from the next probe.
"""
