"""Which shares of a slice's rows a decision concerns: those it may change, or make others from."""

from collections.abc import Sequence
from typing import assert_never

from projections.memory import NeedsWhole, Share
from projections.operations import (
    Delete,
    DeleteWhere,
    Keep,
    Operation,
    Update,
    UpdateWhere,
    Upsert,
    row_key,
)
from projections.tables import Table


def shares_of(
    operations: Sequence[Operation], count: int, whole: frozenset[Table]
) -> Sequence[int]:
    """The numbers of the shares, of `count`, that need the operations.

    Raises `NeedsWhole` for a table of which rows are made and that is not in `whole`.
    """
    found: set[int] = set()
    for operation in operations:
        match operation:
            case Upsert(table) | Update(table) | Delete(table) if table not in whole:
                found.add(Share.number_of(row_key(operation), count))
            case Keep(source=table) if table not in whole:
                raise NeedsWhole(table)
            case Upsert() | Update() | Delete() | UpdateWhere() | DeleteWhere() | Keep():
                # A row of a table held whole, or rows whose keys are not known yet.
                return range(count)
            case unknown:
                assert_never(unknown)
    return sorted(found)
