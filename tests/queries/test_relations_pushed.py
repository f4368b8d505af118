"""Everything that is pushed, to open pages of every relation: the real courier and query side.

Every page is told while it happens, and once more when it comes back having missed it all.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.message import Message

from infra.nats.items import Address, Scope
from infra.rpc.backend import path_of
from schemas.gen import live_pb2 as pb
from schemas.gen.options_pb2 import ID_COMMENT, ID_POST
from tests.gateway.live.stage import IDS, Client, Gateway, running
from tests.queries.conftest import Side
from tests.queries.relations import (
    AUDIENCES,
    AUTHORS,
    HOST,
    HOSTS_POST,
    VIEWERS,
    Author,
    at_home,
    explored,
    seen,
    standing,
    written,
)
from tests.queries.world import call

ELSEWHERE = {"hello", "reset", "closed"}
"""Events about the stream itself."""
MARKER = UUID("0197f1f0-0000-7000-8000-00000000ffff")
FEEDS = ("home", "explore", "author")


class QuerySide:
    """The real answers about live updates. Implements infra.rpc.backend."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self.methods: Mapping[str, Any] = {
            path_of(method): method
            for method in pb.DESCRIPTOR.services_by_name["LiveQueries"].methods
        }

    async def call(
        self, path: str, message: Message, metadata: Mapping[str, str], timeout_s: float
    ) -> Message:
        """What the query side answers."""
        answering = getattr(self._side.live, self.methods[path].name)(message, call(None))
        answer: Message = await answering
        return answer


@pytest.fixture
async def gateway(side: Side) -> AsyncIterator[Gateway]:
    """A gateway in front of a world that has everybody in it."""
    await written(side)
    await side.world.post(HOST, post=MARKER)
    async with running(Gateway(judge=QuerySide(side))) as started:
        started.began()
        yield started


def pairs() -> Iterator[tuple[UUID, Author]]:
    """Everybody with each author, each in their relation."""
    for author in AUTHORS:
        yield from ((viewer, author) for viewer in (*VIEWERS.values(), author.id))


def opened(gateway: Gateway, viewer: UUID, author: Author, feed: str, last_id: str = "") -> Client:
    """A page that shows a feed, or what the author says; and all posts that there are."""
    watched: dict[str, Any] = {"feed": feed} if feed != "author" else {"author": author.id}
    posts = frozenset({*author.posts.values(), HOSTS_POST, MARKER})
    return gateway.client(viewer, last_id, posts=posts, **watched)


def happen(gateway: Gateway) -> None:
    """Everything that news can be about, then something that everybody is told."""
    for author in AUTHORS:
        for post in author.posts.values():
            gateway.post(post, author.id)
            gateway.touch(post)
            gateway.edit(post)
        gateway.touch(HOSTS_POST, author.comment)
        for viewer in VIEWERS.values():
            for kind, ids in (
                ("follow.established", (author.id,)),
                ("reaction.set", (author.id, HOSTS_POST)),
                ("comment.mentioned", (author.id, HOSTS_POST, author.comment)),
                ("post.mentioned", (author.id, author.posts["followers"])),
            ):
                gateway.arrives(Address(Scope.ACCOUNT, viewer), kind, *ids)
    gateway.touch(MARKER)


def told(client: Client, author: Author) -> set[tuple[str, str]]:
    """What a page was told of the author: event and what it is about."""
    audiences = {post: name for name, post in author.posts.items()}
    found = set()
    for event in client.events:
        post = event.data.get("postId")
        opened_post = IDS.open(ID_POST, post) if post else None
        about = audiences.get(opened_post) if opened_post else None
        match event.name:
            case "comment":
                if IDS.open(ID_COMMENT, event.data["commentId"]) == author.comment:
                    found.add(("comment", "host"))
            case "notification":
                if event.data["person"]["handle"] == author.handle:
                    found.add((event.data["kind"], ""))
            case name if about is not None:
                found.add((name, about))
            case name if opened_post == HOSTS_POST:
                count = {key: event.data.get(key) for key in ("comments", "reactions")}
                found.add((name, f"host {count['comments']} {count['reactions']}"))
    return found


def expected(viewer: UUID, author: Author, feed: str) -> set[tuple[str, str]]:
    """What they should be told, by what they are to the author."""
    relation = standing(viewer, author)
    by_feed = {"home": at_home, "explore": explored, "author": seen}
    posts = {("post", name) for name in by_feed[feed](relation, author)}
    shown = seen(relation, author)
    changed = {("gone", name) for name in AUDIENCES if name not in shown}
    changed |= {(event, name) for event in ("counts", "edited") for name in shown}
    known = sum(not standing(viewer, one).hidden for one in AUTHORS)
    host = {("counts", f"host {2 * known} {known}")}
    if not relation.hidden:
        host.add(("comment", "host"))
    if relation.hidden or relation.mutes or relation.own:
        return posts | changed | host
    kinds = {("follow.established", ""), ("reaction.set", ""), ("comment.mentioned", "")}
    named = {("post.mentioned", "")} if "followers" in shown else set()
    return posts | changed | host | kinds | named


def test_no_event_is_left_out() -> None:
    kinds = {field.name for field in pb.LiveEvent.DESCRIPTOR.fields if field.message_type}
    assert kinds - ELSEWHERE == {"post", "comment", "counts", "edited", "gone", "notification"}


@pytest.mark.parametrize("feed", FEEDS)
async def test_everybody_is_told_by_what_they_are_to_the_author(
    gateway: Gateway, feed: str
) -> None:
    pages = {pair: opened(gateway, *pair, feed) for pair in pairs()}
    happen(gateway)
    for (viewer, author), page in pages.items():
        await until_marked(page)
        assert told(page, author) == expected(viewer, author, feed), standing(viewer, author)


@pytest.mark.parametrize("feed", FEEDS)
async def test_who_comes_back_is_told_by_what_they_are_then(
    gateway: Gateway, side: Side, feed: str
) -> None:
    happen(gateway)
    for viewer, author in pairs():
        back = opened(gateway, viewer, author, feed, "1-0")
        await until_marked(back)
        assert told(back, author) == expected(viewer, author, feed), standing(viewer, author)
        await gateway.closed(back)
    [author, _], viewer = AUTHORS, VIEWERS["mutual"]
    await side.world.block(author.id, viewer)
    back = opened(gateway, viewer, author, feed, "1-0")
    await until_marked(back)
    assert {name for name, about in told(back, author) if about in AUDIENCES} == {"gone"}


async def until_marked(page: Client) -> None:
    """Waits until the page was told of the marker."""
    await page.until_counted(MARKER)
