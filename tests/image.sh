#!/usr/bin/env bash
# Whether the release binary can live in the image of Dockerfile, where no image can be built: it needs only the
# libraries that the image has, and starts in a root that holds nothing but those, read-only, as a user without
# rights. Takes the binary; default: target/release/drawbridge.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${1:-target/release/drawbridge}
[[ -x $binary ]] || { echo "$binary is not there: cargo build --release --locked" >&2; exit 1; }

# What distroless `cc` holds besides files of text: the C library and gcc's run-time library.
has='^(ld-linux-x86-64\.so\.2|ld-linux-aarch64\.so\.1|libc\.so\.6|libm\.so\.6|libgcc_s\.so\.1|libdl\.so\.2|libpthread\.so\.0|librt\.so\.1)$'
needed=$(readelf --dynamic --wide "$binary" | sed --quiet 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[[ -n $needed ]] || { echo "readelf finds no library that $binary needs: is it a program?" >&2; exit 1; }
if strange=$(grep --extended-regexp --invert-match "$has" <<<"$needed"); then
    echo "the image lacks:" $strange >&2
    exit 1
fi
loader=$(readelf --program-headers --wide "$binary" | sed --quiet 's/.*interpreter: \(.*\)\]/\1/p')

root=$(mktemp --directory)
trap 'chmod -R u+w "$root" && rm -r "$root"' EXIT
take() { install -D --mode=0555 "$(readlink --canonicalize "$1")" "$root$1"; }
take "$loader"
while read -r library; do
    take "$library"
done < <(ldd "$binary" | sed --quiet 's/.*=> \(\/[^ ]*\) .*/\1/p')
install -D --mode=0555 "$binary" "$root/usr/local/bin/drawbridge"
chmod -R a-w "$root"
chmod a+rx "$root"

alone() { unshare --user --map-user=65532 --map-group=65532 --net --root="$root" --wd=/ /usr/local/bin/drawbridge "$@"; }
version=$(sed --quiet 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
said=$(alone --version)
[[ $said == "drawbridge $version" ]] || { echo "it says: $said" >&2; exit 1; }
# More than its name: reads what is embedded, and refuses to serve without its settings (exit status 2).
alone check --schema | grep --quiet AccessTemplate
status=0
env --ignore-environment unshare --user --map-user=65532 --map-group=65532 --net --root="$root" --wd=/ \
    /usr/local/bin/drawbridge serve >/dev/null 2>&1 || status=$?
[[ $status == 2 ]] || { echo "serve without settings ends with $status, not 2" >&2; exit 1; }
echo "the binary needs: $(tr '\n' ' ' <<<"$needed")and starts alone as 65532"
