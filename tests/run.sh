#!/bin/sh
# run.sh - builds scalua, plain and with sanitizers, and runs every test of it.
#
#     sh tests/run.sh            everything; the last line is "N passed, N failed"
#     sh tests/run.sh WORD…      only the suites with one of the words in their name
#
# A suite is one process that ends by saying how many of its tests passed and failed. One that ran no
# test, ends badly although it says that all is well, or takes longer than ten minutes counts as one
# failure more. What a suite printed is shown when it failed.

cd "$(dirname "$0")/.." || exit 1

. examples/setup.sh
setup build tests || { echo "0 passed, 1 failed"; exit 1; }

words=$*
jobs=$(nproc 2>/dev/null || echo 2)
release=build
sanitized=build/sanitized
busted=$(command -v busted)
work=$(mktemp -d) || exit 1
runner=
trap 'rm -rf "$work"; [ -z "$runner" ] || kill "$runner" 2>/dev/null' EXIT
trap 'exit 130' INT TERM

# Nothing of the caller's leads a test astray.
unset SCALE_API_KEY SCALE_API_KEY_FILE SCALE_API_URL SCALE_ALLOW_HTTP SCALUA_SOURCE
unset SCALE_SPEC_URL SCALE_SPEC_LIVE_KEY SCALE_SPEC_TEST_KEY SCALE_SPEC_IDS SCALE_SPEC_LACKS
unset LUA_INIT LUA_INIT_5_4 LUA_PATH LUA_PATH_5_4 LUA_CPATH LUA_CPATH_5_4
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy
unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR
export LC_ALL=C.UTF-8
# Little freed memory is held back, so that specs that measure memory see it go.
export ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=8 UBSAN_OPTIONS=print_stacktrace=1

# ----------------------------------------------------------------- build

build() { # folder, options for cmake
    folder=$1
    shift
    echo "Building $folder"
    { cmake -S . -B "$folder" "$@" && cmake --build "$folder" -j "$jobs"; } >"$work/log" 2>&1 && return
    tail -n 60 "$work/log"
    echo "The build in $folder failed."
    echo "0 passed, 1 failed"
    exit 1
}

build "$release"
build "$sanitized" -DSANITIZE=ON -DCMAKE_BUILD_TYPE=Debug

# ---------------------------------------------------------------- suites

suites=0

# Notes a suite down: its name, and the shell command that runs it.
suite() {
    for word in ${words:-''}; do
        case $1 in
        *"$word"*)
            suites=$((suites + 1))
            printf '%s\n' "$1" >"$work/$suites.name"
            printf '%s\n' "$2" >"$work/$suites.sh"
            return
            ;;
        esac
    done
}

# A command that has no count of its own: one test, passed if it ends well.
check() {
    suite "$1" "{ $2; } && echo '1 passed, 0 failed'"
}

check "lint: C format" "find core bindings tests examples -name '*.[ch]' | xargs clang-format-14 --dry-run -Werror"
check "lint: Lua" "luacheck --no-color --quiet bindings scripts examples tests"
check "lint: shell" "sh -n .ci/run && find examples tests -name '*.sh' ! -name bench.sh | xargs -n 1 sh -n && bash -n tests/bench/bench.sh"
suite "layers" "sh tests/layers.sh $release"

for tree in "$release" "$sanitized"; do
    note=
    [ "$tree" = "$release" ] || note=" (sanitized)"
    scalua=$PWD/$tree/scalua
    for file in tests/unit/*.c; do
        name=$(basename "$file" .c)
        suite "unit $name$note" "$tree/unit/unit_$name"
    done
    for file in tests/spec/*_spec.lua tests/workflow/*_spec.lua; do
        [ -f "$file" ] || continue
        [ -z "$note" ] || [ "$(head -n 1 "$file")" != "-- release only" ] || continue
        suite "$(basename "$(dirname "$file")") $(basename "$file" _spec.lua)$note" \
            "SCALUA='$scalua' LUA='$scalua' '$scalua' '$busted' --output=plainTerminal $file"
    done
done

suite "threads" "cmake --build $release --target threads >/dev/null && $release/threads/threads"

# The module is a guest in any interpreter: these specs run without the host as well.
for file in tests/spec/*_spec.lua; do
    [ "$(head -n 1 "$file" 2>/dev/null)" = "-- plain lua too" ] || continue
    suite "spec $(basename "$file" _spec.lua) (plain lua)" \
        "export LUA_PATH='$PWD/$release/lua/?.lua;$PWD/$release/lua/?/init.lua;;' LUA_CPATH='$PWD/$release/lua/?.so;;'
        SCALUA='$PWD/$release/scalua' LUA=lua5.4 lua5.4 '$busted' --output=plainTerminal $file"
done

# ------------------------------------------------------------------- run

# Reads what a suite printed and says "PASSED FAILED"; nothing when it gave no count.
counts() {
    sed -nE -e 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2 0 0/p' \
        -e 's|^([0-9]+) success[es]* / ([0-9]+) failures? / ([0-9]+) errors? / ([0-9]+) pending.*|\1 \2 \3 \4|p' \
        "$1" | tail -n 1 | while read -r good bad worse open; do echo "$good $((bad + worse + open))"; done
}

# As many at once as there are cores. The status file is moved into place, so that it is never seen empty.
seq "$suites" | xargs -P "$jobs" -I NUMBER sh -c '
    timeout -k 10 600 sh "$1.sh" >"$1.out" 2>&1 </dev/null
    echo $? >"$1.end"
    mv "$1.end" "$1.status"' suite "$work/NUMBER" &
runner=$!

passed=0
failed=0
number=0
while [ $number -lt $suites ]; do
    number=$((number + 1))
    until [ -f "$work/$number.status" ]; do sleep 0.1; done
    name=$(cat "$work/$number.name")
    status=$(cat "$work/$number.status")
    set -- $(counts "$work/$number.out")
    good=${1:-0}
    bad=${2:-0}
    if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$good" = 0 ]; }; then bad=1; fi
    passed=$((passed + good))
    failed=$((failed + bad))
    if [ "$bad" = 0 ]; then
        echo "$name: $good passed"
    else
        sed 's/^/    /' "$work/$number.out"
        echo "$name: $good passed, $bad FAILED (exit code $status)"
    fi
done

wait "$runner"
runner=
[ $suites -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ $failed = 0 ]
