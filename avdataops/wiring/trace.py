"""W3C trace context: one trace from the orchestrator to every task that it starts."""

import re
import secrets
from dataclasses import dataclass

_SHAPE = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = "01"


@dataclass(frozen=True, slots=True)
class Trace:
    """One span of a trace; https://www.w3.org/TR/trace-context/ section 3.2."""

    trace_id: str
    """32 hex digits, the same for all that one cause has set off."""
    span_id: str
    """16 hex digits of this process."""
    flags: str = _SAMPLED

    @property
    def traceparent(self) -> str:
        """The header (or variable) that makes another process a child of this span."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def follow(traceparent: str | None) -> Trace:
    """Return a new span of the trace that ``traceparent`` names.

    As the specification demands, a new trace begins where there is none or it is malformed.
    """
    parts = _SHAPE.fullmatch((traceparent or "").strip())
    if parts is None or not parts[1].strip("0") or not parts[2].strip("0"):
        return Trace(secrets.token_hex(16), secrets.token_hex(8))
    return Trace(parts[1], secrets.token_hex(8), parts[3])
