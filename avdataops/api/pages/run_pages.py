"""Runs: what was executed, how it ended, what it cost."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Response

from avdataops.api.access import admitted
from avdataops.api.door import Open
from avdataops.api.pages.rendering import command, page
from avdataops.api.parameters import ID_PATTERN, Id
from avdataops.model.run import RunRecord

ROUTES = APIRouter(include_in_schema=False, dependencies=[Depends(admitted)])
DRIVES = 10
"""Whose runs are on one page."""
MAX_RUNS = 500
"""Of one drive; more are counted."""


@ROUTES.get("/runs")
def runs_page(
    door: Open,
    measurement: Annotated[str | None, Query(pattern=ID_PATTERN)] = None,
    step: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str | None, Query(pattern=ID_PATTERN)] = None,
) -> Response:
    """List the runs of one measurement, or of some at a time."""
    if measurement:
        drives, following = [door.catalog.measurement(measurement)], None
    else:
        found = door.catalog.measurements(after=after, limit=DRIVES + 1)
        drives = list(found[:DRIVES])
        following = drives[-1].id if len(found) > DRIVES else None
    groups = [(one, door.catalog.runs(one.id, step=step or None)) for one in drives]
    asked = {"step": step} if step else {}
    return page(
        "runs.html",
        groups=[(one, _newest(runs), len(runs)) for one, runs in groups],
        measurement=measurement,
        step=step,
        steps=sorted({run.step for _, runs in groups for run in runs}),
        next=urlencode({**asked, "after": following}) if following else None,
    )


def _newest(runs: Sequence[RunRecord]) -> list[RunRecord]:
    return sorted(runs, key=lambda run: run.started_ns, reverse=True)[:MAX_RUNS]


@ROUTES.get("/runs/{run}")
def run_page(door: Open, run: Id) -> Response:
    """Show one run."""
    record = door.catalog.run(run)
    return page("run.html", run=record, command=command(["lineage", "show", run, "--up"]))
