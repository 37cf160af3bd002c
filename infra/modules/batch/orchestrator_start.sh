#!/bin/bash
# Installs the orchestrator on a node from the wheels in the folder $1 (lock: runtime.txt in it).
# No package index is asked.  Batch runs this at every boot; a second run changes nothing.
set -euo pipefail

packages="$1"
home="${AVDATAOPS_HOME:-/opt/avdataops}"
bin="${AVDATAOPS_BIN:-/usr/local/bin}"

wanted="$(cd "$packages" && sha256sum ./* | sha256sum)"
if [ -f "$home/ready" ] && [ "$(cat "$home/ready")" = "$wanted" ]; then
    echo "the orchestrator of $packages is installed already"
    exit 0
fi

rm -rf "$home"
python3 -m venv --without-pip "$home"
# A wheel of pip can be run as it is, so that the node needs nothing beside Python.
pip=(python3 "$(echo "$packages"/pip-*.whl)/pip" --python "$home/bin/python" install
    --quiet --no-index --find-links "$packages")
"${pip[@]}" --require-hashes -r "$packages/runtime.txt"
"${pip[@]}" --no-deps "$packages"/avdataops-*.whl

# Not a link: an interpreter that is reached through a link does not find its environment.
printf '#!/bin/sh\nexec "%s/bin/python" "$@"\n' "$home" >"$bin/python"
chmod 755 "$bin/python"
(cd / && "$bin/python" -c 'import batch_tasks.run')
echo "$wanted" >"$home/ready"
