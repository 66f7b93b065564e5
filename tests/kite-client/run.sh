#!/bin/sh
# run.sh SIM_SERVER: starts the simulated broker on a free port, drives it with the stock Kite client, stops it.
set -eu
server=$(realpath "${1:-build/dev/tests/kite-client/sim_server}")
cd "$(dirname "$0")"
./install.sh

address=$(mktemp)
"$server" >"$address" &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; rm -f "$address"' EXIT
tries=0
while ! [ -s "$address" ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || { echo "the simulated broker did not start" >&2; exit 1; }
  sleep 0.1
done
node conformance.mjs "$(head -n 1 "$address")"
