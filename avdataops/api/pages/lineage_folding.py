"""A lineage made small enough to read: many things of one kind, made alike, are one box."""

from collections.abc import Mapping

from avdataops.ports.catalog import Edge, Lineage, Node

FOLD_FROM = 6
"""So many tables of one kind by one step become one box."""
_ALWAYS_OPEN = frozenset({"scene", "recording", "upload", "run", "reference", "sidecar"})


def folded(lineage: Lineage) -> Lineage:
    """Return the lineage with many like tables as one node, whose kind and number it names.

    Uploads, recordings, scenes, runs and the root stay what they are.
    """
    groups: dict[tuple[str, str], list[Node]] = {}
    for node in lineage.nodes:
        if node.kind not in _ALWAYS_OPEN and node.id != lineage.root:
            groups.setdefault((node.kind, str(node.facts.get("step", ""))), []).append(node)
    closed = {key: nodes for key, nodes in groups.items() if len(nodes) >= FOLD_FROM}
    into = {node.id: f"{kind} {step}" for (kind, step), nodes in closed.items() for node in nodes}
    if not into:
        return lineage
    kept = [node for node in lineage.nodes if node.id not in into]
    made = [
        Node(id=f"{kind} {step}", kind=kind, name=f"{len(nodes)} tables", facts={"folded": True})
        for (kind, step), nodes in closed.items()
    ]
    return Lineage(lineage.root, (*kept, *made), _edges(lineage, into))


def _edges(lineage: Lineage, into: Mapping[str, str]) -> tuple[Edge, ...]:
    found: dict[tuple[str, str], Edge] = {}
    for edge in lineage.edges:
        src, dst = into.get(edge.src, edge.src), into.get(edge.dst, edge.dst)
        if src != dst:
            found.setdefault((src, dst), Edge(src=src, dst=dst, run=edge.run))
    return tuple(found.values())
