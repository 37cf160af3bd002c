"""Lineage as a picture, and what is folded in it."""

import re
from itertools import pairwise

from avdataops.api.pages.lineage_drawing import MAX_NODES, lineage_svg
from avdataops.api.pages.lineage_folding import FOLD_FROM, folded
from avdataops.ports.catalog import Edge, Lineage, Node
from tests.unit.api.pages.conftest import EVIL


def node(name: str, kind: str = "table", **facts: object) -> Node:
    return Node(id=name, kind=kind, name=name, facts=facts)


def chain(*names: str) -> Lineage:
    edges = tuple(Edge(src=a, dst=b, run="r") for a, b in pairwise(names))
    return Lineage(names[-1], tuple(map(node, names)), edges)


def places(picture: str | None) -> dict[str, tuple[int, int]]:
    assert picture is not None
    found = re.findall(r'translate\((\d+) (\d+)\)"><title>\w+ (\w+)', picture)
    return {name: (int(x), int(y)) for x, y, name in found}


def test_sources_are_on_the_left_of_what_was_made_of_them() -> None:
    at = places(lineage_svg(chain("a", "b", "c"), {}))
    assert at["a"][0] < at["b"][0] < at["c"][0]


def test_the_longest_way_decides_how_far_right_a_thing_is() -> None:
    found = chain("a", "b", "c")
    short = Lineage("c", found.nodes, (*found.edges, Edge(src="a", dst="c", run="r")))
    at = places(lineage_svg(short, {}))
    assert at["a"][0] < at["b"][0] < at["c"][0]


def test_no_two_things_lie_on_each_other() -> None:
    nodes = tuple(node(f"n{place}") for place in range(40))
    edges = tuple(
        Edge(src=f"n{a}", dst=f"n{b}", run="r") for a in range(10) for b in range(10, 40, 3)
    )
    at = places(lineage_svg(Lineage("n39", nodes, edges), {}))
    assert len(set(at.values())) == len(at) == 40


def test_lines_that_would_cross_are_put_in_order() -> None:
    nodes = tuple(map(node, ("a", "b", "x", "y")))
    edges = (Edge(src="a", dst="y", run="r"), Edge(src="b", dst="x", run="r"))
    at = places(lineage_svg(Lineage("x", nodes, edges), {}))
    assert (at["a"][1] < at["b"][1]) == (at["y"][1] < at["x"][1])


def test_each_thing_is_a_link_where_it_has_a_page_and_names_are_escaped() -> None:
    found = Lineage("s", (Node(id="s", kind=EVIL, name=EVIL, sha256="ab" * 32),), ())
    picture = lineage_svg(found, {"s": f"/x?{EVIL}"}) or ""
    assert "<script" not in picture
    assert "<img" not in picture
    assert "\x1b" not in re.sub(r'href="[^"]*"', "", picture)
    assert picture.count("<a href=") == 1
    assert "<a href" not in (lineage_svg(found, {}) or "")


def test_uploaded_files_show_their_checksum() -> None:
    found = Lineage(
        "u", (Node(id="u", kind="upload", name="a.mcap", sha256="0123456789abcdef" * 4),), ()
    )
    assert "0123456789ab" in (lineage_svg(found, {}) or "")


def test_a_circle_does_no_harm() -> None:
    nodes = tuple(map(node, ("a", "b")))
    edges = (Edge(src="a", dst="b", run="r"), Edge(src="b", dst="a", run="r"))
    assert len(places(lineage_svg(Lineage("a", nodes, edges), {}))) == 2


def test_more_than_can_be_seen_is_not_drawn() -> None:
    nodes = tuple(node(f"n{place}") for place in range(MAX_NODES + 1))
    assert lineage_svg(Lineage("n0", nodes, ()), {}) is None
    assert lineage_svg(Lineage("n0", nodes[:-1], ()), {}) is not None


def many(kind: str, count: int, step: str = "extract") -> Lineage:
    nodes = [node("up", "upload"), node("end", "scene")]
    nodes += [node(f"t{place}", kind, step=step) for place in range(count)]
    edges = [Edge(src="up", dst=f"t{place}", run="r") for place in range(count)]
    edges += [Edge(src=f"t{place}", dst="end", run="q") for place in range(count)]
    return Lineage("end", tuple(nodes), tuple(edges))


def test_many_tables_of_one_kind_become_one_box() -> None:
    small = folded(many("stream", FOLD_FROM))
    assert [(one.id, one.kind, one.name) for one in small.nodes] == [
        ("up", "upload", "up"),
        ("end", "scene", "end"),
        ("stream extract", "stream", f"{FOLD_FROM} tables"),
    ]
    assert {(one.src, one.dst) for one in small.edges} == {
        ("up", "stream extract"),
        ("stream extract", "end"),
    }


def test_a_few_stay_what_they_are_and_so_do_uploads() -> None:
    few = many("stream", FOLD_FROM - 1)
    assert folded(few) is few
    uploads = many("upload", 50)
    assert folded(uploads) is uploads


def test_the_root_is_never_folded() -> None:
    given = many("stream", FOLD_FROM + 1)
    small = folded(Lineage("t0", given.nodes, given.edges))
    assert "t0" in {one.id for one in small.nodes}


def test_what_was_made_of_its_like_makes_no_line_to_itself() -> None:
    nodes = tuple(node(f"t{place}", "stream", step="x") for place in range(10))
    edges = tuple(Edge(src=f"t{n}", dst=f"t{n + 1}", run="r") for n in range(9))
    root = Lineage("e", (*nodes, node("e", "scene")), (*edges, Edge(src="t9", dst="e", run="r")))
    assert [(one.src, one.dst) for one in folded(root).edges] == [("stream x", "e")]
