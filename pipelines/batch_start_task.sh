#!/bin/bash
# Moves Docker's files from the small system disk to the ephemeral disk of a node.
# Batch runs this at every boot; a second run changes nothing.
set -euo pipefail

target="${AVDATAOPS_DOCKER_ROOT:-/mnt/docker}"
settings="${AVDATAOPS_DOCKER_SETTINGS:-/etc/docker/daemon.json}"

current="$(docker info --format '{{.DockerRootDir}}')"
if [ "$current" = "$target" ]; then
    echo "Docker keeps its files in $target already"
    exit 0
fi

mkdir -p "$target" "$(dirname "$settings")"
systemctl stop docker.socket docker.service
# Images that were fetched before this ran need not be fetched again.
if [ -d "$current" ]; then
    cp -a "$current/." "$target/"
fi
python3 - "$settings" "$target" <<'PYTHON'
import json
import pathlib
import sys

path, target = pathlib.Path(sys.argv[1]), sys.argv[2]
known = json.loads(path.read_text()) if path.exists() else {}
path.write_text(json.dumps(known | {"data-root": target}, indent=2) + "\n")
PYTHON
systemctl start docker.service
test "$(docker info --format '{{.DockerRootDir}}')" = "$target"
