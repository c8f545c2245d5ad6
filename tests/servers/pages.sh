#!/usr/bin/env bash
# Makes sure that the programs that pages tell to use, besides ours and kubectl, are on the PATH. Installs Debian's
# packages where it may, and says exactly what to install where it may not.
set -euo pipefail
missing=()
for program in jq openssl sqlite3; do
  command -v "$program" >/dev/null || missing+=("$program")
done
[[ ${#missing[@]} == 0 ]] && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  apt-get update -qq >&2
  # Debian's packages have the programs' names.
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >&2
else
  echo "the commands of manifests/operations.md and SECURITY.md are run: install ${missing[*]}" >&2
  exit 1
fi
