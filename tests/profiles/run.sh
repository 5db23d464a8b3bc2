#!/bin/sh
# run.sh - does bulk work keep its promises? Starts servers that misbehave, and prints a table; see README.md.
#
#     sh tests/profiles/run.sh [--quick] [WORD…]     only the rows with one of the words in their name

cd "$(dirname "$0")/../.." || exit 1
SCALUA=${SCALUA:-$PWD/build/scalua}
[ -x "$SCALUA" ] || { echo "run.sh: $SCALUA is not there: build it, or set SCALUA" >&2; exit 2; }
export SCALUA
unset SCALE_API_KEY SCALE_API_KEY_FILE SCALE_API_URL SCALE_ALLOW_HTTP
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy
exec "$SCALUA" tests/profiles/run.lua "$@"
