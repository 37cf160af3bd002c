"""The label formats; adding one is adding a row here."""

from collections.abc import Iterable

from avdataops.labels.coco import COCO
from avdataops.labels.nuscenes import NUSCENES
from avdataops.labels.openlabel import OPENLABEL
from avdataops.model.errors import (
    ConfigError,
    HostileInput,
    SchemaMismatch,
    UnreadableFile,
    did_you_mean,
    shown,
)
from avdataops.model.labels import LabelSet
from avdataops.ports.labelling import FolderFormat, LabelFormat
from avdataops.tables.documents import parse_json

FOLDER_FORMATS: dict[str, FolderFormat] = {one.name: one for one in (NUSCENES,)}
LABEL_FORMATS: dict[str, LabelFormat] = {one.name: one for one in (OPENLABEL, COCO)}
MAX_BYTES = 128 << 20
MAX_LABELS = 2_000_000
"""Boxes of six cameras at 10 Hz with 30 objects each, for twenty minutes."""


def check_formats(names: Iterable[str]) -> None:
    """Raise ``ConfigError`` with the near miss unless each is a format of files or folders."""
    known = (*LABEL_FORMATS, *FOLDER_FORMATS)
    for name in names:
        if name not in known:
            raise ConfigError(
                f"there is no label format '{name[:40]}'{did_you_mean(name, known)}",
                hint=f"formats: {', '.join(known)}",
            )


def label_format(name: str) -> LabelFormat:
    """Return one format; raises ``ConfigError`` with the near miss."""
    if name not in LABEL_FORMATS:
        raise ConfigError(
            f"there is no label format '{name}'{did_you_mean(name, LABEL_FORMATS)}",
            hint=f"formats: {', '.join(LABEL_FORMATS)}",
        )
    return LABEL_FORMATS[name]


def read_labels(data: bytes, what: str) -> tuple[LabelFormat, LabelSet]:
    """Return the format of a label file and its labels; ``what`` names it in messages.

    Raises ``HostileInput`` above the limits of size and count, ``SchemaMismatch`` for what is no
    JSON, nested too deep or not as its format says, and ``UnreadableFile`` for no known format.
    """
    if len(data) > MAX_BYTES:
        raise HostileInput(f"{what}: {len(data)} bytes, more than the {MAX_BYTES} of a label file")
    document = parse_json(data, what)
    for one in LABEL_FORMATS.values():
        if one.recognise(document):
            labels = one.read(document, what)
            _check(labels, what)
            return one, labels
    raise UnreadableFile(
        f"{what} is of no label format",
        hint=f"formats: {', '.join(LABEL_FORMATS)}",
    )


def _check(labels: LabelSet, what: str) -> None:
    if len(labels.labels) > MAX_LABELS:
        raise HostileInput(f"{what}: more than {MAX_LABELS} labels")
    known = {track.key for track in labels.tracks}
    strangers = [label.track for label in labels.labels if label.track not in known]
    if strangers:
        raise SchemaMismatch(f"{what}: track {shown(strangers[0])} has labels and no class")
