#!/usr/bin/env bash
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# usage: side_by_side.sh COMMAND...
# Run commands at the same time, and show the output of each when it ends. Fails if one of them fails. For commands that
# leave processors idle when they run alone.

set -euo pipefail
output=$(mktemp -d)
running=()
trap 'kill "${running[@]}" 2>/dev/null || true; wait; rm -rf "$output"' EXIT
trap 'exit 143' TERM INT HUP

for command in "$@"; do
    bash -c "exec $command" >"$output/${#running[@]}" 2>&1 </dev/null &
    running+=($!)
done
failed=0
for number in "${!running[@]}"; do
    wait "${running[number]}" || failed=$?
    unset "running[number]"
    cat "$output/$number"
done
exit "$failed"
