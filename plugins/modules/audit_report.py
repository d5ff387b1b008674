#!/usr/bin/python
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: audit_report
short_description: Write one report of the TCP keepalive settings of all hosts in a play
version_added: 0.2.0
description:
  - Takes the results of M(netops.tuning.tcp_keepalive_info) that the hosts of the play registered,
    and writes one report.
    The report is a self-contained HTML page, JSON (C(docs/audit-report.schema.json) describes it),
    CSV,
    and lines in the terminal.
  - It runs on the controller. Run it once, with C(run_once), after the tasks that query the hosts,
    in a play with the C(linear) strategy. The playbook C(netops.tuning.audit) does this.
  - A host that failed, was unreachable or was never queried is in the report too, with the reason.
  - The wanted values of a host come from its variables C(audit_profile), C(audit_time),
    C(audit_probes), C(audit_intvl),
    C(audit_path) and C(audit_idle_limit). Where one is not set, the variable of the role applies,
    such as C(tcp_keepalive_time).
author: the netops.tuning authors (@netops-tuning)
seealso:
  - module: netops.tuning.tcp_keepalive_info
  - module: netops.tuning.tcp_keepalive
options:
  hosts:
    description: The hosts of the report. By default all hosts of the play.
    type: list
    elements: str
  results:
    description:
      - The variable in which each host registered its result of
        M(netops.tuning.tcp_keepalive_info), with C(assignments).
    type: str
    default: audit_found
  outcome:
    description:
      - The variable that holds the outcome of a rollout on a host. It is V(done), V(already_right),
        V(put_back),
        V(failed), V(unreachable) or V(not_reached).
      - A host without this variable counts as V(not_reached). Without this option the report has no
        column for the outcome.
    type: str
  reports:
    description:
      - Merge these JSON reports into one instead, such as the reports of runs on parts of an
        inventory.
        The hosts of the play are ignored then. The commands in the merged report use the inventory
        of this run.
      - The glob characters C(*), C(?) and C([]) may be used. If several reports contain the same
        host, the last one counts.
    type: list
    elements: str
  folder:
    description: >-
      The folder on the controller to write the files to. It is created if it does not exist.
    type: path
    default: .
  name:
    description:
      - The name of the files, without the extension.
      - To keep earlier reports, it may hold the codes V(%Y), V(%m), V(%d), V(%H), V(%M) and V(%S)
        of the date and time on the controller, such as V(audit-%Y-%m-%d). V(%%) is a percent sign.
    type: str
    default: keepalive-audit
  formats:
    description:
      - The formats to write. Each file is replaced atomically, once all of them are complete.
      - V(limit) is a file with the names of the hosts that are in drift or overridden, for
        C(--limit @FILE). Groups of more than ten hosts that need the same command have a file each,
        such as C(keepalive-audit.drift.limit).
    type: list
    elements: str
    choices: [html, json, csv, limit]
    default: [html, json, csv, limit]
  title:
    description: The title of the report.
    type: str
    default: TCP keepalive audit
  compare:
    description:
      - An earlier JSON report. The report then begins with the hosts that are newly wrong, mended,
        new or gone since.
      - A host is newly wrong if a value is wrong that was as wanted, or if it gave an answer then
        and gives none now. It is gone if it is not in the inventory any more.
      - The glob characters C(*), C(?) and C([]) may be used. If several reports match, the last one
        by name counts.
    type: str
  fail_on:
    description:
      - Fail, after the report is written, if any host matches one of these conditions.
      - V(drift) is a value that differs from the wanted one, now or after the next boot.
        V(unprotected) is a connection without keepalive.
        V(unreachable) is a host that gave no answer, for whatever reason.
        V(worse) is a host that is newly wrong since the report that O(compare) names, or that is
        new and wrong.
    type: list
    elements: str
    choices: [drift, unprotected, unreachable, worse]
    default: []
  max_unreachable:
    description: How many hosts may give no answer without a failure because of V(unreachable).
    type: int
    default: 0
  fail:
    description: >-
      Whether the task itself fails if O(fail_on) says so. Otherwise only its result says what is
      wrong.
    type: bool
    default: true
  terminal:
    description: >-
      Show a line for each host that needs attention, and a total, on the standard error output.
    type: bool
    default: true
attributes:
  check_mode:
    description: Runs in check mode.
    support: full
    details: No file is written in check mode.
  diff_mode:
    description: Shows what changes.
    support: none
  action:
    description: Runs on the controller.
    support: full
  platform:
    description: What it runs on.
    platforms: posix
    support: full
notes:
  - RV(ignore:changed) is always false, because the report changes no host.
"""

EXAMPLES = r"""
- name: Audit with tasks of your own
  hosts: all
  gather_facts: false
  strategy: linear
  tasks:
    - name: Query every host
      ignore_unreachable: true
      block:
        - name: Get the keepalive settings and the lines that decide them
          netops.tuning.tcp_keepalive_info:
            assignments: true
          register: audit_found
      rescue:
        - name: Keep a host that failed, so that the report lists it
          ansible.builtin.meta: noop

    - name: Write the report
      netops.tuning.audit_report:
        folder: /srv/reports
        fail_on: [drift]
      run_once: true
      delegate_to: localhost

- name: Merge the reports of four parts of an inventory
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Write one report
      netops.tuning.audit_report:
        reports: [slice-*.json]
        folder: /srv/reports
"""

RETURN = r"""
files:
  description: The files that were written, by format.
  returned: success, or failed because of O(fail_on)
  type: dict
  sample: {html: /srv/reports/keepalive-audit.html, json: /srv/reports/keepalive-audit.json}
states:
  description: The number of hosts in each state.
  returned: success, or failed because of O(fail_on)
  type: dict
  sample: {as_wanted: 412, drift: 53, overridden: 21, failed: 9, unreachable: 5, not_reached: 0}
violations:
  description: >-
    The hosts that match each condition in O(fail_on). Conditions that no host matches are left out.
  returned: success, or failed because of O(fail_on)
  type: dict
  sample: {drift: [web1, web2]}
failure:
  description: What is wrong, if hosts match a condition in O(fail_on).
  returned: if hosts match a condition in O(fail_on)
  type: str
  sample: "hosts match a condition that the audit is to fail on: drift: web1, web2"
failing:
  description: Host patterns of those hosts, after localhost. Empty if no host matches.
  returned: success, or failed because of O(fail_on)
  type: list
  elements: str
  sample: [localhost, web1, web2]
failed_hosts:
  description: Those of them that could be reached, and why.
  returned: success, or failed because of O(fail_on)
  type: dict
  sample: {web1: "drift: time 7200 instead of 3600, now"}
unreachable_hosts:
  description: Those of them that could not be reached, and why.
  returned: success, or failed because of O(fail_on)
  type: dict
  sample: {}
"""
