"""A record that is to be committed, with all that follows from it alone."""

from dataclasses import dataclass

from avdataops.adapters.cosmos_catalog.documents import Document, scene_document, tag_of
from avdataops.model.artifact import Artifact
from avdataops.model.documents import text_of
from avdataops.model.run import Outcome, RunRecord
from avdataops.ports.catalog import Taken
from avdataops.ports.catalog_rules import (
    Learned,
    check_attempt,
    learned_from,
    linked_scenes,
    made_by,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One record that may be committed as far as itself goes."""

    record: RunRecord
    record_tag: str
    made: tuple[Artifact, ...]
    """Linked to the run; empty unless it succeeded."""
    scenes: tuple[Document, ...]
    """As documents, linked to their table."""
    take_tag: str
    """Tag of record and scenes together."""
    learned: Learned


def check(taken: Taken) -> Checked:
    """Return the record with what follows from it; raises ``InputError``."""
    record = taken.record
    check_attempt(record)
    # Of two scenes with one id the first counts, as of two runs that find one.
    scenes = {scene.id: scene for scene in reversed(linked_scenes(taken))}.values()
    text = text_of(record)
    texts = {scene.id: text_of(scene) for scene in scenes}
    take_tag = tag_of(text, *texts.values())
    return Checked(
        record=record,
        record_tag=tag_of(text),
        made=made_by(record),
        scenes=tuple(
            scene_document(scene, texts[scene.id], record.run, take_tag) for scene in scenes
        ),
        take_tag=take_tag,
        learned=Learned() if record.outcome is Outcome.LOST else learned_from(record.facts),
    )
