"""The id of a dataset follows from its content and from nothing else."""

from dataclasses import replace

import pytest

from avdataops.model.dataset import dataset_id, exact_scene, frozen_dataset
from avdataops.model.documents import to_json
from avdataops.model.scene import Scene, Surroundings
from avdataops.testing.catalog_datasets import label
from avdataops.testing.facts import scene, sha256_of, uploaded

DRIVE = uploaded()
SCENES = [scene(DRIVE.id, "cut_in", n, evidence={"n": n}) for n in range(3)]
ID = frozen_dataset(label(), SCENES, DRIVE.uploads).dataset.id


def test_an_id_looks_like_the_others() -> None:
    assert ID.startswith("ds_")
    assert len(ID) == len("ds_") + 24
    assert int(ID[3:], 16) >= 0


def test_name_maker_time_and_wording_do_not_count() -> None:
    other = replace(label("other", text="asked otherwise"), by="bob", at_ns=99)
    assert frozen_dataset(other, SCENES, DRIVE.uploads).dataset.id == ID


def test_order_and_repetition_of_artifacts_do_not_count() -> None:
    mixed = frozen_dataset(label(), SCENES[::-1], (*DRIVE.uploads[::-1], *DRIVE.uploads))
    assert mixed.dataset.id == ID
    assert mixed.scenes == frozen_dataset(label(), SCENES, DRIVE.uploads).scenes


@pytest.mark.parametrize(
    "changed",
    [
        {"confidence": 0.5},
        {"detector_version": 2},
        {"params": "x"},
        {"evidence": {"n": 0.0}},
        {"evidence": {"n": None}},
        {"t_end_ns": SCENES[0].t_end_ns + 1},
        {"lat_deg": 1.0, "lon_deg": 2.0},
        {"artifact": "art_0"},
        {"surroundings": Surroundings(light="night")},
    ],
    ids=str,
)
def test_every_part_of_a_scene_counts(changed: dict[str, object]) -> None:
    facts = {name: getattr(SCENES[0], name) for name in Scene.__slots__} | changed
    scenes = [Scene(**facts), *SCENES[1:]]
    assert frozen_dataset(label(), scenes, DRIVE.uploads).dataset.id != ID


def test_question_scenes_artifacts_and_their_bytes_count() -> None:
    one, *rest = DRIVE.uploads
    others = [
        frozen_dataset(label(query="other"), SCENES, DRIVE.uploads),
        frozen_dataset(label(), SCENES[1:], DRIVE.uploads),
        frozen_dataset(label(), SCENES, rest),
        frozen_dataset(label(), SCENES, [replace(one, sha256=sha256_of("x")), *rest]),
    ]
    ids = {frozen.dataset.id for frozen in others}
    assert len(ids | {ID}) == 5


def test_lines_do_not_run_into_each_other() -> None:
    assert dataset_id("a", [], []) != dataset_id("a\n", [], [])
    assert dataset_id("q", SCENES[:1], []) != dataset_id("q", [], DRIVE.uploads[:1])


def test_counts_follow_from_the_content() -> None:
    other = uploaded("other", vehicle="car-2")
    more = [
        *SCENES,
        replace(scene(other.id, "rain", 9), vehicle="car-2", detector="wet", detector_version=4),
        replace(scene(other.id, "rain", 8), vehicle="car-2", detector="wet", detector_version=3),
    ]
    told = frozen_dataset(label(), more, DRIVE.uploads).dataset
    assert (told.scenes, told.artifacts, told.measurements) == (5, 2, 2)
    assert told.vehicles == ("car-1", "car-2")
    assert told.types == {"cut_in": 3, "rain": 2}
    assert told.detectors == {"cut_in": (1,), "wet": (3, 4)}


@pytest.mark.parametrize(
    "evidence",
    [{"n": 7}, {"n": 7.0}, {"n": True}, {"n": None}, {"n": "7"}, {"n": 0.1 + 0.2}, {"n": 2**60}],
    ids=str,
)
def test_a_scene_is_read_back_with_its_types(
    evidence: dict[str, float | str | bool | None],
) -> None:
    one = replace(SCENES[0], evidence=evidence, surroundings=Surroundings(lanes=2, light="day"))
    back = exact_scene(to_json(one))
    assert back == one
    assert [type(value) for value in back.evidence.values()] == [
        type(value) for value in evidence.values()
    ]
    assert isinstance(back.surroundings, Surroundings)


def test_a_scene_that_was_kept_before_surroundings_were_known_is_read() -> None:
    text = to_json(SCENES[0])
    start = text.index(',"surroundings"')
    without = text[:start] + text[text.index("}", start) + 1 :]
    assert "surroundings" not in without
    assert exact_scene(without) == SCENES[0]
