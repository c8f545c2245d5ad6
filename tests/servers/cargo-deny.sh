#!/usr/bin/env bash
# Runs cargo-deny, building it once into target/tools when it is not installed: the registries hold no
# built one that is new enough to know today's licence names.
set -euo pipefail
VERSION=0.20.2
if cargo deny --version >/dev/null 2>&1; then
  exec cargo deny "$@"
fi
tools="$PWD/target/tools"
if [ ! -x "$tools/bin/cargo-deny" ]; then
  # Unoptimised: it runs for two seconds and would build for minutes.
  cargo install --quiet --locked --debug --root "$tools" --target-dir "$tools/build" "cargo-deny@$VERSION"
  rm -rf "$tools/build"
fi
exec "$tools/bin/cargo-deny" "$@"
