"""Queries, rates, explanations and why-not over the sample drive, through every door."""

import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import avdataops as av
from avdataops.adapters.duckdb_tables import DuckTables
from avdataops.model.errors import InputError
from avdataops.wiring.scene_relations import relations
from avdataops.wiring.stored_tables import read_table

if TYPE_CHECKING:
    from avdataops.testing.command_line import Answer
    from tests.pipeline.conftest import Processed

USAGE_ERROR = 65


@pytest.fixture(scope="module")
def lake(finished: "Processed") -> Iterator[av.Lake]:
    with av.connect(finished.desk.workspace) as opened:
        yield opened


def scenes(finished: "Processed", *words: str) -> "Answer":
    return finished.desk.here("scenes", *words)


def rows(finished: "Processed", *words: str) -> list[dict[str, Any]]:
    answer = scenes(finished, *words, "--format", "json")
    assert answer.status == 0, answer.err
    found: list[dict[str, Any]] = answer.json
    return found


def test_turns_in_rain_at_night_near_a_junction_are_found(finished: "Processed") -> None:
    (turn,) = rows(finished, "find", "turn_left & rain & night & near junction")
    assert turn["type"] == "turn_left"
    around = turn["surroundings"]
    assert (around["light"], around["weather"], around["road_class"]) == (
        "night",
        "rain",
        "secondary",
    )
    assert 0 < around["junction_distance_m"] <= 50
    assert 1 < around["ego_speed_mps"] < 14
    assert around["way_id"] is not None


def test_the_cut_in_of_this_drive_was_dry_and_in_twilight(finished: "Processed") -> None:
    """So the question for cut-ins in rain at night near a junction has an answer: none."""
    assert rows(finished, "find", "cut_in & rain & night & near junction") == []
    (cut_in,) = rows(finished, "find", "cut_in & twilight & weather = dry & not rain")
    assert cut_in["surroundings"]["light"] == "twilight"


def test_scenes_follow_each_other(finished: "Processed") -> None:
    def types(query: str) -> list[str]:
        return [one["type"] for one in rows(finished, "find", query)]

    assert types("cut_in then hard_brake within 10 s") == ["cut_in"]
    assert types("hard_brake within 30 s after cut_in") == ["hard_brake"]
    assert types("hard_brake within 1 s after cut_in") == []
    assert types("type = following & same actor as cut_in") == ["following", "following"]
    assert types("standstill during junction") == ["standstill"]
    assert types("gnss_outage & tunnel") == ["gnss_outage"]


def test_options_and_query_must_both_hold(finished: "Processed") -> None:
    assert [one["type"] for one in rows(finished, "find", "junction", "--during", "rain")] == [
        "junction"
    ]
    assert len(rows(finished, "find", "junction")) == 3


def test_a_misspelt_query_is_underlined(finished: "Processed") -> None:
    answer = scenes(finished, "find", "cutin & rain")
    assert answer.status == USAGE_ERROR
    assert answer.err.splitlines()[:3] == [
        "error[query]: no scene type 'cutin'; did you mean 'cut_in'?",
        "  cutin & rain",
        "  ^^^^^",
    ]


def test_evidence_that_some_scene_has_is_an_attribute_and_other_names_are_not(
    finished: "Processed",
) -> None:
    assert len(rows(finished, "find", "min_ax < -4 m/s2")) == 2
    answer = scenes(finished, "find", "min_axx < -4 m/s2")
    assert "did you mean 'min_ax_mps2'" in answer.err


@pytest.mark.parametrize("by", ["light", "weather", "road_class", "day", "detector"])
def test_facets_count_every_scene_once(finished: "Processed", by: str, lake: av.Lake) -> None:
    counts = {one[by]: one["scenes"] for one in rows(finished, "count", "--by", by)}
    assert sum(counts.values()) == len(lake.scenes())
    assert counts == lake.count(by=by)


def test_a_rate_has_the_distance_driven_in_rain_as_its_denominator(
    finished: "Processed", lake: av.Lake
) -> None:
    (row,) = rows(finished, "rate", "turn_left & rain", "--per", "100km")
    context = lake.table(finished.measurement, "context").to_pandas()
    rain = lake.scenes("rain")[0]
    t = context["t_ns"].to_numpy()
    inside = (t >= rain.t_start_ns) & (t < rain.t_end_ns)
    driven_km = np.trapezoid(context["ego_speed_mps"][inside], t[inside] / 1e9) / 1e3
    assert row["exposure_km"] == pytest.approx(driven_km, rel=0.05)
    assert row["scenes"] == 1
    assert row["rate"] == pytest.approx(100 / row["judged_km"])
    assert row["low"] < row["rate"] < row["high"]
    assert row["conditions"] == "with (type = rain)"
    assert lake.rate("turn_left & rain").rate == pytest.approx(row["rate"])


def test_conditions_split_the_drive(lake: av.Lake) -> None:
    whole = lake.rate("junction", "1h")
    parts = [lake.rate(f"junction & {one}", "1h") for one in ("rain", "not rain")]
    driven = sum(one.exposure.duration_s + one.unknown.duration_s / 2 for one in parts)
    assert driven == pytest.approx(whole.exposure.duration_s, rel=1e-6)
    assert whole.coverage is not None
    assert 0.9 < whole.coverage <= 1
    assert lake.rate("junction & weather = snow").rate is None
    nowhere = lake.rate("junction & vehicle = nobody")
    assert (nowhere.scenes, nowhere.exposure.distance_m) == (0, 0.0)


def test_what_only_scenes_have_is_counted_and_not_driven(lake: av.Lake) -> None:
    found = lake.rate("hard_brake & min_ax_mps2 < -4 & near junction 500 m")
    assert found.only_counted == ("min_ax_mps2 < -4",)
    assert found.conditions == "junction_distance_m <= 500"
    assert found.scenes == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("rate", "ego_speed_mps > 3"), "which types could have been found"),
        (("rate", "cut_in", "--per", "100 kg"), "is no distance and no time"),
        (("rate", "cut_in", "--per", "0km"), "is no distance and no time"),
        (("why-not", "m_", "+1s", "cutin"), "did you mean 'cut_in'"),
    ],
)
def test_numbers_that_cannot_be_are_refused(
    finished: "Processed", words: tuple[str, ...], told: str
) -> None:
    answer = scenes(finished, *words)
    assert answer.status == USAGE_ERROR
    assert told in answer.err


def test_explain_shows_the_meaning_the_statement_and_the_index(finished: "Processed") -> None:
    told = scenes(finished, "explain", "cut_in & not rain", "--format", "json").json
    assert told["normal_form"] == "type = cut_in & not with (type = rain)"
    (one,) = told["statements"]
    assert "cut_in" not in one["text"]
    assert "cut_in" in one["values"]
    assert any("USING INDEX scenes_by" in line for line in one["plan"])
    assert scenes(finished, "explain", "cut_in & not rain").text.startswith("means: type = cut_in")


def why_not(finished: "Processed", at: str, kind: str) -> dict[str, Any]:
    answer = scenes(finished, "why-not", finished.measurement, at, kind, "--format", "json")
    assert answer.status == 0, answer.err
    told: dict[str, Any] = answer.json
    return told


def test_why_not_tells_what_was_found(finished: "Processed", lake: av.Lake) -> None:
    (brake,) = lake.scenes("hard_brake")
    told = why_not(finished, str(brake.t_start_ns), "hard_brake")
    assert (told["verdict"], told["scene"], told["nearest_s"]) == ("found", brake.id, 0)
    asked = lake.why_not(finished.measurement, brake.t_start_ns, "hard_brake")
    assert asked.verdict == "found"


def test_why_not_tells_by_how_much_a_threshold_was_missed(
    finished: "Processed", lake: av.Lake
) -> None:
    candidates = lake.table(finished.measurement, "candidates").to_pylist()
    gated = [one for one in candidates if one["type"] in {"hard_accel", "high_jerk", "hard_brake"}]
    assert gated, "the sample drive has near misses"
    near = gated[0]
    told = why_not(finished, str(near["t_ns"]), near["type"])
    assert told["verdict"] == "near_miss"
    evidence = json.loads(near["evidence"])
    for one in told["thresholds"]:
        assert one["had"] == pytest.approx(evidence[one["evidence"]])
        assert one["short_by"] == pytest.approx(abs(one["had"] - one["needed"]))
    assert "short by" in told["reason"]


def test_why_not_tells_that_nothing_like_it_happened(finished: "Processed") -> None:
    told = why_not(finished, "+125s", "cut_in")
    assert told["verdict"] == "not_found"
    assert "not even with thresholds at 10%" in told["reason"]
    assert told["nearest_s"] < 0
    text = scenes(finished, "why-not", finished.measurement, "+125s", "cut_in").text
    assert "the nearest is" in text


def test_why_not_says_unknown_where_nobody_could_tell_or_looked(
    finished_short: "Processed",
) -> None:
    """Without a map nobody can say that there is no junction."""
    told = why_not(finished_short, "+10s", "junction")
    assert (told["verdict"], told["reason"][:17]) == ("unknown", "unknown, because ")
    assert why_not(finished_short, "2001-01-01T00:00:00Z", "rain")["verdict"] == "not_searched"
    assert rows(finished_short, "find", "any & not junction") == []
    assert rows(finished_short, "find", "any & not hard_brake")
    with av.connect(finished_short.desk.workspace) as lake:
        away = lake.rate("standstill & not junction")
        assert away.rate is None
        assert away.unknown.duration_s > 20


def test_several_queries_of_which_any_will_do(lake: av.Lake) -> None:
    both = lake.scenes("cut_in", "standstill & near junction")
    assert {one.type for one in both} == {"cut_in", "standstill"}
    with pytest.raises(InputError, match="did you mean 'cut_in'"):
        lake.scenes("cutin")
    assert "scenes_by_type" in "".join(lake.explain("cut_in")[0].plan)


def test_sql_over_the_published_tables_counts_as_the_catalog_does(
    finished: "Processed", lake: av.Lake
) -> None:
    text = "select type, count(*) as n from scenes group by 1"
    by_type = {kind: n for kind, n in lake.sql(text).fetchall()}  # noqa: C416 - rows are pairs
    assert by_type == lake.count()
    told = scenes(finished, "sql", f"{text} order by 1", "--format", "json").json
    assert told == [{"type": kind, "n": n} for kind, n in sorted(by_type.items())]
    night = lake.sql("select count(*) from scenes where light = ?", "night").fetchone()
    assert night == (lake.count(by="light")["night"],)
    share = lake.sql(
        "select sum(case when known = 1 then end_ns - start_ns end) / sum(end_ns - start_ns)"
        " from coverage where type = 'cut_in'"
    ).fetchone()[0]
    assert 0.5 < share <= 1
    (drive,) = lake.sql("select id, vehicle from measurements").fetchall()
    assert drive == (finished.measurement, "aar-07")


@pytest.mark.parametrize("text", ["drop table scenes", "select * from '/etc/passwd'"])
def test_sql_changes_and_reaches_nothing(finished: "Processed", text: str) -> None:
    assert scenes(finished, "sql", text).status == USAGE_ERROR


@pytest.mark.parametrize(
    "query",
    [
        "cut_in | turn_left & rain",
        "any & not rain",
        "junction & not before hard_brake",
        "ego_motion within 20 s of interaction",
        "any & near junction & ego_speed < 20 km/h",
        "light = night | way_id is unknown",
    ],
)
def test_the_published_tables_hold_what_the_catalog_answers(lake: av.Lake, query: str) -> None:
    question = lake._asking.matching(query)
    workspace = lake._workspace
    given = relations(workspace.catalog, partial(read_table, workspace.storage))
    with DuckTables(given) as tables:
        found = tables.scenes(question)
    assert found
    assert found == [one.id for one in lake.scenes(query)]
