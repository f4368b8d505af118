"""PostgreSQL as homes need it: tables that commits replace as a whole, and all they ever were."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from events.accounts import VisibilityChanged
from events.event import Event
from events.graph import (
    BlockLifted,
    BlockSet,
    FollowEnded,
    FollowEstablished,
    Following,
    FollowRequested,
    MuteLifted,
    MuteSet,
)
from events.posts import Audience, PostDeleted, PostEdited, PostPublished
from infra.redis.port import Place
from infra.worker.progress import Overtaken
from projections.touches import Opened
from queries.paging import Edge
from queries.people import Person
from queries.posts import Post
from queries.reads.timelines import Candidate, Lanes

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)


class Written(Struct, frozen=True):
    """A post as its row has it. One that is `mislaid` is in no row of the first build."""

    author: UUID
    at: datetime
    audience: Audience
    chosen: tuple[UUID, ...] = ()
    mislaid: bool = False


class Tables(Struct, frozen=True):
    """Everything at one moment. Follows are by (target, follower): since when, and how far."""

    posts: Mapping[UUID, Written] = {}
    follows: Mapping[tuple[UUID, UUID], tuple[datetime, Following]] = {}
    blocks: frozenset[tuple[UUID, UUID]] = frozenset()
    mutes: frozenset[tuple[UUID, UUID]] = frozenset()
    lanes: Mapping[str, Place] = {}
    whole: bool = False

    def with_lane(self, lane: str, other: "Tables") -> "Tables":
        """These tables with what another state has of one lane."""
        number = int(lane[-1])

        def mine(one: UUID) -> bool:
            return one.int % 2 != number

        mixed = replace(self, lanes={**self.lanes, lane: other.lanes[lane]})
        if lane.startswith("posts"):
            posts = {post: row for post, row in self.posts.items() if mine(post)}
            posts |= {post: row for post, row in other.posts.items() if not mine(post)}
            return replace(mixed, posts=posts)
        follows = {edge: how for edge, how in self.follows.items() if mine(edge[0])}
        follows |= {edge: how for edge, how in other.follows.items() if not mine(edge[0])}
        return replace(
            mixed,
            follows=follows,
            blocks=frozenset(_mixed(self.blocks, other.blocks, mine)),
            mutes=frozenset(_mixed(self.mutes, other.mutes, mine)),
        )

    def followers(self, author: UUID) -> list[UUID]:
        """Who follows the author."""
        return [
            follower
            for (target, follower), (_, state) in self.follows.items()
            if target == author and state is Following.ESTABLISHED
        ]

    def row(self, post: UUID) -> Written | None:
        """The post's row in the build that is live."""
        found = self.posts.get(post)
        return None if found is None or (found.mislaid and not self.whole) else found

    def post(self, post: UUID, viewer: UUID) -> Post | None:
        """The post as it stands to the viewer."""
        row = self.row(post)
        if row is None:
            return None
        _, follows = self.follows.get((row.author, viewer), (EPOCH, Following.NONE))
        author = Person(
            account_id=row.author,
            handle="",
            first_name="",
            last_name="",
            own=row.author == viewer,
            viewer_follows=follows,
            viewer_blocks=(viewer, row.author) in self.blocks,
            blocks_viewer=(row.author, viewer) in self.blocks,
            viewer_mutes=(viewer, row.author) in self.mutes,
        )
        return Post(
            post_id=post,
            author=author,
            body="",
            published_at=row.at,
            audience=row.audience,
            viewer_chosen=viewer in row.chosen,
        )

    def home(self, viewer: UUID) -> list[Edge]:
        """All of the viewer's home, newest first. Written apart from the product's rules."""
        hidden = {two for one, two in self.blocks | self.mutes if one == viewer}
        hidden |= {one for one, two in self.blocks if two == viewer}
        followed = {
            target
            for (target, follower), (_, state) in self.follows.items()
            if follower == viewer and state is Following.ESTABLISHED and target not in hidden
        }
        return _newest(
            Edge(id=post, since=row.at)
            for post, row in self.posts.items()
            if row.author == viewer
            or (row.author in followed and (not row.chosen or viewer in row.chosen))
            if self.whole or not row.mislaid
        )

    def after(self, event: Event, at: datetime) -> "Tables":
        """The tables after one event."""
        match event:
            case PostPublished(post_id=post, author_id=author):
                mislaid = post.int % 7 == 0
                row = Written(author, at, event.audience, event.chosen, mislaid)
                return replace(self, posts={**self.posts, post: row})
            case PostEdited(post_id=post, audience=audience, chosen=chosen):
                known = self.posts.get(post)
                if known is None:
                    return self
                row = replace(known, audience=audience, chosen=chosen)
                return replace(self, posts={**self.posts, post: row})
            case PostDeleted(post_id=post):
                return replace(self, posts={k: v for k, v in self.posts.items() if k != post})
            case VisibilityChanged(account_id=person, private=private):
                return self if private else replace(self, follows=self._accepted(person, at))
            case BlockSet() | BlockLifted() | MuteSet() | MuteLifted():
                return self._hidden(event)
            case _:
                return replace(self, follows=self._followed(event, at))

    def _accepted(self, person: UUID, at: datetime) -> dict[Any, Any]:
        established = (at, Following.ESTABLISHED)
        return {
            (target, follower): established
            if target == person and state is Following.REQUESTED
            else (since, state)
            for (target, follower), (since, state) in self.follows.items()
        }

    def _followed(self, event: Event, at: datetime) -> dict[Any, Any]:
        match event:
            case FollowEstablished(target_id=target, follower_id=follower):
                return {**self.follows, (target, follower): (at, Following.ESTABLISHED)}
            case FollowRequested(target_id=target, follower_id=follower):
                return {**self.follows, (target, follower): (at, Following.REQUESTED)}
            case FollowEnded(target_id=target, follower_id=follower):
                return {k: v for k, v in self.follows.items() if k != (target, follower)}
            case unknown:
                raise AssertionError(f"No row knows {unknown}.")

    def _hidden(self, event: BlockSet | BlockLifted | MuteSet | MuteLifted) -> "Tables":
        match event:
            case BlockSet(blocker_id=one, blocked_id=other):
                return replace(self, blocks=self.blocks | {(one, other)})
            case BlockLifted(blocker_id=one, blocked_id=other):
                return replace(self, blocks=self.blocks - {(one, other)})
            case MuteSet(muter_id=one, muted_id=other):
                return replace(self, mutes=self.mutes | {(one, other)})
            case MuteLifted(muter_id=one, muted_id=other):
                return replace(self, mutes=self.mutes - {(one, other)})


class Database:
    """The tables now, and every state that they were in, with the second when that began."""

    def __init__(self, lanes: Collection[str]) -> None:
        self.now = Tables(lanes={lane: Place("1.0", -1) for lane in lanes})
        self.history: list[tuple[float, Tables]] = [(-1.0, self.now)]

    def become(self, tables: Tables, second: float) -> None:
        """Replaces the tables, as a commit does, or a fail-over."""
        self.now = tables
        self.history.append((second, tables))

    def commit(
        self, lane: str, before: Place, after: Place, events: Sequence[Event], second: float
    ) -> None:
        """Rows and checkpoint; raises `Overtaken` if that is not where it was."""
        known = self.now.lanes[lane]
        if (known.lineage, known.offset) != (before.lineage, before.offset):
            raise Overtaken(f"{lane} left {before.offset}.")
        tables = self.now
        for number, event in enumerate(events):
            tables = tables.after(event, time_of(before.offset + 1 + number, lane))
        self.become(replace(tables, lanes={**tables.lanes, lane: after}), second)

    def at(self, second: float) -> Tables:
        """The state at that moment."""
        return next(tables for begin, tables in reversed(self.history) if begin <= second)

    def between(self, start: float, end: float) -> list[Tables]:
        """The states that were at some moment from `start` to `end`."""
        begins = [second for second, _ in self.history] + [float("inf")]
        return [
            tables
            for (begin, tables), until in zip(self.history, begins[1:], strict=True)
            if begin <= end and until > start
        ]


def time_of(offset: int, lane: str) -> datetime:
    """When the record was decided: some lanes are ahead of others, and times may be equal."""
    return EPOCH + timedelta(seconds=offset // 2 + int(lane[-1]))


def _newest(edges: Any) -> list[Edge]:
    return sorted(edges, key=lambda edge: (edge.since, edge.id.bytes), reverse=True)


def _mixed(
    these: Collection[tuple[UUID, UUID]],
    those: Collection[tuple[UUID, UUID]],
    mine: Callable[[UUID], bool],
) -> list[tuple[UUID, UUID]]:
    kept = [pair for pair in these if mine(pair[0])]
    return kept + [pair for pair in those if not mine(pair[0])]


class ViewersRows:
    """As `HomeRows`, at the moment at which each is called."""

    def __init__(self, database: Database, viewer: UUID, micros: int) -> None:
        self._tables = database.now
        self._viewer = viewer
        self._micros = micros

    async def page(
        self, after: Edge, limit: int, among: Collection[UUID] | None = None
    ) -> list[Edge]:
        """A page; of some authors alone."""
        found = [
            edge
            for edge in self._tables.home(self._viewer)
            if (edge.since, edge.id.bytes) < (after.since, after.id.bytes)
        ]
        if among is not None:
            found = [edge for edge in found if self._tables.posts[edge.id].author in among]
        return found[:limit]

    async def belonging(self, posts: Collection[UUID], limit: int) -> list[Edge]:
        """Which of these posts belong in the home."""
        return [edge for edge in self._tables.home(self._viewer) if edge.id in posts][:limit]

    async def hydrated(self, posts: Sequence[UUID]) -> tuple[dict[UUID, Post], Lanes]:
        """The posts that exist, and the lanes."""
        found = {post: self._tables.post(post, self._viewer) for post in posts}
        return {post: one for post, one in found.items() if one is not None}, await self.lanes()

    async def lanes(self) -> Lanes:
        """Where the lanes are."""
        return Lanes(self._micros, self._tables.lanes)

    async def candidates(self, limit: int) -> list[Candidate]:
        """The newest posts of everybody whom the viewer follows, and own ones."""
        tables = self._tables
        authors = {self._viewer} | {
            target
            for (target, follower), (_, state) in tables.follows.items()
            if follower == self._viewer and state is Following.ESTABLISHED
        }
        found = _newest(
            Edge(id=post, since=row.at)
            for post, row in tables.posts.items()
            if row.author in authors and tables.row(post) is not None
        )
        return [Candidate(id=edge.id, since=edge.since, cut=None) for edge in found[:limit]]


def accepted(tables: Tables, opened: Sequence[Opened]) -> list[UUID]:
    """Who follows since the very moment at which somebody went public."""
    return [
        follower
        for one in opened
        for (target, follower), (since, state) in tables.follows.items()
        if (target, since, state) == (one.target, one.at, Following.ESTABLISHED)
    ]
