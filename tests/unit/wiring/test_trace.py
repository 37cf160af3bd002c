"""W3C trace context."""

import re

import pytest

from avdataops.wiring.trace import follow

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


def test_a_child_keeps_the_trace_and_its_flags_and_has_a_span_of_its_own() -> None:
    found = follow(f"00-{ID}-{PARENT}-00")
    assert (found.trace_id, found.flags) == (ID, "00")
    assert found.span_id != PARENT
    assert re.fullmatch(r"[0-9a-f]{16}", found.span_id)
    assert found.traceparent == f"00-{ID}-{found.span_id}-00"


def test_two_children_are_two_spans_of_one_trace() -> None:
    one, two = follow(f"00-{ID}-{PARENT}-01"), follow(f"00-{ID}-{PARENT}-01")
    assert one.trace_id == two.trace_id
    assert one.span_id != two.span_id
    assert follow(one.traceparent).trace_id == ID


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "nonsense",
        f"00-{ID}-{PARENT}",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{ID}-{'0' * 16}-01",
        f"00-{ID.upper()}-{PARENT}-01",
        f"ff-{ID}-{PARENT}-01",
        f"00-{ID[:-1]}-{PARENT}-01",
    ],
)
def test_where_there_is_none_or_a_broken_one_a_new_trace_begins(given: str | None) -> None:
    one, two = follow(given), follow(given)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", one.traceparent)
    assert one.trace_id not in {ID, "0" * 32, two.trace_id}


def test_a_later_version_of_the_header_is_understood() -> None:
    assert follow(f"01-{ID}-{PARENT}-01-more").trace_id == ID
