"""How the double says no, with the status and sub-status of the service."""

from collections.abc import Mapping
from dataclasses import dataclass, field

CROSS_PARTITION_NOT_SERVABLE = 1004


@dataclass
class Refused(Exception):
    """An answer of 400 and above."""

    status: int
    message: str
    sub_status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, str]:
        """Return the body as the service words it."""
        return {"code": _CODES.get(self.status, "Error"), "message": self.message}


_CODES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    412: "PreconditionFailed",
    413: "RequestEntityTooLarge",
    424: "FailedDependency",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
}
