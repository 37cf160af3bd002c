"""Catalog behaviour: measurements and recordings."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from avdataops.model.errors import Conflict, InputError, NotFound
from avdataops.model.measurement import Reason, State
from avdataops.ports.catalog import Catalog, Direction, SceneQuery
from avdataops.testing.catalog_store import HOSTILE, OpenCatalog, everything, register
from avdataops.testing.facts import T0_NS, sha256_of, uploaded

REASON = Reason(code="bad_crc", message="a.mcap is damaged", fix="avdataops upload DIR")
WAYS: dict[State, list[State]] = {
    State.PENDING: [],
    State.RUNNING: [State.RUNNING],
    State.COMPLETE: [State.RUNNING, State.COMPLETE],
    State.QUARANTINED: [State.QUARANTINED],
}
"""State -> how a new measurement gets there."""

MOVES = {
    State.PENDING: {State.RUNNING, State.QUARANTINED},
    State.RUNNING: {State.COMPLETE, State.PENDING, State.QUARANTINED},
    State.COMPLETE: {State.RUNNING, State.PENDING, State.QUARANTINED},
    State.QUARANTINED: {State.PENDING},
}


def _reason(state: State) -> Reason | None:
    return REASON if state is State.QUARANTINED else None


class MeasurementBehaviour:
    """Registered, listed, moved from state to state."""

    def test_a_registered_measurement_is_pending_with_all_its_facts(self, catalog: Catalog) -> None:
        """Vehicle, exact time and driver notes are kept."""
        drive = register(catalog)
        found = catalog.measurement(drive.id)
        assert (found.id, found.vehicle, found.state) == (drive.id, "car-1", State.PENDING)
        assert (found.created_ns, found.start_ns, found.stop_ns) == (T0_NS, None, None)
        assert found.driver_notes == drive.manifest.driver_notes
        assert found.reason is None

    def test_recordings_come_by_name_and_uploads_are_artifacts(self, catalog: Catalog) -> None:
        """Order does not depend on the order of registering."""
        drive = uploaded(names=("z.bag", "a.mcap", "M.mf4"))
        register(catalog, drive)
        assert [one.name for one in catalog.recordings(drive.id)] == ["M.mf4", "a.mcap", "z.bag"]
        assert set(catalog.recordings(drive.id)) == set(drive.recordings)
        uploads = catalog.artifacts(drive.id)
        assert [one.name for one in uploads] == ["M.mf4", "a.mcap", "z.bag"]
        assert {one.id: one for one in uploads} == {one.id: one for one in drive.uploads}

    def test_registering_again_changes_nothing(self, catalog: Catalog) -> None:
        """Not even the state it has reached since; the order of files does not matter."""
        drive = register(catalog)
        catalog.set_state(drive.id, State.RUNNING)
        before = everything(catalog, drive.id)
        turned = replace(drive, recordings=drive.recordings[::-1], uploads=drive.uploads[::-1])
        register(catalog, turned)
        assert everything(catalog, drive.id) == before

    def test_other_content_under_a_known_id_is_a_conflict(self, catalog: Catalog) -> None:
        """The first content stays."""
        drive = register(catalog)
        other = replace(drive.manifest, vehicle="car-2")
        with pytest.raises(Conflict, match=drive.id):
            catalog.register(other, drive.recordings, drive.uploads)
        fewer = drive.uploads[:1]
        with pytest.raises(Conflict, match=drive.id):
            catalog.register(drive.manifest, drive.recordings, fewer)
        assert catalog.measurement(drive.id).vehicle == "car-1"

    def test_an_upload_known_with_other_bytes_registers_nothing(self, catalog: Catalog) -> None:
        """All or nothing: the second measurement is not there at all."""
        first, second = register(catalog), uploaded("second")
        stolen = replace(second.uploads[0], id=first.uploads[0].id)
        with pytest.raises(Conflict, match=stolen.id):
            catalog.register(second.manifest, second.recordings, [second.uploads[1], stolen])
        with pytest.raises(NotFound):
            catalog.measurement(second.id)
        register(catalog, second)

    def test_files_of_another_measurement_are_refused(self, catalog: Catalog) -> None:
        """A mixed-up call is said, not stored."""
        first, second = uploaded("first"), uploaded("second")
        with pytest.raises(InputError, match=second.id):
            catalog.register(first.manifest, second.recordings, first.uploads)
        assert catalog.measurements() == []

    def test_measurements_are_paged_by_id(self, catalog: Catalog) -> None:
        """Every page size gives each measurement once and in order."""
        drives = [register(catalog, uploaded(f"drive {n}")) for n in range(7)]
        expected = sorted(drive.id for drive in drives)
        for size in range(1, 9):
            found: list[str] = []
            while page := catalog.measurements(after=found[-1] if found else None, limit=size):
                assert len(page) <= size
                found += [one.id for one in page]
            assert found == expected
        assert [one.id for one in catalog.measurements(limit=0)] == expected

    def test_measurements_are_filtered_by_state_and_vehicle(self, catalog: Catalog) -> None:
        """Both filters must hold; an unknown vehicle has no measurements."""
        first = register(catalog, uploaded("first", vehicle="car-1"))
        second = register(catalog, uploaded("second", vehicle="car-2"))
        catalog.set_state(second.id, State.RUNNING)
        assert [one.id for one in catalog.measurements(vehicle="car-1")] == [first.id]
        assert [one.id for one in catalog.measurements(state=State.RUNNING)] == [second.id]
        assert catalog.measurements(state=State.RUNNING, vehicle="car-1") == []
        assert catalog.measurements(vehicle="car-3") == []

    @pytest.mark.parametrize("start", list(State))
    @pytest.mark.parametrize("goal", list(State))
    def test_states_change_only_in_allowed_ways(
        self, catalog: Catalog, start: State, goal: State
    ) -> None:
        """Allowed moves arrive, the same state is no move, others raise and change nothing."""
        drive = register(catalog)
        for state in WAYS[start]:
            catalog.set_state(drive.id, state, _reason(state))
        before = catalog.measurement(drive.id)
        assert before.state is start
        if goal is start or goal in MOVES[start]:
            catalog.set_state(drive.id, goal, _reason(goal))
            assert catalog.measurement(drive.id).state is goal
        else:
            with pytest.raises(Conflict, match=f"is {start} and cannot become {goal}"):
                catalog.set_state(drive.id, goal, _reason(goal))
            assert catalog.measurement(drive.id) == before

    def test_quarantine_keeps_its_reason_until_it_is_left(self, catalog: Catalog) -> None:
        """Repeating without a reason keeps it, another reason replaces it."""
        drive = register(catalog)
        catalog.set_state(drive.id, State.QUARANTINED, REASON)
        catalog.set_state(drive.id, State.QUARANTINED)
        assert catalog.measurement(drive.id).reason == REASON
        other = replace(REASON, code="missing_file")
        catalog.set_state(drive.id, State.QUARANTINED, other)
        assert catalog.measurement(drive.id).reason == other
        catalog.set_state(drive.id, State.PENDING)
        assert catalog.measurement(drive.id).reason is None

    def test_quarantine_needs_a_reason_and_nothing_else_has_one(self, catalog: Catalog) -> None:
        """A rejection that nobody can explain is refused."""
        drive = register(catalog)
        with pytest.raises(InputError, match="reason"):
            catalog.set_state(drive.id, State.QUARANTINED)
        with pytest.raises(InputError, match="reason"):
            catalog.set_state(drive.id, State.RUNNING, REASON)
        assert catalog.measurement(drive.id).state is State.PENDING

    @pytest.mark.parametrize("name", HOSTILE)
    def test_hostile_names_are_kept_to_the_letter(self, catalog: Catalog, name: str) -> None:
        """Of files, vehicles and reasons alike."""
        drive = register(catalog, uploaded(vehicle=name, names=(name, "b.mf4")))
        reason = Reason(code=name, message=name, fix=name)
        catalog.set_state(drive.id, State.QUARANTINED, reason)
        assert name in {one.name for one in catalog.recordings(drive.id)}
        assert name in {one.name for one in catalog.artifacts(drive.id)}
        assert [one.vehicle for one in catalog.measurements(vehicle=name)] == [name]
        assert catalog.measurement(drive.id).reason == reason

    @pytest.mark.parametrize(
        "ask",
        [
            lambda catalog, wrong: catalog.measurement(wrong),
            lambda catalog, wrong: catalog.recordings(wrong),
            lambda catalog, wrong: catalog.artifact(wrong),
            lambda catalog, wrong: catalog.artifacts(wrong),
            lambda catalog, wrong: catalog.run(wrong),
            lambda catalog, wrong: catalog.runs(wrong),
            lambda catalog, wrong: catalog.unfinished(wrong),
            lambda catalog, wrong: catalog.scene(wrong),
            lambda catalog, wrong: catalog.scenes(SceneQuery(), after=wrong),
            lambda catalog, wrong: catalog.lineage(wrong, Direction.UP),
            lambda catalog, wrong: catalog.set_state(wrong, State.RUNNING),
        ],
    )
    def test_unknown_ids_are_not_found_and_say_where_to_look(
        self, catalog: Catalog, ask: Callable[[Catalog, str], object]
    ) -> None:
        """The message names the id, the hint a command; hostile ids do no harm."""
        register(catalog)
        for wrong in ("m_000000000000000000000000", "", *HOSTILE, "x" * 100_000):
            with pytest.raises(NotFound) as caught:
                ask(catalog, wrong)
            assert ascii(wrong)[1:-1][:60] in caught.value.message
            assert (caught.value.hint or "").startswith("avdataops ")
            assert caught.value.message.isprintable()

    def test_a_slip_of_the_hand_is_told_the_nearest_id(self, catalog: Catalog) -> None:
        """One wrong digit, or an id cut short."""
        drive = register(catalog)
        slip = drive.id[:-3] + ("0" if drive.id[-3] != "0" else "1") + drive.id[-2:]
        for wrong in (slip, drive.id[:10]):
            with pytest.raises(NotFound, match=f"did you mean '{drive.id}'"):
                catalog.measurement(wrong)

    def test_reference_files_belong_to_no_measurement(self, catalog: Catalog) -> None:
        """Taken in once; known with other bytes they are a conflict."""
        weather = replace(uploaded().uploads[0], id="art_weather", measurement=None, kind="weather")
        catalog.reference([weather])
        catalog.reference([weather])
        assert catalog.artifact(weather.id) == weather
        with pytest.raises(Conflict, match=weather.id):
            catalog.reference([replace(weather, sha256=sha256_of("other"))])

    def test_what_was_registered_is_there_for_others(self, open_catalog: OpenCatalog) -> None:
        """A second way to the catalog sees the same."""
        drive = register(open_catalog())
        assert open_catalog().measurement(drive.id).id == drive.id
