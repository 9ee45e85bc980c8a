#!/bin/sh
# Makes every table of this folder anew, with the runner that is in PATH, in about a quarter of an hour. Labs stand
# in a folder of their own and are removed, whatever happens.
#
#   results/galera-2026/run.sh [FOLDER FOR THE TABLES]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
mkdir -p "$out"
work=$(mktemp -d /tmp/galera-2026-XXXXXX)
chmod 755 "$work"
trap 'for lab in "$work"/flush-*; do runner lab --dir "$lab" down --wipe; done; rm -rf "$work"' EXIT

# A strategy that is violated is a result (exit code 1), and so is one of which nothing is known (3).
batch() {
    table=$1
    shift
    code=0
    runner batch --quiet --seed 1 --csv "$work/$table.csv" --out "$work/$table" "$@" || code=$?
    [ "$code" -ne 2 ] || exit 2
    mv "$work/$table.csv" "$out/$table.csv"
}

# The same, and what became of the changes that were acknowledged before the crash.
crash() {
    batch "$@"
    for cell in "$work/$1"/*/*/; do
        said=$(runner report "$cell" | grep -o 'every-change-counted: .*') || said="left no verdict"
        echo "$1 ${cell#"$work/$1/"} $said" >>"$work/lost.txt"
    done
    cp "$work/lost.txt" "$out/lost.txt"
}

lab() { runner lab --dir "$work/flush-$1" up --port "$2" --set "innodb_flush_log_at_trx_commit=$1"; }

states=cas,for-update,for-update-guard,lock-change,lock-change-fenced,lock-only,lock-operation,read-modify-write
lab 2 27300
on="--lab=$work/flush-2 --lock redis --strategy $states --workload $here/lost-update.toml --isolation"
batch lost-update-all $on repeatable-read --endpoint all
batch lost-update-one-writer $on repeatable-read --endpoint one-writer
batch lost-update-snapshot $on snapshot --endpoint all

on="--lab=$work/flush-2 --lock mysql --strategy lock-only,lock-operation --workload $here/lost-update.toml"
batch get-lock-all $on --endpoint all
batch get-lock-one-writer $on --endpoint one-writer

on="--lab=$work/flush-2 --strategy cas,for-update --workload $here/stale-reads.toml"
batch stale-reads-0 $on --sync-wait 0
batch stale-reads-1 $on --sync-wait 1

on="--strategy cas,for-update --workload $here/crash.toml --repeat 3"
crash crash-flush-2 --lab="$work/flush-2" $on
runner lab --dir "$work/flush-2" down
lab 0 27400
crash crash-flush-0 --lab="$work/flush-0" $on
runner lab --dir "$work/flush-0" down
lab 1 27500
crash crash-flush-1 --lab="$work/flush-1" $on
crash crash-and-partition --lab="$work/flush-1" --lock redis --strategy cas,for-update,lock-change,read-modify-write \
    --workload "$here/crash-and-partition.toml"
