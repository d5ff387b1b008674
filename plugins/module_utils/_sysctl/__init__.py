# SPDX-License-Identifier: GPL-3.0-or-later

"""The pure core: keys, values, sysctl.d files, loaders, boot order and the plan; it opens no file.

This package is private to the collection: it can change at any time.
"""
