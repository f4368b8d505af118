"""A build that is not live, folded on to a place in the log as a worker would."""

from collections.abc import Mapping, Sequence
from typing import Final

from events.topics import Partition
from infra.log.port import LogUnavailable, ReadableLog
from infra.postgres.pool import Pool
from infra.worker import progress
from infra.worker.places import Places
from projections.folding import News
from projections.model import Model
from projections.subscriber import Keys, ModelSubscriber

RECORDS_AT_ONCE: Final = 5000


async def catch_up(
    model: Model,
    build: int | None,
    ends: Mapping[Partition, int],
    pool: Pool,
    log: ReadableLog,
    keys: Keys,
) -> None:
    """Fold the build on to `ends`, the offsets after the last; the live one if it is None.

    Nobody is told of news. Raises `Halted` where it must not go on, `Overtaken` when somebody else
    folds into it, `LogUnavailable`, psycopg's errors.
    """
    subscriber = ModelSubscriber(model, Places(model.name, pool, log, build), keys, Nobody())
    for partition, end in ends.items():
        following = await subscriber.resume(partition)
        while following < end:
            stop = min(end, following + RECORDS_AT_ONCE)
            entries = await log.read(partition, following, stop)
            if not entries:
                raise LogUnavailable(f"{partition} does not show offset {following} yet.")
            following = await subscriber.consume(partition, progress.read(entries))


class Nobody:
    """Whom the news of a build that is not live is for, as `Telling`."""

    def tell(self, partition: Partition, news: Sequence[News]) -> None:
        """Nobody hears it."""

    def lost(self, why: str) -> None:
        """Nobody misses it."""
