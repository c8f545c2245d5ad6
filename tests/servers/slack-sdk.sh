#!/usr/bin/env bash
# Installs Slack's official SDKs for Node.js and Python into target/servers/slack-sdk and makes JSON
# schemas of their types, once: the tests hold the simulated Slack against them. A second run finds them
# and does nothing. Versions are pinned in tests/slack-sdk; the registries are npm's and pip's own.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../slack-sdk" && pwd)
out=$here/../../target/servers/slack-sdk
pinned=(package.json package-lock.json requirements.txt types.ts tsconfig.json schemas.mjs)

# The stamp names what was installed, so that a changed version or type list installs again.
stamp=$(cd "$here" && cat "${pinned[@]}" | cksum)
if [[ $(cat "$out/installed-from" 2>/dev/null) == "$stamp" ]]; then
    echo "using $(cd "$out" && pwd)"
    exit 0
fi

missing() {
    echo "the simulated Slack is checked by Slack's own SDKs: install $1" >&2
    exit 1
}
node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null ||
    missing "Node.js 20 or newer (Debian: nodejs)"
command -v npm >/dev/null || missing "npm (Debian: npm)"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
    missing "Python 3.10 or newer (Debian: python3)"
python3 -c 'import ensurepip, venv' 2>/dev/null ||
    missing "Python's venv (Debian: python3-venv)"

# A half-made installation is made anew.
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)
for file in "${pinned[@]}"; do cp "$here/$file" "$out/"; done
cd "$out"
npm ci --silent --no-audit --no-fund --ignore-scripts &
npm=$!
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-deps -r requirements.txt
wait "$npm"
node schemas.mjs >schemas.json
echo "$stamp" >installed-from
echo "installed into $out"
