"""The export_labels step: a package of scenes, frames, sweeps and pre-labels for labelling."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace

from avdataops.labels import FOLDER_FORMATS, check_formats, label_format
from avdataops.model.documents import to_json
from avdataops.model.ids import fingerprint
from avdataops.model.label_package import (
    MANIFEST,
    LabelPackage,
    PackageFile,
    Source,
    Taxonomy,
)
from avdataops.model.labels import Frame, LabelSet, Picture
from avdataops.model.pii import PiiStatus
from avdataops.model.rig import Rig
from avdataops.model.scene import Scene
from avdataops.model.stream import Problem
from avdataops.model.time import NS_PER_MS
from avdataops.ports.files import BytesFile
from avdataops.ports.labelling import Shipment
from avdataops.ports.step import Bytes, Inputs, Need, Output, Split, Step, StepContext
from avdataops.signals import ego_path, transform_tree
from avdataops.signals.label_content import label_content
from avdataops.signals.label_privacy import Gate, gate
from avdataops.signals.label_rig import geometry, path_of
from avdataops.signals.label_scope import chosen_frames, chosen_scenes, pictures
from avdataops.signals.prelabels import Prelabels, boxes, cuboids
from avdataops.signals.sweep_files import Swept, sweep_files
from avdataops.tables.load import load_json
from avdataops.tables.ontology import meanings
from avdataops.tables.scene_elements import ROAD_USER

CALIBRATION, EGO_POSES = "calibration.json", "ego_poses.json"


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
    only_cleared: bool = False
    """Whether painted pictures stay too until a person has looked at them."""
    sweeps: bool = True
    """Whether the sweeps of lidars go along."""
    deskew: bool = False
    """Whether a copy of each sweep goes along that is corrected for the vehicle's motion."""
    vehicle_frame: str = "base_link"
    """Frame of the vehicle in the recordings, where no calibration file names one."""
    object_slack_ms: float = 50.0
    """An object list may be so far from the frame: half the period of one at 10 Hz."""


@dataclass(slots=True)
class _Package:
    """What has been put into the package so far."""

    id: str
    files: list[PackageFile] = field(default_factory=list)

    def add(self, name: str, data: bytes, role: str) -> Bytes:
        """List a file and return it as an output."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.files.append(PackageFile(name=name, bytes=len(data), sha256=sha256))
        facts = (("package", self.id), ("role", role), ("sha256", sha256))
        output = Output(kind="label_package", name=f"{self.id}/{name}", attributes=facts)
        return Bytes(output, BytesFile(name, data))


def run(ctx: StepContext, inputs: Inputs, params: Params) -> Iterator[Bytes]:
    """Yield the files of one package: pictures that may leave, sweeps, labels, the manifest.

    Raises ``NotFound`` if no scene is of the wanted types and ids, ``ConfigError`` for a format
    of no such name, ``SchemaMismatch`` for a calibration or clearance that is none.
    """
    check_formats(params.formats)
    package = _package(ctx, inputs, params)
    frame_table = inputs.tables.get("frames", ())
    wanted = (params.scene_types, params.scene_ids)
    scenes = chosen_scenes(inputs.tables.get("scenes", ()), *wanted)
    frames = chosen_frames(frame_table, scenes if any(wanted) else None, params.rate_hz)
    known = geometry(inputs, params.vehicle_frame)
    seen: list[Picture] = []
    clearance = inputs.files.get("clearance", ())
    guard = gate(clearance, params.exemption, only_cleared=params.only_cleared)
    yield from _pictures(ctx, inputs, frames, (package, seen, guard))
    tracked = _cuboids(ctx, inputs, frames, params)
    folders = [FOLDER_FORMATS[name] for name in params.formats if name in FOLDER_FORMATS]
    swept = Swept(known, tracked[1], folders, params.deskew)
    if params.sweeps and frame_table:
        lidars = inputs.tables.get("lidars", ())
        for name, data in sweep_files(frame_table[0].read(), frames, lidars, swept):
            yield package.add(name, data, "sweep")
    path, problems = path_of(known, frames, seen, swept.sweeps)
    for problem in (*known.problems, *swept.problems(), *problems):
        ctx.caveat(problem)
    rig = Rig(
        calibration=known.calibration,
        path=path,
        sweeps=tuple(swept.sweeps),
        lidar_hits=tuple(swept.hits),
    )
    yield package.add(CALIBRATION, to_json(rig.calibration).encode(), "calibration")
    yield package.add(EGO_POSES, to_json(path).encode(), "ego_poses")
    found = boxes(inputs.tables.get("camera_objects", ()), seen)
    labels = label_content(ctx.measurement, (scenes, frames, seen), rig, (found, tracked))
    yield from _formats(ctx, replace(labels, package=package.id), rig, params, package)
    yield _manifest(ctx, inputs, (scenes, labels, rig, params), (package, guard.whole))


def _package(ctx: StepContext, inputs: Inputs, params: Params) -> _Package:
    given = [table.artifact for role in inputs.tables.values() for table in role]
    given += [one.artifact for role in inputs.files.values() for one in role]
    made_from = sorted(artifact.id for artifact in given)
    return _Package(f"pkg_{fingerprint([ctx.measurement, asdict(params), made_from])}")


def _pictures(
    ctx: StepContext,
    inputs: Inputs,
    frames: Sequence[Frame],
    into: tuple[_Package, list[Picture], Gate],
) -> Iterator[Bytes]:
    package, seen, guard = into
    unreadable = 0
    roles = (inputs.tables.get(role, ()) for role in ("cameras", "anonymised"))
    for one in pictures(inputs.tables.get("frames", ()), frames, *roles):
        if one is None:
            unreadable += 1
            continue
        status = guard.status(one[1])
        picture = replace(one[0], attributes={**one[0].attributes, "pii_status": status})
        seen.append(picture)
        if guard.passes(status):
            yield package.add(str(picture.file), one[1].data, "picture")
    if unreadable:
        text = f"{unreadable} of the chosen pictures cannot be decoded and are left out"
        ctx.caveat(Problem(code="no_picture", message=text))
    for problem in guard.problems():
        ctx.caveat(problem)
    ctx.fact("pii", guard.facts())


def _formats(
    ctx: StepContext, labels: LabelSet, rig: Rig, params: Params, package: _Package
) -> Iterator[Bytes]:
    shipment = Shipment(
        package=package.id,
        measurement=ctx.measurement,
        vehicle=ctx.vehicle,
        labels=labels,
        rig=rig,
        left=frozenset(one.name for one in package.files),
    )
    for name in params.formats:
        if name in FOLDER_FORMATS:
            for text in FOLDER_FORMATS[name].unsaid(shipment):
                ctx.caveat(Problem(code="unsaid", message=f"{name}: {text}"))
            for file, data in FOLDER_FORMATS[name].tables(shipment):
                yield package.add(file, data, "labels")
        else:
            form = label_format(name)
            yield package.add(f"labels{form.suffix}", form.write(labels), "labels")


def _manifest(
    ctx: StepContext,
    inputs: Inputs,
    made: tuple[Sequence[Scene], LabelSet, Rig, Params],
    into: tuple[_Package, PiiStatus],
) -> Bytes:
    scenes, labels, rig, params = made
    package, pii_status = into
    frames = tuple(replace(one, attributes={}) for one in labels.frames)
    manifest = LabelPackage(
        package=package.id,
        measurement=ctx.measurement,
        vehicle=ctx.vehicle,
        pii_status=pii_status,
        exemption=params.exemption or None,
        taxonomy=_taxonomy(params, labels),
        scenes=tuple(scene.id for scene in scenes),
        frames=frames,
        pictures=labels.pictures,
        sweeps=rig.sweeps,
        made_from=_sources(inputs),
        files=tuple(package.files),
    )
    ctx.fact("package", package.id)
    ctx.fact("exemption", manifest.exemption)
    counts = {
        "scenes": len(scenes),
        "frames": len(frames),
        "pictures": len(labels.pictures),
        "sweeps": len(rig.sweeps),
        "poses": sum(one.t_ns in {pose.t_ns for pose in rig.path.poses} for one in frames),
        "cuboids": sum(one.cuboid is not None for one in labels.labels),
    }
    ctx.fact("counts", counts)
    return package.add(MANIFEST, to_json(manifest).encode(), "manifest")


def _cuboids(
    ctx: StepContext, inputs: Inputs, frames: Sequence[Frame], params: Params
) -> Prelabels:
    slack_ns = round(params.object_slack_ms * NS_PER_MS)
    for table in inputs.tables.get("objects", ()):
        found, lacking = cuboids(ctx.measurement, table, frames, slack_ns)
        if lacking:
            text = f"{lacking} objects without size or heading are no cuboids and are left out"
            ctx.caveat(Problem(code="no_cuboid", message=text))
        return found
    return (), ()


def _taxonomy(params: Params, labels: LabelSet) -> Taxonomy:
    seen = {track.object_class for track in labels.tracks}
    return Taxonomy(
        ontology=fingerprint(load_json("ontology.json")),
        openlabel=load_json("ontology.json")["openlabel"]["version"],
        scene_types=tuple(sorted(meanings())),
        object_classes=tuple(sorted({*params.object_classes, ROAD_USER, *seen})),
    )


def _sources(inputs: Inputs) -> tuple[Source, ...]:
    given = [table.artifact for role in inputs.tables.values() for table in role]
    given += [one.artifact for role in inputs.files.values() for one in role]
    facts = sorted({one.id: one for one in given}.values(), key=lambda one: one.id)
    return tuple(Source(id=a.id, kind=a.kind, name=a.name, sha256=a.sha256) for a in facts)


EXPORT_LABELS = Step(
    name="export_labels",
    version=2,
    split=Split.MEASUREMENT,
    needs={
        "scenes": Need(kind="scenes"),
        "frames": Need(kind="frames", optional=True),
        "cameras": Need(kind="stream", optional=True, where={"topic_class": "camera"}),
        "lidars": Need(kind="stream", optional=True, where={"topic_class": "lidar"}),
        "transforms": Need(kind="stream", optional=True, where={"type": transform_tree.TYPE}),
        "odometry": Need(kind="synced", optional=True, where={"type": ego_path.TYPE}),
        "ego": Need(kind="ego", optional=True),
        "objects": Need(kind="objects", optional=True),
        "camera_objects": Need(kind="camera_objects", optional=True),
        "anonymised": Need(kind="anonymised", optional=True),
        "clearance": Need(kind="reference", optional=True, doc="Who looked at which pictures."),
        "calibration": Need(kind="reference", optional=True, doc="As the user knows it."),
    },
    makes=("label_package",),
    params=Params,
    run=run,
    doc="A package of scenes, frames, sweeps and pre-labels for a labelling partner.",
)
