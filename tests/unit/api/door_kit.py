"""An API over a filled catalog in memory, and a client that needs no socket."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx
from fastapi import FastAPI

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.api import Door, make_app
from avdataops.api.access import Caller, Role
from avdataops.api.sessions import Sessions
from avdataops.model.location import Location
from avdataops.model.saved_query import SavedQuery
from avdataops.model.time import NS_PER_S
from avdataops.ports.catalog import CatalogReader, SceneQuery, Taken
from avdataops.ports.curation import Curation
from avdataops.ports.storage import Linking, Storage
from avdataops.testing.catalog_store import detected, extracted, fill, register
from avdataops.testing.facts import T0_NS, scene, uploaded
from avdataops.wiring.datasets import Wanted, freeze
from avdataops.wiring.scene_questions import Asking
from avdataops.wiring.scene_rates import ReadTable
from avdataops.wiring.sensor_pictures import SensorPictures

TOKEN = "open-sesame"  # noqa: S105 - opens nothing but these tests
READS = frozenset(name for name in vars(CatalogReader) if not name.startswith("_"))
CURATES = frozenset(name for name in dir(Curation) if not name.startswith("_"))
FIRST = uploaded("first")
SECOND = uploaded("second", vehicle="car-2")
EMPTY = uploaded("empty", names=("x.mcap",))


class Only:
    """A catalog that answers to nothing but some of its methods."""

    def __init__(self, catalog: object, names: frozenset[str] = READS) -> None:
        self._catalog = catalog
        self._names = names

    def __getattr__(self, name: str) -> Any:
        if name not in self._names:
            raise AttributeError(f"the API must not use {name}")
        return getattr(self._catalog, name)


class OneToken:
    """Knows one caller."""

    def __init__(
        self,
        role: Role | None = Role.READER,
        *,
        subject: str = "somebody",
        vehicles: tuple[str, ...] | None = None,
    ) -> None:
        self._caller = Caller(subject, role, vehicles)

    def caller(self, token: str) -> Caller | None:
        return self._caller if token == TOKEN else None


class Links:
    """Gives links that name what they were asked for."""

    def read_link(self, at: Location, valid_s: int) -> str:
        return f"https://store.example/{at}?for={valid_s}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks an application as a caller with a good token, unless told otherwise."""

    def __init__(self, app: FastAPI, runner: asyncio.Runner) -> None:
        self.app = app
        self._runner = runner

    def get(self, path: str, *, headers: Mapping[str, str] | None = None, **params: Any) -> Answer:
        """GET under the prefix."""
        return self.ask("GET", f"/api/v1{path}", headers=headers, params=params)

    def send(
        self, method: str, path: str, body: object, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send JSON under the prefix, as whoever has the good token."""
        given = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask(
            method, f"/api/v1{path}", headers={**given, **(headers or {})}, content=content
        )

    def ask(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        return self._runner.run(self._ask(method, address, headers, params, content))

    async def _ask(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str] | None,
        params: Mapping[str, Any] | None,
        content: bytes | None,
    ) -> Answer:
        given = {"Authorization": f"Bearer {TOKEN}"} if headers is None else headers
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://api.test", trust_env=False
        ) as client:
            got = await client.request(
                method, address, headers=given, params=params or None, content=content
            )
        return Answer(got.status_code, got.headers, got.content)

    def walk(self, path: str, **params: Any) -> Iterator[list[Any]]:
        """Give the items of every page, following the links."""
        answer = self.get(path, **params)
        while True:
            assert answer.status == 200, answer.body
            page = answer.json
            yield page["items"]
            if page["next"] is None:
                return
            assert answer.headers["link"] == f'<{page["next"]}>; rel="next"'
            answer = self.ask("GET", page["next"])


def filled_catalog() -> SqliteCatalog:
    """Return a catalog with a searched, a rejected-to-be and an empty measurement."""
    catalog = SqliteCatalog(":memory:")
    first = [
        scene(FIRST.id, "cut_in", n * NS_PER_S, evidence={"min_ttc_s": 1.0 + n, "n": n})
        for n in range(12)
    ]
    first += [scene(FIRST.id, "rain", 0, stop_ns=4 * NS_PER_S)]
    fill(catalog, first, FIRST)
    register(catalog, SECOND)
    streams = extracted(SECOND)
    braked = replace(scene(SECOND.id, "hard_brake", 0), vehicle="car-2")
    taken = detected(SECOND, streams.made, [braked])
    catalog.commit([Taken(streams), taken])
    register(catalog, EMPTY)
    kept = SavedQuery(name="wet", text="cut_in & rain", owner="somebody", at_ns=T0_NS)
    catalog.save_query(kept, expected=0)
    cuts = SceneQuery(types=("cut_in",), measurement=FIRST.id)
    wanted = Wanted(name="cuts", by="somebody", query=cuts, text="--type cut_in")
    freeze(catalog, catalog, wanted)
    return catalog


def door_over(
    catalog: SqliteCatalog,
    *,
    role: Role | None = Role.READER,
    links: Linking | None = None,
    read: ReadTable | None = None,
    storage: Storage | None = None,
    sessions: Sessions | None = None,
) -> Door:
    """Return a door on whose other side nothing can be written but what people write."""
    reading: Any = Only(catalog)
    return Door(
        catalog=reading,
        desk=Only(catalog, CURATES),
        checker=OneToken(role),
        asking=Asking(reading),
        links=links,
        read=read,
        pictures=SensorPictures(storage) if storage else None,
        sessions=sessions,
        front_end_header="X-Front-End-Token",
    )


def app_over(catalog: SqliteCatalog, *, who: OneToken | None = None, **given: Any) -> FastAPI:
    """Return the application over a catalog, for whoever has the good token."""
    door = door_over(catalog, **given)
    return make_app(door if who is None else replace(door, checker=who))
