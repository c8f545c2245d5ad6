#!/usr/bin/env bash
# Installs Schemathesis into target/servers/schemathesis, once: the HTTP API is held against its OpenAPI
# document with it, and with what comes beside it workflows and the Dockerfile are checked. A second run finds it and does nothing. Versions are pinned in tests/api.
set -euo pipefail

pinned=$(cd "$(dirname "${BASH_SOURCE[0]}")/../api" && pwd)/requirements.txt
out=$(dirname "${BASH_SOURCE[0]}")/../../target/servers/schemathesis

# The stamp names what was installed, so that a changed version installs again.
stamp=$(cksum <"$pinned")
if [[ $(cat "$out/installed-from" 2>/dev/null) == "$stamp" ]]; then
    echo "using $(cd "$out" && pwd)"
    exit 0
fi

missing() {
    echo "the HTTP API is checked by Schemathesis: install $1" >&2
    exit 1
}
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
    missing "Python 3.10 or newer (Debian: python3)"
python3 -c 'import ensurepip, venv' 2>/dev/null ||
    missing "Python's venv (Debian: python3-venv)"

# A half-made installation is made anew.
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)
python3 -m venv "$out/venv"
"$out/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$pinned"
echo "$stamp" >"$out/installed-from"
echo "installed into $out"
