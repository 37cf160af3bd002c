"""The tree of a query to a question: which scene each part is about.

The first type that an ``and`` names is the scene that is looked for, its *subject*; other types
there are company that it overlaps.  Parentheses that name a type have a subject of their own.
"""

from collections.abc import Callable
from typing import Any

from lark import Tree

from avdataops.model.errors import HostileInput, did_you_mean
from avdataops.ports.question_checks import MAX_NESTED, check_question
from avdataops.ports.question_forms import normal
from avdataops.ports.questions import (
    EVERYTHING,
    NOTHING,
    AllOf,
    AnyOf,
    Not,
    OfType,
    Question,
    Related,
    Relation,
)
from avdataops.wiring.scene_language.complaints import complaint, place_of
from avdataops.wiring.scene_language.grammar import parsed
from avdataops.wiring.scene_language.properties import Properties
from avdataops.wiring.scene_language.words import Vocabulary

Node = Any
"""A tree of lark; its children are trees and tokens, as the grammar says and no type can."""

_RELATIONS = {
    "related_with": Relation.WITH,
    "related_overlaps": Relation.OVERLAPS,
    "related_during": Relation.DURING,
    "related_beside": Relation.BESIDE,
    "related_after": Relation.AFTER,
    "related_before": Relation.BEFORE,
    "related_after_within": Relation.AFTER,
    "related_before_within": Relation.BEFORE,
    "related_around": Relation.AROUND,
    "related_same": Relation.BESIDE,
}


def understood(text: str, words: Vocabulary, measurement: str | None = None) -> Question:
    """Return the question that a query asks, in normal form.

    ``measurement`` is the one that times like ``+12.5s`` count from; a query that names one says
    it itself.  Raises ``InputError`` with a caret under what is wrong and the near miss, and
    ``HostileInput`` for a query that is too long, too deep or asks for too much.
    """
    tree = parsed(text)
    meaning = _Meaning(text, words, measurement or _measurement_in(tree, words))
    question = normal(meaning.question(tree, is_company=False, depth=0))
    check_question(question, words.attributes)
    return question


def _measurement_in(tree: Node, words: Vocabulary) -> str | None:
    """Return the measurement that a query names, None if it names none or several."""
    found = set()
    for test in tree.find_data("compared"):
        name, sign, value = test.children
        if name == "measurement" and sign in {"=", "=="} and value.data == "word":
            found.add(words.measurement(str(value.children[0])))
    return found.pop() if len(found) == 1 else None


class _Meaning:
    """One query; ``is_company`` says that there is a subject already."""

    def __init__(self, text: str, words: Vocabulary, measurement: str | None) -> None:
        self._text, self._words = text, words
        self._properties = Properties(text, words, measurement)
        self._forms: dict[str, Callable[..., Question]] = {
            "group": self._group,
            "either": self._either,
            "every": self._every,
            "negated": self._negated,
            "chain": self._chain,
            "lone": self._lone,
            "scene": self._scene,
        }

    def question(self, tree: Node, *, is_company: bool, depth: int) -> Question:
        form = str(tree.data)
        if is_company and form in {"every", "chain", "scene"} and _names_scenes(tree):
            of = self.question(tree, is_company=False, depth=self._deeper(depth))
            return Related(Relation.WITH, of)
        if form in {"everything", "nothing"}:
            return EVERYTHING if form == "everything" else NOTHING
        if form in self._forms:
            return self._forms[form](tree, is_company=is_company, depth=depth)
        return self._properties.test(tree)

    def _deeper(self, depth: int) -> int:
        if depth >= MAX_NESTED:
            raise HostileInput(f"scenes that refer to others are nested at most {MAX_NESTED} deep")
        return depth + 1

    def _group(self, tree: Node, *, is_company: bool, depth: int) -> Question:
        return self.question(_child(tree), is_company=is_company, depth=depth)

    def _either(self, tree: Node, *, is_company: bool, depth: int) -> Question:
        parts = [self.question(one, is_company=is_company, depth=depth) for one in _parts(tree)]
        return AnyOf(tuple(parts))

    def _every(self, tree: Node, *, is_company: bool, depth: int) -> Question:
        del is_company
        parts = _parts(tree)
        subject = next((one for one in parts if _names_scenes(one)), None)
        found = [
            self.question(one, is_company=subject is not None and one is not subject, depth=depth)
            for one in parts
        ]
        return AllOf(tuple(found))

    def _negated(self, tree: Node, *, is_company: bool, depth: int) -> Question:
        del is_company
        return Not(self.question(_child(tree), is_company=True, depth=depth))

    def _chain(self, tree: Node, *, is_company: bool, depth: int) -> Question:
        head, *relations = _parts(tree)
        about = self.question(head, is_company=is_company, depth=depth)
        return AllOf((about, *(self._related(one, depth) for one in relations)))

    def _lone(self, tree: Node, *, is_company: bool, depth: int) -> Question:
        del is_company
        return AllOf(tuple(self._related(one, depth) for one in _parts(tree)))

    def _scene(self, tree: Node, *, is_company: bool, depth: int) -> Question:
        del is_company, depth
        name = str(tree.children[0])
        types = self._words.types_named(name)
        if types is None:
            raise self._no_type(tree, name)
        return OfType(types)

    def _no_type(self, tree: Node, name: str) -> Exception:
        if self._words.is_attribute(name):
            problem = f"'{name}' is an attribute; compare it, as in '{name} = true'"
            return complaint(self._text, place_of(tree), problem)
        near = did_you_mean(name, self._words.families)
        return complaint(
            self._text,
            place_of(tree),
            f"no scene type '{name[:64]}'{near}",
            hint="see every type: avdataops scenes types",
        )

    def _related(self, tree: Node, depth: int) -> Related:
        """Return one relation of the scene to others."""
        form, deeper = str(tree.data), self._deeper(depth)
        if form == "followed":
            return self._followed(tree, deeper)
        found = {str(one.data): one for one in _parts(tree)}
        bound = found.pop("duration", None)
        same = found.pop("by", None) is not None or form == "related_same"
        (of,) = found.values()
        return Related(
            _RELATIONS[form],
            self.question(of, is_company=False, depth=deeper),
            None if bound is None else self._properties.duration_ns(bound),
            same_actor=same,
        )

    def _followed(self, tree: Node, depth: int) -> Related:
        of, *rest = _parts(tree)
        found = {str(one.data): one for one in rest}
        bound, further = found.get("within"), found.get("followed")
        next_one = self.question(of, is_company=False, depth=depth)
        if further is not None:
            next_one = AllOf((next_one, self._followed(further, self._deeper(depth))))
        return Related(
            Relation.THEN,
            next_one,
            None if bound is None else self._properties.duration_ns(_child(bound)),
            same_actor="by" in found,
        )


def _parts(tree: Node) -> list[Node]:
    return [one for one in tree.children if isinstance(one, Tree)]


def _child(tree: Node) -> Node:
    (one,) = _parts(tree)
    return one


def _names_scenes(tree: Any) -> bool:
    """Say whether a part can be the scene that is looked for."""
    match str(tree.data):
        case "scene" | "everything" | "nothing":
            return True
        case "group":
            return _names_scenes(_child(tree))
        case "chain":
            return _names_scenes(_parts(tree)[0])
        case "every":
            return any(map(_names_scenes, _parts(tree)))
        case "either":
            return all(map(_names_scenes, _parts(tree)))
        case _:
            return False
