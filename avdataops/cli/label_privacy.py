"""``avdataops labels anonymise``: faces and plates painted over before pictures leave."""

from collections import Counter
from pathlib import Path
from typing import Any

import click

from avdataops.cli.opening import measurement_id_of, with_workspace
from avdataops.cli.output import Sink, say, with_sink
from avdataops.ports.lineage_views import printable
from avdataops.steps.anonymise import Params
from avdataops.wiring.anonymising import anonymise as anonymise_pictures
from avdataops.wiring.workspace import Workspace

_USUAL = Params()


@click.command()
@click.argument("measurement")
@click.option(
    "--weights",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="ONNX network that sees faces and plates (AVDATAOPS_ANONYMISER); yours, with its licence.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME",
    default=_USUAL.labels,
    show_default=True,
    help="Classes of the network, in its order; repeatable.",
)
@click.option("--class", "classes", multiple=True, metavar="NAME", help="Paint over only these.")
@click.option(
    "--decode", type=click.Choice(("yolox", "raw")), default=_USUAL.decode, show_default=True
)
@click.option("--side-px", type=click.IntRange(8, 4096), default=_USUAL.side_px, show_default=True)
@click.option(
    "--stride",
    "strides",
    type=click.IntRange(1),
    multiple=True,
    default=_USUAL.strides,
    show_default=True,
    help="Strides of a yolox network; repeatable.",
)
@click.option(
    "--min-score", type=click.FloatRange(0, 1), default=_USUAL.min_score, show_default=True
)
@with_sink("table", "json")
@with_workspace
def anonymise(
    workspace: Workspace, measurement: str, weights: Path | None, sink: Sink, **params: Any
) -> int:
    """Paint over faces and plates in all pictures of MEASUREMENT.

    Boxes are enlarged and held over time; the originals stay where they are, and packages for
    labelling take the painted pictures from then on.
    """
    name = measurement_id_of(workspace, measurement)
    done = anonymise_pictures(workspace, name, weights, params, lambda _: None)
    counts: Counter[str] = Counter()
    for record in done.records:
        told: Any = record.facts.get("counts", {})
        counts.update(told)
        for problem in record.caveats:
            say(f"  caveat: {printable(problem.message)}")
    document = {
        "measurement": name,
        "cameras": [record.part for record in done.records if record.made],
        "weights_sha256": next(
            (one.facts["weights_sha256"] for one in done.records if one.made), None
        ),
        **{key: counts[key] for key in sorted(counts)},
        "nothing_to_do": not done.fresh,
        "runs": [record.run for record in done.records],
    }
    text = (
        f"{counts['pictures']} pictures: {counts['seen']} regions seen and {counts['held']} held "
        f"in {counts['with_regions']} of them"
    )
    sink.document(document, text)
    return 0
