"""The query language of scenes: text to a question, with every complaint at its token."""

from avdataops.wiring.scene_language.meaning import understood
from avdataops.wiring.scene_language.words import Vocabulary

__all__ = ["Vocabulary", "understood"]
