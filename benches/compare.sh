#!/bin/sh
# Lookups of two keyservers side by side: requests a second, by turns, with 16 connections.
# Usage: benches/compare.sh URL_A URL_B FINGERPRINTS [SECONDS] [ROUNDS]
# FINGERPRINTS is a file with one fingerprint a line, all of which both servers hold. Needs wrk.
set -eu
[ $# -ge 3 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
here=$(dirname "$0")
for operation in "op=get" "op=index&options=mr" "op=index&options=json"; do
    for round in $(seq "${5:-3}"); do
        for url in "$1" "$2"; do
            rate=$(wrk --threads 1 --connections 16 --duration "${4:-10}" --timeout 30 --script "$here/lookups.lua" "$url" \
                -- "/pks/lookup?$operation&search=0x" "$3" | awk '/Non-2xx/ {bad=$NF} /Requests\/sec/ {rate=$2} END {print rate (bad ? " with " bad " failures" : "")}')
            printf '%-24s round %s  %-32s %s requests/s\n' "$operation" "$round" "$url" "$rate"
        done
    done
done
