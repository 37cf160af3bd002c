"""The targets of the Dockerfile: what each starts, as whom, and how its health is asked."""

import json
import re
from pathlib import Path

import pytest

from avdataops.api.app import assembled
from avdataops.cli.app import root

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
IMAGES = ("worker", "orchestrator", "api")


def stage(name: str) -> str:
    """Return the lines of one target."""
    parts = re.split(r"^FROM .*? AS (\w+)$", TEXT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[name]


def command(name: str, instruction: str = r"^CMD") -> list[str]:
    (found,) = re.findall(rf"{instruction} (\[.*\])$", stage(name), re.MULTILINE)
    words: list[str] = json.loads(found)
    return words


def test_the_build_script_knows_the_images() -> None:
    script = (ROOT / "docker" / "build.sh").read_text(encoding="utf-8")
    assert f"{' | '.join(IMAGES)}) targets" in script
    assert f"${{targets:-{' '.join(IMAGES)}}}" in script


@pytest.mark.parametrize("name", IMAGES)
def test_every_image_runs_as_nobody_special_with_its_bill(name: str) -> None:
    text = stage(name)
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["1000:1000"]
    assert "COPY --from=bill /build/sbom.cdx.json" in text
    assert f'title="avdataops-{name}"' in text
    assert "ENTRYPOINT" not in text


@pytest.mark.parametrize("name", IMAGES)
def test_every_command_and_health_check_is_without_a_shell(name: str) -> None:
    assert command(name)[0] in {"python", "avdataops"}
    assert command(name, r"^HEALTHCHECK [^\[]*CMD")[0] == "python"


def test_the_api_serves_with_options_that_there_are() -> None:
    words = command("api")
    assert words[:2] == ["avdataops", "serve"]
    context = root.make_context("avdataops", words[1:], resilient_parsing=True)
    serve = root.get_command(context, "serve")
    assert serve is not None
    given, rest, _ = serve.make_parser(context).parse_args(words[2:])
    assert (given, rest) == ({"host": "0.0.0.0", "port": "8787"}, [])  # noqa: S104 - a container


def test_the_health_check_asks_an_address_that_there_is_on_the_port_that_is_served() -> None:
    port, path = re.findall(r"http://127\.0\.0\.1:(\d+)(/\w+)", stage("api"))[0]
    assert port == command("api")[-1]
    assert f"EXPOSE {port}\n" in stage("api")
    assert assembled().url_path_for("healthz") == path
