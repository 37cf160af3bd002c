"""Ids: each belongs to one measurement, whoever comes first."""

from avdataops.adapters.cosmos_catalog.failures import ItemTaken
from avdataops.adapters.cosmos_catalog.layout import IDS
from avdataops.adapters.cosmos_catalog.missing import RUN
from avdataops.adapters.cosmos_catalog.requests import Document, Requests
from avdataops.adapters.cosmos_catalog.values import check_id, is_known_shape
from avdataops.model.errors import AvdataopsError, Conflict, InputError, shown


def find_claim(requests: Requests, fact: str) -> Document | None:
    """Return who holds an id: its ``kind``, ``measurementId`` and ``run``; None if nobody.

    Shared artifacts belong to no measurement and are kept in the claim itself.  A claim may be
    there before what it is for, so look whether the head of the measurement knows it.
    """
    return requests.read(IDS, fact, fact) if is_known_shape(fact) else None


def claim(requests: Requests, kind: str, fact: str, measurement: str, run: str | None) -> None:
    """Take an id for a measurement; taking it again changes nothing.

    Raises ``InputError`` for a run and ``Conflict`` for all else if another measurement has it.
    """
    document: Document = {
        "id": check_id(fact), "kind": kind, "measurementId": measurement, "run": run,
    }  # fmt: skip
    try:
        requests.create(IDS, document)
    except ItemTaken:
        known = requests.read(IDS, fact, fact) or document
        if (known["kind"], known["measurementId"]) != (kind, measurement):
            raise _taken(known, kind, fact, measurement) from None


def _taken(known: Document, kind: str, fact: str, measurement: str) -> AvdataopsError:
    holder = known["measurementId"]
    told = (
        f"{kind} {shown(fact)} belongs to measurement {shown(str(holder))},"
        f" not to {shown(measurement)}"
    )
    if kind == RUN:
        return InputError(told)
    return Conflict(told, hint=f"avdataops lineage show {fact}")
