#!/usr/bin/python
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: tcp_keepalive_info
short_description: Show the TCP keepalive settings of a host and which connections they protect
version_added: 0.2.0
description:
  - Returns the three settings as they are now and as the next boot will set them, which
    established connections have keepalive, which processes own them, and which other network
    namespaces have settings of their own.
  - Connections (IPv4 and IPv6) come from the kernel's C(sock_diag), without starting a program.
    No process is stopped, traced or contacted. The ssh connection through which Ansible runs is
    not counted.
  - Changes nothing, and needs no root. What it cannot see is shown in RV(problems),
    RV(processes_unseen) and RV(namespaces).
author: the netops.tuning authors (@netops-tuning)
requirements:
  - Python 3.7 or later on the host
seealso:
  - module: netops.tuning.tcp_keepalive
  - module: netops.tuning.sysctl_info
    description: Which line of which file wins at boot.
  - name: tcp(7)
    description: The settings, and the socket options that override them.
    link: https://man7.org/linux/man-pages/man7/tcp.7.html
options:
  sockets:
    description:
      - Inspect connections and processes. It takes about one microsecond per connection, and five
        more to find its process.
    type: bool
    default: true
  process_limit:
    description:
      - The maximum number of processes to list, worst first.
      - With V(0) no process is inspected. With many connections that saves most of the work.
    type: int
    default: 20
  namespaces:
    description:
      - Inspect the other network namespaces of the host.
      - A child process of the module enters them one after the other, reads the three values, and
        exits.
    type: bool
    default: true
  assignments:
    description:
      - For each setting, also return which line of which file decides its boot value, and every
        line about it, as M(netops.tuning.sysctl_info) does. A separate task for that would cost
        half as much again as this one.
    type: bool
    default: false
  rehearse:
    description:
      - Also run the host's own sysctl loader where it can change nothing, and return what it really
        set, RV(rehearsed), and where that is not what was predicted, RV(disagreements).
      - It runs in fresh network, IPC, UTS and mount namespaces, with network interfaces of the same
        names. There everything is read-only, except the keys that belong to these namespaces.
        It has 30 seconds.
      - What cannot be tried in this way is in RV(not_rehearsed) with the reason, such as the keys
        of the whole kernel (C(vm), most of C(kernel) and C(fs)).
      - Needs root, and the capability C(CAP_SYS_ADMIN), which a container does not have.
    type: bool
    default: false
attributes:
  check_mode:
    description: Runs in check mode.
    support: full
    details: Nothing is ever changed.
  diff_mode:
    description: Shows what changes.
    support: none
    details: Nothing is ever changed.
  platform:
    description: The platforms on which it runs.
    platforms: linux
    support: full
notes:
  - Connections are those of the network namespace that the module runs in. To see those of a
    container, run it there.
  - Only the state ESTABLISHED counts. A listening socket has no peer. In CLOSE-WAIT the peer has
    closed the connection properly and the application has not closed its side, which keepalive
    cannot fix.
  - The kernel reports which timer of a connection is running, not whether C(SO_KEEPALIVE) is set.
  - Like C(ss), the module may make the kernel load its modules C(inet_diag) and C(tcp_diag).
  - The boot value includes what ufw and TuneD apply after the sysctl loader. Other software that
    may set the value later (a network manager, a container engine) is listed in RV(doubts) where
    it is known.
"""

EXAMPLES = r"""
- name: Return everything
  netops.tuning.tcp_keepalive_info:
  become: true
  register: keepalive

- name: Fail if connections are not protected
  ansible.builtin.assert:
    that: keepalive.connections.without_keepalive == 0
    fail_msg: "{{ keepalive.processes | map(attribute='command') | join(', ') }}"

- name: Name the services to restart because they still use an older, longer time
  ansible.builtin.debug:
    msg: "{{ keepalive.processes | selectattr('stale') | map(attribute='command') | unique }}"

- name: Return only the settings
  netops.tuning.tcp_keepalive_info:
    sockets: false
    namespaces: false
"""

RETURN = r"""
settings:
  description: >-
    The three settings C(net.ipv4.tcp_keepalive_*), as V(time), V(probes) and V(intvl).
  returned: success
  type: dict
  sample:
    time: {runtime: 7200, boot: 3600, certain: true, undone: true}
    probes: {runtime: 9, boot: 9, certain: true, undone: false}
    intvl: {runtime: 75, boot: null, certain: true, undone: false}
  contains:
    runtime:
      description: The value in the kernel. Null if it cannot be read.
      type: int
      sample: 7200
    boot:
      description: >-
        The value that the next boot will set. Null if no file sets one. The kernel then starts
        with 7200, 9 and 75.
      type: int
      sample: 3600
    certain:
      description: Whether nothing is known that may set another value at boot, see RV(doubts).
      type: bool
      sample: true
    undone:
      description: >-
        Whether the file that wins is older than the last boot, and the kernel has another value.
        Something set the value later, or the file was never applied. As in
        M(netops.tuning.sysctl_info).
      type: bool
      sample: true
    winner:
      description: With O(assignments), the line that wins. As in M(netops.tuning.sysctl_info).
      type: dict
    assignments:
      description: >-
        With O(assignments), all lines about the setting, in the order in which they are read. As
        in M(netops.tuning.sysctl_info).
      type: list
      elements: dict
doubts:
  description: >-
    Reasons why the next boot may end otherwise than RV(settings.boot) says, each with evidence on
    the host. A value is then not certain.
  returned: success
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
booted:
  description: When the host booted. Null if no setting is undone.
  returned: success
  type: str
  sample: "2026-01-31T12:00:00Z"
dead_after:
  description: >-
    Seconds from the last byte to C(ETIMEDOUT) if the peer is gone, time + probes x intvl of the
    kernel's values.
  returned: success
  type: int
  sample: 7875
loader:
  description: >-
    The sysctl loader that applies the files at boot, V(systemd), V(procps), or V(alpine) or V(void)
    for their init scripts. V(none) if none does: the service is masked or in no runlevel, or there
    is no init. V(unknown) if that is not known.
  returned: success
  type: str
  sample: systemd
source:
  description: >-
    V(sock_diag), or V(proc) if that is not available and C(/proc/net/tcp) was read. Null if
    connections were not inspected or are not known.
  returned: success
  type: str
  sample: sock_diag
connections:
  description: The number of connections. Null if they were not inspected or are not known.
  returned: success
  type: dict
  sample: {established: 210, with_keepalive: 180, without_keepalive: 28, unknown: 2, stale: 11}
  contains:
    established: {description: All established connections., type: int}
    with_keepalive: {description: Those with a running keepalive timer., type: int}
    without_keepalive:
      description: >-
        Those without a timer. If the peer vanishes while they wait, nobody notices.
      type: int
    unknown:
      description: >-
        Those with another timer, which hides the keepalive timer. They retransmit, or wait for a
        peer that accepts no more data.
      type: int
    stale:
      description: >-
        Those of RV(connections.with_keepalive) whose timer has longer to run than one started now
        could have (time, or intvl if that is longer). They were opened before the time was
        lowered, or their application set a longer one with C(TCP_KEEPIDLE). A connection whose
        timer has since run down to the current time is not counted.
      type: int
processes:
  description: >-
    The processes that own the connections, those with the most connections without keepalive and
    stale ones first. A connection that several processes share is counted for the one with the
    lowest PID. Empty if they were not inspected.
  returned: success
  type: list
  elements: dict
  sample:
    - pid: 812
      command: postgres
      user: postgres
      established: 40
      with_keepalive: 12
      without_keepalive: 28
      unknown: 0
      stale: 11
  contains:
    pid: {description: The process ID., type: int}
    command: {description: The command name. Null if the process has ended meanwhile., type: str}
    user:
      description: The user that it runs as. Null if the process has ended meanwhile.
      type: str
    established: {description: As in RV(connections)., type: int}
    with_keepalive: {description: As in RV(connections)., type: int}
    without_keepalive: {description: As in RV(connections)., type: int}
    unknown: {description: As in RV(connections)., type: int}
    stale: {description: As in RV(connections)., type: int}
processes_unseen:
  description: >-
    The number of established connections that belong to no process that could be inspected. They
    belong to another user, to a process outside the container that the module runs in, or to the
    kernel (NFS, for example), or have not been accepted yet. Null if no process was inspected.
  returned: success
  type: int
  sample: 0
namespaces:
  description: >-
    The other network namespaces, each listed once. Settings of the host never reach them. Empty
    if they were not inspected.
  returned: success
  type: list
  elements: dict
  sample:
    - inode: 4026532281
      name: docker-0123456789ab.scope
      processes: 3
      settings: {time: 7200, probes: 9, intvl: 75}
      differs: true
  contains:
    inode: {description: "Its number, as in C(lsns -t net).", type: int}
    name:
      description: >-
        Its name in C(ip netns), or else the name of the container or unit of its first process,
        or else the last part of the path where it is mounted. Null if there is none.
      type: str
    processes: {description: The number of visible processes in it., type: int}
    settings:
      description: "Its values of V(time), V(probes) and V(intvl). Null if they cannot be read."
      type: dict
    differs:
      description: Whether one of its values differs from RV(settings). Null if unknown.
      type: bool
rehearsed:
  description: Key -> the value that the sysctl loader set, or left, in the rehearsal.
  returned: with O(rehearse=true)
  type: dict
  sample: {net.ipv4.tcp_keepalive_time: "3600"}
disagreements:
  description: >-
    The keys for which the rehearsal gave another value than was predicted. Please report them: the
    loader is right. Keys whose prediction is not certain, see RV(settings.certain), are not here.
  returned: with O(rehearse=true)
  type: list
  elements: dict
  sample: []
  contains:
    key: {description: The key., type: str, sample: net.ipv4.icmp_ratelimit}
    boot: {description: The predicted value. Null if nothing sets it., type: str, sample: "999"}
    rehearsed: {description: The value in the rehearsal., type: str, sample: "1000"}
not_rehearsed:
  description: The keys that could not be rehearsed.
  returned: with O(rehearse=true)
  type: list
  elements: dict
  sample: [{key: vm.swappiness, reason: "it belongs to the whole kernel, or is read-only here"}]
  contains:
    key: {description: The key., type: str}
    reason: {description: Why not., type: str}
problems:
  description: What could not be inspected, and why.
  returned: success
  type: list
  elements: dict
  sample:
    - path: /proc/*/fd
      problem: >-
        this user (become root: 'become: true') may not see the sockets of 80 of 92 processes
  contains:
    path: {description: The file or files., type: str}
    line: {description: With O(assignments=true) the line., type: int}
    problem: {description: What is wrong., type: str}
failed_key:
  description: Always null.
  returned: failure
  type: str
errno:
  description: The error number of the system call that failed, if there is one.
  returned: failure
  type: int
  sample: 13
rolled_back:
  description: Always true, because nothing is ever written.
  returned: failure
  type: bool
  sample: true
"""

from ansible_collections.netops.tuning.plugins.module_utils._bootstrap import PreparedInterpreter


def main():  # type: () -> None
    """Run the module."""
    from ansible_collections.netops.tuning.plugins.module_utils._modules import tcp_keepalive_info

    tcp_keepalive_info.run()


if __name__ == "__main__":
    with PreparedInterpreter():
        main()
