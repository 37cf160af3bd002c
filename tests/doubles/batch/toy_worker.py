"""A worker that does what its task's parameters say; starts fast, since it imports nothing.

Parameters: ``sleep_s``, ``exits`` (a list: the exit code of each try), ``record`` (whether to
leave one; default on exit 0), ``say`` (on stdout), ``linger_s`` (after the record).
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def main() -> int:
    """Act out the task."""
    derived = Path(os.environ["AVDATAOPS_WORKSPACE"]) / "derived"
    folder = (derived / sys.argv[sys.argv.index("--task") + 1]).parent
    task = json.loads((derived / sys.argv[sys.argv.index("--task") + 1]).read_bytes())
    params: dict[str, Any] = task["params"]
    tries = folder / f"tries-{task['attempt']}"
    with tries.open("a") as file:
        file.write(f"{os.getpid()}\n")
    tried = len(tries.read_text().splitlines())
    sys.stdout.write(str(params.get("say", "")))
    sys.stdout.flush()
    time.sleep(float(params.get("sleep_s", 0)))
    exits = params.get("exits", [0])
    code = int(exits[min(tried, len(exits)) - 1])
    if params.get("record", code == 0):
        _leave_record(folder, task)
    time.sleep(float(params.get("linger_s", 0)))
    return code


def _leave_record(folder: Path, task: dict[str, Any]) -> None:
    record = {
        "run": f"run_{task['id']}",
        "step": task["step"],
        "version": task["version"],
        "measurement": task["measurement"],
        "part": task["part"],
        "attempt": task["attempt"],
        "outcome": "done",
        "params": task["params"],
    }
    at = folder / f"attempt-{task['attempt']}.json"
    hidden = at.with_name(f".{at.name}")
    hidden.write_text(json.dumps(record))
    hidden.replace(at)


if __name__ == "__main__":
    sys.exit(main())
