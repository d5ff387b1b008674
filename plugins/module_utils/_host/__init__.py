# SPDX-License-Identifier: GPL-3.0-or-later

"""What reads and changes a host: /proc/sys, its files, the lock, and the transaction.

This package is private to the collection: it can change at any time.
"""
