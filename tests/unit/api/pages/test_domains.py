"""Who may see some vehicles only sees a world in which there are no others."""

import asyncio

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.ports.catalog import SceneQuery
from tests.unit.api.door_kit import FIRST, SECOND, TOKEN, Client, OneToken, app_over


@pytest.fixture(scope="module")
def client(catalog: SqliteCatalog, loop: asyncio.Runner) -> Client:
    """Return a client of somebody who may see the second car."""
    return Client(app_over(catalog, who=OneToken(vehicles=("car-2",))), loop)


def page(client: Client, address: str) -> tuple[int, str]:
    headers = {"X-Front-End-Token": TOKEN, "Accept": "text/html"}
    answer = client.ask("GET", address, headers=headers)
    return answer.status, answer.body.decode()


@pytest.mark.parametrize("address", ["/scenes", "/measurements", "/runs", "/health"])
def test_lists_hold_nothing_of_other_vehicles(client: Client, address: str) -> None:
    status, text = page(client, address)
    assert status == 200
    assert FIRST.id not in text
    assert "car-1" not in text
    assert "car-2" in text


def test_counts_do_not_tell_of_other_vehicles(client: Client) -> None:
    _, text = page(client, "/scenes")
    assert "<b>1</b> scene" in text
    assert 'value="cut_in"' not in text.partition('id="facets"')[2].partition("</fieldset>")[0]


def test_pages_of_other_vehicles_are_not_there(client: Client, catalog: SqliteCatalog) -> None:
    scene = catalog.scenes(SceneQuery(measurement=FIRST.id), limit=1)[0].id
    run = catalog.runs(FIRST.id)[0].run
    artifact = catalog.artifacts(FIRST.id)[0].id
    for address in (
        f"/scenes/{scene}", f"/scenes/{scene}/clip.mcap",
        f"/scenes/{scene}/tables.zip", f"/measurements/{FIRST.id}", f"/runs/{run}",
        f"/runs?measurement={FIRST.id}", f"/lineage/{scene}", f"/lineage/{artifact}",
        f"/measurements/{FIRST.id}/sync.svg",
        f"/scenes/{scene}/signals.json", f"/scenes/{scene}/way.json", f"/frames/{artifact}?row=0",
        f"/maps/{artifact}/roads.json?south=0&west=0&north=0.1&east=0.1",
    ):  # fmt: skip
        status, text = page(client, address)
        assert status == 404, address
        assert "car-1" not in text


def test_pages_of_their_own_vehicle_are(client: Client, catalog: SqliteCatalog) -> None:
    scene = catalog.scenes(SceneQuery(measurement=SECOND.id), limit=1)[0].id
    for address in (f"/scenes/{scene}", f"/measurements/{SECOND.id}", f"/lineage/{scene}"):
        assert page(client, address)[0] == 200, address


def test_nobody_is_told_why_nothing_was_found_for_others(client: Client) -> None:
    query = f"measurement={FIRST.id}&at=%2B1s&type=rain"
    _, text = page(client, f"/why-not?{query}")
    assert 'role="alert"' in text
    assert "car-1" not in text
