"""Lineage as text, as a Mermaid flow chart and as a JSON document; pure functions."""

from collections.abc import Iterator
from dataclasses import dataclass

from avdataops.model.time import format_time
from avdataops.ports.catalog import Lineage, Node

_SHORT = 12
_MAX_SCENES = 20
"""Scenes shown under one table; a tree of a thousand leaves helps nobody."""

_FULL_SHA256 = {"recording", "upload"}
_MERMAID = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;"}


@dataclass(frozen=True, slots=True)
class _Line:
    """One node still to be written: where it hangs, and what is drawn before its children."""

    id: str
    before: str
    before_children: str


def as_tree(lineage: Lineage) -> str:
    """Return an indented tree, the start on top, ending in a newline.

    A node that several others share is drawn in full once and marked ``(above)`` after that; of
    many scenes in one table the first 20 are drawn and the others counted.
    """
    nodes = {node.id: node for node in lineage.nodes}
    children = children_of(lineage)
    drawn: set[str] = set()
    lines: list[str] = []
    waiting: list[_Line | str] = [_Line(lineage.root, "", "")]
    while waiting:
        line = waiting.pop()
        if isinstance(line, str):
            lines.append(line)
            continue
        below = children.get(line.id, [])
        again = line.id in drawn and bool(below)
        lines.append(f"{line.before}{label_of(nodes[line.id])}{'  (above)' if again else ''}")
        if not again:
            drawn.add(line.id)
            waiting += reversed(list(_hung(line.before_children, below, nodes)))
    return "\n".join(lines) + "\n"


def children_of(lineage: Lineage) -> dict[str, list[str]]:
    """Return what is drawn under each node: its sources if the walk went up, else its results."""
    up = any(edge.dst == lineage.root for edge in lineage.edges)
    children: dict[str, dict[str, None]] = {}
    for edge in lineage.edges:
        over, under = (edge.dst, edge.src) if up else (edge.src, edge.dst)
        children.setdefault(over, {})[under] = None
    return {node: list(under) for node, under in children.items()}


def _hung(indent: str, below: list[str], nodes: dict[str, Node]) -> Iterator[_Line | str]:
    scenes = [child for child in below if nodes[child].kind == "scene"]
    hidden = set(scenes[_MAX_SCENES:])
    shown = [child for child in below if child not in hidden]
    for place, child in enumerate(shown):
        last = place == len(shown) - 1 and not hidden
        yield _Line(
            child,
            f"{indent}{'└─ ' if last else '├─ '}",
            f"{indent}{'   ' if last else '│  '}",
        )
    if hidden:
        yield f"{indent}└─ … and {len(hidden)} more scenes"


def label_of(node: Node) -> str:
    """Return one line about a node: kind, name, id and what is known of it."""
    words = [node.kind] if node.kind == node.name else [node.kind, printable(node.name)]
    words.append(printable(node.id))
    start_ns = node.facts.get("t_start_ns")
    if isinstance(start_ns, int):
        words.append(format_time(start_ns))
    if node.facts.get("rows") is not None:
        words.append(f"{node.facts['rows']} rows")
    if node.facts.get("bytes") is not None:
        words.append(f"{node.facts['bytes']} bytes")
    if node.kind != "run" and node.facts.get("step"):
        words.append(f"by {printable(str(node.facts['step']))}")
    if node.facts.get("outcome") not in {None, "done"}:
        words.append(f"[{node.facts['outcome']}]")
    if node.sha256 is not None:
        full = node.kind in _FULL_SHA256
        words.append(f"sha256 {node.sha256 if full else f'{node.sha256[:_SHORT]}…'}")
    return "  ".join(words)


def printable(text: str) -> str:
    """Return ``text`` with control characters spelled out: names come from recordings."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def as_mermaid(lineage: Lineage) -> str:
    """Return a flow chart from sources to results, its labels escaped, ending in a newline."""
    short = {node.id: f"n{place}" for place, node in enumerate(lineage.nodes)}
    steps = {node.id: node.facts.get("step") for node in lineage.nodes}
    by_run = {edge.run: steps[edge.dst] for edge in lineage.edges if steps[edge.dst]}
    lines = ["flowchart LR"]
    for node in lineage.nodes:
        name = "" if node.kind == node.name else f"<br/>{_escaped(node.name)}"
        end = "" if node.sha256 is None else f"<br/>{node.sha256[:_SHORT]}"
        lines.append(f'  {short[node.id]}["{_escaped(node.kind)}{name}{end}"]')
    for edge in lineage.edges:
        told = by_run.get(edge.run) or edge.run
        arrow = f'-->|"{_escaped(str(told))}"|' if told else "-->"
        lines.append(f"  {short[edge.src]} {arrow} {short[edge.dst]}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return "".join(_MERMAID.get(char, char) for char in printable(text))


def as_document(lineage: Lineage) -> dict[str, object]:
    """Return ``{"nodes": [{"id", "kind", "name", "sha256"?, ...}], "edges": [{"from", ...}]}``.

    The facts of a node stand beside its id.  An edge's ``run`` is None where no run lies between:
    from a recording to the upload that it is.
    """
    return {
        "root": lineage.root,
        "nodes": [_document_of(node) for node in lineage.nodes],
        "edges": [
            {"from": edge.src, "to": edge.dst, "run": edge.run or None} for edge in lineage.edges
        ],
    }


def _document_of(node: Node) -> dict[str, object]:
    sha256 = {} if node.sha256 is None else {"sha256": node.sha256}
    return {**node.facts, "id": node.id, "kind": node.kind, "name": node.name, **sha256}
