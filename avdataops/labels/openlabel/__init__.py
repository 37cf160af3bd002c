"""ASAM OpenLABEL 1.0.0: boxes by their CENTRE, scenes as actions, surroundings as contexts."""

from avdataops.labels.openlabel.reading import read
from avdataops.labels.openlabel.writing import write
from avdataops.ports.labelling import LabelFormat


def _recognise(document: object) -> bool:
    return isinstance(document, dict) and ("openlabel" in document or "vcd" in document)


OPENLABEL = LabelFormat(
    name="openlabel", suffix=".openlabel.json", recognise=_recognise, write=write, read=read
)
