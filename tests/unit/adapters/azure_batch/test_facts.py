import json
from typing import Any

import pytest

from avdataops.adapters.azure_batch.facts import parse_pool_facts, pool_facts, shipped
from avdataops.model.errors import ConfigError
from avdataops.steps import STEPS


def changed(**values: Any) -> str:
    return json.dumps(json.loads(shipped("batch_pool.json")) | values)


def test_the_shipped_facts_can_be_read() -> None:
    facts = pool_facts()
    assert facts.id == "execution"
    assert facts.node_communication == "simplified"
    assert facts.image.offer == "ubuntu-hpc"
    assert facts.image.node_agent == "batch.node.ubuntu 22.04"


def test_every_step_of_the_product_has_its_own_limits_and_no_other_has() -> None:
    assert set(pool_facts().tasks.steps) - {"*"} <= set(STEPS)
    assert set(STEPS) - set(pool_facts().tasks.steps) == set()


def test_a_node_has_memory_for_all_its_slots() -> None:
    facts = pool_facts()
    # A standard_d8ds_v5 has 32 GiB, of which the system needs some.
    assert facts.vm_size == "standard_d8ds_v5"
    assert facts.slots_per_node * facts.memory_mib_per_slot <= 30 * 1024


def test_a_step_that_is_not_named_has_the_limits_of_the_star() -> None:
    tasks = pool_facts().tasks
    assert tasks.of_step("a step of tomorrow") is tasks.steps["*"]
    assert tasks.of_step("extract") is tasks.steps["extract"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not a description of a pool"),
        ("[]", "not a description of a pool"),
        (changed(slots_per_node="many"), "slots_per_node"),
        (changed(slots_per_node=1), "needs more slots than the 1 of a node"),
    ],
)
def test_wrong_facts_are_refused_by_name(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_pool_facts(text)


def test_limits_for_every_step_must_be_there() -> None:
    facts = json.loads(shipped("batch_pool.json"))
    del facts["tasks"]["steps"]["*"]
    with pytest.raises(ConfigError, match=r"has no '\*'"):
        parse_pool_facts(json.dumps(facts))


def test_a_task_without_time_is_refused() -> None:
    facts = json.loads(shipped("batch_pool.json"))
    facts["tasks"]["steps"]["*"]["wall_clock_s"] = 0
    with pytest.raises(ConfigError, match="wall_clock_s of 1 or more"):
        parse_pool_facts(json.dumps(facts))
