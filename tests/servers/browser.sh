#!/usr/bin/env bash
# What the browser test needs: Chromium from the system's packages, and playwright-core and axe-core from
# npm into target/servers/browser. Installs what it may and says exactly what to install otherwise.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
wanted=$here/../browser
out=$here/../../target/servers/browser

if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null; then
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        apt-get update -qq >&2
        # The fonts are those of screenshots: without the second, emoji are boxes.
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            chromium fonts-lato fonts-noto-color-emoji >&2
    else
        echo "Chromium is needed for the browser test: install your system's chromium package" >&2
        exit 1
    fi
fi

if ! command -v npm >/dev/null; then
    echo "Node.js 20 or later with npm is needed for the browser test: install your system's packages" >&2
    exit 1
fi

stamp=$(cat "$wanted/package.json" "$wanted/package-lock.json" | cksum)
if [[ $(cat "$out/installed-from" 2>/dev/null) != "$stamp" ]]; then
    mkdir -p "$out"
    cp "$wanted/package.json" "$wanted/package-lock.json" "$out/"
    (cd "$out" && npm ci --silent --no-audit --no-fund --ignore-scripts)
    echo "$stamp" >"$out/installed-from"
fi
echo "using $(cd "$out" && pwd)"
