#!/usr/bin/env bash
# Makes sure that redis-server and redis-cli are on the PATH. Installs Debian's package where it may,
# and says exactly what to install where it may not.
set -euo pipefail
command -v redis-server >/dev/null && command -v redis-cli >/dev/null && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq redis-server >&2
  # The package starts a server of its own; the tests start theirs and must not meet it.
  service redis-server stop >/dev/null 2>&1 || true
else
  echo "redis-server and redis-cli (7.0 or later) are needed: install your system's redis package" >&2
  exit 1
fi
