#!/bin/sh
# User instructions per process of each kind of scan, by callgrind. Only the scans are counted, and
# twice the children minus once leaves nothing but the spawned processes.
# usage: bench_instructions.sh BENCH_PROBE [CHILDREN]
set -eu
bench=$1
children=${2:-50}
rounds=10
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

collected() {
    valgrind --tool=callgrind --trace-children=no --toggle-collect=run_kind \
        --callgrind-out-file="$out/callgrind.%p" "$bench" -m "$1" -r $rounds -n "$2" 2>&1 |
        awk '/Collected :/ { n = $4 } END { print n }'
}

for kind in floor first rescan; do
    once=$(collected "$kind" "$children")
    twice=$(collected "$kind" $((2 * children)))
    echo "$kind: $(((twice - once) / rounds / children)) user instructions per process"
done
