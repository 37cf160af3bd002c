"""The shapes of answers, for the description; records of the model describe themselves."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from avdataops.model.artifact import Artifact
from avdataops.model.measurement import Reason, Recording, State
from avdataops.model.review import Verdict
from avdataops.model.scene import Scene
from avdataops.ports.curation_rules import MAX_TEXT
from avdataops.ports.review_rules import MAX_COMMENT

Instant = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class MeasurementRow(BaseModel):
    """A measurement in a list."""

    measurement: str
    vehicle: str
    state: State
    start_ns: int | None
    stop_ns: int | None
    reason: str | None = Field(description="Code of the reason for which it was rejected.")


class StreamRow(BaseModel):
    """The table of one stream."""

    model_config = ConfigDict(serialize_by_alias=True)

    name: str
    topic: str
    type: str | None
    topic_class: str | None = Field(alias="class")
    recording: str
    rows: int | None
    start_ns: int | None
    stop_ns: int | None
    artifact: str
    location: str


class MeasurementDocument(BaseModel):
    """Everything about one measurement."""

    measurement: str
    vehicle: str
    state: State
    reason: Reason | None
    start_ns: int | None
    stop_ns: int | None
    driver_notes: dict[str, object] | None
    recordings: list[Recording]
    streams: list[StreamRow]
    savings: dict[str, dict[str, object]] = Field(
        description="By stream, how few of its frames are worth a label."
    )


class RunRow(BaseModel):
    """A run in a list."""

    run: str
    step: str
    part: str
    outcome: str
    attempt: int
    made: list[str] = Field(description="Ids of artifacts.")
    caveats: list[str]
    failure: str | None


class ReadLink(BaseModel):
    """Lets whoever holds it read one object for a short time."""

    url: str
    valid_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactDocument(Artifact):
    """A stored table or file, and the way to its bytes."""

    link: ReadLink | None = None
    """None where none was asked for, and where the storage has none (local folders)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRow(Scene):
    """A scene."""

    duration_s: float


class ReviewRow(BaseModel):
    """One entry in the history of a scene."""

    number: int
    verdict: Verdict
    by: str
    at_ns: int
    comment: str
    t_start_ns: int | None
    t_end_ns: int | None
    type: str | None


class ReviewDocument(BaseModel):
    """What was said of a scene."""

    scene: str
    review: ReviewRow | None = Field(description="The latest one, which speaks.")
    history: list[ReviewRow] = Field(description="All of them, oldest first.")


class ReviewBody(BaseModel):
    """What somebody says of a scene."""

    model_config = ConfigDict(extra="forbid", strict=True)

    verdict: Verdict
    comment: str = Field(default="", max_length=MAX_COMMENT)
    t_start_ns: Instant | None = Field(default=None, description="Where it really begins.")
    t_end_ns: Instant | None = Field(default=None, description="Where it really ends.")
    type: str | None = Field(default=None, max_length=64, description="What it really is.")


class QueryBody(BaseModel):
    """A question to keep."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str = Field(
        min_length=1, max_length=MAX_TEXT, description="The question, in the query language."
    )


class LabelSet(BaseModel):
    """What came back for one package of labels; the latest delivery."""

    package: str
    delivery: int | None
    labels: int | None = Field(description="Rows of the table.")
    changes: dict[str, int] = Field(description="Against the delivery before, by word.")
    file: str | None = Field(description="Name of the file that was delivered.")
    file_sha256: str | None
    artifact: str = Field(description="Id of the table of labels.")
    location: str
    run: str | None


class Counts(BaseModel):
    """How many scenes there are, by what was asked."""

    by: str
    items: list[dict[str, str | int]]


class LineageNode(BaseModel):
    """A thing; what is known of it stands beside its id."""

    model_config = ConfigDict(extra="allow")

    id: str
    kind: str
    name: str
    sha256: str | None = None


class LineageEdge(BaseModel):
    """What was made from what."""

    model_config = ConfigDict(serialize_by_alias=True)

    source: str = Field(alias="from")
    to: str
    run: str | None


class LineageDocument(BaseModel):
    """What one thing came from, or what came of it."""

    root: str
    nodes: list[LineageNode]
    edges: list[LineageEdge]
