# SPDX-License-Identifier: GPL-3.0-or-later

"""TCP keepalive: profiles, connections, the processes that own them, network namespaces.

This package is private to the collection: it can change at any time.
"""
