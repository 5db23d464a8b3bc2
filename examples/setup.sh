# setup.sh - installs what this machine lacks; read by quickstart.sh and tests/run.sh.
#
#     . examples/setup.sh
#     setup build          what it takes to build and run scalua
#     setup build tests    and to test it
#     setup build bench    to measure it
#     setup build tests builds    to build it in every way (tests/builds)
#
# A line says which package, how to see that it is there, and what it is for. What is there already,
# by whatever way it came, is left alone. Debian 12 is what this is written for; on another system it
# names what is missing and stops.

setup_list() {
    case $1 in
    build) cat <<'LIST' ;;
gcc                   | command -v gcc                           | the compiler
libc6-dev             | test -e /usr/include/stdio.h             | the C library's headers
make                  | command -v make                          | runs what cmake writes
cmake                 | command -v cmake                         | the build
pkg-config            | command -v pkg-config                    | tells the build where the libraries are
liblua5.4-dev         | pkg-config --exists lua5.4               | the interpreter inside scalua
libcurl4-openssl-dev  | pkg-config --exists libcurl              | HTTP and TLS
libssl-dev            | pkg-config --exists libcrypto            | SHA-256
libmicrohttpd-dev     | pkg-config --exists libmicrohttpd        | the HTTP server under the sandbox
lua-cjson-dev         | ls /usr/lib/*/liblua5.4-cjson.a          | cjson, built into scalua
lua-argparse          | test -e /usr/share/lua/5.4/argparse.lua  | command lines, built into scalua
ca-certificates       | test -e /etc/ssl/certs/ca-certificates.crt | whom to trust on https
LIST
    tests) cat <<'LIST' ;;
lua5.4                | command -v lua5.4                        | the module is tested without the host too
lua-cjson             | lua5.4 -e 'require "cjson"'              | our JSON is held against it
lua-lpeg              | lua5.4 -e 'require "lpeg"'               | a C module of Debian's to load in scalua
lua-busted            | command -v busted                        | runs the specs
lua-check             | command -v luacheck                      | the linter for Lua
clang-format-14       | command -v clang-format-14               | the format of the C files
openssl               | command -v openssl                       | certificates for the specs of https
nginx                 | PATH=$PATH:/usr/sbin command -v nginx    | speaks HTTP/2 in front of a plain server
socat                 | command -v socat                         | speaks TLS in front of a plain server
binutils              | command -v nm                            | which symbols a library exports
g++                   | command -v c++                           | the headers are for C++ too
clang                 | command -v clang                         | the other compiler
luarocks              | command -v luarocks                      | makes a rock
dpkg-dev              | command -v dpkg-shlibdeps                | what a Debian package depends on
file                  | command -v file                          | tells it which files are libraries
gringo                | command -v clingo                        | applications that the module is tried in, from here
gnuplot-nox           | command -v gnuplot                       | on
mle                   | command -v mle                           | likewise
neomutt               | command -v neomutt                       | likewise
prosody               | command -v prosody                       | likewise
lighttpd              | test -x /usr/sbin/lighttpd               | likewise
lighttpd-modules-lua  | test -e /usr/lib/lighttpd/mod_magnet.so  | likewise
dnsmasq-base-lua      | dpkg -s dnsmasq-base-lua                 | likewise
curl                  | command -v curl                          | asks one of them
parallel              | command -v parallel                      | runs the shards of an upload, in an example
libuv1-dev            | pkg-config --exists libuv                | a loop of another kind, for an example in C
lua-luv               | lua5.4 -e 'require "luv"'                | the same in Lua, for the module to live on
LIST
    bench) cat <<'LIST' ;;
openssl               | command -v openssl                       | certificates for https
nginx                 | PATH=$PATH:/usr/sbin command -v nginx    | speaks HTTP/2 in front of a plain server
wrk                   | command -v wrk                           | what the server could do
valgrind              | command -v valgrind                      | counts instructions
binutils              | command -v strip                         | how large the executable is
lua5.4                | command -v lua5.4                        | runs what others would write in Lua
lua-cjson             | lua5.4 -e 'require "cjson"'              | JSON, of theirs
lua-http              | test -e /usr/share/lua/5.3/http/client.lua | requests, many at once
lua-socket            | lua5.4 -e 'require "socket"'             | requests, one by one
lua-sec               | lua5.4 -e 'require "ssl"'                | https for it
LIST
    builds) cat <<'LIST' ;;
git                   | command -v git                           | clean clones
lintian               | command -v lintian                       | what Debian thinks of a package
mmdebstrap            | command -v mmdebstrap                    | a Debian that has nothing else
LIST
    esac
}

# The names of the packages of list $1 whose check fails, one a line.
setup_missing() {
    setup_list "$1" | while IFS='|' read -r package check reason; do
        if ! eval "$check" >/dev/null 2>&1; then echo "${package%% *}"; fi
    done
}

# Says on standard error what failed, with the end of the log, and returns 1.
setup_failed() {
    echo "$1" >&2
    if [ -s "$2" ]; then tail -n 25 "$2" | sed 's/^/    /' >&2; fi
    return 1
}

# Installs packages; to be run in a subshell, which traps.
setup_apt_get() {
    # What is installed to be run by tests is not to serve on this machine from now on.
    rule=/usr/sbin/policy-rc.d
    if [ ! -e "$rule" ]; then
        trap '$root rm -f "$rule"' EXIT
        trap 'exit 130' HUP INT TERM
        printf '#!/bin/sh\nexit 101\n' | $root tee "$rule" >/dev/null && $root chmod +x "$rule"
    fi
    # A source that cannot be reached need not matter: what counts is whether the packages come.
    $root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 update || true
    $root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "$@"
}

setup_install() {
    root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 ||
            { setup_failed "Installing needs root or sudo. Please install: $*" /dev/null; return 1; }
        root=sudo
    fi
    command -v apt-get >/dev/null 2>&1 ||
        { setup_failed "This is not Debian. Please install what there is called: $*" /dev/null; return 1; }
    log=$(mktemp) || return 1
    (setup_apt_get "$@") >"$log" 2>&1 </dev/null
    installed=$?
    [ $installed = 0 ] || setup_failed "apt-get could not install: $*" "$log"
    rm -f "$log"
    return $installed
}

setup() {
    wanted=$(for list in "$@"; do setup_missing "$list"; done)
    [ -n "$wanted" ] || return 0
    echo "Installing what is missing:" $wanted
    setup_install $wanted || return 1
    wanted=$(for list in "$@"; do setup_missing "$list"; done)
    [ -z "$wanted" ] || setup_failed "Installed, and still not found:$(printf ' %s' $wanted)" /dev/null
}
