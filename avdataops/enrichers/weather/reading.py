"""From files of any source to the reports of each source that matter for a drive."""

from avdataops.enrichers.weather.report import Asked, Place, Report, Rules, Tally
from avdataops.enrichers.weather.sources import source_of
from avdataops.enrichers.weather.tables import is_station_table, stations_of
from avdataops.enrichers.weather.texts import head_of
from avdataops.model.errors import InputError
from avdataops.model.stream import Problem
from avdataops.model.time import TimeRange
from avdataops.ports.step import InputFile, StepContext

_UNITS = {"noaa-isd": "lines", "metar": "reports", "table": "rows"}


def read_all(
    context: StepContext, files: tuple[InputFile, ...], time: TimeRange, rules: Rules
) -> dict[str, list[Report]]:
    """Return source -> its reports of ``time``, those with more values later.

    What cannot be read costs its own file or line and is told as a caveat.
    """
    heads = [(given, head_of(given.file)) for given in files]
    asked = Asked(time=time, rules=rules, stations=_stations(context, heads, time, rules))
    found: dict[str, list[Report]] = {}
    for given, head in heads:
        if is_station_table(head):
            continue
        source = source_of(head)
        if source is None:
            message = f"{given.file.name}: no known source of weather reads this file"
            context.caveat(Problem(code="weather_unreadable", message=message))
            continue
        tally = Tally()
        reports = found.setdefault(source.name, [])
        try:
            reports.extend(source.observations(given.file, asked, tally))
        except InputError as error:
            context.caveat(Problem(code="weather_unreadable", message=error.message))
        _tell(context, given.file.name, source.name, tally)
    return {name: sorted(reports, key=_known) for name, reports in found.items()}


def _known(report: Report) -> int:
    return report.known


def _stations(
    context: StepContext, heads: list[tuple[InputFile, bytes]], time: TimeRange, rules: Rules
) -> dict[str, Place]:
    places: dict[str, Place] = {}
    for given, head in heads:
        if is_station_table(head):
            try:
                places |= stations_of(given.file, Asked(time=time, rules=rules), Tally())
            except InputError as error:
                context.caveat(Problem(code="weather_unreadable", message=error.message))
    return places


def _tell(context: StepContext, name: str, source: str, tally: Tally) -> None:
    if tally.damaged or tally.cut_off:
        end = "; the compressed file ends early" if tally.cut_off else ""
        what = _UNITS.get(source, "records")
        message = f"{name}: {tally.damaged} of {tally.lines} {what} are not of {source}{end}"
        if source == "metar" and tally.damaged:
            message += " with a date"
        context.caveat(Problem(code="weather_damaged", message=message))
    if tally.placeless:
        message = (
            f"{name}: {tally.placeless} reports are of stations whose place is not known; give a"
            " table of stations (CSV with ICAO, LAT, LON) as a weather file too"
        )
        context.caveat(Problem(code="weather_without_place", message=message))
