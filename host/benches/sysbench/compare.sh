#!/usr/bin/env bash
# Client processor time for each autocommit UPDATE on a running lab: the runner through the Wasm
# strategy `cas`, sysbench with the same prepared statement, and the runner's driver alone, in turn, at the
# same concurrency. What the driver alone costs is the floor of the runner.
# Prints microseconds, user and system together. Needs sysbench, python3 and
# `cargo build --release --example plain-update`.
set -euo pipefail
cd "$(dirname "$0")/../../.."
runner=target/release/runner
rounds=${1:-5} workers=${2:-100} changes=500
statements=$((workers * changes * 2))
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

field() { python3 -c "import json,sys; print(json.load(sys.stdin)$1)"; }
url=$("$runner" lab url --json | field '["db"]')
read -r user password host port database < <(python3 - "$url" <<'P'
import sys, urllib.parse
url = urllib.parse.urlparse(sys.argv[1])
print(url.username, url.password, url.hostname, url.port, url.path[1:])
P
)
cat > "$out/sysbench.cnf" <<P
mysql-host=$host
mysql-port=$port
mysql-user=$user
mysql-password=$password
mysql-db=$database
P

by_runner() {
   "$runner" --lab --strategy cas --rows "$workers" --workers-per-row 1 \
      --changes-per-worker $changes --pause-ms 0 --hold-ms 0 --check-tries 0 --audit false \
      --out "$out/run-$1" --json > "$out/report.json" || true # unknown: nothing is checked
   field '["trials"][0]["conditions"]["usage"]["runner_cpu_ms"] * 1000 / '$statements < "$out/report.json"
}

by_lua() {
   sysbench host/benches/sysbench/update.lua --config-file="$out/sysbench.cnf" --threads="$workers" "$@"
}

# Runs a command on a table of its own, gone before the runner comes, which replaces no table of others.
on_table() {
   by_lua prepare > /dev/null
   TIMEFORMAT='%U %S'
   { time "$@" > "$out/log" 2>&1; } 2> "$out/time"
   by_lua cleanup > /dev/null
   python3 -c "u, s = map(float, open('$out/time').read().split()[-2:]); print((u + s) * 1e6 / $statements)"
}

echo "round, runner us, sysbench us, driver us, runner / sysbench, driver / sysbench, runner / driver"
for round in $(seq "$rounds"); do
   ours=$(by_runner "$round")
   theirs=$(on_table by_lua --events=$statements --time=0 run)
   alone=$(on_table target/release/examples/plain-update "$url" "$workers" $((changes * 2)) "$(nproc)")
   python3 -c "print('$round, %.1f, %.1f, %.1f, %.2f, %.2f, %.2f' % (
      $ours, $theirs, $alone, $ours / $theirs, $alone / $theirs, $ours / $alone))"
done
