"""MDF recordings and who reads them."""

from functools import partial

from benchmarks.extract import inputs_mdf
from benchmarks.extract.case import OURS, Case, Way

_PEERS = "benchmarks.extract.peers_mdf"
OUR_WAY = Way(
    name=OURS,
    function="benchmarks.extract.ours:to_parquet",
    imports=(
        "benchmarks.extract.ours",
        "avdataops.readers.mdf4.reader",
        "cantools",
        "pyarrow.parquet",
    ),
)
SELECT = Way(
    name="asammdf select",
    function=f"{_PEERS}:asammdf_select",
    imports=("asammdf", "pyarrow.parquet"),
)
BUS_LOGGING = Way(
    name="asammdf bus logging",
    function=f"{_PEERS}:asammdf_bus_logging",
    imports=("asammdf", "canmatrix", "pyarrow.parquet"),
)
MDFR = Way(
    name="mdfr",
    function=f"{_PEERS}:mdfr_to_parquet",
    imports=("mdfr",),
    needs=("mdfr==0.7.3",),
)
CANTOOLS = Way(
    name="cantools",
    function=f"{_PEERS}:cantools_frames",
    imports=("asammdf", "cantools"),
    end="nothing",
)
_CHECK = "benchmarks.extract.check_mdf:values"
_STORED = {
    "none": inputs_mdf.PLAIN,
    "deflate": inputs_mdf.DEFLATE,
    "transposed": inputs_mdf.TRANSPOSED,
}


def _measured(stored: str) -> Case:
    return Case(
        name=f"measured mf4 {stored}",
        suffix=".mf4",
        make=partial(inputs_mdf.write_measured, _STORED[stored]),
        ways=(OUR_WAY, SELECT, MDFR),
        bars={SELECT.name: 6.0, MDFR.name: 3.5},
        check=_CHECK,
    )


def _bus(stored: str) -> Case:
    return Case(
        name=f"bus mf4 {stored}",
        suffix=".mf4",
        make=partial(inputs_mdf.write_bus, _STORED[stored]),
        ways=(OUR_WAY, BUS_LOGGING, CANTOOLS),
        bars={BUS_LOGGING.name: 4.0, CANTOOLS.name: 40.0},
        check=_CHECK,
    )


CASES = (
    _measured("none"),
    _measured("transposed"),
    _measured("deflate"),
    _bus("none"),
    _bus("deflate"),
)
