"""`agora timelines`: whether the cached homes in Redis hold what they have to."""

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from cli.output import FAILED, UNUSABLE, Failure, Json, examples, result, table
from cli.reaching import reaching
from infra.config import Settings, load
from infra.redis.client import AWAY
from queries.feeds.comparison import Difference, Kind, open_comparison

FAULTS: Final = (Kind.MISSING, Kind.MISPLACED)
SHOWN_MAX: Final = 50


class Found(Struct, frozen=True):
    """What a look at all timelines found.

    `undecided` are those that nobody reads, or whose lanes did not rest long enough to compare.
    """

    timelines: int
    undecided: int
    differences: Sequence[Difference]


@examples("agora timelines", "agora timelines --json")
def timelines(json: Json = False) -> None:
    """Compare every timeline in Redis with what PostgreSQL would answer above its floor.

    A post that is missing or misplaced is a fault. Surplus posts cost room and nothing else: reads
    leave them out.

    Exit codes: 0 no fault, 1 some were found, 2 a server is away.
    """
    found = asyncio.run(_found(load(os.environ)))
    faults = [one for one in found.differences if one.kind in FAULTS]
    if not faults:
        result(found, _text(found), json)
        return
    if not json:
        result(found, _text(found), json)
    advice = "empty Redis (it holds nothing that lasts), and report how this came about"
    raise Failure(f"{len(faults)} posts are missing or misplaced.", advice, FAILED, found)


async def _found(settings: Settings) -> Found:
    timelines, undecided = 0, 0
    differences: list[Difference] = []
    with reaching():
        try:
            async with open_comparison(settings) as comparison:
                async for one in comparison.all():
                    timelines += 1
                    undecided += not one.decided
                    differences += one.differences
        except AWAY as problem:
            raise Failure(f"Redis is away: {problem}", "agora status", UNUSABLE) from problem
    return Found(timelines, undecided, differences)


def _text(found: Found) -> str:
    kinds = Counter(one.kind.value for one in found.differences)
    named = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    lines = [
        f"{found.timelines} timelines, {found.undecided} of them not compared; "
        f"posts: {named or 'no difference'}."
    ]
    faults = [one for one in found.differences if one.kind in FAULTS]
    rows = [[one.kind.value, str(one.post), str(one.viewer)] for one in faults[:SHOWN_MAX]]
    if rows:
        lines.append(table(["KIND", "POST", "VIEWER"], rows))
    return "\n".join(lines)
