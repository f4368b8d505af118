"""`agora timelines`: compares the cached home timelines in Redis with PostgreSQL."""

import asyncio
import os
from typing import Final

from cli.output import FAILED, UNUSABLE, Failure, Json, examples, result, table
from cli.progress import Steps
from cli.reaching import reaching
from infra.config import Settings, load
from infra.redis.client import AWAY
from queries.feeds.comparison import FAULTS, Difference, Overview, open_comparison

ADVICE: Final = "empty Redis (it holds nothing that lasts), and report how this came about"


@examples("agora timelines", "agora timelines --json")
def timelines(json: Json = False) -> None:
    """Compare every timeline in Redis with what PostgreSQL answers.

    A missing or misplaced post above a timeline's floor is a fault, and so is a damaged timeline,
    which reads leave alone and fill again. Surplus and doubled posts only cost memory: reads skip
    them. `agora projections verify --all` includes this check.

    Exit codes: 0 no fault, 1 faults were found, 2 a server cannot be reached.
    """
    with Steps() as steps:
        found = asyncio.run(overview(load(os.environ), steps))
    if not found.faults:
        result(found, _text(found), json)
        return
    if not json:
        result(found, _text(found), json)
    named = [f"{found.counts[kind]} {kind.value}" for kind in sorted(FAULTS & found.counts.keys())]
    raise Failure(f"Faults in timelines: {', '.join(named)}.", ADVICE, FAILED, found)


async def overview(settings: Settings, steps: Steps) -> Overview:
    """All timelines, compared. Raises Failure while Redis or PostgreSQL is away."""
    found = Overview()
    with reaching():
        try:
            async with open_comparison(settings) as comparison:
                steps.begin("comparing timelines", await comparison.count())
                async for one in comparison.all():
                    found.include(one)
                    steps.advance()
                steps.end()
        except AWAY as problem:
            raise Failure(
                f"Redis cannot be reached: {problem}", "agora status", UNUSABLE
            ) from problem
    return found


def kinds_text(found: Overview) -> str:
    """How many differences of each kind there are; empty without any."""
    return ", ".join(f"{count} {kind.value}" for kind, count in sorted(found.counts.items()))


def place_of(one: Difference) -> dict[str, str]:
    """Whose timeline it is, and which post, as names and values."""
    viewer = {"viewer": str(one.viewer)}
    return viewer if one.post is None else viewer | {"post": str(one.post)}


def _text(found: Overview) -> str:
    lines = [
        f"{found.timelines} timelines, {found.undecided} of them not compared; "
        f"{kinds_text(found) or 'no difference'}."
    ]
    rows = [
        [one.kind.value, str(one.post or "-"), str(one.viewer)]
        for one in sorted(found.differences, key=lambda one: one.kind not in FAULTS)
    ]
    if rows:
        lines.append(table(["KIND", "POST", "VIEWER"], rows))
    return "\n".join(lines)
