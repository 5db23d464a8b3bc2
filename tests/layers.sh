#!/bin/sh
# layers.sh - fails where an arrow between the parts points the wrong way (scripts -> bindings -> core),
# where a library shows more than it should, or where something is committed that does not belong.
#
#     sh tests/layers.sh [BUILD]     the symbols are checked if the build folder is named
#
# Each rule is a search for offenders; what it finds is printed, as file:line where there is one.

cd "$(dirname "$0")/.." || exit 1
tree=$1
passed=0
failed=0

# rule WHAT OFFENDERS: passes if there are none.
rule() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n%s\n' "$1" "$2"
    fi
}

# includes REGEX PATH… [-- EXCEPT…]: where C files include a header that matches.
includes() {
    regex=$1
    shift
    grep -rnE --include='*.[ch]' --include='*.def' "^ *# *include *[<\"]($regex)[>\"]" "$@"
}

# requires FOLDER…: "file:line:module" for each module that Lua files require.
requires() {
    grep -rnoE --include='*.lua' "require *\(? *[\"'][^\"']+[\"']" "$@" | sed -E "s/require *\(? *[\"']([^\"']+)[\"']/\1/"
}

# What `nm` sees exported by a library.
exports() {
    nm -D --defined-only --without-symbol-versions "$1" | awk '$2 != "A" { print $3 }' | sort
}

# The libraries that one needs, by name.
needs() {
    objdump -p "$1" | awk '$1 == "NEEDED" { print $2 }'
}

# ---------------------------------------------------------------- headers

lua='(.*/)?(lua|lualib|lauxlib|luaconf)\.h(pp)?'
curl='curl/.*'
microhttpd='microhttpd\.h'
openssl='openssl/.*'

rule "core knows no Lua" "$(includes "$lua" core)"
rule "core knows curl where it is spoken to alone" \
    "$(includes "$curl" core | grep -vE '^core/src/(transfer\.c|headers\.h|mime\.h):')"
rule "curl's lists are for transfer.c" \
    "$(includes '(headers|mime)\.h' core | grep -vE '^core/src/(transfer|headers|mime)\.c:')"
rule "core needs neither microhttpd nor OpenSSL" "$(includes "$microhttpd|$openssl" core)"
rule "the public headers include the C library and each other" \
    "$(includes '.*' core/include | grep -vE '[<"](std[a-z]+|scaleapi[a-z_]*)\.h[>"]')"
rule "the bottom of core knows nothing above" \
    "$(includes '(call|client|loop|transfer|operations|retry|url|timers|json)[a-z/_]*\.h' core/src/alloc.* core/src/buffer.* core/src/error.*)"
rule "core's codec, addresses, rows and retries know no connections" \
    "$(includes '(call|client|loop|transfer)\.h' core/src/json core/src/url.* core/src/retry.* core/src/operations.* core/src/timers.*)"
rule "core's paging knows pages, and no connections" "$(includes '(call|client|loop|transfer|list)\.h' core/src/paging.*)"
rule "pace, budget and breaker know nothing but the public header" \
    "$(includes '.*' core/src/pace.c core/src/budget.c core/src/breaker.c | grep -vE '<string\.h>|"scaleapi\.h"')"
rule "transfers know no loop" "$(includes '(call|client|loop)\.h' core/src/transfer.*)"
rule "the loop knows no clients" "$(includes '(call|client)\.h' core/src/loop.*)"
rule "bindings know no curl" "$(includes "$curl" bindings)"
rule "bindings see core through its public headers" \
    "$(includes '\.\./\.\./.*|.*core/.*|(alloc|buffer|call|client|error|loop|operations|retry|timers|transfer|url)\.h|json/.*' bindings)"
rule "microhttpd is the server's" "$(includes "$microhttpd" bindings | grep -v '^bindings/src/lserver\.h:')"
rule "OpenSSL is scaleapi.sys's" "$(includes "$openssl" bindings | grep -vE '^bindings/src/(lsys|llines)\.c:')"
rule "C examples use the public headers" "$(includes '\.\./.*|.*core/.*' examples)"

# ----------------------------------------------------------------- requires

rule "the module requires itself alone" "$(requires bindings/lua | grep -vE ':scaleapi(\.[a-z0-9_.]+)?$')"
rule "the sandbox uses the public face" \
    "$(requires scripts/sandbox | grep -vE ':(scaleapi(\.(sys|server|sandbox(\..+)?))?|cjson)$')"
rule "scripts and examples use the public face" \
    "$(requires scripts examples | grep -v '^scripts/sandbox/' |
        grep -vE ':(scaleapi(\.(sys|server|sandbox))?|cjson|argparse|scripts\.lib\..+)$')"
rule "the generators use the module and each other" \
    "$(requires bindings/generate.lua bindings/generate | grep -vE ':(scaleapi(\.(fields|objects))?|bindings\.generate\..+)$')"
rule "the editor's types are loaded by nobody" "$(requires bindings scripts examples tests | grep ':scaleapi\.meta$')"
rule "examples stand alone" "$(requires examples | grep ':scripts\.')"

# ------------------------------------------------------------------ symbols

if [ -n "$tree" ]; then
    listed=$(sed -nE 's/^ +(scale_[a-z0-9_]+);$/\1/p' core/scaleapi.map | sort)
    declared=$(cat core/include/*.h | tr '\n' ' ' |
        grep -oE 'SCALE_API [^;(]*\(' | grep -oE 'scale_[a-z0-9_]+\($' | tr -d '(' | sort)
    exported=$(exports "$tree/libscaleapi.so")
    rule "libscaleapi exports what its headers declare, no more" "$(echo "$exported" | grep -vxF "$declared")"
    rule "libscaleapi exports what its headers declare, no less" "$(echo "$declared" | grep -vxF "$exported")"
    rule "the symbol list has each function that the headers declare" "$(echo "$declared" | grep -vxF "$listed")"
    rule "the symbol list has no others" "$(echo "$listed" | grep -vxF "$declared")"
    rule "libscaleapi needs no Lua" "$(needs "$tree/libscaleapi.so" | grep -i lua)"
    for module in core sys server; do
        file=$tree/lua/scaleapi/$module.so
        rule "$module.so exports luaopen_scaleapi_$module alone" \
            "$([ "$(exports "$file")" = "luaopen_scaleapi_$module" ] || { echo "$file:"; exports "$file"; })"
        rule "$module.so is linked against no Lua" "$(needs "$file" | grep -i lua)"
    done
    rule "curl is core.so's" "$(needs "$tree/lua/scaleapi/sys.so" | grep curl; needs "$tree/lua/scaleapi/server.so" | grep curl)"
fi

# ---------------------------------------------------------------- committed

files=$(git ls-files 2>/dev/null) || files=$(find . -type f -not -path './build*' -not -path './.git/*' | sed 's|^\./||')
text=$(echo "$files" | grep -vE '^(LICENSE|tests/layers\.sh|examples/data/|tests/.*/data/)')

# said REGEX: where a committed text says so.
said() {
    echo "$text" | tr '\n' '\0' | xargs -0 grep -nIE "$1" 2>/dev/null
}

# The hosts that this machine's packages come from: a project must not depend on one.
hosts=$(grep -rhoE '^[^#]*https?://[^ /]+' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
    sed -E 's|.*https?://||; s|\.|\\.|g' | sort -u | paste -sd '|')

rule "nothing but the agreed folders and files at the root" \
    "$(echo "$files" | cut -d/ -f1 | sort -u |
        grep -vxE 'core|bindings|scripts|examples|tests|CMakeLists\.txt|README\.md|LICENSE|CHANGELOG\.md|scaleapi-dev-1\.rockspec|\..+')"
rule "no path of somebody's machine" "$(said '(^|[^[:alnum:]_.~-])/(home|root|work|mnt|Users)/[[:alnum:]_.-]')"
rule "no host of a package registry" "$([ -z "$hosts" ] || said "$hosts")"
rule "nothing left to do" "$(said '\b(TODO|FIXME|XXX|HACK)\b')"
rule "no conflict left" "$(said '^(<<<<<<< |>>>>>>> )')"
rule "no built file" "$(echo "$files" | grep -E '\.(o|a|so|gch|pyc)$|^build')"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
