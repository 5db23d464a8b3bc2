#!/bin/sh
# run.sh - does the last commit build in every way that is promised, and work? Prints a table; see README.md.
#
#     sh tests/builds/run.sh [--keep] [WORD…]     only the rows with one of the words in their name
#
# A row is a function of its own below, run by a shell that ends at the first command that fails. What it printed is
# shown then, and lintian's words always.

cd "$(dirname "$0")/../.." || exit 1
. examples/setup.sh
setup build tests builds || exit 1

here=$PWD
jobs=$(nproc 2>/dev/null || echo 2)
work=$(mktemp -d) || exit 1
if [ "$1" = --keep ]; then
    shift
    echo "What is built stays in $work"
else
    trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM
fi
words=$*
source=$work/source

unset SCALE_API_KEY SCALE_API_KEY_FILE SCALE_API_URL SCALE_ALLOW_HTTP SCALUA_SOURCE SOURCE_DATE_EPOCH
unset LUA_INIT LUA_INIT_5_4 LUA_PATH LUA_PATH_5_4 LUA_CPATH LUA_CPATH_5_4 CC CFLAGS LDFLAGS
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy
export LC_ALL=C.UTF-8

# ---------------------------------------------------------------- building

# Fails if the command does not: what `!` negates would not end the shell.
not() {
    if "$@"; then return 1; fi
}

# build FOLDER OPTION…: configures and builds the read-only sources; any warning is a failure.
build() {
    folder=$1
    shift
    { cmake -S "$source" -B "$folder" "$@" && cmake --build "$folder" -j "$jobs"; } >"$folder.log" 2>&1 ||
        { tail -n 40 "$folder.log"; return 1; }
    not grep -i warning "$folder.log"
}

# ----------------------------------------------------------------- smoke

# A sandbox by the program named; sets `url`, and what a script needs to find it. Ended when the row ends.
serve() {
    "$@" >"$folder.url" 2>&1 &
    server=$!
    trap 'kill $server' EXIT
    until url=$(grep -om 1 'http://[0-9.:]*' "$folder.url"); do
        kill -0 $server
        sleep 0.05
    done
    export SCALE_API_URL="$url" SCALE_API_KEY=live_x GUEST=guest GUEST_OUT="$folder.out"
}

# module SHARE LIB: plain Lua does the guests' work with the module that is there, sandbox and all.
module() {
    export LUA_PATH="$1/?.lua;$1/?/init.lua" LUA_CPATH="$2/?.so"
    serve "${LUA:-lua5.4}" -e 'local s = require("scaleapi.sandbox").start {}
        print(s.url) io.stdout:flush() while true do require("scaleapi").sleep(3600) end'
    "${LUA:-lua5.4}" "$here/tests/guests/workflow.lua"
    grep -q '100 tasks, in_progress' "$GUEST_OUT"
    unset LUA_PATH LUA_CPATH
}

# consumers COMPILER PREFIX: a program on the shared library, and one on the static, make the same task.
consumers() {
    export PKG_CONFIG_PATH="$(dirname "$(find "$2" -name scaleapi.pc)")"
    program=$source/examples/c/blocking.c
    library=$(pkg-config --variable=libdir scaleapi)
    $1 -Wall -Wextra -Werror "$program" $(pkg-config --cflags --libs scaleapi) -Wl,-rpath,"$library" -o "$folder.shared"
    $1 -Wall -Wextra -Werror "$program" $(pkg-config --cflags scaleapi) "$library/libscaleapi.a" \
        $(pkg-config --libs libcurl) -o "$folder.static"
    readelf -d "$folder.shared" | grep -q libscaleapi.so.0
    test -z "$(readelf -d "$folder.static" | grep libscaleapi)"
    "$folder.shared" >"$folder.first"
    "$folder.static" | cmp - "$folder.first"
    grep -q '"task_id"' "$folder.first"
}

# host SCALUA: the program makes and exports tasks in the sandbox that the row has.
host() {
    "$1" -e 'local c = require("scaleapi").client {}
        c:create_project { task_type = "textcollection", project_name = "host" }
        for n = 1, 20 do c:create_task("textcollection", { project = "host", unique_id = "n" .. n,
            attachments = { { type = "text", content = "x" } },
            fields = { { type = "text", field_id = "f", title = "F" } } }) end'
    "$1" export --project host -o "$folder.jsonl"
    test "$(wc -l <"$folder.jsonl")" = 20
}

# ------------------------------------------------------------------- rows

matrix() { # COMPILER TYPE
    folder=$work/$1-$2
    build "$folder" -DCMAKE_C_COMPILER="$1" -DCMAKE_BUILD_TYPE="$2"
    cmake --install "$folder" --prefix "$folder/installed" >"$folder.log"
    module "$folder/installed/share/lua/5.4" "$folder/installed/lib/lua/5.4"
    consumers "$1" "$folder/installed"
    host "$folder/installed/bin/scalua"
}

gcc_release() { matrix gcc Release; }
gcc_debug() { matrix gcc Debug; }
clang_release() { matrix clang Release; }
clang_debug() { matrix clang Debug; }

without_host() {
    folder=$work/without-host
    build "$folder" -DSCALUA=OFF -DBUILD_TESTING=OFF
    cmake --install "$folder" --prefix "$folder/installed" >"$folder.log"
    test -z "$(find "$folder/installed" -name 'scalua*' -not -path '*/doc/*')"
    module "$folder/installed/share/lua/5.4" "$folder/installed/lib/lua/5.4"
    consumers cc "$folder/installed"
}

# Lua as its own makefile installs it, where pkg-config knows of none.
lua_prefix() {
    folder=$work/lua-prefix
    prefix=$folder.lua
    mkdir -p "$prefix/include" "$prefix/lib" "$folder.pc"
    headers=$(pkg-config --cflags-only-I lua5.4 | sed 's/^-I//; s/ .*//')
    cp -L "$headers"/luaconf.h "$headers"/lualib.h "$headers"/lua.h "$headers"/lauxlib.h "$prefix/include"
    deb=$(find /usr/include -name lua5.4-deb-multiarch.h) # a header of Debian's that those include
    [ -z "$deb" ] || cp -L "$deb" "$prefix/include"
    cp -L "$(pkg-config --variable=libdir lua5.4)/liblua5.4.a" "$prefix/lib/liblua.a"
    for directory in $(pkg-config --variable pc_path pkg-config | tr : ' '); do
        find "$directory" -name '*.pc' ! -name 'lua*' -exec cp -L {} "$folder.pc" \; 2>/dev/null || true
    done
    export PKG_CONFIG_LIBDIR="$folder.pc"
    not pkg-config --exists lua5.4
    build "$folder" -DLUA_PREFIX="$prefix" -DBUILD_TESTING=OFF
    grep -q "$prefix/include" "$folder/compile_commands.json"
    test -z "$(grep 'module_.*include/lua5.4' "$folder/compile_commands.json")"
    module "$folder/lua" "$folder/lua"
    host "$folder/scalua"
    not build "$work/no-lua" -DBUILD_TESTING=OFF >/dev/null
    grep -q "lua5.4" "$work/no-lua.log"
}

# The sources in two folders, built in two: the same bytes, and neither folder's name in them.
reproducible() {
    export SOURCE_DATE_EPOCH=1700000000
    for at in one another/deeper; do
        git clone -q "$here" "$work/$at/source"
        (source=$work/$at/source
            build "$work/$at/build" -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF
            cpack -G DEB --config "$work/$at/build/CPackConfig.cmake" >/dev/null
            cd "$work/$at/build"
            find . -type f -not -path '*_CPack*' -not -path './CMakeFiles/*' \
                \( -name '*.so*' -o -name '*.a' -o -name '*.deb' -o -name scalua \) -print0 |
                sort -z | xargs -0 sha256sum) >"$work/$(basename "$at").sums"
    done
    test "$(wc -l <"$work/one.sums")" = 10
    diff "$work/one.sums" "$work/deeper.sums"
    not grep -rl "$work" "$work/one/build/packages/_CPack_Packages"
}

# The packages as Debian's own tools judge them, with Debian's own flags.
packages() {
    folder=$work/packages
    export CFLAGS="$(dpkg-buildflags --get CPPFLAGS) $(dpkg-buildflags --get CFLAGS)"
    export LDFLAGS="$(dpkg-buildflags --get LDFLAGS) -Wl,-z,now"
    build "$folder" -DCMAKE_INSTALL_PREFIX=/usr -DBUILD_TESTING=OFF
    cpack -G DEB --config "$folder/CPackConfig.cmake" >/dev/null
    lintian --allow-root --fail-on error,warning --display-info \
        --suppress-tags binary-has-unneeded-section,static-library-has-unneeded-sections "$folder"/packages/*.deb
    if [ "$(id -u)" = 0 ]; then fresh_debian "$work/debian"; else echo "not root: not tried on a fresh Debian"; fi
}

# inside SCRIPT: runs it there.
inside() {
    chroot "$system" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive sh -ec "$1" \
        >"$system.log" 2>&1 || { tail -n 30 "$system.log"; return 1; }
}

# Installed by apt on a Debian 12 that has nothing else, used, and removed.
fresh_debian() {
    system=$1
    mmdebstrap --quiet --variant=apt bookworm "$system" $(ls /etc/apt/sources.list.d/debian.sources 2>/dev/null) \
        >"$system.log" 2>&1 || { tail "$system.log"; return 1; }
    cp "$folder"/packages/*.deb "$here/tests/guests/workflow.lua" "$system/tmp"
    cp -L /etc/resolv.conf /etc/hosts "$system/etc"
    inside 'apt-get -q update && apt-get -qq install --no-install-recommends /tmp/scalua_*.deb
        scalua help upload && ! command -v lua5.4'
    serve "$folder/scalua" sandbox --port 0
    inside 'apt-get -qq install --no-install-recommends lua5.4 gcc libc6-dev pkg-config /tmp/*.deb'
    inside "export SCALE_API_KEY=live_x SCALE_API_URL=$url GUEST=guest GUEST_OUT=/tmp/out
        lua5.4 /tmp/workflow.lua && grep '100 tasks, in_progress' /tmp/out
        scalua status guest | grep in_progress
        cc /usr/share/doc/libscaleapi-dev/examples/c/blocking.c \$(pkg-config --cflags --libs scaleapi) -o /tmp/blocking
        /tmp/blocking | grep task_id"
    inside 'apt-get -qq purge scalua lua-scaleapi libscaleapi-dev libscaleapi0
        left=$(find / -xdev -path /tmp -prune -o \( -iname "*scaleapi*" -o -name "*scalua*" \) -print)
        echo "$left"; test -z "$left"'
}

# A rock from a clean clone.
rock() {
    folder=$work/rock
    git clone -q "$here" "$folder"
    (cd "$folder" && HOME=$work luarocks --lua-version 5.4 make --tree "$folder.tree") >"$folder.log" 2>&1 ||
        { tail -n 40 "$folder.log"; return 1; }
    module "$folder.tree/share/lua/5.4" "$folder.tree/lib/lua/5.4"
    HOME=$work luarocks --lua-version 5.4 remove --tree "$folder.tree" scaleapi >>"$folder.log"
    test -z "$(find "$folder.tree" -name '*scaleapi*')"
}

# What was built from did not change; all builds above are out of it.
sources() {
    (cd "$source" && find . -printf '%p %y %s %T@\n' | sort) | diff "$work/listed" -
}

# -------------------------------------------------------------------- run

mkdir "$source" && git archive HEAD | tar xf - -C "$source" || exit 1
chmod -R a-w "$source"
(cd "$source" && find . -printf '%p %y %s %T@\n' | sort) >"$work/listed"

failed=0
printf '%-16s %-6s %s\n' row result seconds
for row in gcc_release gcc_debug clang_release clang_debug without_host lua_prefix reproducible packages rock \
    sources; do
    for word in ${words:-''}; do
        case $row in *"$word"*) ;; *) continue ;; esac
        begun=$(date +%s)
        (set -e; $row) >"$work/$row.said" 2>&1
        if [ $? = 0 ]; then result=ok; else result=NOT; failed=$((failed + 1)); fi
        printf '%-16s %-6s %s\n' "$row" $result $(($(date +%s) - begun))
        [ $result = ok ] && [ $row != packages ] || sed 's/^/    /' "$work/$row.said"
        break
    done
done
[ $failed = 0 ]
