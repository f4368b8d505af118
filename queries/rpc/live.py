"""Answers for live updates: one snapshot of everything asked about, the rules, the verdicts."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from msgspec.structs import replace

from infra.rpc.call import Call
from queries.live import Scene
from queries.matters import Matter, matter_of
from queries.reads import live
from queries.store import Reader, Store
from schemas.gen import live_pb2 as pb

Thing = TypeVar("Thing")


class Sessions(Protocol):
    """Closed sessions, as infra.auth.sessions knows them."""

    async def closed_among(self, sessions: Sequence[UUID], /) -> frozenset[UUID]:
        """Which of them were closed."""
        ...


class Live:
    """agora.live.v1.LiveQueries, for gateways only.

    A judgement takes eight round trips at most, however many matters and pages there are.
    """

    def __init__(self, store: Store, sessions: Sessions) -> None:
        self._store = store
        self._sessions = sessions

    async def Judge(self, request: pb.JudgeRequest, call: Call) -> pb.JudgeAnswer:
        """Who may be told of what, as things are now."""
        pages = [UUID(viewer.account_id) for viewer in request.viewers]
        matters = [matter_of(asked) for asked in request.matters]
        verdicts: list[pb.Verdict] = []
        if matters:
            async with self._store.snapshot(call.deadline_s) as reader:
                scene = await _scene(reader, matters, pages)
            verdicts = [matter.verdict(scene, pages) for matter in matters]
        # Looked at last: who has signed out by now is told nothing.
        sessions = [UUID(viewer.session_id) for viewer in request.viewers]
        closed = await self._sessions.closed_among(list(set(sessions)))
        return pb.JudgeAnswer(
            verdicts=verdicts,
            closed=[page for page, session in enumerate(sessions) if session in closed],
        )

    async def PostsAmong(self, request: pb.PostsAmongRequest, call: Call) -> pb.PostsAmongAnswer:
        """Which of the posts the person wrote. One round trip."""
        reader = self._store.until(call.deadline_s)
        among = [UUID(post) for post in request.post_ids]
        found = await live.written_by(reader, UUID(request.author_id), among)
        return pb.PostsAmongAnswer(post_ids=map(str, found))


async def _scene(reader: Reader, matters: Sequence[Matter], pages: Sequence[UUID]) -> Scene:
    scene = Scene(
        posts=await live.posts(reader, _all(matters, lambda matter: matter.posts)),
        comments=await live.comments(reader, _all(matters, lambda matter: matter.comments)),
        reactions=await live.reactions(reader, _all(matters, lambda matter: matter.reactions)),
    )
    people = await live.standings(
        reader,
        _all(matters, lambda matter: matter.everybody(scene, pages)),
        _all(matters, lambda matter: matter.followed(scene, pages)),
    )
    counts = await live.counted(reader, _all(matters, lambda matter: matter.counted(pages)))
    return replace(scene, people=people, counts=counts)


def _all(matters: Iterable[Matter], needed: Callable[[Matter], Iterable[Thing]]) -> list[Thing]:
    """What the matters need, once each."""
    return list(dict.fromkeys(thing for matter in matters for thing in needed(matter)))
