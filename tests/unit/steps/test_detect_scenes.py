"""The detect_scenes step over tables in memory."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from avdataops.detectors import DETECTORS
from avdataops.detectors.hard_brake import HARD_BRAKE
from avdataops.model.errors import ConfigError
from avdataops.model.ids import fingerprint, scene_id
from avdataops.model.scene import Scene
from avdataops.ports.detecting import Drive, Gate, Signals
from avdataops.ports.step import Inputs, Table
from avdataops.steps import detect_scenes
from avdataops.steps.detect_scenes import DETECT_SCENES, Params
from avdataops.tables.kinds import kind
from avdataops.tables.scene_rows import scenes_from_table
from avdataops.testing.drives import at, busy_drive, cruise, drive
from avdataops.testing.step_tables import RecordingContext, made_tables, memory_table


def as_table(of: str, signals: Signals) -> Table:
    promised = kind(of).schema
    columns: dict[str, pa.Array] = {"t_ns": pa.array(signals.t_ns)}
    for name, values in signals.columns.items():
        columns[name] = pa.array(values, from_pandas=True)
    for field in promised:
        if field.name not in columns:
            columns[field.name] = pa.nulls(signals.t_ns.size, field.type)
        else:
            columns[field.name] = columns[field.name].cast(field.type)
    return memory_table(pa.table(columns), kind=of, name=of)


def gap_table(given: Drive) -> Table:
    rows: list[dict[str, Any]] = []
    for name, topic_class in given.classes.items():
        same = {"stream": name, "period_ns": given.periods_ns[name], "topic_class": topic_class}
        first, last = given.start_ns, given.stop_ns - 1
        rows.append(same | {"t_ns": first, "first_ns": first, "last_ns": last})
        for start, stop in given.gaps.get(name, ()):
            rows.append(same | {"t_ns": start, "gap_stop_ns": stop})
    data = pa.Table.from_pylist(rows, schema=kind("gaps").schema)
    return memory_table(data, kind="gaps", name="gaps")


def inputs(given: Drive) -> Inputs:
    tables: dict[str, tuple[Table, ...]] = {"ego": (as_table("ego", given.ego),)}
    if given.objects is not None:
        tables["objects"] = (as_table("objects", given.objects),)
    if given.context is not None:
        tables["context"] = (as_table("context", given.context),)
    if given.classes:
        tables["gaps"] = (gap_table(given),)
    return Inputs(tables)


def detected(
    given: Drive, params: Params | None = None
) -> tuple[tuple[Scene, ...], list[dict[str, Any]], RecordingContext]:
    ctx = RecordingContext(measurement="m_0123456789abcdef", vehicle="van 7")
    made = made_tables(DETECT_SCENES.run(ctx, inputs(given), params or Params()))
    tables = {output.kind: table for output, table in made.items()}
    made_kinds = {"scenes", "candidates", "scene_coverage", "keep_ranges"}
    assert set(tables) == made_kinds == set(DETECT_SCENES.makes)
    for name, table in tables.items():
        kind(name).check(table.schema)
        assert table.equals(table.sort_by([(c, "ascending") for c in kind(name).sort]))
    return scenes_from_table(tables["scenes"], None), tables["scene_coverage"].to_pylist(), ctx


def test_every_type_is_counted_also_where_there_is_none() -> None:
    scenes, _, ctx = detected(busy_drive())
    types = {name for one in DETECTORS for name in one.types}
    assert {"hard_brake", "cut_in", "night"} <= {scene.type for scene in scenes} <= types
    assert ctx.caveats == []
    assert ctx.done == 1.0
    counts = ctx.facts["scenes"]
    assert isinstance(counts, Mapping)
    assert counts == {name: sum(scene.type == name for scene in scenes) for name in types}


def test_the_tables_give_what_the_detectors_say() -> None:
    given = busy_drive()
    scenes, _, _ = detected(given)
    for one in DETECTORS:
        direct = one.find(given, one.params()).found
        stored = [scene for scene in scenes if scene.detector == one.name]
        assert [(s.t_start_ns, s.t_end_ns, s.type, s.evidence) for s in stored] == [
            (f.start_ns, f.stop_ns, f.type, dict(f.evidence)) for f in direct
        ]


def test_a_scene_knows_where_and_by_what_it_was_found() -> None:
    scenes, _, _ = detected(busy_drive())
    (brake,) = [scene for scene in scenes if scene.type == "hard_brake"]
    assert (brake.measurement, brake.vehicle) == ("m_0123456789abcdef", "van 7")
    assert (brake.detector, brake.detector_version) == ("hard_brake", HARD_BRAKE.version)
    assert brake.params == fingerprint(asdict(HARD_BRAKE.params()))
    facts = [None, brake.t_start_ns, "hard_brake", HARD_BRAKE.version, brake.params]
    assert brake.id == scene_id("m_0123456789abcdef", "hard_brake", facts)
    elapsed = (brake.t_start_ns - at(0)) / 1e9
    assert brake.lat_deg == pytest.approx(56.0 + elapsed * 15.0 / 111_000, abs=1e-9)
    assert brake.lon_deg == 10.0


def test_a_scene_without_a_position_has_none() -> None:
    given = busy_drive()
    columns = {**given.ego.columns, "lat_deg": np.full(given.ego.t_ns.size, np.nan)}
    scenes, _, _ = detected(replace(given, ego=replace(given.ego, columns=columns)))
    (brake,) = [scene for scene in scenes if scene.type == "hard_brake"]
    assert (brake.lat_deg, brake.lon_deg) == (None, None)


def tiles(coverage: list[dict[str, Any]], scene_type: str) -> Iterator[tuple[int, int, str | None]]:
    for row in coverage:
        if row["type"] == scene_type:
            assert row["known"] is (row["reason"] is None)
            yield row["t_ns"], row["t_end_ns"], row["reason"]


def test_coverage_tiles_the_drive_for_every_type() -> None:
    given = drive(cruise(20.0))
    ego = given.ego.columns["ego_speed_mps"].copy()
    ego[200:300] = np.nan
    given = replace(
        given, ego=replace(given.ego, columns={**given.ego.columns, "ego_speed_mps": ego})
    )
    _, coverage, _ = detected(given)
    for scene_type in (name for one in DETECTORS for name in one.types):
        rows = list(tiles(coverage, scene_type))
        assert rows[0][0] == given.start_ns
        assert rows[-1][1] == given.stop_ns
        for (_, stop, _), (start, _, _) in pairwise(rows):
            assert stop == start
    assert [reason for _, _, reason in tiles(coverage, "standstill")] == [
        None,
        "gap in ego speed",
        None,
    ]
    assert [reason for _, _, reason in tiles(coverage, "cut_in")] == ["no object list"]
    assert [reason for _, _, reason in tiles(coverage, "night")] == ["no sun elevation"]


def test_both_directions_have_their_own_coverage() -> None:
    _, coverage, _ = detected(drive(cruise(20.0)))
    assert list(tiles(coverage, "turn_left")) == list(tiles(coverage, "turn_right"))


def test_only_the_chosen_detectors_run() -> None:
    scenes, coverage, _ = detected(busy_drive(), Params(detectors=("turn", "light", "turn")))
    types = {"turn_left", "turn_right", "night", "twilight", "day"}
    assert {scene.type for scene in scenes} == types
    assert {row["type"] for row in coverage} == types


def test_an_override_changes_result_fingerprint_and_ids() -> None:
    plain, _, _ = detected(busy_drive(), Params(detectors=("hard_brake",)))
    same, _, _ = detected(
        busy_drive(),
        Params(detectors=("hard_brake",), overrides={"hard_brake": {"on_mps2": -3.0}}),
    )
    lower, _, _ = detected(
        busy_drive(),
        Params(detectors=("hard_brake",), overrides={"hard_brake": {"on_mps2": -1.9}}),
    )
    assert same == plain
    assert len(lower) > len(plain)
    assert {scene.params for scene in lower}.isdisjoint({scene.params for scene in plain})
    assert {scene.id for scene in lower}.isdisjoint({scene.id for scene in plain})


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (Params(detectors=("cutin",)), "no detector 'cutin'; did you mean 'cut_in'"),
        (Params(overrides={"turns": {}}), "no detector 'turns'; did you mean 'turn'"),
        (
            Params(overrides={"turn": {"min_angle_degs": 30.0}}),
            "no parameter 'min_angle_degs'; did you mean 'min_angle_deg'",
        ),
        (Params(overrides={"turn": {"min_s": float("nan")}}), "must be a number, not nan"),
        (Params(overrides={"turn": {"min_s": True}}), "must be a number, not True"),
    ],
)
def test_a_wrong_name_or_value_is_refused(params: Params, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        detected(drive(cruise(5.0)), params)


def test_one_failing_detector_costs_only_its_own_types(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(given: Drive, params: Any) -> Any:
        del given, params
        raise ValueError("boom")

    row = tuple(replace(one, find=broken) if one.name == "turn" else one for one in DETECTORS)
    monkeypatch.setattr(detect_scenes, "DETECTORS", row)
    scenes, coverage, ctx = detected(busy_drive())
    (caveat,) = ctx.caveats
    assert (caveat.code, caveat.message) == (
        "detector_failed",
        "turn: detector failed: ValueError: boom",
    )
    types = {scene.type for scene in scenes}
    assert "hard_brake" in types
    assert "turn_left" not in types
    assert [reason for _, _, reason in tiles(coverage, "turn_left")] == [
        "detector failed: ValueError: boom"
    ]


def test_an_empty_measurement_gives_empty_tables() -> None:
    nothing = Inputs({"ego": (as_table("ego", Signals(np.empty(0, np.int64), {}, 1)),)})
    made = made_tables(DETECT_SCENES.run(RecordingContext(), nothing, Params()))
    assert [table.num_rows for table in made.values()] == [0, 0, 0, 0]


def test_the_same_tables_give_the_same_bytes() -> None:
    def run() -> list[str]:
        made = made_tables(DETECT_SCENES.run(RecordingContext(), inputs(busy_drive()), Params()))
        return [json.dumps(table.to_pylist()) for table in made.values()]

    assert run() == run()


def test_jittery_streams_are_left_out_of_dropouts() -> None:
    given = busy_drive()
    quality = pa.Table.from_pylist(
        [{"t_ns": at(0), "stream": "/camera", "rate_hz": 20.0, "jitter_ms": 400.0}],
        schema=kind("sync_quality").schema,
    )
    tables = dict(inputs(given).tables)
    tables["sync_quality"] = (memory_table(quality, kind="sync_quality", name="sync_quality"),)
    made = made_tables(
        DETECT_SCENES.run(RecordingContext(), Inputs(tables), Params(detectors=("sensor_dropout",)))
    )
    assert [table.num_rows for output, table in made.items() if output.kind == "scenes"] == [0]


def braking(peak_mps2: float) -> Drive:
    """Return 20 s at 15 m/s with one second of braking."""
    columns = cruise(20.0)
    t_s = np.arange(columns["ego_speed_mps"].size) / 50.0
    pulse = np.where((t_s >= 10.0) & (t_s < 12.0), peak_mps2, 0.0)
    columns["accel_x_mps2"] = pulse
    columns["ego_speed_mps"] = 15.0 + np.cumsum(pulse) / 50.0
    return drive(columns)


def near_misses(given: Drive, params: Params | None = None) -> tuple[Scene, ...]:
    ctx = RecordingContext(measurement="m_0123456789abcdef", vehicle="van 7")
    made = made_tables(DETECT_SCENES.run(ctx, inputs(given), params or Params()))
    (table,) = [table for output, table in made.items() if output.kind == "candidates"]
    return scenes_from_table(table, None)


def test_what_nearly_reaches_a_threshold_is_kept_as_a_candidate() -> None:
    (near,) = [one for one in near_misses(braking(-2.6)) if one.type == "hard_brake"]
    peak = near.evidence["min_ax_mps2"]
    assert isinstance(peak, float)
    assert -3.0 < peak <= -2.1
    assert near.params == fingerprint(asdict(HARD_BRAKE.params()))


@pytest.mark.parametrize("peak_mps2", [-1.5, -4.5])
def test_what_is_far_below_a_threshold_or_is_a_scene_is_no_candidate(peak_mps2: float) -> None:
    assert not [one for one in near_misses(braking(peak_mps2)) if one.type == "hard_brake"]


def test_a_gate_loosens_towards_more_scenes() -> None:
    below = Gate(param="on_mps2", evidence="min_ax_mps2", op="<=")
    assert below.loosened(-3.0) == pytest.approx(-2.1)
    assert below.loosened(1.5) == pytest.approx(1.5 / 0.7)
    above = Gate(param="on_mps2", evidence="max_ax_mps2", op=">=")
    assert above.loosened(2.4) == pytest.approx(1.68)
    assert below.holds(-3.0, -3.0)
    assert not below.holds(-2.9, -3.0)
    assert above.holds(2.5, 2.4)


def test_what_is_around_scenes_is_named_for_keeping() -> None:
    ctx = RecordingContext()
    params = Params(detectors=("hard_brake",), keep_s=2.0)
    made = made_tables(DETECT_SCENES.run(ctx, inputs(busy_drive()), params))
    tables = {output.kind: table for output, table in made.items()}
    (scene,) = tables["scenes"].to_pylist()
    (kept,) = tables["keep_ranges"].to_pylist()
    assert kept["t_ns"] == scene["t_ns"] - 2_000_000_000
    assert kept["t_end_ns"] == scene["t_end_ns"] + 2_000_000_000
    assert (kept["types"], kept["scenes"]) == ("hard_brake", 1)


BRAKE_RULE = """\
scene: brake_near_other
doc: A hard brake with vehicles around.
when: during hard_brake and vehicles_30m >= 1
evidence:
  max_vehicles_30m: max(vehicles_30m)
"""


def with_around(given: Drive, vehicles: float) -> Inputs:
    """Return the tables of a drive with so many vehicles around it all the time."""
    tables = dict(inputs(given).tables)
    t_ns = np.arange(given.start_ns, given.stop_ns, 100_000_000)
    names = [one.name for one in kind("object_context").columns if one.name != "t_ns"]
    counts = {name: np.full(t_ns.size, vehicles) for name in names}
    tables["object_context"] = (as_table("object_context", Signals(t_ns, counts, 1)),)
    return Inputs(tables)


def ruled(given: Inputs, text: str = BRAKE_RULE) -> tuple[list[Scene], list[dict[str, Any]]]:
    params = Params(detectors=("hard_brake",), rules={"near.yaml": text})
    made = made_tables(DETECT_SCENES.run(RecordingContext(), given, params))
    tables = {output.kind: table for output, table in made.items()}
    scenes = scenes_from_table(tables["scenes"], None)
    return list(scenes), tables["scene_coverage"].to_pylist()


def test_a_rule_sees_the_scenes_of_the_detectors_and_what_is_around() -> None:
    scenes, coverage = ruled(with_around(busy_drive(), 2.0))
    (brake,) = [scene for scene in scenes if scene.type == "hard_brake"]
    (found,) = [scene for scene in scenes if scene.type == "brake_near_other"]
    assert brake.t_start_ns <= found.t_start_ns < found.t_end_ns <= brake.t_end_ns + 20_000_000
    assert found.evidence["max_vehicles_30m"] == 2.0
    assert (found.detector, found.detector_version) == ("brake_near_other", 1)
    assert found.lat_deg is not None
    assert [row["known"] for row in coverage if row["type"] == "brake_near_other"] == [True]
    none, _ = ruled(with_around(busy_drive(), 0.0))
    assert [scene.type for scene in none] == ["hard_brake"]


def test_without_what_is_around_a_rule_is_unknown_only_where_it_matters() -> None:
    scenes, coverage = ruled(inputs(busy_drive()))
    (brake,) = scenes
    lost = [row for row in coverage if row["type"] == "brake_near_other" and not row["known"]]
    assert [row["reason"] for row in lost] == ["no vehicles_30m"]
    assert abs(lost[0]["t_ns"] - brake.t_start_ns) <= 20_000_000
    assert abs(lost[0]["t_end_ns"] - brake.t_end_ns) <= 20_000_000


def test_the_text_of_a_rule_is_in_the_ids_of_its_scenes_alone() -> None:
    given = with_around(busy_drive(), 2.0)
    before, _ = ruled(given)
    after, _ = ruled(given, BRAKE_RULE + "# the same\n")
    kept = {one.id for one in before} & {one.id for one in after}
    assert {one.type for one in before if one.id not in kept} == {"brake_near_other"}
    assert {one.type for one in after if one.id not in kept} == {"brake_near_other"}


def test_a_rule_that_says_nothing_stops_the_step() -> None:
    with pytest.raises(ConfigError, match=r"near\.yaml:3: no scene type 'hard_brak'; did you mean"):
        ruled(inputs(busy_drive()), BRAKE_RULE.replace("hard_brake", "hard_brak"))
