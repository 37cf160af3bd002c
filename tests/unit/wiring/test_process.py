"""One document, a log, an exit status."""

import json
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from avdataops.model.errors import Busy, ConfigError, NotFound
from avdataops.wiring.ending import Terminated, end_on_sigterm, of_the_machine
from avdataops.wiring.logs import JsonLines
from avdataops.wiring.process import Answer, run_process

ID = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(autouse=True)
def own_process() -> Iterator[None]:
    """Give signals and loggers back as they were."""
    root, ours = logging.getLogger(), logging.getLogger("avdataops")
    handlers, level, our_level = list(root.handlers), root.level, ours.level
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
    root.handlers[:] = handlers
    root.setLevel(level)
    ours.setLevel(our_level)


def told(capsys: pytest.CaptureFixture[str]) -> tuple[object, list[dict[str, object]]]:
    said = capsys.readouterr()
    (line,) = said.out.splitlines()
    return json.loads(line), [json.loads(line) for line in said.err.splitlines()]


def test_the_answer_is_one_line_of_json_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_process(lambda _: Answer({"a": 1, "b": "ü\n"}, 75)) == 75
    assert told(capsys) == ({"a": 1, "b": "ü\n"}, [])


def test_the_log_is_of_the_trace_that_the_process_was_started_with(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", f"00-{ID}-00f067aa0ba902b7-01")

    def work(log: JsonLines) -> Answer:
        logging.getLogger("avdataops").info("working")
        return Answer({"trace": log.trace.trace_id})

    assert run_process(work) == 0
    document, (line,) = told(capsys)
    assert document == {"trace": ID}
    assert (line["message"], line["trace_id"]) == ("working", ID)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Busy("x", hint="y"), 75, "busy"),
        (NotFound("x", hint="y"), 4, "not_found"),
        (ConfigError("x", hint="y"), 78, "config"),
    ],
)
def test_an_error_of_the_product_is_the_document(
    error: Exception, status: int, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(log: JsonLines) -> Answer:
        del log
        raise error

    assert run_process(work) == status
    document, (line,) = told(capsys)
    assert document == {"error": {"code": code, "message": "x", "hint": "y"}}
    assert (line["level"], line["code"], line["exit_status"]) == ("error", code, status)


def test_a_defect_tells_where_it_is_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    def work(log: JsonLines) -> Answer:
        del log
        raise ValueError("at https://a?sig=secret")

    assert run_process(work) == 1
    document, (traceback, _) = told(capsys)
    message = "ValueError: at https://a?sig=***"
    assert document == {"error": {"code": "defect", "message": message, "hint": None}}
    assert "test_process.py" in str(traceback["traceback"])
    assert "secret" not in str(traceback)


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (PermissionError(13, "no", "/x"), 77, "this user may not read or write /x"),
        (OSError(28, "No space left", "/x"), 75, "the machine failed at /x: No space left"),
        (OSError(5, "I/O"), 75, "the machine failed at a file: I/O"),
    ],
)
def test_a_refusal_of_the_machine_has_a_class_of_its_own(
    error: OSError, status: int, told: str
) -> None:
    found = of_the_machine(error)
    assert (found.exit_status, found.message) == (status, told)


def test_sigterm_ends_the_work_cleanly_and_once(capsys: pytest.CaptureFixture[str]) -> None:
    cleaned: list[str] = []

    def work(log: JsonLines) -> Answer:
        del log
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            # Whoever evicts us may be impatient; that must not disturb the cleaning up.
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append("done")
        return Answer({})

    assert run_process(work) == 143
    document, _ = told(capsys)
    assert cleaned == ["done"]
    assert document == {
        "error": {
            "code": "terminated",
            "message": "terminated; the same command goes on from here",
            "hint": None,
        }
    }


def test_nothing_that_catches_errors_catches_a_sigterm() -> None:
    end_on_sigterm()
    with pytest.raises(Terminated), suppress(Exception):
        os.kill(os.getpid(), signal.SIGTERM)
