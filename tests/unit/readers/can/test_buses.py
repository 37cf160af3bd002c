"""Streams of a bus log."""

import numpy as np

from avdataops.model.stream import Problem
from avdataops.model.time import TimeRange
from avdataops.readers.can.buses import (
    Bus,
    frames_by_message,
    id_problems,
    load_dbcs,
    plan_bus,
)
from avdataops.readers.can.census import Census, Seen
from avdataops.readers.can.dbc import match_messages
from avdataops.readers.can.frames import FRAMES_SCHEMA, Frames
from avdataops.readers.names import UniqueNames
from avdataops.testing.can_log_cases import DBC

J1939 = b"""VERSION ""

BU_: Vector__XXX

BO_ 2364540158 EEC1: 8 Vector__XXX
 SG_ EngineSpeed : 24|16@1+ (0.125,0) [0|0] "rpm" Vector__XXX

BA_DEF_ BO_ "VFrameFormat" ENUM "StandardCAN","ExtendedCAN","reserved","J1939PG";
BA_DEF_DEF_ "VFrameFormat" "J1939PG";
BA_ "VFrameFormat" BO_ 2364540158 3;
"""
OTHER = DBC.replace(b"Speeds", b"Wheels")
EEC1_FROM = (0x0CF00400, 0x0CF00403)


def census_of(*ids: tuple[int, bool], channel: int = 1) -> Census:
    census = Census()
    census.ids[channel] = {
        key: Seen(10 * (place + 1), TimeRange(place, place + 100)) for place, key in enumerate(ids)
    }
    return census


def frames_of(*ids: tuple[int, bool]) -> Frames:
    count = len(ids)
    return Frames(
        t_ns=np.arange(count, dtype=np.int64),
        bus=np.ones(count, dtype=np.int64),
        id=np.array([number for number, _ in ids], dtype=np.int64),
        extended=np.array([extended for _, extended in ids], dtype=np.bool_),
        dlc=np.full(count, 8),
        length=np.full(count, 8),
        data=np.zeros((count, 8), dtype=np.uint8),
    )


def planned(census: Census, **dbc: bytes) -> tuple[Bus, list[Problem]]:
    match, problems = load_dbcs({f"{name}.dbc": text for name, text in dbc.items()})
    bus = plan_bus(1, "CAN1", census, match, UniqueNames(joint="#"))
    return bus, [*problems, *id_problems(bus, census.ids.get(1, {}), match)]


def test_a_channel_without_a_dbc_is_one_stream_of_frames() -> None:
    bus, problems = planned(census_of((0x123, False), (0x124, False)))
    assert (bus.stream.name, bus.stream.type) == ("CAN1", "can/frames")
    assert (bus.stream.rows, bus.stream.start_ns, bus.stream.stop_ns) == (30, 0, 101)
    assert bus.stream.attributes == {"bus": "CAN1"}
    assert bus.decoded == ()
    assert bus.schemas == {"CAN1": FRAMES_SCHEMA}
    assert problems == []


def test_a_message_of_the_dbc_is_a_stream_beside_the_frames() -> None:
    bus, problems = planned(census_of((0x123, False)), speeds=DBC)
    (decoded,) = bus.decoded
    assert decoded.stream.name == "CAN1.Speeds"
    assert decoded.stream.type == "can/Speeds"
    assert decoded.stream.rows == 10
    assert decoded.stream.attributes == {"bus": "CAN1", "can_id": "0x123", "dbc": "speeds.dbc"}
    assert bus.schemas["CAN1.Speeds"].names == ["t_ns", "vehicle_speed", "gear", "gear_label"]
    assert problems == []


def test_an_extended_id_is_another_message() -> None:
    bus, problems = planned(census_of((0x123, True)), speeds=DBC)
    assert bus.decoded == ()
    (problem,) = problems
    assert problem.code == "undecoded_ids"
    assert problem.message == "1 of 1 ids on CAN1 (10 frames) are in no DBC: 0x123"


def test_senders_of_one_parameter_group_share_a_stream() -> None:
    bus, _ = planned(census_of(*((number, True) for number in EEC1_FROM)), truck=J1939)
    (decoded,) = bus.decoded
    assert decoded.stream.rows == 30
    assert (decoded.stream.start_ns, decoded.stream.stop_ns) == (0, 101)
    parts = list(frames_by_message(bus, frames_of(*((n, True) for n in (*EEC1_FROM, 0x99)))))
    assert [(one.stream.name, part.id.tolist()) for one, part in parts] == [
        ("CAN1.EEC1", list(EEC1_FROM))
    ]


def test_frames_of_a_message_keep_their_order() -> None:
    bus, _ = planned(census_of(*((number, True) for number in EEC1_FROM)), truck=J1939)
    ids = [(EEC1_FROM[place % 2], True) for place in (1, 0, 0, 1, 1)]
    ((_, part),) = frames_by_message(bus, frames_of(*ids))
    assert part.t_ns.tolist() == [0, 1, 2, 3, 4]
    assert part.id.tolist() == [number for number, _ in ids]


def test_frames_of_no_message_give_nothing() -> None:
    bus, _ = planned(census_of((0x1, False)), speeds=DBC)
    assert list(frames_by_message(bus, frames_of((0x1, False)))) == []


def test_an_id_in_two_dbcs_is_decoded_by_the_first_and_told() -> None:
    bus, problems = planned(census_of((0x123, False)), a=OTHER, b=DBC)
    assert [one.stream.name for one in bus.decoded] == ["CAN1.Wheels"]
    (problem,) = problems
    assert problem.code == "ambiguous_ids"
    assert "0x123" in problem.message
    assert "a.dbc is used, not b.dbc" in problem.message


def test_a_text_that_is_no_dbc_is_told_and_the_others_count() -> None:
    bus, problems = planned(census_of((0x123, False)), bad=b"no DBC at all", speeds=DBC)
    assert [problem.code for problem in problems] == ["bad_dbc"]
    assert "bad.dbc" in problems[0].message
    assert len(bus.decoded) == 1


def test_a_channel_of_nothing_but_error_frames_has_rows_and_no_time() -> None:
    census = Census()
    census.leave_out(1, "error_frame", 7)
    bus, problems = planned(census, speeds=DBC)
    assert (bus.stream.rows, bus.stream.start_ns, bus.stream.stop_ns) == (7, None, None)
    assert problems == []


def test_frames_without_data_count_among_the_rows_of_the_channel() -> None:
    census = census_of((0x123, False))
    census.leave_out(1, "remote_frame", 5)
    bus, _ = planned(census, speeds=DBC)
    assert bus.stream.rows == 15
    assert bus.decoded[0].stream.rows == 10


def test_taken_names_get_a_number() -> None:
    unique = UniqueNames(["can1"], joint="#")
    match, _ = load_dbcs({"speeds.dbc": DBC})
    bus = plan_bus(1, "CAN1", census_of((0x123, False)), match, unique)
    assert (bus.stream.name, bus.stream.topic) == ("CAN1#2", "CAN1")
    assert bus.decoded[0].stream.name == "CAN1#2.Speeds"


def test_many_unknown_ids_are_listed_in_part() -> None:
    census = census_of(*((number, False) for number in range(12)), (0x123, False))
    _, problems = planned(census, speeds=DBC)
    assert problems[0].message.endswith("0x4, 0x5, 0x6, 0x7, …")
    assert "12 of 13 ids" in problems[0].message


def test_without_any_dbc_unknown_ids_are_no_problem() -> None:
    bus = plan_bus(1, "CAN1", census_of((1, False)), match_messages(()), UniqueNames())
    assert list(id_problems(bus, {(1, False): Seen(1)}, match_messages(()))) == []
