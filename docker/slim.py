"""Removes from the libraries what no run needs; their lists of files are kept true.

Run by the interpreter of the environment to slim: ``python slim.py``.
"""

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

PATTERNS = (
    # Tests, sources and stubs: nothing imports them at run time.
    "**/tests/**",
    "**/test/**",
    "**/*.[ch]",
    "**/*.[ch]pp",
    "**/*.p[xy][dxi]",
    "**/*.lib",
    "**/*.a",
    "pyarrow/include/**",
    "pyarrow/src/**",
    "pyarrow/_pyarrow_cpp_tests*",
    # Arrow's RPC and its own S3 client, each loaded by one optional module only.
    "pyarrow/_flight*",
    "pyarrow/libarrow_flight*",
    "pyarrow/libarrow_python_flight*",
    "pyarrow/_s3fs*",
    "pyarrow/libarrow_s3*",
    # A wheel cannot hold links, so names for the linker are copies; loaders use lib*.so.NUMBER.
    "pyarrow/lib*.so",
    "pyarrow/lib*.so.*.*.*",
    # The back end for other interpreters; CPython uses backend_c.
    "zstandard/_cffi*",
    # Face detection models.
    "cv2/data/*.xml",
    # DuckDB behind a driver manager that is not installed.
    "adbc_driver_duckdb/**",
)
KEPT = ("pyarrow/lib.cpython-*.so",)
"""Extension modules that a pattern for shared libraries also matches."""


def removable(packages: Path) -> list[Path]:
    """Return the files below ``packages`` that no run needs, sorted."""
    matched = {path for pattern in PATTERNS for path in _files(packages, pattern)}
    kept = {path for pattern in KEPT for path in _files(packages, pattern)}
    return sorted(matched - kept)


def _files(packages: Path, pattern: str) -> Iterator[Path]:
    # A final ** gives folders only.
    wanted = f"{pattern}/*" if pattern.endswith("**") else pattern
    return (path for path in packages.glob(wanted) if path.is_file())


def slim(packages: Path) -> int:
    """Remove what is removable and strike it from the RECORDs; return the bytes freed."""
    gone = removable(packages)
    freed = sum(path.stat().st_size for path in gone)
    for path in gone:
        path.unlink()
    for folder in sorted((path for path in packages.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    strike({path.relative_to(packages).as_posix() for path in gone}, packages)
    return freed


def strike(gone: set[str], packages: Path) -> None:
    """Take the lines of ``gone``, paths relative to ``packages``, from the lists of files."""
    for record in sorted(packages.glob("*.dist-info/RECORD")):
        lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
        left = [line for line in lines if line.rsplit(",", 2)[0].strip('"') not in gone]
        record.write_text("".join(left), encoding="utf-8")


def main() -> None:
    """Slim the environment of this interpreter."""
    freed = slim(Path(sysconfig.get_path("purelib")))
    sys.stdout.write(f"{freed / 1e6:.0f} MB that no run needs removed\n")


if __name__ == "__main__":
    main()
