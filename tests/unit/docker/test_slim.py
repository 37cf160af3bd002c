"""What is taken from the libraries, and that their lists of files stay true."""

from pathlib import Path

import pytest

from docker.slim import removable, slim

GONE = (
    "adbc_driver_duckdb/__init__.py",
    "numpy/tests/test_a.py",
    "numpy/lib/tests/data/one.npy",
    "nptdms/test/writer.py",
    "lxml/includes/etree.h",
    "scipy/special/a.pxd",
    "scipy/special/a.pyx",
    "scipy/special/a.pyi",
    "pyarrow/include/arrow/api.h",
    "pyarrow/src/arrow/a.cc",
    "pyarrow/_flight.cpython-311-x86_64-linux-gnu.so",
    "pyarrow/libarrow_flight.so.2600",
    "pyarrow/libarrow_python.so",
    "pyarrow/libarrow_python.so.2600.1.0",
    "zstandard/_cffi.cpython-311-x86_64-linux-gnu.so",
    "cv2/data/haarcascade_eye.xml",
)
LEFT = (
    "numpy/testing/__init__.py",
    "numpy/py.typed",
    "latest/model.py",
    "pyarrow/libarrow.so.2600",
    "pyarrow/libarrow_python.so.2600",
    "pyarrow/lib.cpython-311-x86_64-linux-gnu.so",
    "pyarrow/_parquet.cpython-311-x86_64-linux-gnu.so",
    "zstandard/backend_c.cpython-311-x86_64-linux-gnu.so",
    "cv2/cv2.abi3.so",
    "asammdf/mdf.py",
    "test_of_something.py",
)


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    for name in (*GONE, *LEFT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"12345")
    return tmp_path


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def test_what_no_run_needs_goes_and_nothing_else(packages: Path) -> None:
    assert slim(packages) == 5 * len(GONE)
    assert files(packages) == set(LEFT)


def test_each_file_is_counted_once_though_two_patterns_match(packages: Path) -> None:
    (packages / "numpy/tests/stub.pyi").write_bytes(b"12345")
    found = removable(packages)
    assert len(found) == len(set(found)) == len(GONE) + 1


def test_folders_that_became_empty_go_too(packages: Path) -> None:
    slim(packages)
    assert not (packages / "pyarrow" / "include").exists()
    assert not (packages / "cv2" / "data").exists()
    assert (packages / "cv2").is_dir()


def test_a_second_time_there_is_nothing_to_do(packages: Path) -> None:
    slim(packages)
    assert slim(packages) == 0
    assert files(packages) == set(LEFT)


def test_lists_of_files_lose_what_went_and_keep_the_rest(packages: Path) -> None:
    record = packages / "numpy-2.4.6.dist-info" / "RECORD"
    record.parent.mkdir()
    kept = "numpy/testing/__init__.py,sha256=abc,5\nnumpy-2.4.6.dist-info/RECORD,,\n"
    quoted = '"numpy/a,b.py",sha256=abc,5\n'
    record.write_text(f"numpy/tests/test_a.py,sha256=abc,5\n{quoted}{kept}", encoding="utf-8")
    slim(packages)
    assert record.read_text(encoding="utf-8") == quoted + kept


def test_an_environment_without_packages_stays_as_it_is(tmp_path: Path) -> None:
    assert slim(tmp_path) == 0
    assert tmp_path.is_dir()
