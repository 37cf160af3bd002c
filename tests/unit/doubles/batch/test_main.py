import json
import signal
import subprocess
import sys

from avdataops.adapters.azure_batch import open_batch
from tests.doubles.batch.nodes import ROOT


def test_the_double_serves_as_a_process_until_it_is_told_to_end() -> None:
    command = [sys.executable, "-m", "tests.doubles.batch", "--nodes", "2", "--slots", "3"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        with open_batch(facts["endpoint"], key=facts["key"]) as client:
            pool = client.get_pool(facts["pool"])
        assert (pool.current_low_priority_nodes, pool.task_slots_per_node) == (2, 3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stdout.read() == ""
