#!/bin/bash
# bench.sh - what the client costs beside libcurl alone and beside others; see README.md.
#
#     bash tests/bench/bench.sh [--only GROUP,…] [--rounds N] [--rows N] [--quick] [--lines | --markdown]

cd "$(dirname "$0")/../.." || exit 1

. examples/setup.sh
{ setup build bench && cmake -S . -B build && cmake --build build -j "$(nproc)"; } >build.log 2>&1 ||
    { tail -n 30 build.log; rm -f build.log; exit 1; }
rm -f build.log

unset SCALE_API_KEY SCALE_API_KEY_FILE SCALE_API_URL SCALE_ALLOW_HTTP SCALUA_SOURCE LUA_PATH LUA_INIT
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy
ulimit -n "$(ulimit -Hn)" # 500 connections at both ends
exec build/scalua tests/bench/run.lua "$@"
