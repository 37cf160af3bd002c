"""The web pages in a real browser: what somebody does with them, and how they treat everybody.

The browser can resolve no name and reach nothing but this machine, so a page that asked for
anything elsewhere would fail here.
"""

import hashlib
import os
import queue
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import pytest
from mcap.reader import make_reader
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.doubles.node import Missing, find_node, node_modules
from tests.pipeline.conftest import Processed

AXE = Path(__file__).parents[1] / "axe"
# Software drawing is what a machine without a screen has.
FLAGS = [
    "--no-sandbox",
    "--enable-unsafe-swiftshader",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
WIDE, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}
LINK = re.compile(r"http://127\.0\.0\.1:\d+/sign-in\?code=\S+")
START_S = 60.0
# Rules that speak of what the page is for, and not of taste.
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def unavailable(why: str) -> None:
    """Skip, or fail where everything has to be there."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        unavailable("no Chromium here (on Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def axe() -> str:
    try:
        folder = node_modules(AXE, find_node())
    except Missing as error:
        unavailable(f"no axe-core: {error}")
    return (folder / "axe-core/axe.min.js").read_text(encoding="utf-8")


@dataclass
class Served:
    """The pages of a finished drive."""

    address: str
    link: str
    drive: Path
    measurement: str
    session: Any = None


def first_line(stream: IO[bytes]) -> str:
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=lambda: lines.put(stream.readline()), daemon=True).start()
    return lines.get(timeout=START_S).decode().strip()


@pytest.fixture(scope="module")
def served(finished: Processed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    said = tmp_path_factory.mktemp("served") / "said"
    process = finished.desk.start("serve", "--port", "0", err=said)
    try:
        assert process.stdout is not None
        address = first_line(process.stdout)
        link = LINK.search(said.read_text(encoding="utf-8"))
        assert link is not None, said.read_text(encoding="utf-8")
        yield Served(address, link[0], finished.drive.drive, finished.measurement)
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="module")
def session(chromium: Browser, served: Served) -> Any:
    """Sign in by the printed link, once."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(served.link)
    page.wait_for_url(f"{served.address}/scenes")
    kept = context.storage_state()
    context.close()
    return kept


@dataclass
class Watch:
    """What went wrong in a page while nobody looked."""

    address: str
    faults: list[str] = field(default_factory=list)
    pages: int = 0

    def follow(self, page: Page) -> None:
        page.on("console", lambda told: self._note(told.type == "error", told.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on("request", lambda asked: self._note(self._is_outside(asked.url), asked.url))
        page.on("response", lambda got: self._note(got.status >= 400, f"{got.status} {got.url}"))
        self.pages += 1

    def _is_outside(self, url: str) -> bool:
        # Data and blobs are inside of the page.
        return not url.startswith((f"{self.address}/", "data:image/", "blob:"))

    def _note(self, is_fault: bool, told: str) -> None:
        if is_fault:
            self.faults.append(told)


Visit = Callable[..., "Any"]


@pytest.fixture
def visit(chromium: Browser, served: Served, session: Any) -> Iterator[Visit]:
    """Give pages of somebody who is signed in; none of them may have had a fault."""
    watch = Watch(served.address)

    @contextmanager
    def visiting(**given: Any) -> Iterator[Page]:
        options: dict[str, Any] = {"viewport": WIDE, **given}
        context: BrowserContext = chromium.new_context(
            base_url=served.address, storage_state=session, **options
        )
        context.set_default_timeout(20_000)
        page = context.new_page()
        watch.follow(page)
        try:
            yield page
        finally:
            context.close()

    yield visiting
    assert watch.pages
    assert watch.faults == []


def addresses(served: Served, page: Page) -> dict[str, str]:
    """Return an address of each kind of page."""
    page.goto("/scenes?type=cut_in")
    scene = page.locator("#rows tbody th a").first.get_attribute("href")
    page.goto(f"/runs?measurement={served.measurement}")
    run = page.locator(".rows tbody th a").first.get_attribute("href")
    assert scene
    assert run
    return {
        "scenes": "/scenes",
        "scene": scene,
        "measurements": "/measurements",
        "measurement": f"/measurements/{served.measurement}",
        "runs": "/runs",
        "run": run,
        "lineage": scene.replace("/scenes/", "/lineage/"),
        "health": "/health",
    }


def test_somebody_finds_a_cut_in_watches_it_judges_it_and_sees_where_it_came_from(
    visit: Visit, served: Served
) -> None:
    with visit() as page:
        page.goto("/scenes")
        expect(page.locator("#map")).to_have_attribute("data-shown", re.compile(r"[1-9]\d*"))
        everything = page.locator("#rows tbody tr").count()
        assert everything > 10

        # A filter changes rows, address and command line without another page.
        page.check("#type-cut_in")
        expect(page.locator("#command")).to_have_text("avdataops scenes find --type cut_in")
        assert "type=cut_in" in page.url
        assert 0 < page.locator("#rows tbody tr").count() < everything
        expect(page.locator("#type-cut_in")).to_be_checked()
        page.go_back()
        expect(page.locator("#rows tbody tr")).to_have_count(everything)
        ask_in_words(page)
        page.goto("/scenes?type=cut_in")

        # By keys alone into the scene.
        page.keyboard.press("j")
        expect(page.locator("#rows tr.chosen")).to_have_count(1)
        page.keyboard.press("Enter")
        page.wait_for_url("**/scenes/scn_*")
        watch_the_scene(page)
        judge_the_scene(page)
        take_the_clip(page)
        ask_why_not(page)

        page.click("text=Lineage")
        page.wait_for_url("**/lineage/scn_*")
        shown = page.locator("#uploads").inner_text()
        for file in served.drive.iterdir():
            if file.suffix in {".mcap", ".mf4", ".bag", ".db3"}:
                assert hashlib.sha256(file.read_bytes()).hexdigest() in shown, file.name
        page.locator(".lineage .node-scene").click()
        page.wait_for_url("**/scenes/scn_*")

        page.locator(".facts a").first.click()
        page.wait_for_url(f"**/measurements/{served.measurement}")
        marks = page.locator(".timeline a[href^='/scenes/']")
        assert marks.count() == everything
        assert page.locator(".timeline .strip-rain").count() > 0
        assert page.locator(".timeline .gap").count() > 0
        page.click("text=Picture of streams")
        picture = page.locator("img[src$='sync.svg']")
        expect(picture).to_have_js_property("complete", value=True)
        assert picture.evaluate("image => image.naturalWidth") > 0


def ask_in_words(page: Page) -> None:
    page.fill("#q", "turn_left & rain & night & near junction")
    page.press("#q", "Enter")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    line = "avdataops scenes find 'turn_left & rain & night & near junction'"
    expect(page.locator("#command")).to_have_text(line)
    page.fill("#q", "turnleft & rain")
    page.press("#q", "Enter")
    expect(page.locator("#found [role=alert]")).to_contain_text("did you mean 'turn_left'?")


def take_the_clip(page: Page) -> None:
    with page.expect_download() as download:
        page.click("text=Clip as MCAP")
    with download.value.path().open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary is not None
    topics = {channel.topic for channel in summary.channels.values()}
    assert "/camera/front/image/compressed" in topics
    assert summary.statistics is not None
    assert summary.statistics.message_count > 1000


def ask_why_not(page: Page) -> None:
    """Nobody was braked for there: the page says what was measured, and what it takes."""
    page.click("text=Why not")
    page.wait_for_url("**/why-not?*")
    page.fill("[name=type]", "hard_brake")
    page.click("text=Ask")
    expect(page.locator("#reason")).to_be_visible()
    expect(page.locator("#command")).to_contain_text("scenes why-not")
    page.go_back()
    page.go_back()


def watch_the_scene(page: Page) -> None:
    camera, cloud = page.locator(".view.camera img"), page.locator(".view.lidar img")
    expect(page.locator("#plots")).to_have_attribute("data-drawn", re.compile(r"[4-9]|1\d"))
    expect(camera).to_have_attribute("data-t", re.compile(r"^-?0\.\d+$"))
    expect(cloud).to_have_attribute("data-t", re.compile(r"^-?0\.\d+$"))
    first = camera.evaluate("image => [image.src, image.naturalWidth]")
    speed = page.locator(".plot", has_text="speed, m/s").locator("b").first
    assert float(speed.inner_text()) > 1

    # All follow the playhead, to the frame.
    page.locator("#head").evaluate(
        "head => { head.value = 3; head.dispatchEvent(new Event('input')); }"
    )
    expect(page.locator("#now")).to_have_text("3.00 s")
    expect(camera).to_have_attribute("data-t", re.compile(r"^(2\.9|3\.0)\d+$"))
    expect(cloud).to_have_attribute("data-t", re.compile(r"^(2\.9|3\.0)\d+$"))
    moved = camera.evaluate("image => [image.src, image.naturalWidth]")
    assert moved[0] != first[0]
    assert moved[1] == first[1] > 0
    assert cloud.evaluate("image => image.naturalWidth") > 0

    # One frame at a time, and by playing.
    before = float(page.locator("#player").get_attribute("data-t") or "nan")
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    after = float(page.locator("#player").get_attribute("data-t") or "nan")
    assert 0 < after - before < 0.2
    page.keyboard.press(" ")
    expect(page.locator("#play")).to_have_text("Pause")
    page.wait_for_function(
        "from => Number(document.querySelector('#player').dataset.t) > from + 0.3", arg=after
    )
    page.keyboard.press(" ")
    expect(page.locator("#play")).to_have_text("Play")


def judge_the_scene(page: Page) -> None:
    page.fill("[name=comment]", "a car from the right, close")
    page.click("button[value=accepted]")
    expect(page.locator("#review > p .state")).to_have_text("accepted")
    page.click("#verdict summary")
    page.fill("[name=start]", "0.5")
    page.fill("#verdict [name=type]", "lane_change_left")
    page.click("button[value=adjusted]")
    expect(page.locator("#review > p .state")).to_have_text("adjusted")
    told = cast(
        "dict[str, Any]",
        page.evaluate("fetch('/api/v1' + location.pathname + '/reviews').then(a => a.json())"),
    )
    assert [one["verdict"] for one in told["history"]][-2:] == ["accepted", "adjusted"]
    assert told["review"]["type"] == "lane_change_left"
    assert told["history"][-2]["comment"] == "a car from the right, close"
    # What cannot be is told where it was said.
    page.click("#verdict summary")
    page.fill("#verdict [name=type]", "lane_chnage_left")
    with page.expect_response("**/reviews") as refused:
        page.locator("#verdict").evaluate("form => form.elements.type.value = ''")
        page.fill("#verdict [name=end]", "4.0")
        page.click("button[value=adjusted]")
    assert refused.value.status == 201


def test_a_link_signs_in_once_and_strangers_are_sent_away(
    chromium: Browser, served: Served, session: Any
) -> None:
    assert [one["httpOnly"] for one in session["cookies"]] == [True]
    assert [one["sameSite"] for one in session["cookies"]] == ["Strict"]
    context = chromium.new_context()
    page = context.new_page()
    page.goto(served.link)
    expect(page.locator("[role=alert]")).to_contain_text("was used already")
    page.goto(f"{served.address}/measurements")
    expect(page.locator("h1")).to_have_text("Sign in")
    assert page.url.endswith("/sign-in?next=%2Fmeasurements")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(visit: Visit, served: Served, axe: str, scheme: str) -> None:
    with visit(color_scheme=scheme) as page:
        found: dict[str, list[str]] = {}
        for name, address in addresses(served, page).items():
            page.goto(address)
            page.wait_for_load_state("load")
            page.evaluate(axe)
            told = page.evaluate(
                "rules => axe.run({exclude: ['.maplibregl-canvas']}, {runOnly: rules})",
                # Only colours change with the scheme.
                STANDARDS if scheme == "light" else ["color-contrast"],
            )
            broken = [
                f"{one['id']}: {one['nodes'][0]['html'][:200]} ({len(one['nodes'])})"
                for one in told["violations"]
            ]
            if broken:
                found[name] = broken
        assert found == {}


def test_every_page_fits_a_phone(visit: Visit, served: Served) -> None:
    with visit(viewport=PHONE, is_mobile=True, has_touch=True) as page:
        wide = {}
        for name, address in addresses(served, page).items():
            page.goto(address)
            page.wait_for_load_state("load")
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > PHONE["width"]:
                wide[name] = width
        assert wide == {}


def test_without_scripts_the_pages_still_tell_and_filter(visit: Visit) -> None:
    with visit(java_script_enabled=False) as page:
        page.goto("/scenes")
        page.check("#type-cut_in")
        page.click("text=Find")
        expect(page.locator("#command")).to_have_text("avdataops scenes find --type cut_in")
        page.locator("#rows tbody th a").first.click()
        expect(page.locator("h1")).to_have_text("cut in")
        expect(page.locator("text=min_ttc_s")).to_be_visible()
