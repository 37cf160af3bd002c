"""The operations of the Batch service that the double knows; others are refused."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.doubles.batch.scheduler import Scheduler
from tests.doubles.batch.schema import problems, properties
from tests.doubles.batch.state import Job, Pool, Task
from tests.doubles.batch.wire import Document, Refusal, matcher, selector

MAX_TASKS_PER_REQUEST = 100
MAX_RESULTS = 1000
MAX_DEPENDENCY_CHARACTERS = 64_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request after the wire was dealt with."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service answers; ``data`` is sent instead of ``body`` if given."""

    status: int = 200
    body: Document | None = None
    data: bytes | None = None


@dataclass(slots=True)
class Service:
    """Jobs and tasks as the REST API shows them."""

    scheduler: Scheduler
    page_size: int = MAX_RESULTS
    active_job_quota: int = 300
    body_limit_tasks: int = MAX_TASKS_PER_REQUEST
    """Collections of more are refused as too large a body, to try the halving."""
    _routes: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = field(init=False)

    def __post_init__(self) -> None:
        job, task = r"/jobs/(?P<job>[^/]+)", r"/jobs/(?P<job>[^/]+)/tasks/(?P<task>[^/]+)"
        routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("POST", "/pools", self._add_pool),
            ("GET", "/pools/(?P<pool>[^/]+)", self._get_pool),
            ("DELETE", "/pools/(?P<pool>[^/]+)", self._delete_pool),
            ("POST", "/jobs", self._add_job),
            ("GET", "/jobs", self._list_jobs),
            ("GET", job, self._get_job),
            ("PATCH", job, self._update_job),
            ("DELETE", job, self._delete_job),
            ("POST", f"{job}/terminate", self._terminate_job),
            ("POST", f"{job}/disable", self._disable_job),
            ("POST", f"{job}/enable", self._enable_job),
            ("GET", f"{job}/taskcounts", self._count_tasks),
            ("POST", f"{job}/addtaskcollection", self._add_tasks),
            ("POST", f"{job}/tasks", self._add_task),
            ("GET", f"{job}/tasks", self._list_tasks),
            ("GET", task, self._get_task),
            ("DELETE", task, self._delete_task),
            ("POST", f"{task}/terminate", self._terminate_task),
            ("GET", f"{task}/files/(?P<name>.+)", self._get_file),
        ]
        self._routes = [(method, re.compile(path), run) for method, path, run in routes]

    def answer(self, call: Call) -> Answer:
        """Carry out a request; raises ``Refusal``."""
        for method, path, run in self._routes:
            found = path.fullmatch(call.path)
            if found and method == call.method:
                with self.scheduler.lock:
                    answer = run(call, **found.groupdict())
                    self.scheduler.schedule()
                    return answer
        raise Refusal(400, "UnsupportedHttpVerb", f"no {call.method} {call.path} in this double")

    def _add_pool(self, call: Call) -> Answer:
        _check("BatchPoolCreateOptions", call.body)
        if call.body["id"] in self.scheduler.pools:
            raise Refusal(409, "PoolExists", "The specified pool already exists.")
        self.scheduler.pools[call.body["id"]] = Pool(call.body)
        return Answer(status=201)

    def _get_pool(self, call: Call, pool: str) -> Answer:
        return Answer(body=_selected(call, "BatchPool", self._pool(pool).document()))

    def _delete_pool(self, call: Call, pool: str) -> Answer:
        del call
        for node in list(self._pool(pool).nodes):
            self.scheduler.requeue(node)
        del self.scheduler.pools[pool]
        return Answer(status=202)

    def _pool(self, name: str) -> Pool:
        if name not in self.scheduler.pools:
            raise Refusal(404, "PoolNotFound", "The specified pool does not exist.")
        return self.scheduler.pools[name]

    def _add_job(self, call: Call) -> Answer:
        _check("BatchJobCreateOptions", call.body)
        name = _checked_id(call.body["id"])
        if name in self.scheduler.jobs:
            raise Refusal(409, "JobExists", "The specified job already exists.")
        active = sum(job.state != "completed" for job in self.scheduler.jobs.values())
        if active >= self.active_job_quota:
            raise Refusal(409, "ActiveJobAndScheduleQuotaReached", "The quota is reached.")
        self.scheduler.jobs[name] = Job(call.body)
        return Answer(status=201)

    def _list_jobs(self, call: Call) -> Answer:
        found = [job.document() for job in self.scheduler.jobs.values()]
        return self._page(call, "BatchJob", found)

    def _get_job(self, call: Call, job: str) -> Answer:
        return Answer(body=_selected(call, "BatchJob", self._job(job).document()))

    def _job(self, name: str) -> Job:
        if name.lower() not in self.scheduler.jobs:
            raise Refusal(404, "JobNotFound", "The specified job does not exist.")
        return self.scheduler.jobs[name.lower()]

    def _open_job(self, name: str) -> Job:
        found = self._job(name)
        if found.state == "completed":
            raise Refusal(409, "JobCompleted", "The specified job is already completed.")
        return found

    def _update_job(self, call: Call, job: str) -> Answer:
        _check("BatchJobUpdateOptions", call.body)
        found = self._open_job(job)
        if (
            found.body.get("onAllTasksComplete") == "terminatejob"
            and call.body.get("onAllTasksComplete") == "noaction"
        ):
            raise Refusal(400, "InvalidPropertyValue", "terminatejob cannot be taken back.")
        found.body |= call.body
        return Answer()

    def _delete_job(self, call: Call, job: str) -> Answer:
        del call
        found = self._job(job)
        if found.state != "completed":
            self.scheduler.complete(found, "deleted")
        del self.scheduler.jobs[job.lower()]
        return Answer(status=202)

    def _terminate_job(self, call: Call, job: str) -> Answer:
        _check("BatchJobTerminateOptions", call.body)
        reason = call.body.get("terminateReason", "UserTerminate")
        self.scheduler.complete(self._open_job(job), reason)
        return Answer(status=202)

    def _disable_job(self, call: Call, job: str) -> Answer:
        _check("BatchJobDisableOptions", call.body)
        self._open_job(job).become("disabled")
        return Answer(status=202)

    def _enable_job(self, call: Call, job: str) -> Answer:
        del call
        self._open_job(job).become("active")
        return Answer(status=202)

    def _count_tasks(self, call: Call, job: str) -> Answer:
        del call
        counts = dict.fromkeys(("active", "running", "completed", "succeeded", "failed"), 0)
        slots = dict(counts)
        for task in self._job(job).tasks.values():
            names = [task.state]
            if task.state == "completed":
                names.append("succeeded" if task.info.get("result") == "success" else "failed")
            for name in names:
                counts[name] += 1
                slots[name] += task.slots
        return Answer(body={"taskCounts": counts, "taskSlotCounts": slots})

    def _add_task(self, call: Call, job: str) -> Answer:
        _check("BatchTaskCreateOptions", call.body)
        self._take(self._open_job(job), call.body)
        return Answer(status=201)

    def _add_tasks(self, call: Call, job: str) -> Answer:
        _check("BatchTaskGroup", call.body)
        given = call.body["value"]
        if len(given) > MAX_TASKS_PER_REQUEST:
            raise Refusal(400, "InvalidPropertyValue", "at most 100 tasks in one request")
        if len(given) > self.body_limit_tasks:
            raise Refusal(413, "RequestBodyTooLarge", "The request body is too large.")
        found = self._open_job(job)
        results = []
        for body in given:
            try:
                self._take(found, body)
                results.append({"status": "success", "taskId": body["id"], "eTag": "0x1"})
            except Refusal as refusal:
                told = {"status": "clienterror", "taskId": body["id"], "error": refusal.body()}
                results.append(told)
        return Answer(body={"value": results})

    def _take(self, job: Job, body: Document) -> None:
        name = _checked_id(body["id"])
        if name in job.tasks:
            raise Refusal(409, "TaskExists", "The specified task already exists.")
        needed = body.get("dependsOn", {}).get("taskIds", ())
        if "dependsOn" in body and not job.body.get("usesTaskDependencies"):
            raise Refusal(409, "TaskDependenciesNotSpecifiedOnJob", "The job has none.")
        if sum(len(one) for one in needed) > MAX_DEPENDENCY_CHARACTERS:
            raise Refusal(400, "TaskDependencyListTooLong", "The list is too long.")
        job.tasks[name] = Task(body)

    def _list_tasks(self, call: Call, job: str) -> Answer:
        found = self._job(job)
        documents = [task.document(found.id) for task in found.tasks.values()]
        return self._page(call, "BatchTask", documents)

    def _page(self, call: Call, model: str, found: list[Document]) -> Answer:
        known = {"api-version", "$filter", "$select", "$skiptoken", "maxresults", "timeOut"}
        if set(call.query) - known:
            raise Refusal(400, "UnsupportedQueryParameter", str(sorted(set(call.query) - known)))
        passes = matcher(call.query.get("$filter"), ("id", "state"))
        select = selector(call.query.get("$select"), properties(model))
        left = [document for document in found if passes(document)]
        start = int(call.query.get("$skiptoken", 0))
        size = min(self.page_size, int(call.query.get("maxresults", MAX_RESULTS)))
        page = [select(one) for one in left[start : start + size]]
        body: Document = {"value": page}
        if start + size < len(left):
            body["odata.nextLink"] = str(start + size)
        return Answer(body=body)

    def _get_task(self, call: Call, job: str, task: str) -> Answer:
        return Answer(body=_selected(call, "BatchTask", self._task(job, task).document(job)))

    def _task(self, job: str, name: str) -> Task:
        found = self._job(job).tasks.get(name.lower())
        if found is None:
            raise Refusal(404, "TaskNotFound", "The specified task does not exist.")
        return found

    def _delete_task(self, call: Call, job: str, task: str) -> Answer:
        del call
        found = self._task(job, task)
        if found.state == "running":
            self.scheduler.free(self._job(job), found)
        del self._job(job).tasks[task.lower()]
        return Answer()

    def _terminate_task(self, call: Call, job: str, task: str) -> Answer:
        del call
        found = self._task(job, task)
        if found.state == "completed":
            raise Refusal(409, "TaskCompleted", "The specified task is already completed.")
        self.scheduler.terminate_task(self._job(job), found)
        return Answer(status=204)

    def _get_file(self, call: Call, job: str, task: str, name: str) -> Answer:
        del call
        data = self.scheduler.file(self._task(job, task), name)
        if data is None:
            raise Refusal(404, "FileNotFound", "The specified file does not exist.")
        return Answer(data=data)


def _checked_id(name: str) -> str:
    if not _ID.fullmatch(name):
        raise Refusal(400, "InvalidPropertyValue", f"{name!r} is not an id")
    return name.lower()


def _selected(call: Call, model: str, document: Document) -> Document:
    return selector(call.query.get("$select"), properties(model))(document)


def _check(model: str, body: Document) -> None:
    wrong = problems(model, body)
    if wrong:
        raise Refusal(400, "InvalidRequestBody", wrong[0], wrong)
