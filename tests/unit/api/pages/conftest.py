"""A browser over a catalog whose names were chosen by somebody who means harm."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api.access import Role
from avdataops.api.sessions import COOKIE, Sessions
from avdataops.model.time import NS_PER_S
from avdataops.ports.catalog import SceneQuery
from avdataops.testing.catalog_store import fill
from avdataops.testing.facts import scene, uploaded
from tests.unit.api.door_kit import Answer, Client, app_over

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}\x1b[31m"


class Tags(HTMLParser):
    """What tags and attributes a page really has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


@dataclass(frozen=True, slots=True)
class Browser:
    """Asks for pages as a browser with a session does."""

    client: Client
    cookie: str

    def get(self, address: str, *, signed_in: bool = True, accept: str = "text/html") -> Answer:
        cookie = {"Cookie": f"{COOKIE}={self.cookie}"} if signed_in else {}
        return self.client.ask("GET", address, headers={"Accept": accept, **cookie})

    def page(self, address: str, status: int = 200) -> str:
        answer = self.get(address)
        assert answer.status == status, answer.body[:2000]
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        return answer.body.decode()


@pytest.fixture(scope="session")
def sessions() -> Sessions:
    return Sessions("a token that these tests alone know")


@pytest.fixture(scope="session")
def cookie(sessions: Sessions) -> str:
    opened = sessions.open(sessions.new_code())
    assert opened is not None
    return opened


@pytest.fixture(scope="session")
def browser(
    catalog: SqliteCatalog, loop: asyncio.Runner, sessions: Sessions, cookie: str
) -> Browser:
    """Return a browser over the filled catalog."""
    app = app_over(catalog, role=Role.ADMIN, sessions=sessions)
    return Browser(Client(app, loop), cookie)


@pytest.fixture(scope="session")
def evil_catalog() -> Iterator[SqliteCatalog]:
    """Return a catalog in which every name that others choose is hostile."""
    with SqliteCatalog(":memory:") as catalog:
        measurement = uploaded("evil", vehicle=EVIL, names=(f"{EVIL.replace('/', '')}.mcap",))
        found = [
            replace(
                scene(
                    measurement.id,
                    EVIL if n == 0 else "cut_in",
                    n * NS_PER_S,
                    evidence={"note": EVIL, "x": 1.5},
                ),
                vehicle=EVIL,
                actor=EVIL,
                detector=EVIL,
            )
            for n in range(3)
        ]
        fill(catalog, found, measurement)
        yield catalog


@pytest.fixture(scope="session")
def evil(
    evil_catalog: SqliteCatalog, loop: asyncio.Runner, sessions: Sessions, cookie: str
) -> Browser:
    """Return a browser over the hostile catalog."""
    app = app_over(evil_catalog, role=Role.ADMIN, sessions=sessions)
    return Browser(Client(app, loop), cookie)


@pytest.fixture(scope="session")
def evil_pages(evil_catalog: SqliteCatalog) -> list[str]:
    """Return the address of every kind of page over the hostile catalog."""
    found = evil_catalog.scenes(SceneQuery(), limit=1)[0]
    measurement = found.measurement
    run = evil_catalog.runs(measurement)[-1].run
    recording = evil_catalog.recordings(measurement)[0].id
    return [
        "/scenes",
        f"/scenes/{found.id}",
        "/measurements",
        f"/measurements/{measurement}",
        "/runs",
        f"/runs?measurement={measurement}",
        f"/runs/{run}",
        f"/lineage/{found.id}",
        f"/lineage/{found.id}?whole=true",
        f"/lineage/{recording}?direction=down",
        "/health",
    ]
