"""Catalog behaviour: what came from what."""

from dataclasses import replace

import pytest

from avdataops.model.errors import InputError
from avdataops.model.run import Outcome, RunRecord
from avdataops.ports.catalog import Catalog, Direction, Edge, Lineage, Taken
from avdataops.testing.catalog_store import detected, extracted, fill, register
from avdataops.testing.facts import ended, record, scene, task, uploaded

UP, DOWN = Direction
M = uploaded().id
CUT_IN = scene(M, "cut_in")


def _nodes(lineage: Lineage) -> set[str]:
    found = [node.id for node in lineage.nodes]
    assert len(found) == len(set(found))
    return set(found)


def _edges(done: RunRecord) -> set[Edge]:
    return {Edge(src=src, dst=dst.id, run=done.run) for src in done.used for dst in done.made}


class LineageBehaviour:
    """From a scene to the bytes of the upload, and back."""

    def test_a_scene_leads_up_to_the_hashes_of_its_uploads(self, catalog: Catalog) -> None:
        """Every artifact between is there once, every edge names its run."""
        found = fill(catalog, [CUT_IN])
        drive, streams = uploaded(), extracted(uploaded())
        up = catalog.lineage(CUT_IN.id, UP)
        table = found.record.made[0]
        artifacts = (table, *streams.made, *drive.uploads)
        assert up.root == up.nodes[0].id == CUT_IN.id
        assert _nodes(up) == {CUT_IN.id, *(one.id for one in artifacts)}
        shas = {node.id: node.sha256 for node in up.nodes}
        assert shas == {CUT_IN.id: None, **{one.id: one.sha256 for one in artifacts}}
        to_scene = Edge(src=table.id, dst=CUT_IN.id, run=found.record.run)
        assert set(up.edges) == {to_scene} | _edges(found.record) | _edges(streams)

    def test_nodes_say_what_they_are(self, catalog: Catalog) -> None:
        """Kind, name, and facts that need no further question."""
        found = fill(catalog, [CUT_IN])
        nodes = {node.id: node for node in catalog.lineage(CUT_IN.id, UP).nodes}
        assert (nodes[CUT_IN.id].kind, nodes[CUT_IN.id].name) == ("scene", "cut_in")
        table = nodes[found.record.made[0].id]
        assert (table.kind, table.name) == ("scenes", "scenes")
        assert table.facts["step"] == "detect_scenes"
        assert table.facts["outcome"] == "done"
        assert table.facts["rows"] == found.record.made[0].rows
        assert table.facts["bytes"] == found.record.made[0].bytes
        assert table.facts["location"] == str(found.record.made[0].location)
        upload = nodes[uploaded().uploads[0].id]
        assert (upload.kind, upload.name) == ("upload", "a.mcap")

    def test_a_recording_leads_down_to_its_scenes(self, catalog: Catalog) -> None:
        """Through its upload; other recordings are not on the way."""
        found = fill(catalog, [CUT_IN])
        drive, streams = uploaded(), extracted(uploaded())
        for number in (0, 1):
            start = drive.recordings[number]
            down = catalog.lineage(start.id, DOWN)
            made = {one.id for one in (*streams.made, *found.record.made)}
            assert _nodes(down) == {start.id, drive.uploads[number].id, CUT_IN.id, *made}
            assert down.nodes[0].kind == "recording"
            assert down.nodes[0].sha256 == start.sha256
            assert _nodes(catalog.lineage(start.id, UP)) == {start.id}

    def test_a_run_leads_up_to_its_inputs_and_down_to_its_results(self, catalog: Catalog) -> None:
        """The run itself stands in the middle."""
        fill(catalog, [])
        drive, streams = uploaded(), extracted(uploaded())
        up = catalog.lineage(streams.run, UP)
        assert _nodes(up) == {streams.run, *streams.used}
        assert set(up.edges) == {
            Edge(src=one, dst=streams.run, run=streams.run) for one in streams.used
        }
        assert (up.nodes[0].kind, up.nodes[0].name) == ("run", "extract")
        down = catalog.lineage(streams.run, DOWN, depth=1)
        assert _nodes(down) == {streams.run, *(one.id for one in streams.made)}
        assert not {one.id for one in drive.uploads} & _nodes(down)

    def test_a_run_that_failed_leads_up_to_what_it_read(self, catalog: Catalog) -> None:
        """And down to nothing."""
        drive = register(catalog)
        failed = ended(extracted(drive), Outcome.FAILED_INPUT)
        catalog.commit([Taken(failed)])
        assert _nodes(catalog.lineage(failed.run, UP)) == {failed.run, *failed.used}
        assert _nodes(catalog.lineage(failed.run, DOWN)) == {failed.run}

    @pytest.mark.parametrize(
        ("depth", "kinds"),
        [
            (0, {"scene", "scenes"}),
            (1, {"scene", "scenes", "stream"}),
            (2, {"scene", "scenes", "stream", "upload"}),
            (9, {"scene", "scenes", "stream", "upload"}),
            (None, {"scene", "scenes", "stream", "upload"}),
        ],
    )
    def test_depth_counts_runs(self, catalog: Catalog, depth: int | None, kinds: set[str]) -> None:
        """A scene and its table are the same step away."""
        fill(catalog, [CUT_IN])
        up = catalog.lineage(CUT_IN.id, UP, depth=depth)
        assert {node.kind for node in up.nodes} == kinds
        inside = _nodes(up)
        assert all({edge.src, edge.dst} <= inside for edge in up.edges)

    def test_depth_counts_runs_downwards_and_from_a_run(self, catalog: Catalog) -> None:
        """Zero is the start alone, or the start and the scenes in it."""
        found = fill(catalog, [CUT_IN])
        streams = extracted(uploaded())
        start = uploaded().uploads[0].id
        assert _nodes(catalog.lineage(start, DOWN, depth=0)) == {start}
        one = {start, *(made.id for made in streams.made)}
        assert _nodes(catalog.lineage(start, DOWN, depth=1)) == one
        table = found.record.made[0].id
        assert _nodes(catalog.lineage(table, DOWN, depth=0)) == {table, CUT_IN.id}
        for way in (UP, DOWN):
            assert _nodes(catalog.lineage(streams.run, way, depth=0)) == {streams.run}
        with pytest.raises(InputError, match="-1"):
            catalog.lineage(start, DOWN, depth=-1)

    def test_shared_ancestors_come_once_and_the_walk_ends(self, catalog: Catalog) -> None:
        """A ladder of 40 steps has 2^40 ways through it."""
        drive = register(catalog)
        done = record(task("step0", drive.id, drive.uploads), [("grid", "a"), ("grid", "b")])
        ladder = [done]
        for number in range(1, 40):
            spec = task(f"step{number}", drive.id, ladder[-1].made)
            ladder.append(record(spec, [("grid", "a"), ("grid", "b")]))
        catalog.commit([Taken(one) for one in ladder])
        up = catalog.lineage(ladder[-1].made[0].id, UP)
        below = {one.id for done in ladder[:-1] for one in done.made}
        assert _nodes(up) == {ladder[-1].made[0].id, *below, *(one.id for one in drive.uploads)}
        assert len(set(up.edges)) == len(up.edges)
        down = catalog.lineage(drive.uploads[0].id, DOWN)
        assert _nodes(down) == {drive.uploads[0].id, *below, *(m.id for m in ladder[-1].made)}

    def test_shared_files_are_ancestors_too(self, catalog: Catalog) -> None:
        """Weather and maps lead down to every measurement that used them."""
        weather = replace(uploaded().uploads[0], id="art_weather", kind="weather", measurement=None)
        catalog.reference([weather])
        runs = []
        for title in ("first", "second"):
            drive = register(catalog, uploaded(title))
            runs.append(record(task("enrich", drive.id, [weather]), [("context", "context")]))
        catalog.commit([Taken(one) for one in runs])
        made = {one.id for done in runs for one in done.made}
        assert _nodes(catalog.lineage(weather.id, DOWN)) == {weather.id, *made}

    def test_a_scene_leads_down_to_nothing(self, catalog: Catalog) -> None:
        """It is where lineage ends; an upload is where it begins."""
        fill(catalog, [CUT_IN])
        start = uploaded().uploads[0].id
        for only in (catalog.lineage(CUT_IN.id, DOWN), catalog.lineage(start, UP)):
            assert _nodes(only) == {only.root}
            assert only.edges == ()

    def test_lineage_of_superseded_results_stays(self, catalog: Catalog) -> None:
        """Both the old and the new are descendants of the upload."""
        old = fill(catalog, [CUT_IN])
        drive = uploaded()
        new = detected(drive, extracted(drive).made[:1], [scene(M, "rain")])
        before = catalog.lineage(CUT_IN.id, UP)
        catalog.commit([new], superseded=[old.record.run])
        assert catalog.lineage(CUT_IN.id, UP) == before
        down = _nodes(catalog.lineage(drive.uploads[0].id, DOWN))
        assert {CUT_IN.id, new.scenes[0].id} <= down
