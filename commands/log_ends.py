"""Where shards end in the log right now, asked of the log itself.

What one process has read and answered may lag behind what somebody did a moment ago by way of
another. The log's end does not: whatever was acknowledged before the question is before it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from events.position import Position
from events.topics import Partition, Topic
from infra.coalescing import Coalesced
from infra.log.port import Log, LogUnavailable
from schemas.refusals import Unavailable


class LogEnds:
    """Asks for the ends of partitions; who asks about one at the same time shares a question.

    `place` tells in which partition a shard of a topic lives.
    """

    def __init__(self, log: Log, place: Callable[[Topic, str], Partition]) -> None:
        self._log = log
        self._place = place
        # One for each partition: where one has no leader, those of all others are told on.
        self._asking: defaultdict[Partition, Coalesced[Partition, int]] = defaultdict(
            lambda: Coalesced(self._ends)
        )

    async def reached(self, topic: Topic, shard: str) -> Position:
        """A position that includes all that was acknowledged in the shard before the call.

        Raises Unavailable LOG_UNAVAILABLE.
        """
        partition = self._place(topic, shard)
        try:
            end = await self._asking[partition].answer(partition)
        except LogUnavailable as error:
            raise Unavailable(
                "LOG_UNAVAILABLE", "The log cannot be read now; try again."
            ) from error
        return {str(partition): end - 1} if end else {}

    async def _ends(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]:
        return {partition: await self._log.end(partition) for partition in partitions}
