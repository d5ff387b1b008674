# SPDX-License-Identifier: GPL-3.0-or-later

"""The ledger: what rollouts found on a host and changed, and how to undo it.

This package is private to the collection: it can change at any time.
"""
