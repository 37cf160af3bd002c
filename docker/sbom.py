"""Writes the bill of materials of an image as CycloneDX 1.6 JSON: ``python sbom.py REPORT``.

REPORT is what ``pip install --report`` left; from it come the hashes of the wheels that were
installed, which the lock allowed.  The same image gives the same bytes: there is no time in it, and
the serial number is made from the content.
"""

import json
import platform
import re
import sys
import uuid
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any
from urllib.parse import quote

from packaging.requirements import Requirement

PRODUCT = "avdataops"
_DEBIAN = Path("/var/lib/dpkg/status")
_FIELD = re.compile(r"^(Package|Version|Architecture|Status): (.+)$", re.MULTILINE)

Json = dict[str, Any]


def normal(name: str) -> str:
    """Return the normalised name of a distribution."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wheel_hashes(report: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of the wheel of each distribution that pip reports as installed."""
    return {
        normal(item["metadata"]["name"]): _sha256(item["download_info"]["archive_info"])
        for item in report["install"]
    }


def _sha256(archive: Mapping[str, Any]) -> str:
    # pip before 23.1 writes "hash" alone.
    return str(
        archive["hashes"]["sha256"]
        if "hashes" in archive
        else archive["hash"].removeprefix("sha256=")
    )


def python_component(found: Distribution, sha256: str | None) -> Json:
    """Return the component of an installed distribution."""
    name = normal(found.metadata["Name"])
    reference = f"pkg:pypi/{name}@{found.version}"
    component: Json = {
        "type": "library",
        "bom-ref": reference,
        "name": name,
        "version": found.version,
        "purl": reference,
    }
    if "License-Expression" in found.metadata:
        component["licenses"] = [{"expression": found.metadata["License-Expression"]}]
    if sha256:
        component["hashes"] = [{"alg": "SHA-256", "content": sha256}]
    return component


def debian_components(status: str) -> list[Json]:
    """Return the components of the installed packages in dpkg's status file."""
    stanzas = (dict(_FIELD.findall(stanza)) for stanza in status.split("\n\n"))
    installed = (one for one in stanzas if one.get("Status") == "install ok installed")
    return [_debian_component(one) for one in sorted(installed, key=lambda one: one["Package"])]


def _debian_component(fields: Mapping[str, str]) -> Json:
    name, version = fields["Package"], fields["Version"]
    coded = f"{quote(name, safe='')}@{quote(version, safe=':~')}"
    reference = f"pkg:deb/debian/{coded}?arch={fields['Architecture']}"
    return {
        "type": "library",
        "bom-ref": reference,
        "name": name,
        "version": version,
        "purl": reference,
    }


def dependencies(found: Mapping[str, Distribution]) -> list[Json]:
    """Return which of the distributions needs which others of them."""
    return [
        {"ref": _reference(found[name]), "dependsOn": sorted(_reference(one) for one in needed)}
        for name in sorted(found)
        if (needed := _needed(found[name], found)) is not None
    ]


def _reference(one: Distribution) -> str:
    return f"pkg:pypi/{normal(one.metadata['Name'])}@{one.version}"


def _needed(one: Distribution, among: Mapping[str, Distribution]) -> list[Distribution]:
    wanted = (Requirement(text) for text in one.requires or ())
    names = {
        normal(need.name)
        for need in wanted
        if need.marker is None or need.marker.evaluate({"extra": ""})
    }
    return [among[name] for name in sorted(names & among.keys())]


def bill(installed: Iterable[Distribution], hashes: Mapping[str, str], debian_status: str) -> Json:
    """Return the whole bill of materials; raises ``KeyError`` if the product is not installed."""
    found = {normal(one.metadata["Name"]): one for one in installed}
    product = found[PRODUCT]
    libraries = [python_component(found[n], hashes.get(n)) for n in sorted(found) if n != PRODUCT]
    interpreter: Json = {
        "type": "platform",
        "bom-ref": f"pkg:generic/python@{platform.python_version()}",
        "name": "python",
        "version": platform.python_version(),
        "purl": f"pkg:generic/python@{platform.python_version()}",
    }
    content: Json = {
        "metadata": {
            "component": {**python_component(product, None), "type": "application"},
        },
        "components": [*libraries, interpreter, *debian_components(debian_status)],
        "dependencies": dependencies(found),
    }
    text = json.dumps(content, sort_keys=True)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, text)}",
        "version": 1,
        **content,
    }


def main() -> None:
    """Write the bill of this interpreter's environment to standard output."""
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    status = _DEBIAN.read_text(encoding="utf-8") if _DEBIAN.is_file() else ""
    document = bill(distributions(), wheel_hashes(report), status)
    sys.stdout.write(f"{json.dumps(document, indent=1)}\n")


if __name__ == "__main__":
    main()
