"""The export_labels step: a package of scenes, frames and pre-labels for a labelling partner."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from avdataops.labels import label_format
from avdataops.model.documents import to_json
from avdataops.model.errors import NotFound, SchemaMismatch
from avdataops.model.ids import fingerprint, path_part
from avdataops.model.label_package import (
    MANIFEST,
    LabelPackage,
    PackageFile,
    Source,
    Taxonomy,
)
from avdataops.model.labels import Frame, LabelSet, ObjectLabel, Picture, Track, box_of_corner
from avdataops.model.scene import Scene
from avdataops.model.stream import Problem
from avdataops.model.time import TimeRange
from avdataops.ports.files import BytesFile
from avdataops.ports.step import Bytes, Inputs, Need, Output, Split, Step, StepContext, Table
from avdataops.signals.label_frames import Shot, label_frames, shots
from avdataops.tables.load import load_json
from avdataops.tables.ontology import meanings
from avdataops.tables.scene_elements import (
    ROAD_USER,
    element_key,
    ontologies,
    scene_elements,
)
from avdataops.tables.scene_rows import scenes_from_table

_PII_STATUS = "raw"
"""No table tells of anonymised pictures, so none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """What goes into the package."""

    scene_types: tuple[str, ...] = ()
    """Only scenes of these types, and only frames inside them; empty: the whole measurement."""
    scene_ids: tuple[str, ...] = ()
    """The same by id."""
    rate_hz: float = 2.0
    """At most so many frames per second (nuScenes labels at 2 Hz)."""
    formats: tuple[str, ...] = ("openlabel", "coco")
    object_classes: tuple[str, ...] = (
        *("car", "truck", "bus", "trailer", "motorcycle", "bicycle", "pedestrian", "animal"),
        *("traffic_light", "traffic_sign", "other"),
    )
    """What labels may say that an object is, besides the classes of pre-labels."""
    exemption: str = ""
    """Who allows pictures with faces and plates to leave, and why; empty: they stay."""


def run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Bytes]:
    """Yield the files of one package: pictures if exempted, labels in each format, the manifest.

    Raises ``NotFound`` if no scene is of the wanted types and ids, ``ConfigError`` for a format
    of no such name.
    """
    formats = [label_format(name) for name in params.formats]
    tables = [table for role in inputs.tables.values() for table in role]
    package = _package_id(ctx.measurement, params, tables)
    scenes = _scenes(inputs, params)
    frames = _frames(inputs, scenes, params)
    pictures: list[Picture] = []
    files: list[PackageFile] = []
    for picture, shot in _pictures(ctx, inputs, frames):
        pictures.append(picture)
        if params.exemption:
            files.append(_listed(str(picture.file), shot.data))
            yield _file(package, str(picture.file), shot.data, "picture")
    if pictures and not params.exemption:
        text = (
            f"{len(pictures)} pictures stay: their pii_status is {_PII_STATUS}, nobody exempts it"
        )
        ctx.caveat(Problem(code="pii", message=text))
    labels = _labels(ctx, scenes, frames, pictures, inputs)
    for form in formats:
        data = form.write(replace(labels, package=package))
        files.append(_listed(f"labels{form.suffix}", data))
        yield _file(package, f"labels{form.suffix}", data, "labels")
    manifest = LabelPackage(
        package=package,
        measurement=ctx.measurement,
        vehicle=ctx.vehicle,
        exemption=params.exemption or None,
        taxonomy=_taxonomy(params, labels),
        scenes=tuple(scene.id for scene in scenes),
        frames=frames,
        pictures=tuple(pictures),
        made_from=_sources(tables),
        files=tuple(files),
    )
    ctx.fact("package", package)
    ctx.fact("exemption", manifest.exemption)
    counts = {"scenes": len(scenes), "frames": len(frames), "pictures": len(pictures)}
    ctx.fact("counts", counts)
    yield _file(package, MANIFEST, to_json(manifest).encode(), "manifest")


def _package_id(measurement: str, params: Params, tables: Sequence[Table]) -> str:
    made_from = sorted(table.artifact.id for table in tables)
    return f"pkg_{fingerprint([measurement, asdict(params), made_from])}"


def _file(package: str, name: str, data: bytes, role: str) -> Bytes:
    sha256 = hashlib.sha256(data).hexdigest()
    facts = (("package", package), ("role", role), ("sha256", sha256))
    output = Output(kind="label_package", name=f"{package}/{name}", attributes=facts)
    return Bytes(output, BytesFile(name, data))


def _listed(name: str, data: bytes) -> PackageFile:
    return PackageFile(name=name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def _scenes(inputs: Inputs, params: Params) -> tuple[Scene, ...]:
    found = [
        scene
        for table in inputs.tables.get("scenes", ())
        for scene in scenes_from_table(table.read(), table.artifact.id)
    ]
    if not (params.scene_types or params.scene_ids):
        return tuple(found)
    chosen = tuple(
        one for one in found if one.type in params.scene_types or one.id in params.scene_ids
    )
    if not chosen:
        wanted = ", ".join([*params.scene_types, *params.scene_ids])
        there = sorted({one.type for one in found})
        raise NotFound(
            f"no scene of this measurement is one of: {wanted}",
            hint=f"it has: {', '.join(there) or 'none'}",
        )
    return chosen


def _frames(inputs: Inputs, scenes: Sequence[Scene], params: Params) -> tuple[Frame, ...]:
    is_whole = not (params.scene_types or params.scene_ids)
    spans = None if is_whole else [TimeRange(one.t_start_ns, one.t_end_ns) for one in scenes]
    given = inputs.tables.get("frames", ())
    return label_frames(given[0].read(), spans, params.rate_hz) if given else ()


def _pictures(
    ctx: StepContext, inputs: Inputs, frames: Sequence[Frame]
) -> Iterator[tuple[Picture, Shot]]:
    given = inputs.tables.get("frames", ())
    unreadable = 0
    for shot in shots(given[0].read(), frames, inputs.tables.get("cameras", ())) if given else ():
        if shot is None:
            unreadable += 1
            continue
        name = f"frames/{path_part(shot.stream)}/{shot.t_ns}.{shot.suffix}"
        yield (
            Picture(
                frame=shot.frame,
                stream=shot.stream,
                t_ns=shot.t_ns,
                file=name,
                sha256=shot.sha256,
                width_px=shot.width_px,
                height_px=shot.height_px,
                attributes={"pii_status": _PII_STATUS},
            ),
            shot,
        )
    if unreadable:
        text = f"{unreadable} of the chosen pictures cannot be decoded and are left out"
        ctx.caveat(Problem(code="no_picture", message=text))


def _labels(
    ctx: StepContext,
    scenes: Sequence[Scene],
    frames: Sequence[Frame],
    pictures: Sequence[Picture],
    inputs: Inputs,
) -> LabelSet:
    elements, actors = scene_elements(scenes, frames)
    tracks, labels = _prelabels(inputs.tables.get("camera_objects", ()), pictures)
    head = {
        "name": ctx.measurement,
        "annotator": "avdataops",
        "comment": "Scenes and pre-labels found by detectors; nobody has looked at them.",
    }
    streams = {one.stream: {"type": "camera"} for one in pictures}
    root: dict[str, Any] = {"metadata": head, "ontologies": ontologies()}
    if frames:
        ends = {"frame_start": frames[0].index, "frame_end": frames[-1].index}
        root |= {"frame_intervals": [ends]}
    return LabelSet(
        frames=tuple(frames),
        pictures=tuple(pictures),
        tracks=(*actors, *tracks),
        labels=labels,
        elements=elements,
        attributes={"openlabel": root | ({"streams": streams} if streams else {})},
    )


def _prelabels(
    tables: Sequence[Table], pictures: Sequence[Picture]
) -> tuple[tuple[Track, ...], tuple[ObjectLabel, ...]]:
    """Return what a detector saw in the pictures: each box a track of its own, cut at the edge."""
    of = {(one.stream, one.t_ns): one for one in pictures}
    tracks: list[Track] = []
    labels: list[ObjectLabel] = []
    for table in tables:
        for number, row in enumerate(table.read().to_pylist()):
            picture = of.get((row["stream"], row["t_ns"]))
            label = picture and _prelabel(row, picture, number)
            if label:
                tracks.append(Track(key=label.track, object_class=row["object_class"]))
                labels.append(label)
    return tuple(tracks), tuple(labels)


def _prelabel(row: Mapping[str, Any], picture: Picture, number: int) -> ObjectLabel | None:
    left, top = max(row["x_px"], 0.0), max(row["y_px"], 0.0)
    right = min(row["x_px"] + row["width_px"], float(picture.width_px or 0))
    bottom = min(row["y_px"] + row["height_px"], float(picture.height_px or 0))
    try:
        box = box_of_corner(left, top, right - left, bottom - top)
    except SchemaMismatch:
        return None
    texts = ("detector", "confidence_class")
    about = {
        "num": [{"name": "score", "val": row["score"]}],
        "text": [{"name": name, "val": row[name]} for name in texts],
    }
    return ObjectLabel(
        track=element_key(row["stream"], str(row["t_ns"]), str(number)),
        shape="bbox",
        name="prelabel",
        frame=picture.frame,
        stream=picture.stream,
        box=box,
        attributes={"attributes": about},
    )


def _taxonomy(params: Params, labels: LabelSet) -> Taxonomy:
    seen = {track.object_class for track in labels.tracks}
    return Taxonomy(
        ontology=fingerprint(load_json("ontology.json")),
        openlabel=load_json("ontology.json")["openlabel"]["version"],
        scene_types=tuple(sorted(meanings())),
        object_classes=tuple(sorted({*params.object_classes, ROAD_USER, *seen})),
    )


def _sources(tables: Sequence[Table]) -> tuple[Source, ...]:
    facts = sorted((one.artifact for one in tables), key=lambda one: one.id)
    return tuple(Source(id=a.id, kind=a.kind, name=a.name, sha256=a.sha256) for a in facts)


EXPORT_LABELS = Step(
    name="export_labels",
    version=1,
    split=Split.MEASUREMENT,
    needs={
        "scenes": Need(kind="scenes"),
        "frames": Need(kind="frames", optional=True),
        "cameras": Need(kind="stream", optional=True, where={"topic_class": "camera"}),
        "camera_objects": Need(kind="camera_objects", optional=True),
    },
    makes=("label_package",),
    params=Params,
    run=run,
    doc="A package of scenes, frames and pre-labels for a labelling partner.",
)
