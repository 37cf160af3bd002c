"""Scripts and styles: what is shipped is what its makers published, and it can be kept for ever."""

import gzip
import hashlib
import json
import re

import pytest

from avdataops.api.pages.assets import FOLDER, address_of, assets, version
from tests.unit.api.pages.conftest import Browser

VENDOR = FOLDER / "vendor"
PACKAGES = json.loads((VENDOR / "VENDOR.json").read_text(encoding="utf-8"))["packages"]
OURS = sorted(path.name for path in FOLDER.iterdir() if path.is_file())


@pytest.mark.parametrize("package", PACKAGES, ids=lambda one: one["name"])
def test_every_file_of_others_is_unchanged(package: dict[str, object]) -> None:
    files = package["files"]
    assert isinstance(files, list)
    for file in files:
        data = (VENDOR / file["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["sha256"], file["file"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", str(package["version"]))
    assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", str(package["integrity"]))
    assert package["licence"] in {"MIT", "BSD-3-Clause", "0BSD"}
    assert any("LICENSE" in file["file"] for file in files)


def test_there_is_no_file_of_others_that_is_not_listed() -> None:
    listed = {file["file"] for package in PACKAGES for file in package["files"]}
    assert {path.name for path in VENDOR.iterdir()} == {*listed, "VENDOR.json"}


@pytest.mark.parametrize("name", OURS)
def test_our_own_files_name_no_other_place(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\s\"']+", text)) <= {"http://www.w3.org/2000/svg"}


def test_an_asset_is_for_ever_and_anybody_may_have_it(browser: Browser) -> None:
    answer = browser.get(address_of("pages.css"), signed_in=False)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.body == (FOLDER / "pages.css").read_bytes()


def test_a_browser_that_unpacks_gets_it_packed(browser: Browser) -> None:
    headers = {"Accept-Encoding": "gzip, br"}
    answer = browser.client.ask("GET", address_of("vendor/uPlot.iife.min.js"), headers=headers)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    # The client has unpacked it.
    assert answer.body == (VENDOR / "uPlot.iife.min.js").read_bytes()
    assert len(gzip.compress(answer.body)) < len(answer.body) / 2


@pytest.mark.parametrize(
    "name",
    [
        "../app.py",
        "..%2fapp.py",
        "vendor/../../app.py",
        "vendor",
        "",
        "/etc/passwd",
        "vendor/nothing.js",
        "vendor/VENDOR.json%00.css",
    ],
)
def test_only_what_is_listed_is_given(browser: Browser, name: str) -> None:
    assert browser.get(f"/static/{version()}/{name}").status == 404


def test_another_release_is_another_address(browser: Browser) -> None:
    assert browser.get("/static/0000000000000000/pages.css").status == 404
    assert re.fullmatch(r"[0-9a-f]{16}", version())
    assert address_of("pages.css").split("/")[2] == version()


def test_a_name_that_is_not_there_is_found_when_a_page_is_written() -> None:
    with pytest.raises(KeyError):
        address_of("nothing.css")


def test_the_workers_of_the_map_lie_beside_it() -> None:
    # The map finds them by its own address.
    assert {"vendor/maplibre-gl.mjs", "vendor/maplibre-gl-worker.mjs"} <= set(assets())
