"""`celebrity`: when a post of somebody with very many followers is seen, beside pure push.

Ours runs from the append to the moment at which each of some followers has read a home with the
post in it, and includes its row; the peer's until the post is in the last follower's list. Homes
are read in this process, as the query side reads them. At last the one with the most followers
publishes beside the one with the fewest, through Agora's own processes (`acks`).
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Final

import uvloop

from infra.crypto.digests import new_uuid7
from tests.performance.acks import acknowledging
from tests.performance.bench import Run
from tests.performance.fame import ORDINARY, Stage, staged
from tests.performance.figures import Figure, Turn, beside, latency_beside, within
from tests.performance.peers.celebrity_push import PurePush

SIZES: Final = (1000, 100_000, 1_000_000)
SIZES_QUICK: Final = (100, 12_000)
"""The second is beyond the followers that are pushed to."""
ROUNDS: Final = 3
RATIO: Final = 20.0
READS_MAX: Final = 1.5
ACKS: Final = 1000
ACKS_QUICK: Final = 100
"""Posts of each author in a round."""
ACK_MAX: Final = 1.2
PEER: Final = "pure push, pipelined"


def run(run: Run) -> Sequence[Figure]:
    """The figures; raises `WrongAnswers`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measured(run))


async def _measured(run: Run) -> Sequence[Figure]:
    sizes = SIZES_QUICK if run.quick else SIZES
    settings = run.servers.settings()
    visible: defaultdict[int, list[Turn]] = defaultdict(list)
    pushed: defaultdict[int, list[Turn]] = defaultdict(list)
    slower: defaultdict[int, list[float]] = defaultdict(list)
    run.tell(f"celebrity: {sum(sizes):,} follows are appended and become rows")
    push = PurePush(settings.redis.url, settings.redis.prefix)
    try:
        async with staged(run.servers, sizes, run.seed) as stage:
            for number in range(1 if run.quick else ROUNDS):
                run.tell(f"celebrity: round {number + 1}")
                for size in sizes:
                    visible[size].append(await stage.visible(size))
                    pushed[size].append(
                        await asyncio.to_thread(push.turn, size, new_uuid7(datetime.now(UTC)))
                    )
                    slower[size].append(await times_slower(stage, size, run.turn_s))
            run.tell("celebrity: homes are compared with what was published")
            await stage.check()
            await asyncio.to_thread(push.check, run.seed)
            acked = await _acked(run, stage, (sizes[0], sizes[-1]))
    finally:
        push.close()
    return [*_seen(sizes, visible, pushed, slower), acked]


async def _acked(run: Run, stage: Stage, sizes: tuple[int, int]) -> Figure:
    run.tell("celebrity: owners read the log")
    ordinary, famous = sizes
    found: defaultdict[int, list[Turn]] = defaultdict(list)
    async with acknowledging(run.servers, stage, run.seed) as acks:
        for number in range(1 if run.quick else ROUNDS):
            run.tell(f"celebrity: posts are acknowledged, round {number + 1}")
            turns = await acks.turns(sizes, ACKS_QUICK if run.quick else ACKS)
            for size, turn in turns.items():
                found[size].append(turn)
        run.tell("celebrity: rows and homes are compared with what was acknowledged")
        await acks.check(stage.settings)
    return latency_beside(
        f"celebrity, {famous:,} followers, acknowledgement of a post",
        *(found[famous], f"{ordinary:,} followers", found[ordinary], ACK_MAX),
    )


def _seen(
    sizes: Sequence[int],
    visible: Mapping[int, Sequence[Turn]],
    pushed: Mapping[int, Sequence[Turn]],
    slower: Mapping[int, Sequence[float]],
) -> list[Figure]:
    return [
        figure
        for size in sizes
        for figure in (
            beside(
                f"celebrity, {size:,} followers, posts one by one until seen",
                visible[size],
                PEER,
                pushed[size],
                RATIO if size == sizes[-1] else None,
            ),
            within(
                f"celebrity, {size:,} followers, p99 of reads",
                [median(slower[size])],
                "times an ordinary one",
                READS_MAX,
            ),
        )
    ]


async def times_slower(stage: Stage, size: int, seconds: float) -> float:
    """The p99 of homes with somebody so famous, by that of homes without."""
    famous = await stage.reads(size, seconds)
    ordinary = await stage.reads(ORDINARY, seconds)
    assert famous.p99_ms is not None
    assert ordinary.p99_ms is not None
    return famous.p99_ms / ordinary.p99_ms
