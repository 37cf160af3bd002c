"""What the parser of this package leaves to the library."""


class UnsupportedError(Exception):
    """The file is well-formed and uses something that only the library reads."""
