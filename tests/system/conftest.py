"""Real recordings taken through the whole product, each once for all system tests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asammdf import MDF

import avdataops as av
from avdataops.testing.command_line import Answer, Desk

GNSS_DBC, OBD_DBC = "canmod-gps.dbc", "OBD-v4.4.dbc"


@dataclass(frozen=True, slots=True)
class Taken:
    """A folder that was uploaded and run, and what the commands said."""

    desk: Desk
    measurement: str
    uploaded: Any
    ran: Answer

    def show(self) -> Any:
        """Return what ``measurements show`` says."""
        return self.desk.here("measurements", "show", self.measurement, "--format", "json").json

    def caveats(self) -> list[str]:
        """Return every caveat of every run."""
        return [text for run in self.ran.json["runs"] for text in run["caveats"]]


Take = Callable[..., Taken]


@pytest.fixture(scope="session")
def take(tmp_path_factory: pytest.TempPathFactory) -> Take:
    """Upload a folder into a workspace of its own and run the pipeline on it."""

    def taken(folder: Path, *dbc: Path, last: str = "full_rate") -> Taken:
        desk = Desk(tmp_path_factory.mktemp("workspace"))
        given = [part for path in dbc for part in ("--dbc", path)]
        wanted = ("upload", folder, "--vehicle", "real", *given, "--format", "json")
        uploaded = desk.here(*wanted)
        assert uploaded.status == 0, uploaded.err
        measurement = uploaded.json["measurement"]
        ran = desk.here("run", measurement, "--to", last, "--format", "json")
        return Taken(desk, measurement, uploaded.json, ran)

    return taken


@pytest.fixture(scope="session")
def commute_files(real_data: Path) -> list[Path]:
    """The six splits of a commute of 47 minutes, in order."""
    files = sorted((real_data / "mdf4").glob("css_3BA199E2_00000165_*"))
    assert len(files) == 6
    return files


@pytest.fixture(scope="session")
def commute(
    real_data: Path, commute_files: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Taken:
    """The commute with the databases of both buses, in processes as a person would start them."""
    folder = tmp_path_factory.mktemp("commute")
    for path in commute_files:
        (folder / path.name).symlink_to(path)
    desk = Desk(tmp_path_factory.mktemp("workspace"))
    given = [part for name in (GNSS_DBC, OBD_DBC) for part in ("--dbc", real_data / "dbc" / name)]
    uploaded = desk.call("upload", folder, "--vehicle", "real", *given, "--format", "json")
    assert uploaded.status == 0, uploaded.err
    measurement = uploaded.json["measurement"]
    ran = desk.call("run", measurement, "--format", "json")
    assert ran.status == 0, ran.err
    return Taken(desk, measurement, uploaded.json, ran)


@pytest.fixture(scope="session")
def lake(commute: Taken) -> Iterator[av.Lake]:
    """The Python door to the commute."""
    with av.connect(commute.desk.workspace) as opened:
        yield opened


Columns = dict[str, np.ndarray]


@pytest.fixture(scope="session")
def by_asammdf(real_data: Path, commute_files: list[Path]) -> dict[str, Columns]:
    """What asammdf decodes of the receiver's bus: message -> signal -> values.

    ``t_ns`` is the recorder's time.  Enumerations are numbers, their texts under ``NAME_label``.
    """
    sources: Any = {"CAN": [(real_data / "dbc" / GNSS_DBC, 2)]}
    parts: dict[str, dict[str, list[np.ndarray]]] = {}
    for path in commute_files:
        with MDF(path) as mdf, mdf.extract_bus_logging(database_files=sources) as decoded:
            for group in decoded.groups:
                _, _, _, message, *_ = group.channel_group.comment.split()
                for name, values in _columns(decoded, group, mdf.header.abs_time).items():
                    parts.setdefault(message, {}).setdefault(name, []).append(values)
    return {
        message: {name: np.concatenate(values) for name, values in signals.items()}
        for message, signals in parts.items()
    }


def _columns(decoded: Any, group: Any, start_ns: int) -> Columns:
    found: Columns = {}
    for name in (one.name for one in group.channels if one.name != "time"):
        signal = decoded.get(name)
        found["t_ns"] = np.rint(signal.timestamps * 1e9).astype(np.int64) + start_ns
        found[name] = signal.samples
        if signal.samples.dtype.kind == "S":
            found[f"{name}_label"] = signal.samples
            found[name] = decoded.get(name, raw=True).samples
    return found
