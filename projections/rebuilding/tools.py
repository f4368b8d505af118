"""What a process folds the log with."""

from collections.abc import Callable

from msgspec import Struct

from infra.log.port import BulkLog
from infra.postgres.pool import Pool
from projections.subscriber import Keys


class Tools(Struct, frozen=True):
    """The database, the log, and the keys of personal data.

    `told` takes how many records more were read from the log, or folded.
    """

    pool: Pool
    log: BulkLog
    keys: Keys
    told: Callable[[int], None]


class Meter:
    """Tells of the records of one job, `total` in all, however the job goes."""

    def __init__(self, told: Callable[[int], None], total: int) -> None:
        self._told = told
        self._left = total

    def add(self, records: int) -> None:
        """So many more are done; none beyond the total."""
        records = min(records, self._left)
        self._left -= records
        self._told(records)

    def finish(self) -> None:
        """Nothing more will be done."""
        self.add(self._left)
