#!/bin/sh
# parallel.sh - uploads a file in N parts at once, by GNU parallel; a part that is killed is run again, and goes on.
#
#     sh parallel.sh 4 rows.jsonl --type textcollection --project airports --batch monday
#     scalua finalize monday --expect 3376
#
# With --sshlogin, parallel runs them on other machines, each of which needs the file and the key.

shards=$1
shift
seq "$shards" | parallel --jobs "$shards" --retries 3 --line-buffer --tag -N0 -q \
    "${SCALUA:-scalua}" upload "$@" --shard "auto/$shards"
