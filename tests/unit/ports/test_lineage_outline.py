"""Lineage as an outline: short, complete, each thing drawn once."""

from avdataops.ports.catalog import Edge, Lineage, Node
from avdataops.ports.lineage_outline import as_outline

SHA = "0123456789abcdef" * 4


def _table(name: str, kind: str, step: str) -> Node:
    return Node(id=name, kind=kind, name=name, sha256=SHA, facts={"step": step, "rows": 2})


def _upload(name: str) -> Node:
    return Node(id=f"up_{name}", kind="upload", name=name, sha256=SHA)


def _edges(*pairs: tuple[str, str]) -> tuple[Edge, ...]:
    return tuple(Edge(src=src, dst=dst, run="run_1") for src, dst in pairs)


WIDE = Lineage(
    root="scn",
    nodes=(
        Node(id="scn", kind="scene", name="cut_in"),
        _table("scenes", "scenes", "detect_scenes"),
        _table("ego", "ego", "sync"),
        _table("gaps", "gaps", "sync"),
        *(_table(f"thin{n}", "thinned", "downsample") for n in range(3)),
        *(_table(f"stream{n}", "stream", "extract") for n in range(3)),
        _upload("a.mcap"),
        _upload("b.bag"),
    ),
    edges=_edges(
        ("scenes", "scn"),
        ("ego", "scenes"),
        ("gaps", "scenes"),
        *((f"thin{n}", table) for n in range(3) for table in ("ego", "gaps")),
        *((f"stream{n}", f"thin{n}") for n in range(3)),
        ("up_a.mcap", "stream0"),
        ("up_a.mcap", "stream1"),
        ("up_b.bag", "stream2"),
    ),
)


def test_what_one_step_made_is_one_line_and_uploads_keep_their_hash() -> None:
    assert as_outline(WIDE) == (
        "scene  cut_in  scn\n"
        "└─ scenes  scenes  2 rows  by detect_scenes  sha256 0123456789ab…\n"
        "   └─ ego, gaps  by sync\n"
        "      └─ 3 thinned  by downsample\n"
        "         └─ 3 stream  by extract\n"
        f"            ├─ upload  a.mcap  up_a.mcap  sha256 {SHA}\n"
        f"            └─ upload  b.bag  up_b.bag  sha256 {SHA}\n"
    )


def test_a_group_that_was_drawn_is_marked_and_not_drawn_again() -> None:
    lineage = Lineage(
        root="scn",
        nodes=(
            Node(id="scn", kind="scene", name="rain"),
            _table("ego", "ego", "sync"),
            _table("context", "context", "enrich"),
            _upload("a.mcap"),
        ),
        edges=_edges(("ego", "scn"), ("context", "scn"), ("ego", "context"), ("up_a.mcap", "ego")),
    )
    lines = as_outline(lineage).splitlines()
    assert [line.endswith("(above)") for line in lines] == [False, False, False, False, True]
    assert sum("up_a.mcap" in line for line in lines) == 1


def test_downwards_the_results_hang_below_and_every_scene_has_its_line() -> None:
    lineage = Lineage(
        root="up_a.mcap",
        nodes=(
            _upload("a.mcap"),
            _table("stream", "stream", "extract"),
            Node(id="scn_1", kind="scene", name="cut_in"),
            Node(id="scn_2", kind="scene", name="cut_in"),
        ),
        edges=_edges(("up_a.mcap", "stream"), ("stream", "scn_1"), ("stream", "scn_2")),
    )
    lines = as_outline(lineage).splitlines()
    assert lines[0].startswith("upload  a.mcap")
    assert [line.split("  ")[-1] for line in lines[2:]] == ["scn_1", "scn_2"]


def test_names_from_recordings_cannot_forge_lines() -> None:
    node = Node(id="art_1", kind="upload", name="x\n└─ forged\x1b[31m", sha256=SHA)
    text = as_outline(Lineage(root="art_1", nodes=(node,), edges=()))
    assert text.count("\n") == 1
    assert "\x1b" not in text
