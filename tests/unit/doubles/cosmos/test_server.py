"""The double through the service's own client."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import AzureError
from azure.cosmos import ContainerProxy, CosmosClient, DatabaseProxy
from azure.cosmos.exceptions import (
    CosmosAccessConditionFailedError,
    CosmosBatchOperationError,
    CosmosHttpResponseError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)

from tests.doubles.cosmos.faults import Fault, Kind
from tests.doubles.cosmos.server import KEY, CosmosDouble

ROOT = Path(__file__).parents[4]


def put(container: ContainerProxy, count: int) -> list[dict[str, Any]]:
    items = [{"id": f"i{n:03}", "key": f"k{n % 7}", "n": n} for n in range(count)]
    for item in items:
        container.create_item(item)
    return items


def ids(rows: Any) -> list[str]:
    return [row["id"] for row in rows]


def test_a_wrong_key_is_refused(cosmos: CosmosDouble) -> None:
    with pytest.raises(CosmosHttpResponseError) as caught:
        CosmosClient(cosmos.endpoint, "d3Jvbmc=", enable_endpoint_discovery=False)
    assert caught.value.status_code == 401


def test_a_signature_covers_the_name_of_the_resource(container: ContainerProxy) -> None:
    container.create_item({"id": "ünd %25~x", "key": "ß"})
    assert container.read_item("ünd %25~x", "ß")["key"] == "ß"


def test_items_live_under_their_partition_key(container: ContainerProxy) -> None:
    container.create_item({"id": "a", "key": "one", "n": 1})
    container.create_item({"id": "a", "key": "two", "n": 2})
    assert container.read_item("a", "two")["n"] == 2
    with pytest.raises(CosmosResourceNotFoundError):
        container.read_item("a", "three")
    with pytest.raises(CosmosResourceExistsError):
        container.create_item({"id": "a", "key": "one"})


def test_a_missing_container_says_that_its_owner_is_missing(database: DatabaseProxy) -> None:
    with pytest.raises(CosmosResourceNotFoundError) as caught:
        database.get_container_client("nothing").read_item("a", "b")
    assert caught.value.sub_status == 1003


@pytest.mark.parametrize("name", ["a/b", "a\\b", "a?b", "a#b", "", "x" * 1024])
def test_ids_that_the_service_refuses_are_refused(container: ContainerProxy, name: str) -> None:
    with pytest.raises((CosmosHttpResponseError, ValueError)):
        container.create_item({"id": name, "key": "k"})


def test_etags_guard_replace_and_delete(container: ContainerProxy) -> None:
    first = container.create_item({"id": "a", "key": "k", "n": 1})
    guard = {"etag": first["_etag"], "match_condition": MatchConditions.IfNotModified}
    second = container.replace_item("a", {"id": "a", "key": "k", "n": 2}, **guard)
    assert second["_etag"] != first["_etag"]
    with pytest.raises(CosmosAccessConditionFailedError):
        container.replace_item("a", {"id": "a", "key": "k", "n": 3}, **guard)
    with pytest.raises(CosmosAccessConditionFailedError):
        container.delete_item("a", "k", **guard)
    assert container.read_item("a", "k")["n"] == 2
    container.upsert_item({"id": "a", "key": "k", "n": 4})
    container.delete_item("a", "k")
    with pytest.raises(CosmosResourceNotFoundError):
        container.read_item("a", "k")


def test_a_patch_changes_parts_of_an_item(container: ContainerProxy) -> None:
    container.create_item({"id": "a", "key": "k", "n": 1, "deep": {"x": 1}})
    operations: list[dict[str, Any]] = [
        {"op": "incr", "path": "/n", "value": 2},
        {"op": "set", "path": "/deep/y", "value": 5},
        {"op": "remove", "path": "/deep/x"},
    ]
    found = container.patch_item("a", "k", operations)
    assert (found["n"], found["deep"]) == (3, {"y": 5})
    with pytest.raises(CosmosHttpResponseError):
        container.patch_item("a", "k", [{"op": "remove", "path": "/nothing"}])
    with pytest.raises(CosmosHttpResponseError):
        container.patch_item("a", "k", operations[:1] * 11)


def test_a_batch_is_all_or_nothing(container: ContainerProxy) -> None:
    container.create_item({"id": "there", "key": "k", "n": 0})
    with pytest.raises(CosmosBatchOperationError) as caught:
        container.execute_item_batch(
            [
                ("upsert", ({"id": "there", "key": "k", "n": 9},)),
                ("create", ({"id": "new", "key": "k"},)),
                ("create", ({"id": "there", "key": "k"},)),
                ("delete", ("there",)),
            ],
            partition_key="k",
        )
    assert (caught.value.status_code, caught.value.error_index) == (409, 2)
    codes = [one["statusCode"] for one in caught.value.operation_responses or []]
    assert codes == [424, 424, 409, 424]
    assert container.read_item("there", "k")["n"] == 0
    with pytest.raises(CosmosResourceNotFoundError):
        container.read_item("new", "k")


def test_a_batch_checks_etags_and_partition_keys(container: ContainerProxy) -> None:
    item = container.create_item({"id": "a", "key": "k", "n": 0})
    body = {"id": "a", "key": "k", "n": 1}
    good = ("replace", ("a", body), {"if_match_etag": item["_etag"]})
    container.execute_item_batch([good], partition_key="k")
    stale = ("replace", ("a", body), {"if_match_etag": item["_etag"]})
    for operation, status in ((stale, 412), (("create", ({"id": "b", "key": "other"},)), 400)):
        with pytest.raises(CosmosBatchOperationError) as caught:
            container.execute_item_batch([operation], partition_key="k")
        assert caught.value.status_code == status


@pytest.mark.parametrize(("count", "fits"), [(100, True), (101, False)])
def test_a_batch_has_at_most_a_hundred_operations(
    container: ContainerProxy, count: int, *, fits: bool
) -> None:
    operations = [("create", ({"id": f"i{n}", "key": "k"},)) for n in range(count)]
    if fits:
        container.execute_item_batch(operations, partition_key="k")
    else:
        with pytest.raises(CosmosHttpResponseError, match="not 1 to 100"):
            container.execute_item_batch(operations, partition_key="k")


def test_items_and_batches_end_at_two_megabytes(container: ContainerProxy) -> None:
    big = "x" * (2 * 1024 * 1024)
    with pytest.raises(CosmosHttpResponseError) as caught:
        container.create_item({"id": "a", "key": "k", "text": big})
    assert caught.value.status_code == 413
    half = [("create", ({"id": f"i{n}", "key": "k", "x": big[: 1 << 20]},)) for n in range(2)]
    with pytest.raises(CosmosHttpResponseError) as caught:
        container.execute_item_batch(half, partition_key="k")
    assert caught.value.status_code == 413


def test_items_expire_by_the_clock_of_the_service(
    cosmos: CosmosDouble, container: ContainerProxy
) -> None:
    container.create_item({"id": "short", "key": "k", "n": 1, "ttl": 10})
    container.create_item({"id": "long", "key": "k", "n": 2})
    cosmos.service.clock_offset_s = 11.0
    with pytest.raises(CosmosResourceNotFoundError):
        container.read_item("short", "k")
    text = "SELECT * FROM c WHERE c.n > 0"
    assert ids(container.query_items(text, partition_key="k")) == ["long"]
    container.create_item({"id": "short", "key": "k"})


@pytest.mark.parametrize("page", [1, 3, 100])
def test_sorted_queries_over_all_partitions_are_merged_by_the_client(
    container: ContainerProxy, page: int
) -> None:
    put(container, 40)
    for way, expected in (("ASC", list(range(5, 40))), ("DESC", list(range(39, 4, -1)))):
        rows = container.query_items(
            f"SELECT * FROM c WHERE c.n >= @least ORDER BY c.n {way}",  # noqa: S608 - the test's own text
            parameters=[{"name": "@least", "value": 5}],
            enable_cross_partition_query=True,
            max_item_count=page,
        )
        assert [row["n"] for row in rows] == expected


def test_items_are_spread_over_several_physical_partitions(
    cosmos: CosmosDouble, container: ContainerProxy, database: DatabaseProxy
) -> None:
    put(container, 40)
    found = cosmos.service.container(database.id, "things")
    assert len({found.range_of(key) for key, _ in found.items}) > 1


def test_unsorted_queries_page_by_continuation(container: ContainerProxy) -> None:
    put(container, 12)
    text = "SELECT VALUE c.n FROM c WHERE c.n < 10"
    pages = container.query_items(
        text, enable_cross_partition_query=True, max_item_count=4
    ).by_page()
    assert [len(list(page)) for page in pages] == [4, 4, 2]


def test_a_query_of_one_partition_sees_no_other(container: ContainerProxy) -> None:
    put(container, 21)
    rows = container.query_items("SELECT c.id FROM c WHERE c.n >= 0", partition_key="k3")
    assert list(rows) == [{"id": "i003"}, {"id": "i010"}, {"id": "i017"}]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT TOP 3 * FROM c",
        "SELECT DISTINCT VALUE c.n FROM c",
        "SELECT VALUE COUNT(1) FROM c",
        "SELECT * FROM c WHERE c.id LIKE 'a%'",
        "SELECT * FROM c JOIN d IN c.list",
        "SELECT * FROM c WHERE c.n IN (1, 2)",
        "SELECT * FROM c WHERE UPPER(c.key) = 'A'",
        "SELECT * FROM c WHERE IS_DEFINED(c.n, c.n)",
        "SELECT * FROM c WHERE c.n = ",
        "SELECT * FROM c WHERE c.n = @unbound",
        "SELECT * FROM things",
        "SELECT * FROM c; DROP",
        "SELECT * FROM c ORDER BY c.other",
        "SELECT * FROM c ORDER BY c.n, c.key",
        "SELECT * FROM c ORDER BY c.key ASC, c.n DESC",
    ],
)
def test_what_the_double_does_not_know_is_refused(container: ContainerProxy, text: str) -> None:
    put(container, 8)
    with pytest.raises(CosmosHttpResponseError) as caught:
        list(container.query_items(text, partition_key="k0"))
    assert caught.value.status_code == 400


@pytest.mark.parametrize("text", ["ORDER BY c.key, c.n", "ORDER BY c.key DESC, c.n DESC"])
def test_several_properties_sort_by_their_composite_index_either_way(
    container: ContainerProxy, text: str
) -> None:
    put(container, 20)
    query = f"SELECT * FROM c WHERE c.n >= 0 {text}"  # noqa: S608 - the test's own text
    rows = list(container.query_items(query, enable_cross_partition_query=True))
    expected = sorted(((row["key"], row["n"]) for row in rows), reverse="DESC" in text)
    assert [(row["key"], row["n"]) for row in rows] == expected
    assert len(rows) == 20


def test_a_scan_is_noted(
    cosmos: CosmosDouble, container: ContainerProxy, database: DatabaseProxy
) -> None:
    list(container.query_items("SELECT * FROM c WHERE c.deep.x = 1", partition_key="k"))
    assert cosmos.service.scans(database.id) == []
    told: list[str] = []
    text = "SELECT * FROM c WHERE c.other = 1 AND ST_DISTANCE(c.elsewhere, @p) < 5"
    rows = container.query_items(
        text,
        parameters=[{"name": "@p", "value": {"type": "Point", "coordinates": [0, 0]}}],
        partition_key="k",
        response_hook=lambda headers, _: told.append(headers["x-ms-double-unindexed"]),
    )
    assert list(rows) == []
    assert told == ["/elsewhere (spatial), /other"]
    assert len(cosmos.service.scans(database.id)) == 2


def test_the_change_feed_tells_the_latest_versions_once(container: ContainerProxy) -> None:
    put(container, 9)
    container.upsert_item({"id": "i000", "key": "k0", "n": 100})
    feed = container.query_items_change_feed(start_time="Beginning")
    assert sorted(row["n"] for row in feed) == [1, 2, 3, 4, 5, 6, 7, 8, 100]
    told: dict[str, str] = {}
    again = container.query_items_change_feed(
        start_time="Beginning", response_hook=lambda headers, _: told.update(headers)
    )
    assert len(list(again)) == 9
    container.upsert_item({"id": "new", "key": "k5", "n": 7})
    later = container.query_items_change_feed(continuation=told["etag"])
    assert ids(later) == ["new"]


def test_requests_are_charged(container: ContainerProxy) -> None:
    charges: list[float] = []

    def note(headers: Any, _: object) -> None:
        charges.append(float(headers["x-ms-request-charge"]))

    container.create_item({"id": "a", "key": "k"}, response_hook=note)
    container.read_item("a", "k", response_hook=note)
    container.create_item({"id": "b", "key": "k", "x": "x" * 5000}, response_hook=note)
    assert charges[1] == 1.0
    assert charges[1] < charges[0] < charges[2]


def test_faults_strike_the_requests_that_they_were_ordered_for(
    cosmos: CosmosDouble, container: ContainerProxy
) -> None:
    cosmos.faults.order(Fault(kind=Kind.CUT_AFTER, operation="create", number=2))
    container.create_item({"id": "a", "key": "k"})
    with pytest.raises(AzureError):
        container.create_item({"id": "b", "key": "k"})
    assert container.read_item("b", "k")["id"] == "b"
    cosmos.faults.order(Fault(kind=Kind.CUT_BEFORE, operation="create", times=1))
    with pytest.raises(AzureError):
        container.create_item({"id": "c", "key": "k"})
    container.create_item({"id": "c", "key": "k"})
    cosmos.faults.order(Fault(kind=Kind.FORBIDDEN, operation="write", after=1))
    container.create_item({"id": "d", "key": "k"})
    with pytest.raises(CosmosHttpResponseError):
        container.upsert_item({"id": "e", "key": "k"})


def test_throttling_is_waited_out_by_the_client(
    cosmos: CosmosDouble, container: ContainerProxy
) -> None:
    cosmos.faults.clear()
    cosmos.faults.order(Fault(kind=Kind.THROTTLE, times=3))
    container.create_item({"id": "a", "key": "k"})
    assert cosmos.faults.operations == ["create"] * 4


def test_the_double_runs_as_a_process() -> None:
    given = [sys.executable, "-m", "tests.doubles.cosmos"]
    with subprocess.Popen(
        given, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        client = CosmosClient(told["endpoint"], told["key"], enable_endpoint_discovery=False)
        assert client.create_database("x").id == "x"
        client.close()
        process.communicate()
    assert process.returncode == 0
    assert told["key"] == KEY
