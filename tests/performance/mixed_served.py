"""Agora, Agora with more posts, and the monolith, all serving the demo's network at once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
from msgspec import Struct

from cli.generated_history import Happening
from tests.performance.loads.reed import Reed, body_of
from tests.performance.loads.reed_town import reed_town
from tests.performance.mixed_sites import TIMEOUT_S, Agora, Monolith, People, Site
from tests.performance.peers.mixed_monolith import monolith
from tests.stack import Stack


class Sides(Struct, frozen=True):
    """The people of ours, those of the peer, and those of ours who have posted more."""

    ours: People
    theirs: People
    fuller: People

    @property
    def all(self) -> tuple[People, ...]:
        """Everybody."""
        return self.ours, self.theirs, self.fuller


@asynccontextmanager
async def sides(stack: Stack, seed: int, each: int, more: int) -> AsyncIterator[Sides]:
    """All three, with the same people; `each` posts of everybody in two of them, `more` in one."""
    reed = Reed(seed)
    async with AsyncExitStack() as opened:

        async def session(address: str) -> aiohttp.ClientSession:
            return await opened.enter_async_context(
                aiohttp.ClientSession(
                    address,
                    connector=aiohttp.TCPConnector(limit=0),
                    timeout=aiohttp.ClientTimeout(TIMEOUT_S),
                )
            )

        def people(site: Site, happenings: Sequence[Happening]) -> People:
            return People(site, reed, seed, {body_of(one): one.actor for one in happenings})

        async def ours(posts: int) -> People:
            happenings = reed.posts_of_everybody(posts)
            town = await opened.enter_async_context(reed_town(stack, reed, happenings))
            return people(Agora(town.tokens, town.ids, await session(town.address)), happenings)

        async def theirs(posts: int) -> People:
            happenings = reed.posts_of_everybody(posts)
            served = await opened.enter_async_context(monolith(stack, reed, happenings))
            return people(Monolith(served.tokens, await session(served.address)), happenings)

        yield Sides(await ours(each), await theirs(each), await ours(more))
