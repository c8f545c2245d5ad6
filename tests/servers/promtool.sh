#!/usr/bin/env bash
# Makes sure that promtool (2.40 or later) is on the PATH or in target/servers/promtool. Unpacks it from Debian's
# package, which is not installed: it would start a server.
set -euo pipefail
command -v promtool >/dev/null && exit 0
into="$PWD/target/servers/promtool"
[ -x "$into/promtool" ] && exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
  echo "promtool (2.40 or later) is needed: install your system's prometheus package" >&2
  exit 1
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
if [ "$(id -u)" = 0 ]; then apt-get update -qq >&2; fi
(cd "$work" && apt-get download -qq prometheus >&2 && dpkg-deb -x prometheus_*.deb unpacked)
mkdir -p "$into"
mv "$work/unpacked/usr/bin/promtool" "$into/promtool"
