"""What the double remembers: pools with nodes, jobs with tasks."""

import subprocess
from dataclasses import dataclass, field

from tests.doubles.batch.wire import Document, now, seconds

FOREVER_S = 1e9


@dataclass(slots=True)
class Node:
    """One virtual machine."""

    id: str
    free: int
    dedicated: bool = False
    lost: bool = False


@dataclass(slots=True)
class Pool:
    """Nodes that run the tasks of jobs."""

    body: Document
    nodes: dict[str, Node] = field(default_factory=dict)
    state: str = "active"
    resize_errors: list[Document] = field(default_factory=list)
    since: str = field(default_factory=now)

    def document(self) -> Document:
        dedicated = sum(node.dedicated for node in self.nodes.values())
        return {
            **self.body,
            "url": f"pools/{self.body['id']}",
            "eTag": "0x1",
            "lastModified": self.since,
            "creationTime": self.since,
            "state": self.state,
            "stateTransitionTime": self.since,
            "allocationState": "steady",
            "currentDedicatedNodes": dedicated,
            "currentLowPriorityNodes": len(self.nodes) - dedicated,
            **({"resizeErrors": self.resize_errors} if self.resize_errors else {}),
        }


@dataclass(slots=True)
class Task:
    """One task; ``epoch`` grows whenever what runs now must not be heard any more."""

    body: Document
    state: str = "active"
    since: str = field(default_factory=now)
    created: str = field(default_factory=now)
    epoch: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    info: Document = field(default_factory=lambda: {"retryCount": 0, "requeueCount": 0})
    node: Document | None = None
    folder: str = ""
    satisfies: bool = False

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def slots(self) -> int:
        return int(self.body.get("requiredSlots", 1))

    @property
    def retries(self) -> int:
        return int(self.body.get("constraints", {}).get("maxTaskRetryCount", 0))

    @property
    def wall_clock_s(self) -> float:
        given = self.body.get("constraints", {}).get("maxWallClockTime")
        return seconds(given) if given else FOREVER_S

    def become(self, state: str) -> None:
        self.state, self.since = state, now()

    def document(self, job: str) -> Document:
        return {
            **self.body,
            "url": f"jobs/{job}/tasks/{self.id}",
            "eTag": f"0x{self.epoch}",
            "lastModified": self.since,
            "creationTime": self.created,
            "state": self.state,
            "stateTransitionTime": self.since,
            "executionInfo": dict(self.info),
            **({"nodeInfo": self.node} if self.node else {}),
        }


@dataclass(slots=True)
class Job:
    """Tasks on a pool."""

    body: Document
    state: str = "active"
    since: str = field(default_factory=now)
    created: str = field(default_factory=now)
    tasks: dict[str, Task] = field(default_factory=dict)
    reason: str | None = None
    ended: str | None = None

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def pool(self) -> str:
        return str(self.body["poolInfo"]["poolId"])

    @property
    def ends_by_itself(self) -> bool:
        """A job without tasks has all of them complete."""
        return self.body.get("onAllTasksComplete") == "terminatejob" and all(
            task.state == "completed" for task in self.tasks.values()
        )

    def become(self, state: str) -> None:
        self.state, self.since = state, now()

    def document(self) -> Document:
        info = {"startTime": self.created, "poolId": self.pool}
        if self.ended:
            info |= {"endTime": self.ended, "terminateReason": self.reason or ""}
        return {
            "onAllTasksComplete": "noaction",
            "onTaskFailure": "noaction",
            **self.body,
            "url": f"jobs/{self.id}",
            "eTag": "0x1",
            "lastModified": self.since,
            "creationTime": self.created,
            "state": self.state,
            "stateTransitionTime": self.since,
            "executionInfo": info,
        }
