"""Log lines as JSON."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from avdataops.wiring.logs import JsonLines, log_as_json, without_secrets
from avdataops.wiring.trace import Trace, follow

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACE = Trace(ID, "00f067aa0ba902b7")


class Secret:
    """Shows itself as something that nobody may see."""

    def __str__(self) -> str:
        return "sig=secret"


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Give the root logger back as it was."""
    root, ours = logging.getLogger(), logging.getLogger("avdataops")
    before = (list(root.handlers), root.level, ours.level)
    yield
    root.handlers[:], level, our_level = before[0], before[1], before[2]
    root.setLevel(level)
    ours.setLevel(our_level)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(stream: io.StringIO) -> JsonLines:
    return log_as_json(stream, TRACE)


def test_a_line_says_when_what_about_which_trace(log: JsonLines, stream: io.StringIO) -> None:
    del log
    logging.getLogger("avdataops.x").info("said %s", "so", extra={"facts": {"tasks": 3}})
    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "message": "said so",
        "logger": "avdataops.x",
        "trace_id": ID,
        "span_id": "00f067aa0ba902b7",
        "tasks": 3,
    }


def test_what_the_process_works_on_is_on_every_later_line(
    log: JsonLines, stream: io.StringIO
) -> None:
    ours = logging.getLogger("avdataops")
    log.about({"measurement": "m_1", "step": "sync"})
    ours.info("one")
    log.about({"attempt": 2})
    log.trace = follow(None)
    ours.info("two\nlines", extra={"facts": {"step": "enrich"}})
    one, two = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (one["measurement"], one["step"], one["trace_id"]) == ("m_1", "sync", ID)
    assert (two["measurement"], two["step"], two["attempt"]) == ("m_1", "enrich", 2)
    assert two["message"] == "two\nlines"
    assert two["trace_id"] != ID


def test_libraries_are_heard_only_when_they_warn(log: JsonLines, stream: io.StringIO) -> None:
    del log
    logging.getLogger("azure.core").info("a request with its headers")
    logging.getLogger("azure.core").warning("it failed")
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["it failed"]


def test_a_traceback_is_part_of_its_line(log: JsonLines, stream: io.StringIO) -> None:
    del log
    try:
        _ = dict[str, str]()["x"]
    except KeyError:
        logging.getLogger("avdataops").exception("a defect")
    (line,) = stream.getvalue().splitlines()
    assert "KeyError: 'x'" in json.loads(line)["traceback"]


def test_a_stream_that_is_gone_does_not_end_the_work(
    log: JsonLines, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    stream.close()
    logging.getLogger("avdataops").info("nobody hears this")
    assert log.trace is TRACE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a/b?se=1&sig=a%2Bb%3D&sp=r", "https://a/b?se=1&sig=***&sp=r"),
        ("AccountName=x;AccountKey=c2VjcmV0==;End=1", "AccountName=x;AccountKey=***;End=1"),
        ("SharedAccessSignature=sv=1 and more", "SharedAccessSignature=*** and more"),
        ("Authorization: Bearer eyJ0.a-b_c.d~e and", "Authorization: Bearer *** and"),
        ('{"url": "https://a?sig=secret"}', '{"url": "https://a?sig=***"}'),
        ("design=fine; signal=8", "design=fine; signal=8"),
    ],
)
def test_no_signature_key_or_token_is_logged(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


def test_a_key_in_a_fact_or_a_traceback_is_blotted_out_too(
    log: JsonLines, stream: io.StringIO
) -> None:
    del log
    ours = logging.getLogger("avdataops")
    ours.info("x", extra={"facts": {"urls": ["https://a?sig=secret"], "at": {"u": Secret()}}})
    try:
        int("AccountKey=secret;")
    except ValueError:
        ours.exception("y")
    one, two = (json.loads(line) for line in stream.getvalue().splitlines())
    assert one["urls"] == ["https://a?sig=***"]
    assert one["at"] == {"u": "sig=***"}
    assert "AccountKey=***" in two["traceback"]
    assert "secret" not in stream.getvalue()
