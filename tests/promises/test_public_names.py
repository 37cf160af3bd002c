"""What ``import avdataops`` gives."""

import inspect
import subprocess
import sys

import pytest

import avdataops


@pytest.mark.parametrize("name", avdataops.__all__)
def test_every_public_name_exists_and_is_explained(name: str) -> None:
    found = getattr(avdataops, name)
    assert (inspect.getdoc(found) or "").strip()
    if inspect.isclass(found):
        for member, value in vars(found).items():
            if not member.startswith("_") and (inspect.isfunction(value) or inspect.isclass(value)):
                assert (inspect.getdoc(value) or "").strip(), f"{name}.{member}"


def test_public_names_are_sorted_and_come_once() -> None:
    assert list(avdataops.__all__) == sorted(set(avdataops.__all__))


def test_there_is_no_other_public_name() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = avdataops.nothing


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, avdataops; print(len([m for m in sys.modules if m.startswith('pyarrow')]))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "0"
