"""What a label format is."""

from collections.abc import Callable
from dataclasses import dataclass

from avdataops.model.labels import LabelSet


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFormat:
    """A value: how labels become bytes and come back, nothing lost either way."""

    name: str
    suffix: str
    """How its files in a package end."""
    recognise: Callable[[object], bool]
    """Says of a JSON document whether it is of this format."""
    write: Callable[[LabelSet], bytes]
    """The same labels always give the same bytes."""
    read: Callable[[object, str], LabelSet]
    """From a JSON document and what to call it in messages; raises ``SchemaMismatch``.

    Labels come back in the order of ``model.labels.ordered``.
    """
