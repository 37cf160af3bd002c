"""The words of the product, and some evidence, as a workspace gives them to the language."""

from avdataops.tables.ontology import meanings
from avdataops.wiring.scene_language import Vocabulary
from avdataops.wiring.scene_language.words import families

_EVIDENCE = ("min_ttc_s", "min_ax_mps2", "severity", "bright_share")
_TYPES = meanings()
START_NS = 1_700_000_000_000_000_000

WORDS = Vocabulary(
    families=families(
        {name: one.parent for name, one in _TYPES.items()},
        {name: one.openlabel for name, one in _TYPES.items()},
    ),
    more_types=lambda: ("old_type",),
    knows=_EVIDENCE.__contains__,
    evidence=lambda: _EVIDENCE,
    measurement=lambda text: f"m_{text[2:]:0<24}",
    start_ns=lambda _: START_NS,
)
