"""`agora partitions`: who owns what, and how far its states are checkpointed."""

import asyncio
import os
from collections.abc import Sequence

from msgspec import Struct

from cli.output import Json, examples, result, table
from cli.reaching import Opened, opened_log, reaching
from events.topics import Partition
from infra.config import Settings, load
from infra.log.scan import tenure_at
from infra.log.topics import all_partitions


class Ownership(Struct, frozen=True):
    """One partition. `lag` is how many records a takeover would have to replay."""

    partition: str
    owner: str
    endpoint: str
    epoch: str
    held: bool
    claimed_at: int
    end: int
    checkpoint: int
    lag: int


@examples("agora partitions", "agora partitions --json")
def partitions(json: Json = False) -> None:
    """Show each partition's owner, end, checkpoint and lag.

    The owner is the one that the log names; the lag is how many records a new owner would have to
    replay.

    Exit codes: 0 done, 2 Kafka cannot be reached.
    """
    settings = load(os.environ)
    with reaching():
        owned = asyncio.run(_ownerships(settings))
    result(owned, _shown(owned), json)


async def _ownerships(settings: Settings) -> list[Ownership]:
    async with opened_log(settings) as opened:
        partitions = all_partitions(settings)
        return list(await asyncio.gather(*(_ownership(opened, each) for each in partitions)))


async def _ownership(opened: Opened, partition: Partition) -> Ownership:
    near = await opened.near(partition)
    end = await opened.log.end(partition)
    tenure = await tenure_at(opened.log, partition, end, near)
    return Ownership(
        partition=str(partition),
        owner=tenure.owner if tenure.held else "",
        endpoint=tenure.endpoint if tenure.held else "",
        epoch=str(tenure.epoch or ""),
        held=tenure.held,
        claimed_at=tenure.claimed_at,
        end=end,
        checkpoint=near.offset,
        lag=end - near.offset,
    )


def _shown(owned: Sequence[Ownership]) -> str:
    rows = [
        [
            each.partition,
            each.owner or "nobody",
            each.endpoint or "-",
            each.epoch[-12:] or "-",
            str(each.end),
            str(each.checkpoint),
            str(each.lag),
        ]
        for each in owned
    ]
    return table(["PARTITION", "OWNER", "ENDPOINT", "EPOCH", "END", "CHECKPOINT", "LAG"], rows)
