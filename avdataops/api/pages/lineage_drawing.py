"""A lineage as a picture: what came first on the left, each thing a link to its page.

Layers by longest path, order within a layer by the middle of the neighbours (Sugiyama, Tagawa and
Toda 1981), which is enough for what one screen can show.
"""

from collections.abc import Mapping, Sequence
from html import escape

from avdataops.ports.catalog import Lineage, Node
from avdataops.ports.lineage_views import printable

MAX_NODES = 240
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 190, 40, 56, 12, 10
_LONGEST = 26
_SWEEPS = 4
_SHORT = 12


def lineage_svg(lineage: Lineage, address_of: Mapping[str, str]) -> str | None:
    """Return the SVG, None for more than ``MAX_NODES`` things; names are escaped.

    ``address_of`` gives the pages of nodes; a node without one is no link.
    """
    if len(lineage.nodes) > MAX_NODES:
        return None
    layers = _layers(lineage)
    tallest = max(map(len, layers))
    places = {
        name: (
            _MARGIN + column * (_WIDTH + _GAP_X),
            # Each layer around the middle, so that lines run as level as they can.
            _MARGIN + (tallest - len(layer) + 2 * row) * (_HEIGHT + _GAP_Y) // 2,
        )
        for column, layer in enumerate(layers)
        for row, name in enumerate(layer)
    }
    width = 2 * _MARGIN + len(layers) * (_WIDTH + _GAP_X) - _GAP_X
    height = 2 * _MARGIN + tallest * (_HEIGHT + _GAP_Y) - _GAP_Y
    parts = [_line(places[one.src], places[one.dst]) for one in lineage.edges]
    parts += [
        _box(node, places[node.id], address_of.get(node.id), lineage.root) for node in lineage.nodes
    ]
    body = "\n".join(parts)
    return (
        f'<svg class="lineage" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="group" aria-label="Lineage, sources on the left">\n{body}\n</svg>'
    )


def _layers(lineage: Lineage) -> list[list[str]]:
    above: dict[str, list[str]] = {node.id: [] for node in lineage.nodes}
    below: dict[str, list[str]] = {node.id: [] for node in lineage.nodes}
    for edge in lineage.edges:
        above[edge.dst].append(edge.src)
        below[edge.src].append(edge.dst)
    depth = _depths(above, below)
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for node in lineage.nodes:
        layers[depth[node.id]].append(node.id)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for layer in layers if forward else reversed(layers):
            _sort(layer, above if forward else below, layers)
    return layers


def _depths(above: Mapping[str, list[str]], below: Mapping[str, list[str]]) -> dict[str, int]:
    """Return the longest way from a source to each node; what is in a cycle stays at 0."""
    waiting = {name: len(sources) for name, sources in above.items()}
    depth = dict.fromkeys(above, 0)
    ready = [name for name, left in waiting.items() if not left]
    while ready:
        name = ready.pop()
        for result in below[name]:
            depth[result] = max(depth[result], depth[name] + 1)
            waiting[result] -= 1
            if not waiting[result]:
                ready.append(result)
    return depth


def _sort(
    layer: list[str], neighbours: Mapping[str, list[str]], layers: Sequence[Sequence[str]]
) -> None:
    place = {name: row / len(one) for one in layers for row, name in enumerate(one)}
    own = {name: row / len(layer) for row, name in enumerate(layer)}

    def middle(name: str) -> float:
        near = [place[one] for one in neighbours[name]]
        return sum(near) / len(near) if near else own[name]

    layer.sort(key=middle)


def _line(start: tuple[int, int], stop: tuple[int, int]) -> str:
    x1, y1 = start[0] + _WIDTH, start[1] + _HEIGHT // 2
    x2, y2 = stop[0], stop[1] + _HEIGHT // 2
    bend = _GAP_X // 2
    return f'<path class="edge" d="M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"/>'


def _box(node: Node, place: tuple[int, int], address: str | None, root: str) -> str:
    told = printable(node.name if node.name != node.kind else "")
    second = told or (node.sha256 or "")[:_SHORT] or node.id[:_LONGEST]
    if node.kind in {"recording", "upload"} and node.sha256:
        second = f"{second[: _LONGEST - _SHORT - 3]}  {node.sha256[:_SHORT]}"
    whole = escape(f"{printable(node.kind)} {told} {node.id} {node.sha256 or ''}".strip())
    classes = " ".join(("node", f"node-{_class_of(node.kind)}", "root" if node.id == root else ""))
    drawn = (
        f'<g class="{classes.strip()}" transform="translate({place[0]} {place[1]})">'
        f"<title>{whole}</title>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="5"/>'
        f'<text class="kind" x="9" y="16">{escape(printable(node.kind)[:_LONGEST])}</text>'
        f'<text x="9" y="31">{escape(second[:_LONGEST])}</text></g>'
    )
    return drawn if address is None else f'<a href="{escape(address)}">{drawn}</a>'


def _class_of(kind: str) -> str:
    return kind if kind in {"scene", "recording", "upload", "run", "reference"} else "table"
