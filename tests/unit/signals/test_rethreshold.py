"""Thresholds moved without a rerun."""

import pytest

from avdataops.detectors.hard_brake import HARD_BRAKE
from avdataops.model.errors import InputError
from avdataops.model.scene import Scene
from avdataops.ports.detecting import Drive, Gate
from avdataops.signals.rethreshold import Bar, Moved, bars, rethreshold
from avdataops.testing.drives import at, bump, clock, cruise, drive, follow_acceleration

BRAKE = Gate(param="on_mps2", evidence="min_ax_mps2", op="<=")
CLOSE = Gate(param="max_m", evidence="clearance_m", op="<=")
FAST = Gate(param="on_mps", evidence="max_mps", op=">=", types=("fast",))
MADE = {"on_mps2": -3.0, "max_m": 1.5, "on_mps": 10.0}


def scene(name: str, **evidence: float | str | None) -> Scene:
    return Scene(
        id=name,
        type="hard_brake",
        measurement="m_1",
        vehicle="v",
        t_start_ns=0,
        t_end_ns=1,
        detector="hard_brake",
        detector_version=1,
        confidence=1.0,
        evidence=dict(evidence),
    )


def ids(moved: Moved) -> tuple[list[str], list[str], list[str], list[str]]:
    def names(scenes: tuple[Scene, ...]) -> list[str]:
        return [one.id for one in scenes]

    parts = (moved.stay, moved.disappear, moved.appear, moved.undecided)
    stay, disappear, appear, undecided = map(names, parts)
    return stay, disappear, appear, undecided


SCENES = (scene("soft", min_ax_mps2=-3.1), scene("firm", min_ax_mps2=-4.0))
NEAR = (scene("near", min_ax_mps2=-2.6), scene("nearer", min_ax_mps2=-2.9))


def moved(now: float) -> tuple[list[str], list[str], list[str], list[str]]:
    return ids(rethreshold(SCENES, NEAR, bars([BRAKE], "hard_brake", MADE, {"on_mps2": now})))


def test_a_looser_threshold_lets_near_misses_in() -> None:
    assert moved(-2.5) == (["soft", "firm"], [], ["near", "nearer"], [])
    assert moved(-2.6) == (["soft", "firm"], [], ["near", "nearer"], [])
    assert moved(-2.7) == (["soft", "firm"], [], ["nearer"], [])


def test_a_tighter_threshold_lets_scenes_fall() -> None:
    assert moved(-3.5) == (["firm"], ["soft"], [], [])
    assert moved(-4.0) == (["firm"], ["soft"], [], [])
    assert moved(-9.0) == ([], ["soft", "firm"], [], [])


def test_the_same_threshold_changes_nothing() -> None:
    assert moved(-3.0) == (["soft", "firm"], [], [], [])


def test_a_looser_threshold_than_candidates_were_kept_for_is_refused_with_the_limit() -> None:
    bars([BRAKE], "hard_brake", MADE, {"on_mps2": -2.1})
    with pytest.raises(InputError, match=r"on_mps2 <= -2\.1 \(made with -3\); -2 is looser"):
        bars([BRAKE], "hard_brake", MADE, {"on_mps2": -2.0})
    with pytest.raises(InputError, match=r"max_m <= 2\.14286 \(made with 1\.5\); 2\.2 is looser"):
        bars([CLOSE], "hard_brake", MADE, {"max_m": 2.2})
    with pytest.raises(InputError, match=r"on_mps >= 7 \(made with 10\); 6\.9 is looser"):
        bars([FAST], "fast", MADE, {"on_mps": 6.9})
    assert bars([FAST], "fast", MADE, {"on_mps": 7.0}) == (Bar(FAST, 10.0, 7.0),)


def test_a_parameter_that_is_no_gate_is_named_with_the_near_miss() -> None:
    with pytest.raises(InputError, match="no threshold 'on_mps' that can be moved; did you mean"):
        bars([BRAKE], "hard_brake", MADE, {"on_mps": -2.5})
    with pytest.raises(InputError, match="'hard_brake' has no threshold 'on_mps'"):
        bars([FAST], "hard_brake", MADE, {"on_mps": 8.0})


def test_a_candidate_passes_every_gate_and_a_scene_those_that_moved() -> None:
    given = bars([BRAKE, CLOSE], "hard_brake", MADE, {"on_mps2": -2.5})
    near = (
        scene("both", min_ax_mps2=-2.6, clearance_m=1.4),
        scene("one", min_ax_mps2=-2.6, clearance_m=1.6),
    )
    old = (scene("old", min_ax_mps2=-5.0),)
    assert ids(rethreshold(old, near, given)) == (["old"], [], ["both"], [])


def test_without_evidence_nobody_can_tell() -> None:
    given = bars([BRAKE], "hard_brake", MADE, {"on_mps2": -3.5})
    old = (scene("null", min_ax_mps2=None), scene("text", min_ax_mps2="x"), scene("absent"))
    assert ids(rethreshold(old, (scene("near"),), given)) == (
        [],
        [],
        [],
        ["null", "text", "absent", "near"],
    )


def test_one_gate_that_fails_decides_whatever_is_unknown() -> None:
    given = bars([BRAKE, CLOSE], "hard_brake", MADE, {"on_mps2": -2.5, "max_m": 1.0})
    known = rethreshold((scene("far", clearance_m=1.2),), (), given)
    assert ids(known) == ([], ["far"], [], [])


def braking(*levels_mps2: float) -> Drive:
    """Return a drive that brakes once for each level, 20 s apart."""
    columns = cruise(20.0 * len(levels_mps2) + 5.0, speed_mps=20.0)
    t_s = clock(20.0 * len(levels_mps2) + 5.0)
    accel = sum(
        -level * bump(t_s, 5.0 + 20.0 * n, 3.0) + level * bump(t_s, 12.0 + 20.0 * n, 3.0) * 0.5
        for n, level in enumerate(levels_mps2)
    )
    return drive(follow_acceleration(columns, accel + 0.0 * t_s))


@pytest.mark.parametrize("now", [-2.2, -2.6, -3.0, -3.6, -4.4])
def test_it_finds_what_a_rerun_finds(now: float) -> None:
    """Moved thresholds and a rerun agree on which brakes there are."""
    given = braking(1.5, 2.4, 2.9, 3.3, 4.0, 5.0)
    defaults = HARD_BRAKE.params()

    def told(on_mps2: float) -> list[Scene]:
        params = type(defaults)(on_mps2=on_mps2)
        return [
            scene(str(n), min_ax_mps2=found.evidence["min_ax_mps2"])
            for n, found in enumerate(HARD_BRAKE.find(given, params).found)
        ]

    (gate,) = HARD_BRAKE.gates
    made = told(defaults.on_mps2)
    peaks = {one.evidence["min_ax_mps2"] for one in made}
    near = [
        s for s in told(gate.loosened(defaults.on_mps2)) if s.evidence["min_ax_mps2"] not in peaks
    ]
    given_bars = bars([gate], "hard_brake", {"on_mps2": defaults.on_mps2}, {"on_mps2": now})
    result = rethreshold(made, near, given_bars)
    mine = sorted(str(s.evidence["min_ax_mps2"]) for s in (*result.stay, *result.appear))
    assert mine == sorted(str(s.evidence["min_ax_mps2"]) for s in told(now))
    assert at(0.0) == given.start_ns
