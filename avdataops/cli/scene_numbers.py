"""``avdataops scenes rate|explain|why-not|sql``: how often, how it is asked, why nothing came."""

from functools import partial

import click

from avdataops.cli.opening import measurement_id_of, with_workspace
from avdataops.cli.output import Sink, say, with_sink
from avdataops.model.time import parse_time
from avdataops.ports.catalog import SceneQuery
from avdataops.ports.question_forms import written
from avdataops.wiring.scene_questions import Asking, per_of
from avdataops.wiring.scene_rates import Rates, rate_row
from avdataops.wiring.scene_relations import relations
from avdataops.wiring.stored_tables import read_table
from avdataops.wiring.why_not import Questioner, why_not_document, why_not_text
from avdataops.wiring.workspace import Workspace

_COLUMNS = ("scenes", "rate", "low", "high", "per", "coverage", "judged_km", "exposure_km")


def _asking(workspace: Workspace) -> Asking:
    return Asking(workspace.catalog, workspace.settings.rules)


@click.command()
@click.argument("query")
@click.option("--per", default="100km", show_default=True, help="A distance or a time, as 1h.")
@with_sink()
@with_workspace
def rate(workspace: Workspace, query: str, per: str, sink: Sink) -> None:
    """How often the scenes of QUERY happen, per distance or time driven in its conditions."""
    question = _asking(workspace).matching(query)
    found = Rates(workspace.catalog, partial(read_table, workspace.storage)).rate(
        question, per_of(per)
    )
    sink.rows([rate_row(found)], (*_COLUMNS, "unknown_km"))
    covered = "nothing driven" if found.coverage is None else f"coverage {found.coverage:.0%}"
    number = "no rate" if found.rate is None else f"{found.rate:.3g} per {found.per.text}"
    say(f"{number} in: {found.conditions}, {covered}")
    for part in found.only_counted:
        say(f"'{part}' restricts what is counted, not what was driven")
    if found.not_searched:
        say(f"{found.not_searched} measurements have not been searched; they count nowhere")


@click.command()
@click.argument("query")
@with_sink("table", "json")
@with_workspace
def explain(workspace: Workspace, query: str, sink: Sink) -> None:
    """Tell how QUERY is understood, and how the catalog looks for it."""
    question = _asking(workspace).matching(query)
    statements = workspace.catalog.explain(SceneQuery(matching=question))
    document = {
        "query": query,
        "normal_form": written(question),
        "statements": [
            {"text": one.text, "values": list(one.values), "plan": list(one.plan)}
            for one in statements
        ],
    }
    lines = [f"means: {written(question)}"]
    for one in statements:
        lines += ["", one.text, f"  values: {', '.join(map(repr, one.values))}"]
        lines += [f"  plan: {step}" for step in one.plan]
    sink.document(document, "\n".join(lines))


@click.command(name="why-not")
@click.argument("measurement")
@click.argument("moment", metavar="T")
@click.argument("scene_type", metavar="TYPE")
@with_sink("table", "json")
@with_workspace
def why_not(
    workspace: Workspace, measurement: str, moment: str, scene_type: str, sink: Sink
) -> None:
    """Tell why no scene of TYPE was found at T (RFC 3339, integer ns or +12.5s)."""
    _asking(workspace).check_type(scene_type)
    there = workspace.catalog.measurement(measurement_id_of(workspace, measurement))
    asked = Questioner(workspace.catalog, partial(read_table, workspace.storage))
    answer = asked.why_not(there.id, parse_time(moment, there.start_ns), scene_type)
    sink.document(why_not_document(answer), why_not_text(answer))


@click.command()
@click.argument("select")
@with_sink()
@with_workspace
def sql(workspace: Workspace, select: str, sink: Sink) -> None:
    """Answer one SELECT over the published tables of scenes, by DuckDB.

    The tables are scenes, evidence, coverage, reviews and measurements (docs/query.md).
    """
    from avdataops.adapters.duckdb_tables import DuckTables

    given = relations(workspace.catalog, partial(read_table, workspace.storage))
    with DuckTables(given) as tables:
        found = tables.sql(select).to_arrow_table()
    sink.rows(found.to_pylist(), tuple(found.schema.names))
