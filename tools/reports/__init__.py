# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of an audit for tests, benchmarks and the documentation.

fleets.py         invented fleets: the answers of their hosts, and reports of any size
browser.py        opens reports in a headless browser that has no network
screenshots.py    takes the pictures in docs/images
"""
