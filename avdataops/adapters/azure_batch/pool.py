"""The execution pool as code: image, containers, scaling, mounts.

The pool's managed identity cannot be given through this API, only through the management plane,
so infrastructure as code makes the real pool, from the same ``pipelines/batch_pool.json``.  What
is here makes pools of emulators and tells what a pool should look like.
"""

import base64
from dataclasses import dataclass
from datetime import timedelta

from azure.batch import models

from avdataops.adapters.azure_batch.facts import PoolFacts, Scale, shipped
from avdataops.model.errors import ConfigError

MAX_FORMULA_BYTES = 8 * 1024
MAX_FORMULA_STATEMENTS = 100
MIN_INTERVAL_MIN = 5
MAX_MOUNTS = 10
START_TASK = "batch_start_task.sh"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPlace:
    """Where a pool lives and who it is; everything else is in the facts."""

    image: str
    """Worker image by digest; nodes fetch it before their first task."""
    registry: str
    identity: str
    """Azure resource id of the managed identity that reads registry and storage."""
    raw_account: str
    subnet: str | None = None
    """Resource id; with one, nodes have no public addresses."""


def pool_options(facts: PoolFacts, place: PoolPlace) -> models.BatchPoolCreateOptions:
    """Return the definition of the execution pool; raises ``ConfigError`` beyond Batch's limits."""
    identity = models.BatchNodeIdentityReference(resource_id=place.identity)
    image = facts.image
    return models.BatchPoolCreateOptions(
        id=facts.id,
        vm_size=facts.vm_size,
        virtual_machine_configuration=models.VirtualMachineConfiguration(
            image_reference=models.BatchVmImageReference(
                publisher=image.publisher, offer=image.offer, sku=image.sku, version=image.version
            ),
            node_agent_sku_id=image.node_agent,
            container_configuration=models.BatchContainerConfiguration(
                type=models.ContainerType.DOCKER_COMPATIBLE,
                container_image_names=[place.image],
                container_registries=[
                    models.ContainerRegistryReference(
                        registry_server=place.registry, identity_reference=identity
                    )
                ],
            ),
        ),
        enable_auto_scale=True,
        auto_scale_formula=autoscale_formula(facts.scale),
        auto_scale_evaluation_interval=timedelta(minutes=facts.scale.interval_min),
        task_slots_per_node=facts.slots_per_node,
        task_scheduling_policy=models.BatchTaskSchedulingPolicy(
            node_fill_type=models.BatchNodeFillType.PACK
        ),
        start_task=start_task(),
        mount_configuration=_mounts(facts, place.raw_account, identity),
        network_configuration=_network(place.subnet),
    )


def autoscale_formula(scale: Scale) -> str:
    """Return the formula with its numbers filled in; raises ``ConfigError`` beyond the limits.

    Spot nodes first; dedicated ones for what is beyond ``max_spot`` and for Spot nodes that were
    taken away; at most ``max_increase`` more of each per evaluation.
    """
    formula = "\n".join(scale.formula)
    numbers = {
        "tasks_per_node": scale.tasks_per_node,
        "max_spot": scale.max_spot,
        "max_dedicated": scale.max_dedicated,
        "max_increase": scale.max_increase,
    }
    if scale.tasks_per_node < 1 or min(numbers.values()) < 0:
        raise ConfigError("the pool's scale needs tasks_per_node >= 1 and no negative numbers")
    for name, number in numbers.items():
        formula = formula.replace(f"{{{name}}}", str(number))
    if "{" in formula:
        unknown = formula.split("{", 1)[1].split("}", 1)[0]
        raise ConfigError(f"the autoscale formula names '{unknown}', which is no number of scale")
    if len(formula.encode()) > MAX_FORMULA_BYTES:
        raise ConfigError(f"the autoscale formula has more than {MAX_FORMULA_BYTES} bytes")
    if formula.count(";") > MAX_FORMULA_STATEMENTS:
        raise ConfigError(f"the autoscale formula has over {MAX_FORMULA_STATEMENTS} statements")
    if scale.interval_min < MIN_INTERVAL_MIN:
        raise ConfigError(f"a pool is scaled every {MIN_INTERVAL_MIN} minutes at the most")
    return formula


def start_task() -> models.BatchStartTask:
    """Return the task that prepares a node at each boot; it needs to be root to do so."""
    script = base64.b64encode(shipped(START_TASK).encode()).decode()
    return models.BatchStartTask(
        command_line=f"/bin/bash -c 'set -o pipefail; echo {script} | base64 -d | /bin/bash'",
        user_identity=models.UserIdentity(
            auto_user=models.AutoUserSpecification(
                scope=models.AutoUserScope.POOL, elevation_level=models.ElevationLevel.ADMIN
            )
        ),
        max_task_retry_count=2,
        wait_for_success=True,
    )


def _mounts(
    facts: PoolFacts, account: str, identity: models.BatchNodeIdentityReference
) -> list[models.MountConfiguration]:
    if len(facts.mounts) > MAX_MOUNTS:
        raise ConfigError(f"a node mounts {MAX_MOUNTS} containers at the most")
    return [
        models.MountConfiguration(
            azure_blob_file_system_configuration=models.AzureBlobFileSystemConfiguration(
                account_name=account,
                container_name=name,
                relative_mount_path=name,
                blobfuse_options=facts.mount_options,
                identity_reference=identity,
            )
        )
        for name in facts.mounts
    ]


def _network(subnet: str | None) -> models.NetworkConfiguration | None:
    if subnet is None:
        return None
    return models.NetworkConfiguration(
        subnet_id=subnet,
        public_ip_address_configuration=models.BatchPublicIpAddressConfiguration(
            ip_address_provisioning_type=(models.IpAddressProvisioningType.NO_PUBLIC_IP_ADDRESSES)
        ),
    )
