"""Reviews and label sets as the doors tell them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.artifact import Artifact
from avdataops.model.location import Location, Zone
from avdataops.model.review import Review, Verdict
from avdataops.ports.catalog import Taken
from avdataops.testing.catalog_store import extracted, register
from avdataops.testing.facts import record, sha256_of, task, uploaded
from avdataops.wiring.descriptions import label_set_row, review_document, review_row

DRIVE = uploaded()
SAID = Review(
    scene="scn_1", verdict=Verdict.ADJUSTED, by="ann", at_ns=5, number=1, comment="late",
    t_start_ns=7, request="secret",
)  # fmt: skip
FILE = Artifact(
    id="art_" + "c" * 24, kind="label_delivery", measurement=None, name="labels.json",
    location=Location(Zone.LABELED, "deliveries/labels.json"), bytes=3, sha256=sha256_of("labels"),
    attributes={"measurement": DRIVE.id},
)  # fmt: skip


@pytest.fixture
def catalog() -> Iterator[SqliteCatalog]:
    with SqliteCatalog(":memory:") as opened:
        register(opened, DRIVE)
        opened.commit([Taken(extracted(DRIVE))])
        opened.reference([FILE])
        yield opened


def test_a_review_is_told_without_its_scene_and_its_request() -> None:
    assert review_row(SAID) == {
        "number": 1, "verdict": "adjusted", "by": "ann", "at_ns": 5, "comment": "late",
        "t_start_ns": 7, "t_end_ns": None, "type": None,
    }  # fmt: skip


def test_the_latest_review_speaks() -> None:
    later = replace(SAID, number=2, comment="no")
    told = review_document("scn_1", [SAID, later])
    assert told == {
        "scene": "scn_1",
        "review": review_row(later),
        "history": [review_row(SAID), review_row(later)],
    }
    assert review_document("scn_1", []) == {"scene": "scn_1", "review": None, "history": []}


def test_a_label_set_tells_what_came_back_and_in_which_file(catalog: SqliteCatalog) -> None:
    done = record(task("import_labels", DRIVE.id, [FILE]), [("labels", "labels")])
    table = replace(done.made[0], rows=12, attributes={"package": "pkg_1"})
    facts: dict[str, object] = {
        "package": "pkg_1", "delivery": 2, "labels": 12,
        "changes": {"moved": {"count": 3, "ids": []}, "gone": {"count": 1, "ids": []}},
    }  # fmt: skip
    catalog.commit([Taken(replace(done, made=(table,), facts=facts))])
    (kept,) = catalog.artifacts(DRIVE.id, kind="labels")
    assert label_set_row(catalog, kept) == {
        "package": "pkg_1",
        "delivery": 2,
        "labels": 12,
        "changes": {"moved": 3, "gone": 1},
        "file": "labels.json",
        "file_sha256": FILE.sha256,
        "artifact": kept.id,
        "location": str(kept.location),
        "run": done.run,
    }


def test_a_table_of_labels_that_no_run_made_is_told_too(catalog: SqliteCatalog) -> None:
    brought = replace(catalog.artifacts(DRIVE.id)[0], kind="labels", run=None, attributes={})
    told = label_set_row(catalog, brought)
    assert (told["package"], told["delivery"], told["changes"], told["file"]) == (
        "",
        None,
        {},
        None,
    )
