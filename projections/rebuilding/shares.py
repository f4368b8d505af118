"""Which shares of a slice's rows a decision concerns: those it may change, or make others from."""

from collections.abc import Sequence

from projections.memory import Share
from projections.operations import Keep, Operation, RowOperation, row_key


def shares_of(operations: Sequence[Operation], share: Share) -> Sequence[int]:
    """The numbers of the shares that need the operations; `share` is any of them.

    Raises `NeedsWhole` for a table of which rows are made and that is not held whole.
    """
    for operation in operations:
        if isinstance(operation, Keep):
            share.require(operation)
    rows = [
        one for one in operations if isinstance(one, RowOperation) and one.table not in share.whole
    ]
    if len(rows) < len(operations):
        # A row of a table held whole, or rows whose keys are not known yet.
        return range(share.of)
    return sorted({share.number_of(row_key(row)) for row in rows})
