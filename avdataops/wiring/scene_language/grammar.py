"""The grammar, and the one parser made of it (LALR: time grows with the length, nothing recurses).

``docs/query.md`` says what each form means.
"""

import functools
import re

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from avdataops.model.errors import HostileInput, InputError, did_you_mean
from avdataops.wiring.scene_language.complaints import Place, complaint

MAX_LENGTH, MAX_DEPTH, MAX_WORDS = 4_000, 30, 600

GRAMMAR = r"""
?start: either

?either: every
       | every (_OR every)+                 -> either
?every: term
      | term (_AND term)+                   -> every
?term: _NOT term                            -> negated
     | chain
?chain: primary relation+                   -> chain
      | relation+                           -> lone
      | primary

?primary: "(" either ")"                    -> group
        | test
        | NAME                              -> scene
        | "any"                             -> everything
        | "none"                            -> nothing

?relation: "with" primary [by]               -> related_with
        | "overlaps" primary [by]           -> related_overlaps
        | "during" primary [by]             -> related_during
        | "beside" primary [by]             -> related_beside
        | "after" primary [by]              -> related_after
        | "before" primary [by]             -> related_before
        | "within" duration "after" primary [by]    -> related_after_within
        | "within" duration "before" primary [by]   -> related_before_within
        | "within" duration "of" primary [by]       -> related_around
        | "same" "actor" "as" primary       -> related_same
        | followed

followed: "then" primary [within] [by] [followed]
within: "within" duration
by: "by" "same" "actor"
duration: NUMBER NAME

test: NAME OPERATOR value                   -> compared
    | NAME "in" [bound] ".." [bound]        -> between
    | NAME "in" bound                       -> within_day
    | NAME "in" "(" value ("," value)* ")"  -> among
    | NAME "is" "known"                     -> known
    | NAME "is" "unknown"                   -> unknown
    | "near" "(" NUMBER "," NUMBER "," NUMBER [unit] ")"   -> near_point
    | "near" NAME [distance]                -> near_place
    | "inside" "(" corner ("," corner)* ")" -> inside
    | "on" "way" NUMBER                     -> on_way
    | "on" NAME                             -> on_road

bound: NUMBER [unit] | MOMENT
corner: NUMBER NUMBER
distance: NUMBER NAME
value: NUMBER [unit]                        -> number
     | MOMENT                               -> moment
     | STRING                               -> text
     | NAME                                 -> word
     | "true"                               -> true
     | "false"                              -> false
unit: NAME | NAME "/" NAME | PERCENT

_AND.4: /and\b|&&?/
_OR.4: /or\b|\|\|?/
_NOT.4: /not\b|!(?!=)/
OPERATOR: "<=" | ">=" | "!=" | "==" | "=" | "<" | ">"
PERCENT: "%" | "°C" | "°"
NAME: /[A-Za-z_][A-Za-z0-9_^²³-]*/
MOMENT.3: /\d{4}-\d\d-\d\d([Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)?)?/
        | /\+\d{1,12}(\.\d{1,9})?s?/
NUMBER.2: /-?\d{1,30}(\.(?!\.)\d{1,30})?([eE][+-]?\d{1,3})?/
STRING: /"([^"\\]|\\.)*"/ | /'[^']*'/

%ignore /\s+/
"""

_SAID = {
    "_AND": "&",
    "_OR": "|",
    "NAME": "a name",
    "NUMBER": "a number",
    "MOMENT": "a time",
    "STRING": "a text",
    "OPERATOR": "a comparison",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": ",",
    "$END": "the end",
    "__ANON_0": "..",
}
_WORDS = ("and", "or", "not", "during", "overlaps", "with", "within", "after", "before", "then")
_MORE_WORDS = ("near", "inside", "on", "in", "is", "beside", "same", "by", "of")


@functools.cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def parsed(text: str) -> Tree[Token]:
    """Return the tree of a query; raises ``InputError`` with a caret under what is wrong."""
    _check_size(text)
    try:
        return _parser().parse(text)
    except UnexpectedInput as error:
        raise _complained(text, error) from error


def _check_size(text: str) -> None:
    if not text.strip():
        raise InputError("the query is empty", hint="ask for any scene with: any")
    if len(text) > MAX_LENGTH:
        raise HostileInput(f"a query has at most {MAX_LENGTH} characters, not {len(text)}")
    depth = deepest = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    negations = max(map(len, re.findall(r"(?:(?:!|\bnot\b)\s*)+", text)), default=0)
    if deepest > MAX_DEPTH or negations > 4 * MAX_DEPTH:
        raise HostileInput(f"a query is nested at most {MAX_DEPTH} deep")
    if len(re.findall(r"\w+|[^\w\s]+", text)) > MAX_WORDS:
        raise HostileInput(f"a query has at most {MAX_WORDS} words")


def _complained(text: str, error: UnexpectedInput) -> InputError:
    match error:
        case UnexpectedToken(token=Token(type="$END")) | UnexpectedEOF():
            place = Place(len(text), len(text) + 1)
            return complaint(text, place, f"the query ends too early; {_expected(error)}")
        case UnexpectedToken(token=token):
            start = token.start_pos or 0
            place = Place(start, start + len(token))
            near = did_you_mean(str(token), (*_WORDS, *_MORE_WORDS)) if token.isalpha() else ""
            problem = f"'{str(token)[:40]}' does not fit here{near}"
            return complaint(text, place, problem, hint=_expected(error))
        case UnexpectedCharacters():
            at = error.pos_in_stream or 0
            return complaint(text, Place(at, at + 1), f"{text[at]!a} means nothing here")
    return complaint(text, Place(0, len(text)), "the query is not understood")


def _expected(error: UnexpectedInput) -> str:
    names = set[str](getattr(error, "accepts", None) or getattr(error, "expected", None) or ())
    said = sorted(_SAID.get(name, name.strip("_").lower()) for name in names if name != "PERCENT")
    return f"here may stand: {', '.join(said)}" if said else ""
