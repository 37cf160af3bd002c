"""Nodes of the Batch double whose tasks run in containers of the worker image."""

from collections.abc import Callable
from pathlib import Path

from tests.doubles.batch.nodes import Runner, Start
from tests.doubles.container_images import Image
from tests.doubles.containers import ContainerProcess, Mount, container_options, give_to_user

_OF_THE_HOST = ("PATH", "PYTHONPATH", "HOME")


def in_containers(image: Image) -> Runner:
    """Return what starts the tasks of a pool in ``image``, whichever name they ask for.

    They share the network of this machine, where the other doubles listen.  A container sees of
    its node what the task's settings bind: its own folder, and the mounts.
    """

    def start(given: Start) -> ContainerProcess:
        settings = given.container
        if settings is None:
            raise OSError("this pool runs containers: the task has no containerSettings")
        give_to_user(given.folder)
        environment = {
            name: value for name, value in given.environment.items() if name not in _OF_THE_HOST
        }
        mounts = [
            Mount(source, str(source), writable=not bound.get("isReadOnly", False))
            for bound in settings.get("containerHostBatchBindMounts", ())
            for source in (_SOURCES[bound["source"]](given),)
        ]
        options = container_options(
            environment,
            str(given.folder / "wd"),
            mounts,
            f"{settings.get('containerRunOptions', '')} --network=host",
        )
        command = (*options, image.name, *given.argv)
        return ContainerProcess(image.engine, command, given.stdout, given.stderr)

    return start


_SOURCES: dict[str, Callable[[Start], Path]] = {
    "Task": lambda given: given.folder,
    "VfsMounts": lambda given: Path(given.environment["AZ_BATCH_NODE_MOUNTS_DIR"]),
}
"""Folders of a node by the names that Batch has for them, as far as the product binds them."""
