"""What the gateway asks the query side before it tells anyone anything."""

from collections.abc import Collection, Sequence
from typing import Final, cast
from uuid import UUID

from infra.coalescing import Coalesced
from infra.rpc.backend import Backend, path_of
from schemas.gen import live_pb2 as pb

ANSWERED_S: Final = 5.0
POSTS_MAX: Final = 5_000

_METHODS: Final = pb.DESCRIPTOR.services_by_name["LiveQueries"].methods_by_name
_JUDGE: Final = path_of(_METHODS["Judge"])
_POSTS_AMONG: Final = path_of(_METHODS["PostsAmong"])


class Questions:
    """Asks the query side, wherever it is. All raise what `Backend.call` raises."""

    def __init__(self, queries: Backend) -> None:
        self._queries = queries
        self._sessions = Coalesced(self._closed)

    async def is_closed(self, account: UUID, session: UUID) -> bool:
        """Whether somebody signed out of the session. When many ask, all of them at once."""
        return await self._sessions.answer((account, session))

    async def _closed(self, asked: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], bool]:
        viewers = [
            pb.LiveViewer(account_id=str(account), session_id=str(session))
            for account, session in asked
        ]
        closed = set((await self.judge(pb.JudgeRequest(viewers=viewers))).closed)
        return {one: number in closed for number, one in enumerate(asked)}

    async def judge(self, request: pb.JudgeRequest) -> pb.JudgeAnswer:
        """Who may be told of what."""
        answer = await self._queries.call(_JUDGE, request, {}, ANSWERED_S)
        return cast("pb.JudgeAnswer", answer)

    async def posts_among(self, author: UUID, posts: Collection[UUID]) -> set[UUID]:
        """Which of the posts the person wrote."""
        found: set[UUID] = set()
        wanted = [str(post) for post in posts]
        for start in range(0, len(wanted), POSTS_MAX):
            part = wanted[start : start + POSTS_MAX]
            request = pb.PostsAmongRequest(author_id=str(author), post_ids=part)
            answer = await self._queries.call(_POSTS_AMONG, request, {}, ANSWERED_S)
            found.update(map(UUID, cast("pb.PostsAmongAnswer", answer).post_ids))
        return found
