"""The gate that pictures pass or not."""

import json
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from avdataops.model.errors import SchemaMismatch
from avdataops.model.pii import Clearance, PiiStatus, worst
from avdataops.ports.files import BytesFile
from avdataops.ports.step import InputFile
from avdataops.signals.label_frames import Shot
from avdataops.signals.label_privacy import Gate, gate
from avdataops.testing.step_tables import memory_table

SHOT = Shot(
    frame=0,
    stream="/front",
    part="a",
    row=0,
    t_ns=1,
    at_ns=1,
    width_px=4,
    height_px=3,
    suffix="jpg",
    data=b"one",
)
PAINTED = replace(SHOT, data=b"two", source_sha256=SHOT.sha256)


def cleared(*shots: Shot, **more: Any) -> list[InputFile]:
    document = {"by": "reviewer", "pictures": [one.sha256 for one in shots], **more}
    artifact = memory_table(pa.table({"t_ns": [0]}), kind="reference", name="looked.json").artifact
    return [InputFile(artifact, BytesFile("looked.json", json.dumps(document).encode()))]


def statuses(guard: Gate) -> list[PiiStatus]:
    return [guard.status(one) for one in (SHOT, PAINTED)]


def test_a_picture_is_what_was_done_to_it() -> None:
    assert statuses(gate([], "", only_cleared=False)) == ["raw", "anonymised"]
    assert statuses(gate(cleared(SHOT), "", only_cleared=False)) == ["cleared", "anonymised"]
    assert statuses(gate(cleared(PAINTED), "", only_cleared=False)) == ["raw", "cleared"]


@pytest.mark.parametrize(
    ("exemption", "only_cleared", "leaves"),
    [
        ("", False, {"raw": False, "anonymised": True, "cleared": True}),
        ("", True, {"raw": False, "anonymised": False, "cleared": True}),
        ("DPO 7", False, {"raw": True, "anonymised": True, "cleared": True}),
        ("DPO 7", True, {"raw": True, "anonymised": True, "cleared": True}),
    ],
    ids=["usual", "strict", "exempted", "strict_and_exempted"],
)
def test_what_leaves_follows_from_status_exemption_and_strictness(
    exemption: str, only_cleared: bool, leaves: dict[PiiStatus, bool]
) -> None:
    guard = gate([], exemption, only_cleared=only_cleared)
    assert {one: guard.passes(one) for one in leaves} == leaves
    stayed = sorted(name for name, leaves_ in leaves.items() if not leaves_)
    assert [problem.code for problem in guard.problems()] == ["pii"] * len(stayed)
    told = guard.facts()
    assert told["stayed"] == dict.fromkeys(stayed, 1)


def test_a_package_is_as_good_as_the_worst_picture_that_left() -> None:
    guard, wholes = gate([], "", only_cleared=False), []
    statuses_: tuple[PiiStatus, ...] = ("raw", "cleared", "anonymised")
    for status in statuses_:
        guard.passes(status)
        wholes.append(guard.whole)
    # The raw one stays, so that it does not count once something has left.
    assert wholes == ["raw", "cleared", "anonymised"]
    assert worst(set()) == "raw"


def test_a_clearance_of_what_is_not_there_is_told() -> None:
    guard = gate(cleared(SHOT, PAINTED, SHOT), "", only_cleared=True)
    guard.passes(guard.status(SHOT))
    (problem,) = guard.problems()
    assert problem.message == "looked.json: 1 of the cleared pictures are not in this package"


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"by": ""}, "says who looked"),
        ({"pictures": ["abc"]}, "no SHA-256"),
        ({"pictures": ["G" * 64]}, "no SHA-256"),
        ({"pictures": "all"}, "not a Clearance"),
        ({"schema_version": 2}, "not a Clearance"),
    ],
    ids=["nobody", "short", "letters", "all", "version"],
)
def test_a_clearance_that_is_none_is_refused_by_name(more: dict[str, Any], text: str) -> None:
    with pytest.raises(SchemaMismatch, match=text) as told:
        gate(cleared(SHOT, **more), "", only_cleared=False)
    assert told.value.message.startswith("looked.json: ")


def test_a_clearance_says_why_if_it_likes() -> None:
    assert Clearance(by="x", why="y", pictures=()).why == "y"
