"""Lineage as a short outline: what one step made is one line, files keep a line each."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from avdataops.ports.catalog import Lineage, Node
from avdataops.ports.lineage_views import children_of, label_of, printable

_ALONE = {"upload", "recording", "sidecar", "reference", "scene", "run", "dataset"}
"""Kinds that are shown one by one: where results come from, and what they are."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Siblings that share a line, and what is drawn before it and before its children."""

    ids: tuple[str, ...]
    before: str
    before_children: str


def as_outline(lineage: Lineage) -> str:
    """Return an indented outline, the start on top, ending in a newline.

    Tables that one step made from the same place in the outline share a line that counts them by
    kind; a group that was drawn before is marked ``(above)``.  ``as_tree`` draws every node.
    """
    nodes = {node.id: node for node in lineage.nodes}
    children = children_of(lineage)
    drawn: set[str] = set()
    lines: list[str] = []
    waiting = [_Group((lineage.root,), "", "")]
    while waiting:
        group = waiting.pop()
        fresh = [node for node in group.ids if node not in drawn]
        below = dict.fromkeys(child for node in fresh for child in children.get(node, ()))
        hidden = not fresh and any(children.get(node) for node in group.ids)
        lines.append(f"{group.before}{_line(group, nodes)}{'  (above)' if hidden else ''}")
        drawn.update(fresh)
        waiting += reversed(list(_hung(group.before_children, list(below), nodes)))
    return "\n".join(lines) + "\n"


def _hung(indent: str, below: list[str], nodes: dict[str, Node]) -> Iterator[_Group]:
    groups: dict[str, list[str]] = {}
    for child in below:
        node = nodes[child]
        alone = node.kind in _ALONE
        groups.setdefault(child if alone else str(node.facts.get("step")), []).append(child)
    for place, ids in enumerate(groups.values()):
        last = place == len(groups) - 1
        yield _Group(
            tuple(ids),
            f"{indent}{'└─ ' if last else '├─ '}",
            f"{indent}{'   ' if last else '│  '}",
        )


def _line(group: _Group, nodes: dict[str, Node]) -> str:
    found = [nodes[node] for node in group.ids]
    if len(found) == 1:
        return label_of(found[0])
    counts = Counter(node.kind for node in found)
    told = ", ".join(
        f"{number} {printable(kind)}" if number > 1 else printable(kind)
        for kind, number in sorted(counts.items())
    )
    return f"{told}  by {printable(str(found[0].facts.get('step')))}"
