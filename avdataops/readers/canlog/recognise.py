"""First lines of text logs; knows nothing of how they are read, so that it loads at once."""

import re

_DATE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*date[ \t]+[^\r\n]*[0-9]{1,2}:[0-9]{2}:[0-9]{2}", re.IGNORECASE
)
_FIRST_LINE = re.compile(
    rb"\s*\([0-9]{1,10}\.[0-9]{1,9}\)[ \t]+[!-~]{1,15}[ \t]+"
    rb"(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{8})##?(?:[0-9A-Fa-fRr]|[ \t\r]*(?:\n|\Z))"
)


def recognises_asc(head: bytes) -> bool:
    """Say whether a file begins with the date line of an ASC log."""
    return _DATE.match(head) is not None


def recognises_candump(head: bytes) -> bool:
    """Say whether a file begins with a line of a candump log."""
    return _FIRST_LINE.match(head) is not None
