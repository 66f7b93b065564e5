#!/bin/sh
# Installs the stock Kite client beside this script, once; suites that run at the same time wait for each other.
set -eu
cd "$(dirname "$0")"
flock package.json sh -c '[ -d node_modules/kiteconnect ] || npm ci --no-audit --no-fund --loglevel=error >&2'
