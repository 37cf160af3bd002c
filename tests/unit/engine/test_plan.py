"""What a step has to do."""

from dataclasses import replace

import pytest

from avdataops.engine.pipeline import Pipeline, Stage
from avdataops.engine.plan import Plan, plan_step
from avdataops.model.artifact import Artifact
from avdataops.model.errors import ConfigError
from avdataops.model.location import Location, Zone
from avdataops.model.run import piece_name, whole_name
from avdataops.ports.step import Need, Split, Step
from avdataops.testing.engine_kit import Engine, memory_engine
from avdataops.testing.toy_steps import JUDGE, SPREAD, VALIDATE


def planned(
    engine: Engine, measurement: str, step: Step, references: tuple[Artifact, ...] = ()
) -> Plan:
    facts = engine.catalog.measurement(measurement)
    return plan_step(engine.catalog, facts, step, {}, references)


def reference(role: str, name: str) -> Artifact:
    return Artifact(
        id=f"art_{name}",
        kind="reference",
        measurement=None,
        name=name,
        location=Location(Zone.RAW, f"reference/{name}"),
        bytes=1,
        sha256="0" * 64,
        attributes={"role": role},
    )


def with_scale(scale: float) -> Pipeline:
    stages = (Stage(step="validate"), Stage(step="spread", params={"scale": scale}))
    return Pipeline(name="toy", steps=stages)


def test_a_step_by_recording_is_one_task_per_file_in_their_order() -> None:
    engine = memory_engine()
    drive = engine.arrived({"b.mcap": b"2", "a.mcap": b"1"})
    plan = planned(engine, drive.id, VALIDATE)
    assert [(task.part, len(task.inputs)) for task in plan.run] == [("a.mcap", 1), ("b.mcap", 1)]
    assert {task.vehicle for task in plan.run} == {"car-1"}


def test_a_task_holds_its_parameters_complete() -> None:
    engine = memory_engine()
    plan = planned(engine, engine.arrived().id, VALIDATE)
    assert plan.run[0].params == {"scale": 1.0}


def test_a_step_by_stream_gets_all_parts_of_one_name() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    plan = planned(engine, drive.id, replace(JUDGE, name="other", split=Split.STREAM))
    assert [(task.part, [given.artifact.part for given in task.inputs]) for task in plan.run] == [
        ("/gnss", ["a.mcap"]),
        ("/imu", ["a.mcap", "b.mcap"]),
    ]


def test_a_step_on_the_whole_measurement_is_one_task() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    (task,) = planned(engine, drive.id, replace(JUDGE, version=2)).run
    assert task.part == ""
    assert len(task.inputs) == 3


def test_planning_twice_gives_the_same_tasks() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    assert planned(engine, drive.id, VALIDATE) == planned(engine, drive.id, VALIDATE)


def test_a_step_without_its_input_has_nothing_to_do() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    assert planned(engine, drive.id, JUDGE) == Plan("judge", (), (), (), ())


def test_what_is_made_is_not_planned_again() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    plan = planned(engine, drive.id, SPREAD)
    assert (plan.run, plan.revive, plan.stale) == ((), (), ())
    assert sorted(record.part for record in plan.made) == ["a.mcap", "b.mcap"]


def test_a_failed_run_is_planned_again() -> None:
    engine = memory_engine()
    drive = engine.arrived({"a.mcap": b"not three words\n"})
    engine.run(drive.id)
    assert [task.part for task in planned(engine, drive.id, SPREAD).run] == ["a.mcap"]


def test_a_new_version_replaces_the_results_of_the_old_one() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id)
    plan = planned(engine, drive.id, replace(SPREAD, version=2))
    assert [task.part for task in plan.run] == ["a.mcap", "b.mcap"]
    assert sorted(record.part for record in plan.stale) == ["a.mcap", "b.mcap"]
    (old,) = plan.replaced_by("a.mcap")
    assert engine.catalog.run(old).part == "a.mcap"


def test_results_of_earlier_parameters_are_revived_not_made_again() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    engine.run(drive.id, with_scale(1.0))
    first = [made.id for made in engine.made(drive.id, "stream")]
    engine.run(drive.id, with_scale(2.0))
    assert {made.id for made in engine.made(drive.id, "stream")}.isdisjoint(first)
    plan = planned(engine, drive.id, SPREAD)
    assert (plan.run, plan.made, len(plan.revive), len(plan.stale)) == ((), (), 2, 2)
    finished = engine.run(drive.id, with_scale(1.0))
    assert (len(finished.ran), len(finished.already)) == (0, 4)
    assert [made.id for made in engine.made(drive.id, "stream")] == first


def test_an_optional_role_may_be_empty_and_is_given_to_every_task() -> None:
    needs = {"upload": Need(kind="upload"), "raw": Need(kind="recording", optional=True)}
    step = replace(VALIDATE, name="both", needs=needs)
    engine = memory_engine()
    drive = engine.arrived()
    assert [len(task.inputs) for task in planned(engine, drive.id, step).run] == [1, 1]
    engine.run(drive.id)
    plan = planned(engine, drive.id, step)
    assert [[given.role for given in task.inputs] for task in plan.run] == [
        ["upload", "raw", "raw"],
        ["upload", "raw", "raw"],
    ]


def test_a_role_takes_only_artifacts_with_the_wanted_attributes() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    wanted = replace(VALIDATE, needs={"upload": Need(kind="upload", where={"role": "dbc"})})
    assert planned(engine, drive.id, wanted).run == ()


def test_references_go_to_the_role_that_they_are_for() -> None:
    needs = {
        "upload": Need(kind="upload"),
        "map": Need(kind="reference", optional=True),
        "weather": Need(kind="reference", optional=True),
    }
    step = replace(VALIDATE, name="enrich", needs=needs, split=Split.MEASUREMENT)
    engine = memory_engine()
    drive = engine.arrived()
    shared = (reference("map", "town"), reference("weather", "w2"), reference("weather", "w1"))
    (task,) = planned(engine, drive.id, step, shared).run
    assert [(g.role, g.artifact.name) for g in task.inputs if g.role != "upload"] == [
        ("map", "town"),
        ("weather", "w1"),
        ("weather", "w2"),
    ]
    (without,) = planned(engine, drive.id, step, shared[1:]).run
    assert without.id != task.id


def test_a_wrong_parameter_is_told_when_planning() -> None:
    engine = memory_engine()
    drive = engine.arrived()
    with pytest.raises(ConfigError, match="no parameter 'scales'; did you mean 'scale'"):
        plan_step(engine.catalog, drive, VALIDATE, {"scales": 1})


def test_names_of_pieces_sort_in_their_order_and_tell_what_they_are_pieces_of() -> None:
    names = [piece_name("a [1 of 2].mcap", piece, 12) for piece in range(12)]
    assert names == sorted(names)
    assert {whole_name(name) for name in names} == {"a [1 of 2].mcap"}
    assert piece_name("a.mcap", 0, 1) == whole_name("a.mcap") == "a.mcap"
