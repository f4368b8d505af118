"""The read models in memory, each folding each partition at its own pace."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from events.record import Decision
from events.topics import Partition, parse_partition
from infra.worker.progress import Accepted
from projections import models
from projections.folding import fold
from projections.memory import Rows
from projections.model import Model
from projections.tables import Row, Table
from tests.commands.memory import Clear

LATE = datetime.max.replace(tzinfo=UTC)


class Lanes:
    """Every model in every partition of its topics, as far as it was let go."""

    def __init__(self, log: Mapping[str, Sequence[Decision]]) -> None:
        self._log = log
        self._rows: dict[tuple[str, Partition], Rows] = {}
        self._models: dict[tuple[str, Partition], Model] = {}
        self.reached: dict[tuple[str, Partition], int] = {}
        for model in models.MODELS:
            for topic in model.topics:
                for number in range(topic.partitions):
                    lane = model.name, Partition(topic.name, number)
                    self._models[lane] = model
                    self._rows[lane] = Rows(model, lane[1])
                    self.reached[lane] = -1

    def behind(self) -> list[tuple[str, Partition]]:
        """The lanes that have not come to the end."""
        return [lane for lane, offset in self.reached.items() if offset < self.end(lane[1]) - 1]

    def end(self, partition: Partition) -> int:
        """The offset after the partition's last record."""
        return len(self._log.get(str(partition), ()))

    def advance(self, lane: tuple[str, Partition], records: int) -> None:
        """Lets the lane fold so many more records, as far as there are any."""
        model, partition = self._models[lane], lane[1]
        start = self.reached[lane] + 1
        decisions = self._log.get(str(partition), ())[start : start + records]
        if not decisions:
            return
        accepted = [Accepted(start + place, one) for place, one in enumerate(decisions)]
        folded = fold(model, partition, accepted, _Loaded(), frozenset(), LATE)
        assert folded.stop is None, folded.stop
        self._rows[lane].apply(folded.operations)
        self.reached[lane] += len(accepted)

    def catch_up(self) -> None:
        """Lets every lane come to the end."""
        for lane in self.behind():
            self.advance(lane, self.end(lane[1]))

    def include(self, position: Mapping[str, int]) -> bool:
        """Whether every model that folds those partitions has come as far."""
        wanted = {parse_partition(name): offset for name, offset in position.items()}
        return all(
            offset >= wanted[partition]
            for (_, partition), offset in self.reached.items()
            if partition in wanted
        )

    def rows(self, model: str, table: Table) -> Iterator[Row]:
        """The rows of a table, of all partitions."""
        for (name, _), rows in self._rows.items():
            if name == model:
                yield from rows.of(table).values()

    def position_of(self, model: str) -> dict[str, int]:
        """How far the model is."""
        return {
            str(partition): offset
            for (name, partition), offset in self.reached.items()
            if name == model and offset >= 0
        }


class _Loaded(Clear):
    """A cipher that needs no keys."""

    async def load(self, persons: Sequence[Any]) -> None:
        """Nothing to fetch."""
