"""The bill of materials, from made-up distributions."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path
from typing import Any

import pytest

from docker import sbom

SHA = "ab" * 32
STATUS = """\
Package: zlib1g
Status: install ok installed
Architecture: amd64
Version: 1:1.2.13

Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 2

Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.15-2+b7
Description: a shell
 Version: not this one
"""

Make = Callable[..., Distribution]


@pytest.fixture
def made(tmp_path: Path) -> Make:
    def make(name: str, version: str, *fields: str) -> Distribution:
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        lines = ("Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *fields)
        (folder / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return PathDistribution(folder)

    return make


@pytest.fixture
def installed(made: Make) -> list[Distribution]:
    return [
        made("zope.interface", "2"),
        made("avdataops", "1", "Requires-Dist: Fat_Lib>=1", "License-Expression: MIT"),
        made(
            "fat-lib",
            "1.5",
            "Requires-Dist: zope-interface",
            'Requires-Dist: absent; extra == "more"',
            'Requires-Dist: avdataops; python_version < "3"',
        ),
    ]


def components(document: dict[str, Any]) -> dict[str, Any]:
    return {one["purl"]: one for one in document["components"]}


def test_every_distribution_and_package_is_a_component_once(installed: list[Distribution]) -> None:
    document = sbom.bill(installed, {}, STATUS)
    python = f"pkg:generic/python@{sys.version.split(maxsplit=1)[0]}"
    assert [one["purl"] for one in document["components"]] == [
        "pkg:pypi/fat-lib@1.5",
        "pkg:pypi/zope-interface@2",
        python,
        "pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64",
        "pkg:deb/debian/zlib1g@1:1.2.13?arch=amd64",
    ]
    assert document["metadata"]["component"]["purl"] == "pkg:pypi/avdataops@1"
    assert document["metadata"]["component"]["licenses"] == [{"expression": "MIT"}]


def test_the_hash_is_that_of_the_installed_wheel(installed: list[Distribution]) -> None:
    found = components(sbom.bill(installed, {"zope-interface": SHA}, ""))
    assert found["pkg:pypi/zope-interface@2"]["hashes"] == [{"alg": "SHA-256", "content": SHA}]
    assert "hashes" not in found["pkg:pypi/fat-lib@1.5"]


def test_dependencies_are_those_that_hold_here(installed: list[Distribution]) -> None:
    assert sbom.bill(installed, {}, "")["dependencies"] == [
        {"ref": "pkg:pypi/avdataops@1", "dependsOn": ["pkg:pypi/fat-lib@1.5"]},
        {"ref": "pkg:pypi/fat-lib@1.5", "dependsOn": ["pkg:pypi/zope-interface@2"]},
        {"ref": "pkg:pypi/zope-interface@2", "dependsOn": []},
    ]


def test_the_same_content_gives_the_same_bytes_in_any_order(installed: list[Distribution]) -> None:
    one = sbom.bill(installed, {"fat-lib": SHA}, STATUS)
    other = sbom.bill(reversed(installed), {"fat-lib": SHA}, STATUS)
    assert json.dumps(one) == json.dumps(other)


def test_other_content_has_another_serial_number(installed: list[Distribution]) -> None:
    one, other = (sbom.bill(installed, {"fat-lib": sha}, "") for sha in (SHA, "cd" * 32))
    assert one["serialNumber"] != other["serialNumber"]


def test_the_document_has_the_shape_of_cyclonedx(installed: list[Distribution]) -> None:
    document = sbom.bill(installed, {"fat-lib": SHA}, STATUS)
    assert (document["bomFormat"], document["specVersion"], document["version"]) == (
        "CycloneDX",
        "1.6",
        1,
    )
    assert re.fullmatch(
        r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", document["serialNumber"]
    )
    references = [one["bom-ref"] for one in document["components"]]
    assert len(references) == len(set(references))
    known = {*references, document["metadata"]["component"]["bom-ref"]}
    for one in document["dependencies"]:
        assert {one["ref"], *one["dependsOn"]} <= known


def test_without_the_product_there_is_no_bill(made: Make) -> None:
    with pytest.raises(KeyError, match="avdataops"):
        sbom.bill([made("other", "1")], {}, "")


@pytest.mark.parametrize(
    "archive", [{"hashes": {"sha256": SHA}, "hash": "old"}, {"hash": f"sha256={SHA}"}]
)
def test_reports_of_old_and_new_pips_are_read(archive: dict[str, Any]) -> None:
    item = {"metadata": {"name": "Fat_Lib"}, "download_info": {"archive_info": archive}}
    assert sbom.wheel_hashes({"install": [item]}) == {"fat-lib": SHA}


def test_as_a_program_it_writes_the_bill_of_its_environment(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text('{"install": []}', encoding="utf-8")
    command = [sys.executable, sbom.__file__, str(tmp_path / "report.json")]
    done = subprocess.run(command, check=True, capture_output=True)
    document = json.loads(done.stdout)
    assert document["metadata"]["component"]["name"] == "avdataops"
    assert "numpy" in {one["name"] for one in document["components"]}
