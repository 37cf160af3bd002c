"""How a batch service meets the product: one JSON document, a log, and an exit status."""

import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from avdataops.model.errors import AvdataopsError
from avdataops.settings import inherited_trace
from avdataops.wiring.ending import TERMINATED, Terminated, end_on_sigterm, of_the_machine
from avdataops.wiring.logs import JsonLines, log_as_json, without_secrets
from avdataops.wiring.trace import follow

DEFECT = 1
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a process leaves behind."""

    document: Mapping[str, object]
    exit_status: int = 0


def run_process(work: Callable[[JsonLines], Answer]) -> int:
    """Do ``work`` as a batch service starts it; return the exit status.

    Standard output gets one JSON document, of the answer or of the error; standard error the log,
    one JSON object per line, under the trace that the process was started with.
    """
    end_on_sigterm()
    log = log_as_json(sys.stderr, follow(inherited_trace()))
    try:
        answer = work(log)
    except Terminated:
        message = "terminated; the same command goes on from here"
        answer = _of_error("terminated", message, None, TERMINATED)
    except AvdataopsError as error:
        answer = _of_error(error.code, error.message, error.hint, error.exit_status)
    except OSError as os_error:
        told = of_the_machine(os_error)
        answer = _of_error(told.code, told.message, told.hint, told.exit_status)
    except Exception as defect:  # noqa: BLE001 - whatever happens, its starter gets an answer
        _LOG.exception("a defect")
        message = f"{type(defect).__name__}: {defect}"
        answer = _of_error("defect", message, None, DEFECT)
    sys.stdout.write(f"{json.dumps(answer.document)}\n")
    sys.stdout.flush()
    return answer.exit_status


def _of_error(code: str, message: str, hint: str | None, status: int) -> Answer:
    message = without_secrets(message)
    _LOG.error(message, extra={"facts": {"code": code, "exit_status": status}})
    return Answer({"error": {"code": code, "message": message, "hint": hint}}, status)
