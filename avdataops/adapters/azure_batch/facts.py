"""The facts of the execution pool, read from ``pipelines/batch_pool.json``.

Infrastructure as code reads the same file, so that the pool, its scaling and the tasks that are
sent to it cannot disagree.
"""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

from avdataops.model.documents import from_document
from avdataops.model.errors import ConfigError, SchemaMismatch

_HERE = Path(__file__)
_INSIDE = _HERE.parents[2] / "pipelines"
_BESIDE = _HERE.parents[3] / "pipelines"
_ANY_STEP = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class VmImage:
    """Marketplace image of the nodes and the node agent that fits it."""

    publisher: str
    offer: str
    sku: str
    version: str
    node_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerLimits:
    """What a task's container may have besides memory."""

    pids: int
    tmpfs_mib: int
    """Size of ``/tmp``, which lies in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How the pool grows and shrinks."""

    interval_min: int
    tasks_per_node: int
    max_spot: int
    max_dedicated: int
    max_increase: int
    """Nodes of each sort that one evaluation may add."""
    formula: tuple[str, ...]
    """Statements of the autoscale formula with ``{name}`` for the numbers above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLimits:
    """What one task of a step needs."""

    slots: int
    wall_clock_s: int
    wall_clock_s_per_gib: int
    """Added for each GiB of input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLimits:
    """What tasks need, by step and topic class."""

    retries: int
    """Further attempts that Batch makes by itself after a non-zero exit code."""
    retention_h: int
    slots_by_topic_class: dict[str, int]
    """A task that reads such a stream takes at least so many slots."""
    steps: dict[str, StepLimits]
    """``*`` stands for every step that is not named."""

    def of_step(self, step: str) -> StepLimits:
        """Return the limits of one step."""
        return self.steps.get(step, self.steps[_ANY_STEP])


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """The execution pool as data."""

    id: str
    vm_size: str
    image: VmImage
    node_communication: str
    slots_per_node: int
    memory_mib_per_slot: int
    container: ContainerLimits
    mounts: tuple[str, ...]
    """Containers of the raw account that nodes mount."""
    mount_options: str
    """Of blobfuse.  For reading only: it loses writes that meet writes from elsewhere."""
    scale: Scale
    tasks: TaskLimits


def parse_pool_facts(text: str) -> PoolFacts:
    """Return the facts that JSON ``text`` holds; raises ``ConfigError``."""
    try:
        facts = from_document(PoolFacts, json.loads(text))
    except (ValueError, SchemaMismatch) as error:
        raise ConfigError(f"not a description of a pool: {error}") from error
    if _ANY_STEP not in facts.tasks.steps:
        raise ConfigError("the pool's tasks.steps has no '*' for steps that are not named")
    too_many = [n for n, step in facts.tasks.steps.items() if step.slots > facts.slots_per_node]
    if too_many:
        raise ConfigError(
            f"step '{too_many[0]}' needs more slots than the {facts.slots_per_node} of a node"
        )
    if any(step.wall_clock_s < 1 for step in facts.tasks.steps.values()):
        raise ConfigError("every step of the pool's tasks needs a wall_clock_s of 1 or more")
    return facts


def shipped(name: str) -> str:
    """Return the text of a file in ``pipelines/``, in the wheel or in a checkout."""
    folder = _INSIDE if _INSIDE.is_dir() else _BESIDE
    return (folder / name).read_text(encoding="utf-8")


@functools.cache
def pool_facts() -> PoolFacts:
    """Return the shipped facts."""
    return parse_pool_facts(shipped("batch_pool.json"))
