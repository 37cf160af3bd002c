"""The query box, the page that says why not, and clips: what goes wrong is told on the page."""

import asyncio
from urllib.parse import quote, urlencode

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api.pages import clip_download
from avdataops.model.time import NS_PER_S
from avdataops.ports.catalog import SceneQuery
from avdataops.testing.catalog_store import fill
from avdataops.testing.facts import scene, uploaded
from tests.unit.api.door_kit import FIRST, Client, app_over
from tests.unit.api.pages.conftest import EVIL, Browser, Tags


def test_the_query_box_asks_in_the_language_and_says_the_command(browser: Browser) -> None:
    text = browser.page("/scenes?" + urlencode({"q": "cut_in & min_ttc_s < 4"}))
    assert text.count("<tr data-id=") == 3
    assert "avdataops scenes find &#39;cut_in &amp; min_ttc_s &lt; 4&#39;" in text
    assert 'name="q" value="cut_in &amp; min_ttc_s &lt; 4"' in text


def test_what_is_wrong_with_a_query_is_pointed_at(browser: Browser) -> None:
    text = browser.page("/scenes?" + urlencode({"q": "cutin & rain"}))
    assert 'role="alert"' in text
    assert "did you mean &#39;cut_in&#39;?" in text
    assert "^" in text.split('role="alert"')[1].split("</div>")[0]


def test_the_page_asks_before_it_answers(browser: Browser) -> None:
    text = browser.page("/why-not")
    assert 'role="alert"' not in text
    assert text.count("required") == 3
    half = browser.page(f"/why-not?measurement={FIRST.id}")
    assert f'value="{FIRST.id}"' in half
    assert 'role="alert"' not in half


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": "cutin"}, "did you mean &#39;cut_in&#39;?"),
        ({"at": "yesterday"}, "yesterday"),
        ({"measurement": "m_0000000000000000"}, "m_0000000000000000"),
    ],
)
def test_what_cannot_be_asked_is_told(
    catalog: SqliteCatalog, loop: asyncio.Runner, given: dict[str, str], expected: str
) -> None:
    client = Client(app_over(catalog, read=lambda _: pytest.fail("no table is needed")), loop)
    asked = {"measurement": FIRST.id, "at": "+1s", "type": "cut_in", **given}
    answer = client.ask("GET", "/why-not?" + urlencode(asked))
    assert answer.status == 200
    assert 'role="alert"' in answer.body.decode()
    assert expected in answer.body.decode()


def test_a_scene_that_is_there_is_said_to_be_there(
    catalog: SqliteCatalog, loop: asyncio.Runner
) -> None:
    found = catalog.scenes(SceneQuery(types=("cut_in",)), limit=1)[0]
    client = Client(app_over(catalog, read=lambda _: pytest.fail("no table is needed")), loop)
    asked = {"measurement": found.measurement, "at": str(found.t_start_ns), "type": "cut_in"}
    text = client.ask("GET", "/why-not?" + urlencode(asked)).body.decode()
    assert f'href="/scenes/{found.id}"' in text
    assert "avdataops scenes why-not" in text


def test_hostile_words_stay_words(evil: Browser) -> None:
    asked = {"measurement": EVIL, "at": EVIL, "type": EVIL}
    text = evil.page("/why-not?" + urlencode(asked, quote_via=quote))
    tags = Tags(text)
    assert tags.tags.count("img") == 0
    assert [one for one in tags.attributes if one[1].startswith("on")] == []


def test_without_data_there_is_no_clip(browser: Browser, catalog: SqliteCatalog) -> None:
    found = catalog.scenes(SceneQuery(types=("cut_in",)), limit=1)[0]
    assert f"/scenes/{found.id}/clip.mcap" not in browser.page(f"/scenes/{found.id}")
    assert browser.get(f"/scenes/{found.id}/clip.mcap").status == 404
    assert browser.get(f"/scenes/{found.id}/clip.mcap?before=31").status == 422


def test_a_scene_of_hours_is_not_cut_while_a_browser_waits(loop: asyncio.Runner) -> None:
    given = uploaded("night")
    with SqliteCatalog(":memory:") as catalog:
        long = scene(given.id, "night", 0, stop_ns=3600 * NS_PER_S)
        fill(catalog, [long], given)
        client = Client(app_over(catalog), loop)
        answer = client.ask("GET", f"/scenes/{long.id}/clip.mcap")
        assert answer.status == 422
        assert f"avdataops scenes export {long.id}".encode() in answer.body


def test_more_than_two_clips_at_once_are_told_to_wait(
    catalog: SqliteCatalog, loop: asyncio.Runner
) -> None:
    from avdataops.adapters.memory_storage import MemoryStorage

    found = catalog.scenes(SceneQuery(types=("cut_in",)), limit=1)[0]
    client = Client(app_over(catalog, storage=MemoryStorage()), loop)
    for _ in range(2):
        assert clip_download._AT_ONCE.acquire(blocking=False)
    try:
        assert client.ask("GET", f"/scenes/{found.id}/clip.mcap").status == 503
    finally:
        clip_download._AT_ONCE.release()
        clip_download._AT_ONCE.release()
    # What fails gives its place back.
    assert client.ask("GET", f"/scenes/{found.id}/clip.mcap").status != 503
    assert clip_download._AT_ONCE.acquire(blocking=False)
    clip_download._AT_ONCE.release()
