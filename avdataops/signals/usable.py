"""Which values of a stream are measurements, by the flags that its source sends along."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avdataops.signals.arrays import Bools
from avdataops.signals.columns import floats, known, rows_at
from avdataops.tables.signals import (
    Condition,
    Unusable,
    columns_that_fit,
    find_column,
    unusable_rules,
)


def passes(condition: Condition, column: pa.ChunkedArray) -> Bools:
    """Return which rows of the condition's column pass; of a list the first element counts."""
    if pa.types.is_nested(column.type):
        column = pc.list_element(column, 0)
    if pa.types.is_string(column.type):
        accepted = pa.array([text for text in condition.among if isinstance(text, str)])
        accepted = accepted.cast(pa.string())
        return np.asarray(pc.is_in(column, value_set=accepted).to_numpy(), dtype=np.bool_)
    values = floats(column)
    result = np.isfinite(values)
    if condition.among:
        result &= np.isin(values, [float(x) for x in condition.among if not isinstance(x, str)])
    if condition.at_least is not None:
        result &= values >= condition.at_least
    return result


def may_be_unusable(message_type: str) -> bool:
    """Say whether there is a rule for messages of a type."""
    return any(rule.type.fullmatch(message_type) for rule in unusable_rules())


def blank_unusable(table: pa.Table, message_type: str) -> tuple[pa.Table, dict[str, int]]:
    """Return a stream with null for values that are no measurements, and how many by column.

    Row count and order stay.  This comes before any filter, which would smear such values over
    their neighbours.
    """
    counts: dict[str, int] = {}
    for rule in unusable_rules():
        if not rule.type.fullmatch(message_type):
            continue
        flag = find_column(table.schema, rule.unless.column) if rule.unless else None
        for name in columns_that_fit(table.schema, rule.columns):
            bad = _bad_rows(rule, table, name, flag) & known(table[name])
            if bad.any():
                index = np.where(bad, -1, np.arange(bad.size))
                place = table.schema.get_field_index(name)
                blanked = rows_at(table[name], index)
                table = table.set_column(place, table.schema.field(place), blanked)
                counts[name] = counts.get(name, 0) + int(bad.sum())
    return table, counts


def _bad_rows(rule: Unusable, table: pa.Table, name: str, flag: str | None) -> Bools:
    bad = np.zeros(table.num_rows, dtype=np.bool_)
    if rule.unless is not None and flag is not None:
        bad |= ~passes(rule.unless, table[flag])
    if rule.values:
        bad |= np.isin(floats(table[name]), rule.values)
    return bad
