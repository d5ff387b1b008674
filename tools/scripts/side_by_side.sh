#!/usr/bin/env bash
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# usage: side_by_side.sh COMMAND...
# Run commands at once that leave a processor idle when alone; show what each said when it is done. Fails if one fails.

set -euo pipefail
told=$(mktemp -d)
running=()
trap 'kill "${running[@]}" 2>/dev/null || true; wait; rm -rf "$told"' EXIT
trap 'exit 143' TERM INT HUP

for command in "$@"; do
    bash -c "exec $command" >"$told/${#running[@]}" 2>&1 </dev/null &
    running+=($!)
done
failed=0
for number in "${!running[@]}"; do
    wait "${running[number]}" || failed=$?
    unset "running[number]"
    cat "$told/$number"
done
exit "$failed"
