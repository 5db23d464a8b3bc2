#!/bin/sh
# kill.sh - kills uploads at random moments, with faults, and counts what came of it: the spec of that name with more of
# both. Takes minutes, and is not part of run.sh.
#
#     sh tests/kill.sh [KILLS [ROWS]]     100 and 10000 unless told

cd "$(dirname "$0")/.." || exit 1
export SCALUA="$PWD/build/scalua" LUA="$PWD/build/scalua"
export SCALUA_KILLS="${1:-100}" SCALUA_KILL_ROWS="${2:-10000}"
exec "$SCALUA" "$(command -v busted)" --output=plainTerminal --filter=killed tests/workflow/journal_spec.lua
