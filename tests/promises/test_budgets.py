"""Promises about the code itself, counted."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("avdataops", "batch_tasks", "sample_data")
MAX_MODULE, MAX_FUNCTION, MAX_PARAMETERS, MAX_IGNORES = 300, 60, 6, 5
MIN_TEST_RATIO = 1.2

# Words that must not appear are put together here, so that this file does not hold them.
FORBIDDEN = tuple(
    "".join(parts)
    for parts in (
        ("/", "work/"),
        ("/", "root/"),
        ("/", "home/"),
        ("/", "Users/"),
        ("/", "tmp/brief"),
        ("pypi", ".org"),
        ("python", "hosted"),
        ("files.python", "hosted.org"),
        ("conda.ana", "conda.org"),
        ("git@", "github"),
    )
)


def is_test(path: Path) -> bool:
    return path.parts[0] == "tests" or path.parts[:2] == ("avdataops", "testing")


def tracked() -> list[Path]:
    """Return the repository's files, relative; those about to be added count too."""
    given = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(given, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout")
    names = [Path(name) for name in done.stdout.split("\0") if name]
    return [name for name in names if (ROOT / name).is_file()]


def modules() -> list[Path]:
    """Return the Python files of code and tests, relative."""
    found = [path for top in (*CODE, "tests") for path in (ROOT / top).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in found)


def lines(path: Path) -> list[str]:
    return (ROOT / path).read_text(encoding="utf-8").splitlines()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return [one.arg for one in named if one.arg not in {"self", "cls"}]


def test_there_is_code_to_count() -> None:
    assert sum(not is_test(path) for path in modules()) > 100


def test_no_module_of_the_product_is_longer_than_can_be_read_at_once() -> None:
    sizes = {path: len(lines(path)) for path in modules() if not is_test(path)}
    assert {str(path): size for path, size in sizes.items() if size > MAX_MODULE} == {}


def test_no_function_of_the_product_is_longer_than_a_page() -> None:
    long = {
        f"{path}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in modules()
        if not is_test(path)
        for function in functions(path)
    }
    assert {name: size for name, size in long.items() if size > MAX_FUNCTION} == {}


def test_no_function_of_the_product_takes_more_than_one_can_remember() -> None:
    many = {
        f"{path}:{function.name}": len(parameters(function))
        for path in modules()
        if not is_test(path)
        for function in functions(path)
    }
    assert {name: count for name, count in many.items() if count > MAX_PARAMETERS} == {}


def test_types_are_ignored_in_few_places_and_each_has_its_reason() -> None:
    ignore = re.compile(r"# type" + r": ignore(\[[a-z, -]+\])?(  # \w.*)?")
    found = [
        (f"{path}:{number}", match)
        for path in modules()
        for number, line in enumerate(lines(path), 1)
        for match in ignore.finditer(line)
    ]
    assert [place for place, match in found if not (match[1] and match[2])] == []
    assert len(found) <= MAX_IGNORES, [place for place, _ in found]


def test_there_is_more_test_than_code() -> None:
    counts = {True: 0, False: 0}
    for path in modules():
        counts[is_test(path)] += sum(1 for line in lines(path) if line.strip())
    assert counts[True] / counts[False] >= MIN_TEST_RATIO, counts


def test_the_product_checks_its_state_with_errors_and_not_with_assert() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in modules()
        if not is_test(path)
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert)
    ]
    assert found == []


def test_library_code_does_not_print() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in modules()
        if path.parts[0] == "avdataops" and not is_test(path)
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"print", "eval", "exec", "breakpoint"}
    ]
    assert found == []


def test_no_file_names_a_machine_or_a_host_of_packages() -> None:
    found = []
    for path in tracked():
        data = (ROOT / path).read_bytes()
        found += [f"{path}: {word}" for word in FORBIDDEN if word.encode() in data]
    assert found == []


def test_no_lock_names_an_address() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    names = ["bootstrap.txt", "dev.txt", "infra.txt", "labels.txt", "runtime.txt"]
    assert [path.name for path in locks] == names
    assert [path.name for path in locks if "://" in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("name", ["core", "common", "utils", "helpers", "base", "lib", "misc"])
def test_no_folder_or_module_is_called_something_for_everything(name: str) -> None:
    named = [path for path in modules() if name in {*path.parts, path.stem}]
    assert named == []
