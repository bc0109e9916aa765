#!/usr/bin/env bash
# Lays the program and what belongs to it into a directory. Usage: stage.sh LAYOUT DIRECTORY PROGRAM
# README.md beside this file says how a layout is written.
set -euo pipefail

[ $# -eq 3 ] || { echo "Usage: stage.sh LAYOUT DIRECTORY PROGRAM" >&2 && exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
layout=$1 directory=$2 program=$(realpath "$3")

place() {
  local kind=$1 mode=$2 path=$directory$3 from=${4:-}
  case $kind in
    program) install -D -m "$mode" "$program" "$path" ;;
    file) install -D -m "$mode" "$root/$from" "$path" ;;
    directory) install -d -m "$mode" "$path" ;;
    link) install -d -m 755 "$(dirname "$path")" && ln -sfn "$from" "$path" ;;
    pages) install -d -m 755 "$path" && "$program" man --dir "$path" && chmod "$mode" "$path"/* ;;
    completion) "$program" completions "$from" | install -D -m "$mode" /dev/stdin "$path" ;;
    *) echo "$layout: unknown kind: $kind" >&2 && return 1 ;;
  esac
}

while read -r kind mode path from; do
  case $kind in
    '' | '#'*) ;;
    *) place "$kind" "$mode" "$path" "$from" ;;
  esac
done <"$layout"
