"""Where types were judged is kept with the run that says it, and leaves with it."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.adapters.sqlite_catalog.migrations import MIGRATIONS, migrate
from avdataops.model.errors import InputError
from avdataops.model.run import Outcome
from avdataops.ports.catalog import SceneQuery, Taken
from avdataops.ports.judged import FACT, Tile, judged_fact
from avdataops.ports.questions import Not, OfType, Related, Relation
from avdataops.testing.catalog_store import detected, extracted, register
from avdataops.testing.facts import T0_NS, scene, uploaded

DRIVE = uploaded()
DRY = Not(Related(Relation.WITH, OfType(("rain",))))


@pytest.fixture
def catalog() -> Iterator[SqliteCatalog]:
    with SqliteCatalog(":memory:") as opened:
        register(opened, DRIVE)
        yield opened


def found(*, known: bool, scenes: int = 1, old: bool = False) -> Taken:
    streams = extracted(DRIVE)
    cut_ins = [scene(DRIVE.id, "cut_in", n) for n in range(scenes)]
    taken = detected(DRIVE, streams.made[: 1 if old else 2], cut_ins)
    tile = Tile(T0_NS - 1, T0_NS + 10**11, known=known)
    facts: dict[str, object] = {FACT: judged_fact([("rain", tile)])}
    return replace(taken, record=replace(taken.record, facts=facts))


def dry(catalog: SqliteCatalog) -> int:
    return len(catalog.scenes(SceneQuery(types=("cut_in",), matching=DRY)))


def test_the_current_run_says_what_was_judged(catalog: SqliteCatalog) -> None:
    catalog.commit([Taken(extracted(DRIVE)), found(known=True, old=True)])
    assert dry(catalog) == 1
    newer = found(known=False)
    catalog.commit([newer], superseded=[found(known=True, old=True).record.run])
    assert dry(catalog) == 0
    catalog.commit([found(known=True, old=True)], superseded=[newer.record.run])
    assert dry(catalog) == 1


def test_the_same_again_changes_nothing_and_another_word_replaces(catalog: SqliteCatalog) -> None:
    for known, expected in ((True, 1), (True, 1), (False, 0), (True, 1)):
        catalog.commit([Taken(extracted(DRIVE)), found(known=known)])
        assert dry(catalog) == expected


def test_a_failed_run_judges_nothing(catalog: SqliteCatalog) -> None:
    taken = found(known=True)
    failed = replace(taken.record, outcome=Outcome.FAILED_INPUT, attempt=1)
    catalog.commit([Taken(extracted(DRIVE)), Taken(failed)])
    assert dry(catalog) == 0


def test_nonsense_is_refused_whole(catalog: SqliteCatalog) -> None:
    taken = found(known=True)
    wrong = replace(taken.record, facts={FACT: [{"types": ["rain"], "tiles": [[0, 1]]}]})
    with pytest.raises(InputError, match="judged"):
        catalog.commit([Taken(extracted(DRIVE)), replace(taken, record=wrong)])
    assert catalog.scenes(SceneQuery()) == []


def test_scenes_of_an_older_catalog_have_no_surroundings_and_answer_no_denial() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    migrate(connection, "c", MIGRATIONS[:2])
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(
        "INSERT INTO scenes (id, type, measurement, vehicle, t_start_ns, t_end_ns, duration_ns,"
        " detector, detector_version, confidence, evidence, truncated, artifact, params, run)"
        " VALUES ('scn_1', 'cut_in', 'm_1', 'v', 0, 1, 1, 'd', 1, 1.0, '{}', 0, 'a', '', 'r')"
    )
    migrate(connection, "c")
    row = connection.execute("SELECT surroundings FROM scenes").fetchone()
    assert row["surroundings"] == "{}"
    assert connection.execute("SELECT count(*) FROM coverage").fetchone()[0] == 0
    connection.close()
