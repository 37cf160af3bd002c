#!/bin/sh
# Builds the images and prints their names and sizes:
#   BASE=docker.io/library/python:3.11-slim-bookworm@sha256:... docker/build.sh [worker|orchestrator|api]
#
# ENGINE    docker (default), podman, or either with options
# PREFIX    what the names begin with, for example a registry; default localhost
# SBOM_DIR  folder for the bills of materials; default: they stay inside the images
# SOURCE    address of the repository, for the label
# Further options for the build come after --.
set -eu
cd "$(dirname "$0")/.."
: "${BASE:?name a python:3.11-slim-bookworm with its digest, as docker/README.md describes}"
ENGINE=${ENGINE:-docker}
PREFIX=${PREFIX:-localhost}

case $BASE in
*@sha256:* | localhost/*) ;;
*)
    echo "BASE '$BASE' has no digest; a tag can move: add @sha256:..." >&2
    exit 2
    ;;
esac

targets=
while [ $# -gt 0 ]; do
    case $1 in
    worker | orchestrator | api) targets="$targets $1" ;;
    --) shift && break ;;
    *)
        echo "there is no image '$1'; there are worker, orchestrator and api" >&2
        exit 2
        ;;
    esac
    shift
done

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
revision=${REVISION:-$(git rev-parse HEAD 2>/dev/null || echo unknown)}

# shellcheck disable=SC2086 # the engine may have options
build() {
    $ENGINE build -f docker/Dockerfile --build-arg "BASE=$BASE" \
        --build-arg "VERSION=$version" --build-arg "REVISION=$revision" \
        --build-arg "SOURCE=${SOURCE:-unknown}" "$@" . >&2
}

for target in ${targets:-worker orchestrator api}; do
    name=$PREFIX/avdataops-$target:$version
    build --target "$target" -t "$name" "$@"
    # shellcheck disable=SC2086
    $ENGINE image inspect --format '{{.Size}}' "$name" |
        awk -v name="$name" '{printf "%s %.0f MB\n", name, $1 / 1e6}'
done
if [ -n "${SBOM_DIR:-}" ]; then
    mkdir -p "$SBOM_DIR"
    build --target sbom --output "type=local,dest=$SBOM_DIR" "$@"
fi
