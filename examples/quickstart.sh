#!/bin/sh
# quickstart.sh - from a fresh clone to annotated data, without a key.
#
#     sh examples/quickstart.sh
#
# Installs what this machine lacks (Debian 12; as root or with sudo), builds scalua into build/, and
# runs examples/annotate.lua on the sandbox that is built into scalua. Run it as often as you like.

cd "$(dirname "$0")/.." || exit 1
. examples/setup.sh

setup build || exit 1

echo "Building scalua into build/ (about a minute at the first time)"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
{ cmake -S . -B build && cmake --build build -j "$(nproc 2>/dev/null || echo 2)"; } >"$log" 2>&1 ||
    { setup_failed "The build failed:" "$log"; exit 1; }

# A key and address of yours, if set, are not meant here: no request leaves this machine.
unset SCALE_API_KEY_FILE SCALE_API_URL
echo "Annotating: build/scalua --sandbox=complete-after=2 examples/annotate.lua"
SCALE_API_KEY=live_sandbox build/scalua --sandbox=complete-after=2 examples/annotate.lua || {
    status=$?
    echo "The example failed (exit code $status)." >&2
    exit $status
}
echo "Its results are in $PWD/results.jsonl"
echo "Next: read examples/annotate.lua, and README.md for how to use a key of yours."
