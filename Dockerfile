# syntax=docker/dockerfile:1
# The image of `drawbridge`: the binary, the C library, root certificates; no shell, no package manager.
#
#     set -a; . .github/base-images.env; set +a
#     docker build --build-arg "RUST=$RUST@$RUST_DIGEST" --build-arg "RUNTIME=$RUNTIME@$RUNTIME_DIGEST" --tag drawbridge:0.1.0 .
#
# Both base images are named with their digests, and those are in .github/base-images.env: a tag can be moved.
# There is no default on purpose.
ARG RUST
ARG RUNTIME

FROM ${RUST} AS tools
# cargo-chef: dependencies are a layer of their own. cargo-auditable: the binary holds the list of what it was built
# from, which is how scanners and the image's SBOM know of crates.
ARG CHEF=0.1.78
ARG AUDITABLE=0.7.7
RUN cargo install --locked --version "${CHEF}" cargo-chef \
 && cargo install --locked --version "${AUDITABLE}" cargo-auditable
WORKDIR /build
# Most relocations are relative, and packed they are a fortieth as long: a megabyte less to read at each start and to
# keep. Needs glibc 2.36 where it runs.
ENV RUSTFLAGS="-C link-arg=-Wl,-z,pack-relative-relocs"

FROM tools AS recipe
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM tools AS build
COPY --from=recipe /build/recipe.json recipe.json
RUN cargo chef cook --profile dist --locked --recipe-path recipe.json
COPY . .
RUN cargo auditable build --profile dist --locked --bin drawbridge \
 && strip --strip-debug target/dist/drawbridge

# hadolint ignore=DL3006
FROM ${RUNTIME}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="drawbridge" \
      org.opencontainers.image.description="Time-bound network access to Kubernetes workloads, asked and approved in Slack" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Owned by root: the process cannot replace its own program, and it writes no file anywhere (the Deployment mounts
# the root read-only).
COPY --from=build --chown=0:0 --chmod=0555 /build/target/dist/drawbridge /usr/local/bin/drawbridge
COPY --chown=0:0 --chmod=0444 LICENSE /usr/share/doc/drawbridge/LICENSE
# By number, so that `runAsNonRoot` can be checked. The user has no home and no rights.
USER 65532:65532
EXPOSE 8080
# glibc keeps what each thread gave back to itself. Two places for all of them keep small what a list of thousands
# of pods leaves behind (mallopt(3), M_ARENA_MAX).
ENV MALLOC_ARENA_MAX=2
# SIGTERM ends `serve` within 15 s.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/drawbridge"]
CMD ["serve"]
