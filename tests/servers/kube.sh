#!/usr/bin/env bash
# Builds kube-apiserver and etcd for the contract suite, and kubectl for looking into the town, into
# target/servers/kube, once.
# A second run finds them and does nothing. With KUBEBUILDER_ASSETS set, nothing is built:
# the tests take the binaries from there.
set -euo pipefail

kubernetes=v1.36.3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$here/../../target/servers/kube

have() { [[ -x $1/kube-apiserver && -x $1/etcd && -x $1/kubectl ]]; }

if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
    have "$KUBEBUILDER_ASSETS" && echo "using $KUBEBUILDER_ASSETS" && exit 0
    echo "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS lacks kube-apiserver, etcd or kubectl;" >&2
    echo "unset it to build them here, or point it at a folder that has all three" >&2
    exit 1
fi

# The stamp names what was built, so that a changed version or module file builds again.
stamp="$kubernetes $(cat "$here/go.mod" "$here/go.sum" 2>/dev/null | cksum)"
if have "$out" && [[ $(cat "$out/built-from" 2>/dev/null) == "$stamp" ]]; then
    echo "using $(cd "$out" && pwd)"
    exit 0
fi

if ! command -v go >/dev/null; then
    echo "kube-apiserver, etcd and kubectl are built from Go modules: install Go 1.26 or newer" >&2
    echo "(your distribution's golang package will do if it is that new), or set" >&2
    echo "KUBEBUILDER_ASSETS to a folder that holds all three" >&2
    exit 1
fi

mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$here"
export CGO_ENABLED=0
version=k8s.io/component-base/version.gitVersion=$kubernetes
# Built aside and moved: an interrupted build leaves no half-written binary behind.
go build ${DRAWBRIDGE_GO_FLAGS:-} -trimpath -ldflags "-s -w" -o "$out/etcd.new" go.etcd.io/etcd/server/v3
mv "$out/etcd.new" "$out/etcd"
go build ${DRAWBRIDGE_GO_FLAGS:-} -trimpath -ldflags "-s -w -X $version" \
    -o "$out/kube-apiserver.new" k8s.io/kubernetes/cmd/kube-apiserver
mv "$out/kube-apiserver.new" "$out/kube-apiserver"
go build ${DRAWBRIDGE_GO_FLAGS:-} -trimpath -ldflags "-s -w -X $version" \
    -o "$out/kubectl.new" k8s.io/kubernetes/cmd/kubectl
mv "$out/kubectl.new" "$out/kubectl"
echo "$stamp" >"$out/built-from"
echo "built into $out"
