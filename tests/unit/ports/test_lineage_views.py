"""Lineage drawn as a tree and a flow chart, and written as a document."""

import json

import pytest

from avdataops.ports.catalog import Edge, Lineage, Node
from avdataops.ports.lineage_views import as_document, as_mermaid, as_tree

SHA = "0123456789abcdef" * 4


def _node(name: str, kind: str = "grid", **facts: object) -> Node:
    return Node(id=name, kind=kind, name=name, sha256=SHA, facts=facts)


def _edge(src: str, dst: str, run: str = "run_1") -> Edge:
    return Edge(src=src, dst=dst, run=run)


UP = Lineage(
    root="scn",
    nodes=(
        Node(id="scn", kind="scene", name="cut_in", facts={"t_start_ns": 1_500_000_000}),
        Node(
            id="tab",
            kind="scenes",
            name="scenes",
            sha256=SHA,
            facts={"rows": 3, "bytes": 9, "step": "detect_scenes", "outcome": "done with caveats"},
        ),
        _node("left", step="thin", outcome="done"),
        _node("right", step="thin", outcome="done"),
        _node("shared", step="extract", outcome="done"),
        Node(id="up", kind="upload", name="a.mcap", sha256=SHA, facts={"bytes": 1000}),
    ),
    edges=(
        _edge("tab", "scn", "run_detect"),
        _edge("left", "tab", "run_detect"),
        _edge("right", "tab", "run_detect"),
        _edge("shared", "left"),
        _edge("shared", "right"),
        _edge("up", "shared", "run_extract"),
    ),
)


def test_a_tree_goes_up_to_the_full_hash_and_draws_shared_nodes_once() -> None:
    assert as_tree(UP) == (
        "scene  cut_in  scn  1970-01-01T00:00:01.500Z\n"
        "└─ scenes  tab  3 rows  9 bytes  by detect_scenes  [done with caveats]"
        "  sha256 0123456789ab…\n"
        "   ├─ grid  left  left  by thin  sha256 0123456789ab…\n"
        "   │  └─ grid  shared  shared  by extract  sha256 0123456789ab…\n"
        f"   │     └─ upload  a.mcap  up  1000 bytes  sha256 {SHA}\n"
        "   └─ grid  right  right  by thin  sha256 0123456789ab…\n"
        "      └─ grid  shared  shared  by extract  sha256 0123456789ab…  (above)\n"
    )


def test_a_tree_goes_down_from_a_recording() -> None:
    down = Lineage(
        root="rec",
        nodes=(_node("rec", "recording"), _node("up", "upload"), _node("a"), _node("b")),
        edges=(_edge("rec", "up", ""), _edge("up", "a"), _edge("up", "b")),
    )
    assert [line.split("  sha256")[0] for line in as_tree(down).splitlines()] == [
        "recording  rec  rec",
        "└─ upload  up  up",
        "   ├─ grid  a  a",
        "   └─ grid  b  b",
    ]
    assert as_tree(down).count(SHA) == 2


def test_a_lonely_node_is_one_line() -> None:
    alone = Lineage(root="a", nodes=(Node(id="a", kind="run", name="sync"),), edges=())
    assert as_tree(alone) == "run  sync  a\n"
    assert as_mermaid(alone) == 'flowchart LR\n  n0["run<br/>sync"]\n'


@pytest.mark.parametrize(("scenes", "shown", "more"), [(20, 20, 0), (21, 20, 1), (500, 20, 480)])
def test_of_many_scenes_the_rest_is_counted(scenes: int, shown: int, more: int) -> None:
    names = [f"s{number}" for number in range(scenes)]
    down = Lineage(
        root="tab",
        nodes=(_node("tab", "scenes"), *(_node(name, "scene") for name in names)),
        edges=tuple(_edge("tab", name) for name in names),
    )
    lines = as_tree(down).splitlines()
    assert sum("scene  s" in line for line in lines) == shown
    assert lines[-1].startswith("└─ ")
    assert lines[-1] == f"└─ … and {more} more scenes" or not more


def test_a_long_chain_is_drawn_without_recursion() -> None:
    names = [f"a{number}" for number in range(3_000)]
    pairs = zip(names[1:], names[:-1], strict=True)
    chain = Lineage(
        root="a0",
        nodes=tuple(_node(name) for name in names),
        edges=tuple(_edge(src, dst) for src, dst in pairs),
    )
    assert len(as_tree(chain).splitlines()) == 3_000
    assert len(as_mermaid(chain).splitlines()) == 1 + 3_000 + 2_999


def test_a_circle_would_not_be_walked_for_ever() -> None:
    circle = Lineage(
        root="a", nodes=(_node("a"), _node("b")), edges=(_edge("b", "a"), _edge("a", "b"))
    )
    lines = as_tree(circle).splitlines()
    assert len(lines) == 3
    assert lines[2].endswith("(above)")


def test_names_cannot_draw_lines_or_steer_the_terminal() -> None:
    bad = 'x\n└─ fake\x1b[31m\u202e"]; click n0 "javascript:alert(1)" %% <b>&#96;`'
    one = Lineage(root="a", nodes=(Node(id="a", kind="stream", name=bad),), edges=())
    assert len(as_tree(one).splitlines()) == 1
    assert "\\n└─ fake\\x1b[31m\\u202e" in as_tree(one)
    chart = as_mermaid(one)
    assert len(chart.splitlines()) == 2
    label = chart.splitlines()[1].removeprefix('  n0["stream<br/>').removesuffix('"]')
    assert not set('"<>`') & set(label)
    assert "&#" not in label
    assert "#quot;" in label


def test_a_flow_chart_names_the_steps_on_its_arrows() -> None:
    assert as_mermaid(UP) == (
        "flowchart LR\n"
        '  n0["scene<br/>cut_in"]\n'
        '  n1["scenes<br/>0123456789ab"]\n'
        '  n2["grid<br/>left<br/>0123456789ab"]\n'
        '  n3["grid<br/>right<br/>0123456789ab"]\n'
        '  n4["grid<br/>shared<br/>0123456789ab"]\n'
        '  n5["upload<br/>a.mcap<br/>0123456789ab"]\n'
        '  n1 -->|"detect_scenes"| n0\n'
        '  n2 -->|"detect_scenes"| n1\n'
        '  n3 -->|"detect_scenes"| n1\n'
        '  n4 -->|"thin"| n2\n'
        '  n4 -->|"thin"| n3\n'
        '  n5 -->|"extract"| n4\n'
    )


def test_an_arrow_without_a_run_is_bare() -> None:
    down = Lineage(
        root="rec",
        nodes=(_node("rec", "recording"), _node("up", "upload")),
        edges=(_edge("rec", "up", ""),),
    )
    assert as_mermaid(down).splitlines()[-1] == "  n0 --> n1"
    assert as_document(down)["edges"] == [{"from": "rec", "to": "up", "run": None}]


def test_the_document_has_the_promised_fields() -> None:
    document = as_document(UP)
    assert json.loads(json.dumps(document)) == document
    assert document["root"] == "scn"
    assert document["edges"] == [
        {"from": edge.src, "to": edge.dst, "run": edge.run} for edge in UP.edges
    ]
    nodes = document["nodes"]
    assert isinstance(nodes, list)
    assert nodes[0] == {
        "id": "scn",
        "kind": "scene",
        "name": "cut_in",
        "t_start_ns": 1_500_000_000,
    }
    assert nodes[5] == {
        "id": "up",
        "kind": "upload",
        "name": "a.mcap",
        "sha256": SHA,
        "bytes": 1000,
    }


def test_facts_cannot_pose_as_another_node() -> None:
    node = Node(id="a", kind="grid", name="n", facts={"id": "b", "kind": "x", "rows": 1})
    document = as_document(Lineage(root="a", nodes=(node,), edges=()))
    assert document["nodes"] == [{"id": "a", "kind": "grid", "name": "n", "rows": 1}]
