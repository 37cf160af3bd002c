"""Parameters that there are not, and everything that people try."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avdataops.api.app import assembled
from avdataops.testing.catalog_store import HOSTILE
from tests.unit.api.door_kit import FIRST, Client

DESCRIBED: dict[str, Any] = assembled().openapi()["paths"]
ATTACKS = (
    *HOSTILE,
    "..",
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "..\\..\\windows",
    "m_1' OR '1'='1",
    "m_000000000000000000000000;admin=true",
    f"{FIRST.id}\n",
    f"{FIRST.id}\x00",
    FIRST.id.upper(),
    FIRST.id.replace("m_", "\uff4d_"),
    "x" * 5000,
    "m_" + "0" * 41,
    "null",
    "-1",
)


@pytest.mark.parametrize("path", list(DESCRIBED))
@pytest.mark.parametrize("wrong", ["nonsense", "", "Limit", "after[]", "__proto__"])
def test_a_parameter_that_is_not_there_is_refused(api: Client, path: str, wrong: str) -> None:
    address = re.sub(r"\{\w+\}", "art_0000000000000000", path)
    answer = api.ask("GET", address, params={wrong: "1"})
    assert answer.status == 422
    assert answer.json["detail"].startswith("there is no parameter")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("tpye", "type"), ("limt", "limit"), ("aftr", "after"), ("measurment", "measurement")],
)
def test_the_near_miss_is_told(api: Client, wrong: str, right: str) -> None:
    told = api.get(f"/scenes?{wrong}=1").json
    assert told["detail"] == f"there is no parameter '{wrong}'; did you mean '{right}'?"
    assert right in told["hint"]


def test_what_can_be_given_once_is_not_given_twice(api: Client) -> None:
    answer = api.get("/scenes", limit=[1, 2])
    assert answer.json["detail"] == "parameter 'limit' is given 2 times"
    assert api.get("/scenes", type=["rain", "cut_in"]).status == 200


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(
    "path",
    ["measurements/{}", "measurements/{}/runs", "artifacts/{}", "runs/{}", "scenes/{}",
     "lineage/{}"],
)  # fmt: skip
def test_a_hostile_id_is_refused_and_tells_nothing(api: Client, path: str, attack: str) -> None:
    for quoted in (quote(attack, safe=""), quote(quote(attack, safe=""), safe="")):
        answer = api.ask("GET", f"/api/v1/{path.format(quoted)}")
        assert answer.status in {404, 414, 422}
        for inside in ("Traceback", "sqlite", "site-packages", ".py"):
            assert inside not in answer.body.decode()


def parameters(path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = DESCRIBED[path]["get"].get("parameters", [])
    return found


_IDS = st.sampled_from([FIRST.id, "m_" + "0" * 24, "scn_" + "f" * 24])
_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.sampled_from(
        [*ATTACKS, "type", "rain", "cut_in", "up", "down", "pending", "true", "56,10,1e3",
         "0,0,1e308", "90,180,1", "min_ttc_s < 1e999", "n = -0", "confidence != nan", "actor = x",
         "+1.5s", "-9223372036854775809", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]
    ),
    st.integers().map(str),
    st.floats().map(str),
    _IDS,
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, list[tuple[str, str]]]:
    path = draw(st.sampled_from(sorted(DESCRIBED)))
    query = []
    for one in parameters(path):
        if one["in"] == "path":
            filled = quote(draw(st.one_of(_IDS, _TEXT)), safe="")
            path = path.replace(f"{{{one['name']}}}", filled)
        elif draw(st.booleans()):
            query.append((one["name"], draw(_TEXT)))
    return path, query


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=requests())
def test_nothing_that_can_be_asked_is_a_failure_of_ours(
    api: Client, asked: tuple[str, list[tuple[str, str]]]
) -> None:
    path, query = asked
    shown = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in query)
    answer = api.ask("GET", f"{path}?{shown}")
    assert answer.status in {200, 404, 414, 422}, answer.body
    kind = "application/json" if answer.status == 200 else "application/problem+json"
    assert answer.headers["content-type"] == kind
