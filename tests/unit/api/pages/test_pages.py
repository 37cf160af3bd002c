"""Every page over a catalog, and over one whose names mean harm."""

import asyncio
import json
import re
from urllib.parse import urlencode

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api.pages import ROUTERS
from avdataops.api.pages.scenes_page import ROWS
from avdataops.model.time import NS_PER_S
from avdataops.ports.catalog import SceneQuery
from avdataops.testing.catalog_store import fill
from avdataops.testing.facts import scene, uploaded
from tests.unit.api.door_kit import FIRST, Client, app_over
from tests.unit.api.pages.conftest import EVIL, Browser, Tags

OPEN_TO_ALL = {"/", "/sign-in", "/favicon.ico", "/static/{given}/{name:path}"}
ADDRESSES = sorted(
    route.path for router in ROUTERS for route in router.routes if hasattr(route, "path")
)
VOID = {"area", "br", "img", "input", "link", "meta", "circle", "rect", "path", "line"}


def filled(address: str) -> str:
    known = {"scene": "scn_" + "0" * 24, "measurement": FIRST.id, "run": "run_" + "0" * 24,
             "start": FIRST.id, "artifact": "art_" + "0" * 24}  # fmt: skip
    return re.sub(r"{(\w+)}", lambda found: known[found[1]], address)


@pytest.mark.parametrize("address", [one for one in ADDRESSES if one not in OPEN_TO_ALL])
def test_every_page_is_closed_to_strangers(browser: Browser, address: str) -> None:
    answer = browser.get(filled(address), signed_in=False)
    assert answer.status == 303
    assert answer.headers["location"].startswith("/sign-in?next=")
    assert browser.get(filled(address), signed_in=False, accept="*/*").status == 401


@pytest.mark.parametrize("place", range(11))
def test_no_name_becomes_a_tag_or_leaves_its_attribute(
    evil: Browser, evil_pages: list[str], place: int
) -> None:
    text = evil.page(evil_pages[place])
    found = Tags(text)
    scripts = [one for one in found.attributes if one[:2] == ("script", "src")]
    assert found.tags.count("script") == len(scripts)
    assert all(source.startswith("/static/") for _, _, source in scripts)
    handlers = [one for one in found.attributes if one[1].startswith("on")]
    assert handlers == []
    assert [one for one in found.attributes if one[1] == "style"] == []
    addresses = [value for _, name, value in found.attributes if name in {"src", "href", "action"}]
    assert [one for one in addresses if not re.match(r"(/(?!/)|#|\?)", one)] == []
    # A form sends back what it was given; what people read is spelled out.
    assert "\x1b" not in re.sub(r' value="[^"]*"', "", text)
    if not evil_pages[place].startswith(("/lineage/", "/runs/")):
        assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize("place", range(11))
def test_every_page_has_one_heading_a_title_and_a_name_for_each_field(
    evil: Browser, evil_pages: list[str], place: int
) -> None:
    text = evil.page(evil_pages[place])
    assert re.search(r"<title>[^<]+ · avdataops</title>", text)
    assert text.count("<h1") == 1
    assert '<html lang="en">' in text
    labels = set(re.findall(r'<label for="([^"]+)"', text))
    for field in re.findall(r"<(?:input|select)\b[^>]*>", text):
        name = re.search(r'id="([^"]+)"', field)
        inside = text[: text.index(field)].rsplit("<label", 1)[-1]
        assert "aria-label" in field or (name and name[1] in labels) or "</label>" not in inside


def test_scenes_are_rows_with_counts_and_the_same_question_as_a_command(browser: Browser) -> None:
    text = browser.page("/scenes?type=cut_in&where=min_ttc_s+%3C+4&near=")
    assert text.count("<tr data-id=") == 3
    assert "avdataops scenes find --type cut_in --where &#39;min_ttc_s &lt; 4&#39;" in text
    assert re.search(r'value="cut_in" checked', text)
    # Counts of a facet are those without it.
    counts = dict(re.findall(r'value="(\w+)"[^>]*>.*?count">(\d+)<', text))
    assert counts["cut_in"] == "3"
    assert "/scenes/points.json?type=cut_in&amp;where=min_ttc_s" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("where=nonsense", "is not a comparison"),
        ("during=rian", "no scene type &#39;rian&#39;"),
        ("near=1,2", "is not LAT,LON,RADIUS_M"),
        ("measurement=x", "measurement:"),
        ("measurement=m_0000000000000000", "m_0000000000000000"),
        ("start=yesterday", "yesterday"),
        ("after=scn_0000000000000000", "scn_0000000000000000"),
        (f"vehicle={'x' * 300}", "vehicle:"),
    ],
)
def test_a_question_that_cannot_be_answered_is_told_beside_it(
    browser: Browser, query: str, expected: str
) -> None:
    text = browser.page(f"/scenes?{query}")
    assert 'role="alert"' in text
    assert expected in text
    assert query.partition("=")[2][:20].replace("+", " ") in text


def test_a_type_that_nobody_knows_is_told_with_the_near_miss(browser: Browser) -> None:
    assert "did you mean &#39;cut_in&#39;?" in browser.page("/scenes?type=cutin")


def test_pages_of_scenes_follow_each_other(loop: asyncio.Runner) -> None:
    many = uploaded("many")
    with SqliteCatalog(":memory:") as catalog:
        found = [scene(many.id, "cut_in", n * NS_PER_S) for n in range(2 * ROWS + 5)]
        fill(catalog, found, many)
        app = app_over(catalog)
        client = Client(app, loop)
        address, seen = "/scenes?type=cut_in", []
        while address:
            text = client.ask("GET", address).body.decode()
            seen += re.findall(r'<tr data-id="(\w+)"', text)
            following = re.search(r'<a href="(/scenes\?[^"]+)" rel="next"', text)
            address = following[1].replace("&amp;", "&") if following else ""
        assert seen == [one.id for one in catalog.scenes(SceneQuery(), limit=0)]


def test_points_of_the_map_are_those_with_a_place(browser: Browser) -> None:
    answer = browser.get("/scenes/points.json?type=cut_in", accept="*/*")
    told = json.loads(answer.body)
    assert (told["type"], told["features"], told["shown"]) == ("FeatureCollection", [], 12)
    assert browser.get("/scenes/points.json?type=x", accept="*/*").status == 422


def test_one_scene_tells_its_evidence_detector_and_lineage(
    browser: Browser, catalog: SqliteCatalog
) -> None:
    found = catalog.scenes(SceneQuery(types=("cut_in",)), limit=1)[0]
    text = browser.page(f"/scenes/{found.id}")
    assert ">min_ttc_s</th><td>1</td>" in text
    assert "cut_in version 1" in text
    assert f'href="/lineage/{found.id}"' in text
    assert f'href="/api/v1/scenes/{found.id}"' in text
    # It rained at the same time.
    assert re.search(r"At the same time</h3>.*rain</a>", text, re.DOTALL)


@pytest.mark.parametrize(
    "address",
    ["/scenes/scn_0000000000000000", "/measurements/m_0000000000000000", "/nowhere",
     "/runs/run_0000000000000000", "/lineage/art_0000000000000000"],
)  # fmt: skip
def test_what_is_not_there_is_a_page_that_says_so(browser: Browser, address: str) -> None:
    assert "<h1>Not Found</h1>" in browser.page(address, 404)


@pytest.mark.parametrize(
    "address",
    ["/scenes/x", "/scenes/..%2f..%2fetc", "/measurements/<script>", "/runs?measurement='--",
     "/lineage/x?direction=sideways", "/scenes/scn_0000000000000000?at=nan"],
)  # fmt: skip
def test_an_address_that_cannot_be_is_refused_in_words(browser: Browser, address: str) -> None:
    answer = browser.get(address)
    assert answer.status in {404, 422}
    assert b"<script>" not in answer.body


def test_the_api_tells_its_refusals_as_before_even_to_a_browser(browser: Browser) -> None:
    answer = browser.get("/api/v1/scenes/x")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_drive_that_was_rejected_says_why_and_what_mends_it(loop: asyncio.Runner) -> None:
    from avdataops.model.measurement import Reason, State

    given = uploaded("rejected", names=("x.mcap",))
    with SqliteCatalog(":memory:") as catalog:
        from avdataops.testing.catalog_store import register

        register(catalog, given)
        reason = Reason(code="unreadable_file", message="x.mcap is cut off", fix="upload it again")
        catalog.set_state(given.id, State.QUARANTINED, reason)
        client = Client(app_over(catalog), loop)
        text = client.ask("GET", f"/measurements/{given.id}").body.decode()
        for expected in ("x.mcap is cut off", "upload it again", "unreadable_file"):
            assert expected in text
        health = client.ask("GET", "/health").body.decode()
        assert "x.mcap is cut off" in health
        listed = client.ask("GET", "/measurements?" + urlencode({"state": "quarantined"})).body
        assert given.id.encode() in listed
        assert given.id.encode() not in client.ask("GET", "/measurements?state=complete").body


def test_lineage_ends_at_the_uploaded_bytes(browser: Browser, catalog: SqliteCatalog) -> None:
    found = catalog.scenes(SceneQuery(types=("cut_in",)), limit=1)[0]
    text = browser.page(f"/lineage/{found.id}")
    uploads = text[text.index('id="uploads"') :]
    for one in catalog.artifacts(FIRST.id, kind="upload"):
        assert one.sha256 in uploads
    down = browser.page(f"/lineage/{catalog.recordings(FIRST.id)[0].id}?direction=down")
    assert 'id="uploads"' not in down
    assert f'href="/scenes/{found.id}"' in down


def test_runs_tell_how_they_ended(browser: Browser, catalog: SqliteCatalog) -> None:
    text = browser.page("/runs")
    for record in catalog.runs(FIRST.id):
        assert f'href="/runs/{record.run}"' in text
        assert record.step in browser.page(f"/runs/{record.run}")
    only = browser.page(f"/runs?measurement={FIRST.id}&step=nothing")
    assert "no run has ended" in only


def test_health_counts_what_there_is(browser: Browser) -> None:
    text = browser.page("/health")
    assert re.search(r"cut in</a></th><td>.*?</td><td class=\"num\">12</td>", text)
    assert "<b>" not in text or EVIL not in text
