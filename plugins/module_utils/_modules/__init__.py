# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules, one file each: their options, their flow and their results.

This package is private to the collection: it can change at any time.
"""
