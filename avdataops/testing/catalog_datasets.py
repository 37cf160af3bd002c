"""Catalog behaviour: frozen datasets are kept exactly, found by name and id, and never change."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from avdataops.model.artifact import Artifact
from avdataops.model.dataset import Dataset, Frozen, frozen_dataset
from avdataops.model.errors import Conflict, InputError, NotFound
from avdataops.model.scene import Scene
from avdataops.ports.catalog import Catalog, Direction
from avdataops.testing.catalog_store import HOSTILE, OpenCatalog, detected, everything, fill
from avdataops.testing.facts import T0_NS, scene, uploaded

M = uploaded().id
SCENES = tuple(
    replace(
        scene(M, "cut_in", n, evidence={"ttc_s": 0.1 + n, "n": n, "rain": True, "gap_m": None}),
        detector_version=1 + n % 2,
    )
    for n in range(7)
)


def label(name: str = "curves", *, text: str = "type cut_in", query: str = "q") -> Dataset:
    """Return what is said of a dataset before it has content."""
    return Dataset(
        id="",
        name=name,
        by="ann",
        at_ns=T0_NS + 1,
        text=text,
        query=query,
        scenes=0,
        artifacts=0,
        measurements=0,
        vehicles=(),
        types={},
        detectors={},
    )


def freeze_all(catalog: Catalog, name: str = "curves", scenes: Sequence[Scene] = ()) -> Frozen:
    """Freeze scenes of a filled catalog with the artifacts of their measurement."""
    held = [catalog.scene(one.id) for one in scenes or SCENES]
    frozen = frozen_dataset(label(name), held, catalog.artifacts(M))
    assert catalog.freeze(frozen) == frozen.dataset
    return frozen


class DatasetBehaviour:
    """Added, and never changed or taken away."""

    def test_a_dataset_comes_back_to_the_last_bit(self, open_catalog: OpenCatalog) -> None:
        """By name and by id, whole and page by page."""
        catalog = open_catalog()
        fill(catalog, SCENES)
        frozen = freeze_all(catalog)
        told = frozen.dataset
        assert (told.scenes, told.measurements, told.vehicles) == (7, 1, ("car-1",))
        assert (told.types, told.detectors) == ({"cut_in": 7}, {"cut_in": (1, 2)})
        later = open_catalog()
        assert later.dataset("curves") == later.dataset(told.id) == told
        assert tuple(later.dataset_scenes(told.id, limit=0)) == frozen.scenes
        assert tuple(later.dataset_artifacts(told.id, limit=0)) == frozen.artifacts
        assert [type(one.evidence["n"]) for one in later.dataset_scenes(told.id)] == [int] * 7
        paged = [later.dataset_scenes(told.id, start=n, limit=2) for n in range(0, 8, 2)]
        assert tuple(one for page in paged for one in page) == frozen.scenes
        arts = [later.dataset_artifacts(told.id, start=n, limit=1)[0] for n in range(5)]
        assert tuple(arts) == frozen.artifacts
        assert later.dataset_scenes(told.id, start=7) == []

    def test_the_same_again_is_the_same(self, catalog: Catalog) -> None:
        """Who freezes it later, in another order, gets what is there."""
        fill(catalog, SCENES)
        frozen = freeze_all(catalog)
        later = replace(label(), by="bob", at_ns=T0_NS + 9)
        again = frozen_dataset(later, frozen.scenes[::-1], (*frozen.artifacts, *frozen.artifacts))
        assert again.dataset.id == frozen.dataset.id
        assert catalog.freeze(again) == frozen.dataset
        assert catalog.datasets() == [frozen.dataset]

    def test_a_name_is_for_good(self, catalog: Catalog) -> None:
        """Other content under it is refused, and changes nothing."""
        fill(catalog, SCENES)
        frozen = freeze_all(catalog)
        fewer = frozen_dataset(label(), frozen.scenes[1:], frozen.artifacts)
        other = frozen_dataset(label(query="other"), frozen.scenes, frozen.artifacts)
        for wrong in (fewer, other):
            assert wrong.dataset.id != frozen.dataset.id
            with pytest.raises(Conflict, match="other content"):
                catalog.freeze(wrong)
            with pytest.raises(NotFound):
                catalog.dataset(wrong.dataset.id)
        assert catalog.dataset("curves") == frozen.dataset
        assert tuple(catalog.dataset_scenes(frozen.dataset.id)) == frozen.scenes

    def test_one_dataset_may_have_several_names(self, catalog: Catalog) -> None:
        """By its id the first of them is told."""
        fill(catalog, SCENES)
        one, two = freeze_all(catalog, "b"), freeze_all(catalog, "a")
        assert one.dataset.id == two.dataset.id
        assert catalog.dataset(one.dataset.id).name == "a"
        assert [one.name for one in catalog.datasets()] == ["a", "b"]

    def test_datasets_are_listed_by_name(self, catalog: Catalog) -> None:
        """Page by page, each once."""
        fill(catalog, SCENES)
        names = ["Zoo", "a", "a-1", "a.2", "b_3", "c"]
        for name in reversed(names):
            freeze_all(catalog, name)
        for limit in (1, 2, 6):
            found: list[str] = []
            while page := catalog.datasets(after=found[-1] if found else None, limit=limit):
                assert len(page) <= limit
                found += [one.name for one in page]
            assert found == sorted(names)
        assert [one.name for one in catalog.datasets(limit=0)] == sorted(names)

    def test_a_dataset_outlives_what_it_was_made_of(self, catalog: Catalog) -> None:
        """A new detection supersedes scenes; the dataset still holds them, unchanged."""
        found = fill(catalog, SCENES)
        frozen = freeze_all(catalog)
        streams = catalog.artifacts(M, kind="stream")
        catalog.commit([detected(uploaded(), streams[:1])], superseded=[found.record.run])
        assert tuple(catalog.dataset_scenes(frozen.dataset.id)) == frozen.scenes

    def test_freezing_changes_nothing_that_runs_have_made(self, catalog: Catalog) -> None:
        """But that lineage leads to the dataset."""
        fill(catalog, SCENES)
        before = everything(catalog, M)[:-1]
        freeze_all(catalog)
        assert everything(catalog, M)[:-1] == before

    def test_lineage_leads_from_a_dataset_to_the_uploads_and_back(self, catalog: Catalog) -> None:
        """It is a leaf: nothing is made of it."""
        fill(catalog, SCENES)
        frozen = freeze_all(catalog)
        told = frozen.dataset
        up = catalog.lineage(told.id, Direction.UP)
        assert (up.root, up.nodes[0].kind, up.nodes[0].name) == (told.id, "dataset", "curves")
        assert {one.id for one in frozen.artifacts} <= {node.id for node in up.nodes}
        assert {(edge.src, edge.run) for edge in up.edges if edge.dst == told.id} == {
            (one.id, "") for one in frozen.artifacts
        }
        table = str(frozen.scenes[0].artifact)
        down = catalog.lineage(table, Direction.DOWN)
        assert [node.id for node in down.nodes if node.kind == "dataset"] == [told.id]
        assert [edge.src for edge in down.edges if edge.dst == told.id] == [table]
        upload = catalog.artifacts(M, kind="upload")[0].id
        assert told.id in {node.id for node in catalog.lineage(upload, Direction.DOWN).nodes}
        alone = catalog.lineage(told.id, Direction.DOWN)
        assert ([node.id for node in alone.nodes], alone.edges) == ([told.id], ())
        shallow = catalog.lineage(told.id, Direction.UP, depth=0)
        assert len(shallow.nodes) == 1 + len(frozen.artifacts)

    def test_what_is_not_there_is_not_found(self, catalog: Catalog) -> None:
        """With the near miss."""
        fill(catalog, SCENES)
        frozen = freeze_all(catalog)
        for wrong in ("", "nothing", "ds_" + "0" * 24, M, *HOSTILE):
            for ask in (catalog.dataset, catalog.dataset_scenes, catalog.dataset_artifacts):
                with pytest.raises(NotFound):
                    ask(wrong)
        with pytest.raises(NotFound, match="did you mean 'curves'"):
            catalog.dataset("curve")
        with pytest.raises(NotFound):
            catalog.dataset_scenes(frozen.dataset.name)

    @pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "x" * 65, "ds_" + "0" * 24, "é"])
    def test_a_name_that_cannot_be_is_refused(self, catalog: Catalog, name: str) -> None:
        """Also one that looks like an id."""
        fill(catalog, SCENES)
        held = [catalog.scene(SCENES[0].id)]
        with pytest.raises(InputError, match="cannot be a name"):
            catalog.freeze(frozen_dataset(label(name), held, ()))
        assert catalog.datasets() == []

    def test_a_dataset_that_cannot_be_is_refused(self, catalog: Catalog) -> None:
        """An empty one, and one whose facts are not those of its content."""
        fill(catalog, SCENES)
        good = frozen_dataset(label(), [catalog.scene(SCENES[0].id)], catalog.artifacts(M))
        artifact: Artifact = good.artifacts[0]
        for wrong in (
            frozen_dataset(label(), (), ()),
            replace(good, dataset=replace(good.dataset, id="ds_" + "0" * 24)),
            replace(good, dataset=replace(good.dataset, scenes=2)),
            replace(good, artifacts=(replace(artifact, sha256="0" * 64), *good.artifacts[1:])),
            replace(good, artifacts=()),
            frozen_dataset(label(text="x" * 8_001), good.scenes, ()),
            frozen_dataset(label(text="half \ud800"), good.scenes, ()),
        ):
            with pytest.raises(InputError):
                catalog.freeze(wrong)
        assert catalog.datasets() == []
