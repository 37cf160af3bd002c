"""The steps of a pipeline, one file each; adding a step is adding a row here."""

from avdataops.ports.step import Step
from avdataops.steps.anonymise import ANONYMISE
from avdataops.steps.deskew_lidar import DESKEW_LIDAR
from avdataops.steps.detect_scenes import DETECT_SCENES
from avdataops.steps.downsample import DOWNSAMPLE
from avdataops.steps.enrich import ENRICH
from avdataops.steps.export_labels import EXPORT_LABELS
from avdataops.steps.extract import EXTRACT
from avdataops.steps.full_rate import FULL_RATE
from avdataops.steps.import_labels import IMPORT_LABELS
from avdataops.steps.keyframes import KEYFRAMES
from avdataops.steps.see_objects import SEE_OBJECTS
from avdataops.steps.sync import SYNC
from avdataops.steps.validate import VALIDATE

STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        VALIDATE,
        EXTRACT,
        DOWNSAMPLE,
        SYNC,
        KEYFRAMES,
        ENRICH,
        DETECT_SCENES,
        FULL_RATE,
        SEE_OBJECTS,
        ANONYMISE,
        DESKEW_LIDAR,
        EXPORT_LABELS,
        IMPORT_LABELS,
    )
}
