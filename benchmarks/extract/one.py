"""Runs one way once, in this process: ``python -m benchmarks.extract.one WAY.json FILE OUT``.

Nothing is imported here but the standard library, because peers run in environments of their own.
"""

import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path

KIB = 1024


def peak_mb() -> float:
    """Return the peak resident memory of this process and its children so far, in MB."""
    # getrusage would tell the peak of the parent too, from between fork and exec.
    status = Path("/proc/self/status")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if status.exists():
        (line,) = [one for one in status.read_text().splitlines() if one.startswith("VmHWM")]
        own = int(line.split()[1])
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(own, children) / KIB


def main(arguments: list[str]) -> int:
    """Time one way and print what it took as JSON."""
    function, imports, recording, out = arguments
    for name in json.loads(imports):
        import_module(name)
    module, _, name = function.partition(":")
    way = getattr(import_module(module), name)
    before_mb = peak_mb()
    began, cpu = time.perf_counter(), time.process_time()
    messages = way(Path(recording), Path(out))
    result = {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "messages": messages,
        "peak_mb": peak_mb(),
        "imported_mb": before_mb,
        "out_mb": sum(one.stat().st_size for one in Path(out).iterdir()) / 1e6,
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
