"""Tables of sync as rows for people and as what is drawn, with exact times and offsets."""

from typing import Any

import pyarrow as pa
import pytest

from avdataops.signals.sync_view import COLUMNS, quality_rows, sync_view
from avdataops.tables.kinds import kind

MS = 1_000_000
S = 1_000_000_000
T = 1_700_000_000 * S


def _table(name: str, *rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=kind(name).schema)


def _quality(stream: str, clock: str = "ros", **more: Any) -> dict[str, Any]:
    same = {"t_ns": T, "last_ns": T + 100 * S, "method": "reference", "offset_ms": 0.0}
    return same | {"stream": stream, "clock": clock} | more


def _model(clock: str, stream: str | None = None, **more: Any) -> dict[str, Any]:
    same = {"t_ns": T, "reference": "ros", "method": "one_way"}
    return same | {"clock": clock, "stream": stream} | more


def _known(offset_ms: float, skew_ppm: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"t0_ns": T, "offset_ns": round(offset_ms * MS), "skew_ppm": skew_ppm} | more


NO_GAPS, NO_MODELS = _table("gaps"), _table("clock_models")


def test_every_row_has_the_columns_in_their_order() -> None:
    (row,) = quality_rows(_table("sync_quality", _quality("/a", rate_hz=10.0)), NO_MODELS)
    assert tuple(row) == COLUMNS
    assert (row["stream"], row["rate_hz"], row["refused"]) == ("/a", 10.0, None)


def test_residuals_are_of_the_stamps_else_of_the_clock_and_the_worst_of_all_pieces() -> None:
    quality = _table("sync_quality", _quality("/a", "mdf"), _quality("/b", "mdf"), _quality("/c"))
    models = _table(
        "clock_models",
        _model("mdf", **_known(5.0, residual_p50_ms=1.0, residual_p95_ms=2.0)),
        _model("stamps", "/b", **_known(0.0, residual_p50_ms=0.1, residual_p95_ms=0.9)),
        _model("stamps", "/b", **_known(0.0, residual_p50_ms=0.3, residual_p95_ms=0.4)),
    )
    told = {
        row["stream"]: (row["residual_p50_ms"], row["residual_p95_ms"])
        for row in quality_rows(quality, models)
    }
    assert told == {"/a": (1.0, 2.0), "/b": (0.3, 0.9), "/c": (None, None)}


def test_a_refusal_of_the_clock_comes_before_one_of_the_stamps() -> None:
    quality = _table("sync_quality", _quality("/a", refused="no tie"), _quality("/b"))
    models = _table(
        "clock_models",
        _model("stamps", "/a", refused="skew_too_large"),
        _model("stamps", "/b", refused="skew_too_large"),
    )
    told = [row["refused"] for row in quality_rows(quality, models)]
    assert told == ["no tie", "skew_too_large"]


def test_lanes_of_the_reference_clock_come_first_with_their_gaps() -> None:
    quality = _table(
        "sync_quality",
        _quality("/b"),
        _quality("/a"),
        _quality("Can", "mdf", method="yaw_rate", offset_ms=7.0),
        _quality("Ain", "ain", method="none", offset_ms=None, refused="too short"),
    )
    gaps = _table(
        "gaps",
        {"t_ns": T, "stream": "/b", "first_ns": T},
        {"t_ns": T + S, "stream": "/b", "gap_stop_ns": T + 3 * S},
    )
    lanes = sync_view(quality, gaps, NO_MODELS).lanes
    assert [one.stream for one in lanes] == ["/a", "/b", "Ain", "Can"]
    assert [one.gaps for one in lanes] == [(), ((T + S, T + 3 * S),), (), ()]
    assert [one.refused for one in lanes] == [None, None, "too short", None]


def test_a_jump_of_stamps_lies_where_it_was_on_the_reference_clock() -> None:
    # The stamps are 90 s behind the recorder, and the recorder 2 s behind the reference.
    quality = _table(
        "sync_quality", _quality("/a", "mdf", method="speed", offset_ms=2000.0, t_ns=T + 2 * S)
    )
    models = _table(
        "clock_models",
        _model("stamps", "/a", **_known(90_000.0, t_ns=T + 10 * S, step_ms=-50.0)),
    )
    (lane,) = sync_view(quality, NO_GAPS, models).lanes
    assert lane.steps == ((T + 102 * S, -50.0),)


def test_a_link_has_offsets_at_both_ends_of_each_piece_and_its_refusals() -> None:
    quality = _table("sync_quality", _quality("/a"))
    models = _table(
        "clock_models",
        _model("stamps", "/a", stop_ns=T + 10 * S, **_known(4.0, 100.0)),
        _model("stamps", "/a", refused="too_few", t_ns=T + 10 * S, stop_ns=T + 20 * S),
    )
    (link,) = sync_view(quality, NO_GAPS, models).links
    first, second = link.pieces
    assert (link.clock, link.stream, link.reference) == ("stamps", "/a", "ros")
    # 100 ppm over 10 s is one millisecond.
    assert first.offset_ms == pytest.approx((4.0, 5.0))
    assert (first.start_ns, first.stop_ns) == (T + 4 * MS, T + 10 * S + 5 * MS)
    assert (second.offset_ms, second.refused) == (None, "too_few")


def test_a_tie_without_an_end_goes_to_the_last_message_of_its_clock() -> None:
    quality = _table(
        "sync_quality",
        _quality("Can", "mdf", method="yaw_rate", offset_ms=-3000.0, t_ns=T, last_ns=T + 60 * S),
    )
    models = _table("clock_models", _model("mdf", **_known(-3000.0, t_ns=T + 3 * S)))
    (link,) = sync_view(quality, NO_GAPS, models).links
    (piece,) = link.pieces
    assert (piece.start_ns, piece.stop_ns) == (T, T + 60 * S)
    assert piece.offset_ms == (-3000.0, -3000.0)


def test_links_without_model_and_refusal_are_left_out_and_ties_come_first() -> None:
    quality = _table("sync_quality", _quality("/a"), _quality("Can", "mdf"))
    models = _table(
        "clock_models",
        _model("ros", method="reference"),
        _model("stamps", "/a", **_known(0.0)),
        _model("zeit", refused="no motion"),
        _model("mdf", **_known(1.0)),
    )
    links = sync_view(quality, NO_GAPS, models).links
    assert [one.clock for one in links] == ["mdf", "zeit", "stamps"]


def test_no_stream_makes_an_empty_view() -> None:
    view = sync_view(_table("sync_quality"), NO_GAPS, NO_MODELS)
    assert (view.lanes, view.links) == ((), ())
    assert quality_rows(_table("sync_quality"), NO_MODELS) == []
