#!/bin/sh
# run.sh - builds the fuzz target of the codec with clang and runs it, from the JSON test suite on.
#
#     sh tests/fuzz/run.sh [SECONDS] [FOLDER]
#
# What it finds interesting is kept in FOLDER (default build/fuzz); a finding is a file crash-… there.
set -e
cd "$(dirname "$0")/../.."
seconds=${1:-60}
folder=${2:-build/fuzz}
mkdir -p "$folder/corpus"
${CLANG:-clang-14} -std=c11 -D_GNU_SOURCE -g -O2 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -Icore/include -Icore/src core/src/json/*.c core/src/alloc.c core/src/buffer.c core/src/error.c \
    tests/fuzz/json_fuzz.c -lm -o "$folder/json_fuzz"
"$folder/json_fuzz" -max_total_time="$seconds" -max_len=512 -dict=tests/fuzz/json.dict -timeout=10 \
    -artifact_prefix="$folder/" -print_final_stats=1 "$folder/corpus" tests/data/json-test-suite/test_parsing
