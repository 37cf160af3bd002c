import base64
import json
import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avdataops.adapters.azure_batch.facts import Scale, pool_facts, shipped
from avdataops.adapters.azure_batch.pool import (
    START_TASK,
    PoolPlace,
    autoscale_formula,
    pool_options,
    start_task,
)
from avdataops.model.errors import ConfigError
from tests.doubles.batch.autoscale import Evaluation, targets
from tests.doubles.batch.kit import Cloud
from tests.doubles.batch.schema import problems

FACTS = pool_facts()
PLACE = PoolPlace(
    image=f"fleet.azurecr.io/worker@sha256:{'0' * 64}",
    registry="fleet.azurecr.io",
    identity="/subscriptions/s/resourceGroups/g/providers/x/userAssignedIdentities/workers",
    raw_account="fleetraw",
)
SCALE = replace(FACTS.scale, tasks_per_node=4, max_spot=10, max_dedicated=3, max_increase=4)


def scaled(
    pending: Sequence[float], *, spot: float = 0, preempted: float = 0, dedicated: float = 0
) -> tuple[float, float]:
    return targets(
        autoscale_formula(SCALE),
        {
            "$PendingTasks": pending,
            "$CurrentLowPriorityNodes": [spot],
            "$PreemptedNodeCount": [preempted],
            "$CurrentDedicatedNodes": [dedicated],
        },
    )


def test_the_shipped_pool_is_one_that_the_service_takes(azure: Cloud) -> None:
    options = pool_options(FACTS, PLACE)
    assert problems("BatchPoolCreateOptions", options.as_dict()) == []
    azure.batch.scheduler.pools.clear()
    azure.client.create_pool(options)
    found = azure.client.get_pool("execution")
    assert found.vm_size == "standard_d8ds_v5"
    assert found.task_slots_per_node == 8


def test_nodes_run_containers_and_fetch_the_worker_by_their_identity() -> None:
    made = pool_options(FACTS, PLACE).as_dict()["virtualMachineConfiguration"]
    assert made["imageReference"] == {
        "publisher": "microsoft-dsvm",
        "offer": "ubuntu-hpc",
        "sku": "2204",
        "version": "latest",
    }
    assert made["nodeAgentSKUId"] == "batch.node.ubuntu 22.04"
    assert made["containerConfiguration"] == {
        "type": "dockerCompatible",
        "containerImageNames": [PLACE.image],
        "containerRegistries": [
            {
                "registryServer": "fleet.azurecr.io",
                "identityReference": {"resourceId": PLACE.identity},
            }
        ],
    }


def test_mounts_are_for_reading_and_by_identity() -> None:
    (mount,) = pool_options(FACTS, PLACE).as_dict()["mountConfiguration"]
    blobs = mount["azureBlobFileSystemConfiguration"]
    assert blobs == {
        "accountName": "fleetraw",
        "containerName": "recordings",
        "relativeMountPath": "recordings",
        "blobfuseOptions": "-o ro --read-only=true --use-adls=true",
        "identityReference": {"resourceId": PLACE.identity},
    }


def test_more_mounts_than_a_node_takes_are_refused() -> None:
    with pytest.raises(ConfigError, match="10 containers"):
        pool_options(replace(FACTS, mounts=tuple("abcdefghijk")), PLACE)


def test_no_secret_is_in_a_pool() -> None:
    text = json.dumps(pool_options(FACTS, PLACE).as_dict()).lower()
    assert not re.search(r"accountkey|saskey|password|sig=", text)


def test_nodes_in_a_network_have_no_public_address() -> None:
    assert "networkConfiguration" not in pool_options(FACTS, PLACE).as_dict()
    made = pool_options(FACTS, replace(PLACE, subnet="/subnets/x")).as_dict()
    assert made["networkConfiguration"] == {
        "subnetId": "/subnets/x",
        "publicIPAddressConfiguration": {"provision": "nopublicipaddresses"},
    }


def test_the_shipped_formula_keeps_the_limits_of_the_service() -> None:
    formula = autoscale_formula(FACTS.scale)
    assert len(formula.encode()) <= 8192
    assert formula.count(";") == len(FACTS.scale.formula) <= 100
    assert formula.endswith("$NodeDeallocationOption = taskcompletion;")
    assert "{" not in formula


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (replace(SCALE, formula=("a = {nodes};",)), "names 'nodes'"),
        (replace(SCALE, formula=("a = 1;",) * 101), "over 100 statements"),
        (replace(SCALE, formula=("a = 1" + "0" * 8192 + ";",)), "more than 8192 bytes"),
        (replace(SCALE, interval_min=4), "every 5 minutes"),
        (replace(SCALE, tasks_per_node=0), "tasks_per_node >= 1"),
        (replace(SCALE, max_spot=-1), "no negative numbers"),
    ],
)
def test_a_formula_beyond_the_limits_is_refused(scale: Scale, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        autoscale_formula(scale)


@pytest.mark.parametrize(
    ("pending", "spot", "preempted", "dedicated", "expected"),
    [
        (0, 0, 0, 0, (0, 0)),
        (1, 0, 0, 0, (1, 0)),
        (4, 0, 0, 0, (1, 0)),
        (5, 0, 0, 0, (2, 0)),
        # At most four more at a time.
        (40, 0, 0, 0, (4, 0)),
        (40, 4, 0, 0, (8, 0)),
        (40, 8, 0, 0, (10, 0)),
        # Beyond ten Spot nodes dedicated ones follow, three at the most.
        (44, 10, 0, 0, (10, 1)),
        (400, 10, 0, 0, (10, 3)),
        # What was taken away is made up for, and asked for again.
        (40, 10, 2, 0, (10, 2)),
        (40, 10, 10, 3, (10, 3)),
        # Nothing left to do: all go, once their tasks have ended.
        (0, 10, 0, 3, (0, 0)),
        (4, 10, 9, 3, (1, 1)),
    ],
)
def test_spot_nodes_come_first_and_dedicated_ones_fill_up(
    pending: float, spot: float, preempted: float, dedicated: float, expected: tuple[float, float]
) -> None:
    found = scaled([pending] * 10, spot=spot, preempted=preempted, dedicated=dedicated)
    assert found == expected


def test_few_samples_are_not_averaged() -> None:
    assert scaled([0, 0, 0, 8]) == (2, 0)


def test_a_short_lull_does_not_shrink_the_pool_at_once() -> None:
    assert scaled([8] * 9 + [0], spot=2) == (2, 0)
    assert scaled([0] * 10, spot=2) == (0, 0)


@given(
    pending=st.integers(0, 10_000),
    spot=st.integers(0, 20),
    dedicated=st.integers(0, 5),
    share=st.floats(0, 1),
)
def test_targets_stay_within_all_limits(
    pending: int, spot: int, dedicated: int, share: float
) -> None:
    preempted = int(spot * share)
    low, full = scaled([pending] * 10, spot=spot, preempted=preempted, dedicated=dedicated)
    assert 0 <= low <= min(10, spot + 4)
    assert 0 <= full <= min(3, dedicated + 4)
    if pending == 0:
        assert (low, full) == (0, 0)
    if pending > 0 and spot == 0:
        assert low >= 1


def test_the_evaluator_refuses_what_it_does_not_know() -> None:
    for wrong in ("a = 1 % 2;", "a = $X.GetSample(1);", "a = sqrt(4);", "a 1;"):
        with pytest.raises((SyntaxError, KeyError, ValueError)):
            Evaluation({}).run(wrong)


def test_the_start_task_carries_the_shipped_script() -> None:
    task = start_task()
    shell, flag, command = shlex.split(task.command_line)
    assert (shell, flag) == ("/bin/bash", "-c")
    (encoded,) = re.findall(r"echo (\S+) \|", command)
    assert base64.b64decode(encoded).decode() == shipped(START_TASK)
    assert task.wait_for_success is True
    assert task.user_identity is not None
    assert task.user_identity.auto_user is not None
    assert task.user_identity.auto_user.elevation_level == "admin"


class Machine:
    """A node whose ``docker`` and ``systemctl`` are small scripts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.old, self.new = root / "old", root / "ephemeral" / "docker"
        self.settings = root / "etc" / "daemon.json"
        self.log = root / "log"
        self._program("systemctl", f'echo "$@" >> {self.log}')
        read = f"json.load(open('{self.settings}')).get('data-root', '{self.old}')"
        known = f'python3 -c "import json; print({read})"'
        self._program("docker", f"[ -f {self.settings} ] && {known} || echo {self.old}")

    def _program(self, name: str, line: str) -> None:
        path = self.root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/bash\n{line}\n")
        path.chmod(0o755)

    def boot(self) -> str:
        done = subprocess.run(
            shlex.split(start_task().command_line),
            env={
                "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
                "AVDATAOPS_DOCKER_ROOT": str(self.new),
                "AVDATAOPS_DOCKER_SETTINGS": str(self.settings),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


def test_the_start_task_moves_dockers_files_once(tmp_path: Path) -> None:
    node = Machine(tmp_path)
    node.old.mkdir()
    (node.old / "image").write_text("layers")
    node.boot()
    assert (node.new / "image").read_text() == "layers"
    assert json.loads(node.settings.read_text()) == {"data-root": str(node.new)}
    did = node.log.read_text()
    assert did.splitlines() == ["stop docker.socket docker.service", "start docker.service"]
    assert "already" in node.boot()
    assert node.log.read_text() == did


def test_the_start_task_keeps_what_docker_was_told_before(tmp_path: Path) -> None:
    node = Machine(tmp_path)
    node.settings.parent.mkdir()
    node.settings.write_text('{"runtimes": {"nvidia": {}}}')
    node.boot()
    expected = {"runtimes": {"nvidia": {}}, "data-root": str(node.new)}
    assert json.loads(node.settings.read_text()) == expected


def test_a_node_where_docker_stays_where_it_is_does_not_take_tasks(tmp_path: Path) -> None:
    node = Machine(tmp_path)
    node._program("docker", f"echo {node.old}")
    with pytest.raises(subprocess.CalledProcessError):
        node.boot()
