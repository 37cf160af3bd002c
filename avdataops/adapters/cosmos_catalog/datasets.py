"""Frozen datasets: content in a partition of its own, names in one that all share.

The content is written first, in documents whose ids follow from it, then the edges from its
artifacts, and last the name: until that is there nobody finds the others, and a repetition after
a crash writes the same again.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from avdataops.adapters.cosmos_catalog.failures import ItemTaken
from avdataops.adapters.cosmos_catalog.layout import CURATION, EDGES
from avdataops.adapters.cosmos_catalog.requests import Document, Requests
from avdataops.adapters.cosmos_catalog.saved_queries import named_after, names_beside
from avdataops.adapters.cosmos_catalog.values import is_known_shape, packed, unpacked
from avdataops.model.artifact import Artifact
from avdataops.model.dataset import Dataset, Frozen, exact_scene
from avdataops.model.documents import from_document, from_json, text_of
from avdataops.model.ids import canonical_json
from avdataops.model.scene import Scene
from avdataops.ports.curation_rules import check_frozen, no_such_name, same_dataset

DATASETS = "datasets"
_CHUNK = 500
_WITH_ID = "SELECT * FROM c WHERE c.dataset = @dataset"
_EDGES = (
    "SELECT c.src, c.dataset FROM c WHERE ARRAY_CONTAINS(@artifacts, c.src) AND c.kind = 'dataset'"
)


def freeze(requests: Requests, frozen: Frozen) -> Dataset:
    """Keep a dataset under its name; raises ``Conflict`` and ``InputError``."""
    check_frozen(frozen)
    dataset = frozen.dataset
    known = _named(requests, dataset.name)
    if known is not None:
        return same_dataset(known, dataset)
    if find_with_id(requests, dataset.id) is None:
        for document in _content(frozen):
            requests.upsert(CURATION, document)
        for artifact in frozen.artifacts:
            requests.upsert(EDGES, _edge(artifact.id, dataset.id))
    try:
        requests.create_surely(CURATION, _name_document(dataset))
    except ItemTaken:
        known = _named(requests, dataset.name) or dataset
        return same_dataset(known, dataset)
    return dataset


def _content(frozen: Frozen) -> Iterator[Document]:
    for kind, facts in (("scenes", frozen.scenes), ("artifacts", frozen.artifacts)):
        for number, first in enumerate(range(0, len(facts), _CHUNK)):
            texts = [text_of(one) for one in facts[first : first + _CHUNK]]
            yield {
                "id": f"{kind}-{number}",
                "key": frozen.dataset.id,
                **packed(canonical_json(texts)),
            }


def _edge(artifact: str, dataset: str) -> Document:
    return {"id": dataset, "src": artifact, "kind": "dataset", "dataset": dataset}


def _name_document(dataset: Dataset) -> Document:
    return {
        "id": dataset.name,
        "key": DATASETS,
        "name": dataset.name,
        "dataset": dataset.id,
        **packed(text_of(dataset)),
    }


def _dataset_of(document: Document) -> Dataset:
    return from_json(Dataset, unpacked(document))


def _named(requests: Requests, name: str) -> Dataset | None:
    found = requests.read(CURATION, DATASETS, name) if is_known_shape(name) else None
    return None if found is None else _dataset_of(found)


def find_with_id(requests: Requests, dataset: str) -> Dataset | None:
    """Return the dataset with an id, under the first of its names; None if there is none."""
    if not is_known_shape(dataset):
        return None
    rows = requests.query(CURATION, _WITH_ID, {"dataset": dataset}, key=DATASETS)
    return min(map(_dataset_of, rows), key=lambda one: one.name, default=None)


def get_dataset(requests: Requests, which: str) -> Dataset:
    """Return a dataset by name or id; raises ``NotFound``."""
    found = _named(requests, which) or find_with_id(requests, which)
    if found is None:
        raise no_such_name("dataset", which, names_beside(requests, DATASETS, which))
    return found


def list_datasets(requests: Requests, after: str | None, limit: int) -> list[Dataset]:
    """Return datasets by name; a ``limit`` of 0 or less means all."""
    return [_dataset_of(one) for one in named_after(requests, DATASETS, after, limit)]


def list_scenes(requests: Requests, dataset: str, start: int, limit: int) -> list[Scene]:
    """Return scenes of a dataset from a place on; raises ``NotFound``."""
    return [exact_scene(text) for text in _texts(requests, dataset, "scenes", start, limit)]


def list_artifacts(requests: Requests, dataset: str, start: int, limit: int) -> list[Artifact]:
    """Return artifacts of a dataset from a place on; raises ``NotFound``."""
    found = _texts(requests, dataset, "artifacts", start, limit)
    return [from_document(Artifact, json.loads(text)) for text in found]


def _texts(requests: Requests, dataset: str, kind: str, start: int, limit: int) -> Sequence[str]:
    get_dataset(requests, dataset)
    texts = _from(requests, dataset, kind, max(start, 0))
    return list(islice(texts, limit) if limit > 0 else texts)


def _from(requests: Requests, dataset: str, kind: str, start: int) -> Iterator[str]:
    number, skip = divmod(start, _CHUNK)
    while (chunk := requests.read(CURATION, dataset, f"{kind}-{number}")) is not None:
        texts: list[Any] = json.loads(unpacked(chunk))
        yield from texts[skip:]
        number, skip = number + 1, 0


def datasets_with(requests: Requests, artifacts: Sequence[str]) -> list[tuple[str, Dataset]]:
    """Return (artifact, dataset) for each dataset that holds one of the artifacts."""
    pairs: list[tuple[str, str]] = []
    for first in range(0, len(artifacts), _CHUNK):
        values = {"artifacts": list(artifacts[first : first + _CHUNK])}
        rows = requests.query(EDGES, _EDGES, values)
        pairs += [(row["src"], row["dataset"]) for row in rows]
    known = {one: find_with_id(requests, one) for one in {dataset for _, dataset in pairs}}
    found = [(src, known[dataset]) for src, dataset in pairs]
    kept = [(src, dataset) for src, dataset in found if dataset is not None]
    return sorted(kept, key=lambda pair: (pair[1].id, pair[0]))
