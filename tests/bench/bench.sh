#!/bin/bash
# bench.sh - what the client costs beside libcurl alone; see README.md.
#
#     bash tests/bench/bench.sh [BUILD] [ROWS] [ROUNDS]

cd "$(dirname "$0")/../.." || exit 1
tree=${1:-build}
rows=${2:-50000}
rounds=${3:-5}
tasks=100000
scalua=$tree/scalua
work=$(mktemp -d) || exit 1
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT

# The server has one core and the client another, where there are two.
here=()
there=()
if [ "$(nproc)" -gt 1 ]; then
    there=(taskset -c 0)
    here=(taskset -c 1)
fi

"${there[@]}" "$tree/bench/bench_server" $tasks >"$work/address" &
server=$!
until grep -q listening "$work/address"; do sleep 0.05; done
base=$(sed 's/.* on //' "$work/address")

# Rows of 497 bytes: a usual imageannotation task.
"$scalua" - "$rows" >"$work/rows.jsonl" <<'LUA' || exit 1
    local json = require("scaleapi").json
    for i = 1, tonumber(arg[1]) do
        local row = {
            unique_id = ("row-%08d"):format(i), instruction = "Draw a box around each cow.",
            project = "bench", batch = "bench", attachment_type = "image",
            attachment = ("https://images.test/%08d.jpg"):format(i),
            geometries = { box = { objects_to_annotate = { "Baby Cow", "Big Cow" }, min_height = 10 } },
            metadata = { row = i, note = "" },
        }
        row.metadata.note = ("x"):rep(497 - #json.encode(row))
        print(json.encode(row))
    end
LUA

export SCALE_API_KEY=live_bench SCALE_API_URL=$base

# The contestants: a name and what it runs. Whole processes are timed.
names=("post: libcurl" "post: core" "post: Lua" "post: upload" "pages: libcurl" "pages: core" "pages: iterate" "pages: export")
run() {
    case $1 in
    "post: libcurl") "${here[@]}" "$tree/bench/bench_floor" post "$base/v1/task/imageannotation" "$work/rows.jsonl" "$rows" 50 ;;
    "post: core") "${here[@]}" "$tree/bench/bench_core" post "$base" "$work/rows.jsonl" "$rows" 50 ;;
    "post: Lua") "${here[@]}" "$scalua" tests/bench/post.lua "$base" "$work/rows.jsonl" ;;
    "post: upload") "${here[@]}" "$scalua" upload "$work/rows.jsonl" --type imageannotation --project bench --batch bench \
        --concurrency 50 --json ;;
    "pages: libcurl") "${here[@]}" "$tree/bench/bench_floor" pages "$base/v1/tasks?project=bench&limit=100" ;;
    "pages: core") "${here[@]}" "$tree/bench/bench_core" pages "$base" ;;
    "pages: iterate") "${here[@]}" "$scalua" tests/bench/iterate.lua "$base" ;;
    "pages: export") "${here[@]}" "$scalua" export --project bench -o "$work/out.jsonl" ;;
    esac >"$work/said" 2>&1 || { echo "$1 failed:" >&2; cat "$work/said" >&2; exit 1; }
}

# The rounds are interleaved, so that what else the machine does falls on all alike.
TIMEFORMAT='%R %U %S'
for ((round = 1; round <= rounds; round++)); do
    for i in "${!names[@]}"; do
        rm -f "$work"/out.jsonl* "$work"/rows.jsonl.*
        { time run "${names[i]}" 2>&3; } 3>&2 2>>"$work/$i" || exit 1
    done
done

median() { # file, awk expression
    awk "{ print $2 }" "$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

printf '%-16s %12s %16s %8s\n' "" "a second" "CPU µs each" "ratio"
for i in "${!names[@]}"; do
    each=$rows
    [ "$i" -lt 4 ] || each=$tasks
    wall=$(median "$work/$i" '$1')
    cpu=$(median "$work/$i" '$2 + $3')
    case ${names[i]} in *libcurl) floor=$wall ;; esac
    awk -v name="${names[i]}" -v each="$each" -v wall="$wall" -v cpu="$cpu" -v floor="$floor" \
        'BEGIN { printf "%-16s %12.0f %16.2f %8.2f\n", name, each / wall, cpu * 1e6 / each, floor / wall }'
done
