"""Templates to answers: everything escaped, nothing from elsewhere, nothing kept by a cache."""

import functools
import json
import shlex
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from avdataops.api.pages.assets import address_of
from avdataops.api.pages.colours import colour_of
from avdataops.model.time import NS_PER_S
from avdataops.ports.lineage_views import printable

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    # Pictures of MapLibre's style sheet are data addresses, its canvas reads blobs.
    "img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_TEMPLATES = Path(__file__).parent / "templates"
_MINUTE_S, _HOUR_S = 60, 3600
_KILO = 1000
_UNKNOWN = "\N{EN DASH}"
_DIGITS = 4
_TOLD = 4


def page(template: str, status: int = 200, /, **facts: object) -> Response:
    """Return a page made of a template."""
    text = _templates().get_template(template).render(**facts)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "private, no-store"}
    return Response(text, status, headers, "text/html; charset=utf-8")


@functools.cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "clean": clean,
        "clock": clock,
        "colour": colour_of,
        "duration": duration,
        "json": as_json,
        "moment": moment,
        "number": number,
        "size": size,
        "told": told,
        "words": words,
    }
    made.globals |= {"asset": address_of}
    return made


def clean(value: object) -> str:
    """Return a name from a recording with control characters spelled out; escaped later."""
    return printable(str(value))


def words(name: str) -> str:
    """Return an identifier as words: ``hard_brake`` -> hard brake."""
    return printable(name).replace("_", " ")


def moment(t_ns: int | None) -> str:
    """Return a time as ``2026-10-14 16:57:51.4`` in UTC, a dash for None."""
    if t_ns is None:
        return _UNKNOWN
    at = datetime.fromtimestamp(t_ns // NS_PER_S, UTC)
    return f"{at:%Y-%m-%d %H:%M:%S}.{t_ns % NS_PER_S // (NS_PER_S // 10)}"


def clock(t_ns: int) -> str:
    """Return the time of day in UTC, to the second."""
    return f"{datetime.fromtimestamp(t_ns // NS_PER_S, UTC):%H:%M:%S}"


def duration(seconds: float | None) -> str:
    """Return a length of time as people write it: ``4.2 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds is None:
        return _UNKNOWN
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"
    if seconds < _HOUR_S:
        return f"{int(seconds // _MINUTE_S)} min {int(seconds % _MINUTE_S):02d} s"
    return f"{int(seconds // _HOUR_S)} h {int(seconds % _HOUR_S // _MINUTE_S):02d} min"


def number(value: object) -> str:
    """Return a value of evidence: numbers with four digits, unknown as a dash."""
    if value is None:
        return _UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    return printable(str(value))


def as_json(value: object) -> str:
    """Return indented JSON, for people; escaped later."""
    return json.dumps(value, indent=2, ensure_ascii=True, default=str)


def told(evidence: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return the first numbers of evidence, for a row that has no space for all."""
    numbers = ((name, value) for name, value in sorted(evidence.items()))
    return [(name, value) for name, value in numbers if isinstance(value, float)][:_TOLD]


def size(length: int | None) -> str:
    """Return a number of bytes with its unit (powers of 1000)."""
    if length is None:
        return _UNKNOWN
    value = float(length)
    for unit in ("B", "kB", "MB", "GB"):
        if value < _KILO:
            return f"{value:.3g} {unit}" if unit != "B" else f"{length} B"
        value /= _KILO
    return f"{value:.3g} TB"


def command(words_of: Iterable[str]) -> str:
    """Return a command line that a shell reads back as exactly these words."""
    return shlex.join(["avdataops", *words_of])


def options(given: Mapping[str, Any]) -> list[str]:
    """Return options for a command line; lists give one each, empty values none.

    The query ``q`` stands by itself, before them.
    """
    found: list[str] = [str(given["q"])] if given.get("q") else []
    for name, value in given.items():
        if name == "q":
            continue
        values = value if isinstance(value, (list, tuple)) else [value] if value else []
        for one in values:
            found += [f"--{name}", str(one)]
    return found
