"""Log lines as JSON on one stream, each with its trace and with what the process works on."""

import json
import logging
import re
import time
from collections.abc import Mapping
from typing import TextIO

from avdataops.model.time import format_time
from avdataops.wiring.trace import Trace

_SECRETS = re.compile(
    r"((?:[?&;]|\b)(?:sig|AccountKey|SharedAccessSignature|access_token|client_secret)=)[^&;\s\"']+"
    r"|(\bBearer\s+)[\w.~+/=-]+",
    re.IGNORECASE,
)
"""What a shared access signature, a connection string or a token looks like inside a text."""


class JsonLines(logging.Handler):
    """Writes each record as one line; ``facts`` of a record go beside its message."""

    def __init__(self, stream: TextIO, trace: Trace) -> None:
        super().__init__()
        self._stream = stream
        self._about: dict[str, object] = {}
        self.trace = trace

    def about(self, facts: Mapping[str, object]) -> None:
        """Put ``facts`` (measurement, step, attempt) onto every later line."""
        self._about.update(facts)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a stream that is gone must not end the work."""
        try:
            self._stream.write(f"{self.format(record)}\n")
            self._stream.flush()
        except (OSError, ValueError):
            self.handleError(record)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without its end."""
        line: dict[str, object] = {
            "time": format_time(time.time_ns()),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "logger": record.name,
            "trace_id": self.trace.trace_id,
            "span_id": self.trace.span_id,
            **self._about,
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["traceback"] = logging.Formatter().formatException(record.exc_info)
        return json.dumps(_blotted(line), default=lambda value: without_secrets(str(value)))


def without_secrets(text: str) -> str:
    """Return ``text`` with signatures, keys and tokens blotted out."""
    return _SECRETS.sub(lambda match: f"{match[1] or match[2]}***", text)


def _blotted(value: object) -> object:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, Mapping):
        return {str(name): _blotted(one) for name, one in value.items()}
    return [_blotted(one) for one in value] if isinstance(value, list | tuple) else value


def log_as_json(stream: TextIO, trace: Trace) -> JsonLines:
    """Send what the product logs (and warnings of libraries) to ``stream`` and nowhere else."""
    handler = JsonLines(stream, trace)
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("avdataops").setLevel(logging.INFO)
    return handler
