"""When an owner saves its heads, and what it does while the store is away."""

import asyncio
from collections.abc import Mapping
from itertools import pairwise

import pytest

from commands.writer.saving import RETRY_LAST_S, Pace, Saver
from events.topics import Partition
from infra.checkpoints.port import Saved
from schemas.refusals import Unavailable
from tests.commands.writer.records import Stage
from tests.commands.writer.register import BEN, BENS, CLO, CLOS
from tests.eventually import eventually
from tests.simulated import in_simulated_time
from tests.simulation.register import PARTITION, Mute
from tests.simulation.standalone import fair_checkpoints
from tests.simulation.world import SimulatedCheckpoints

AT_ONCE = Pace(interval_s=1.0, heads=1)
"""One changed head is reason enough to save."""
SOON_S = 60.0


class Store(SimulatedCheckpoints):
    """Refuses its next saves, so many of them, and remembers when each save was tried."""

    def __init__(self) -> None:
        fair = fair_checkpoints()
        super().__init__(fair._network, fair._note)
        self.failures = 0
        self.tried_at: list[float] = []

    async def save(
        self,
        partition: Partition,
        claimed_at: int,
        saved: Saved,
        heads: Mapping[str, bytes],
        since: int = 0,
    ) -> None:
        self.tried_at.append(asyncio.get_running_loop().time())
        if self.failures:
            self.failures -= 1
            raise Unavailable("STORE_UNAVAILABLE", "The store is away.")
        await super().save(partition, claimed_at, saved, heads, since)

    async def holds(self, stream: str) -> bool:
        """Whether the stream's head is saved."""
        return stream in await self.load(PARTITION, [stream])


async def pauses(
    store: Store, failures: int, command: Mute, stage: Stage, stream: str
) -> list[float]:
    """Seconds between the tries of a save that fails so often, until it succeeds."""
    store.failures = failures
    store.tried_at.clear()
    await stage.ask(command, None)
    await eventually(lambda: store.holds(stream), within_s=SOON_S)
    return [later - earlier for earlier, later in pairwise(store.tried_at)]


@in_simulated_time
async def test_while_the_store_is_away_saves_are_tried_less_and_less_often() -> None:
    store = Store()
    stage = Stage(store)
    saving = asyncio.create_task(Saver(PARTITION, stage.owner, AT_ONCE).run())
    longer = [0.25, 0.5, 1.0, 2.0, 4.0, RETRY_LAST_S, RETRY_LAST_S]
    assert await pauses(store, 7, Mute(other=BEN), stage, BENS) == pytest.approx(longer)
    # Once it is back, the next outage begins with short pauses again.
    assert await pauses(store, 2, Mute(other=CLO), stage, CLOS) == pytest.approx(longer[:2])
    saving.cancel()
    stage.running.cancel()
