"""Every query about posts by every viewer, against the rules as the product states them.

The oracle knows sets and pairs and nothing of SQL. Each seed draws another small world.
"""

import random
from collections.abc import Iterable
from uuid import UUID

import pytest
from msgspec import Struct

from schemas.gen import comments_pb2, feeds_pb2, internal_pb2, posts_pb2
from schemas.refusals import NotFound, Refusal
from tests.queries.conftest import Side
from tests.queries.test_matrix import CAST, Facts, drawn, told
from tests.queries.world import call

AUDIENCES = ("public", "followers", "selected")
REPLIES = ("everybody", "followers", "nobody")


class Drawn(Struct, frozen=True, kw_only=True):
    """A post as the oracle knows it. `timely` is False while its author had seen more."""

    id: UUID
    author: UUID
    minute: int
    audience: str
    chosen: tuple[UUID, ...]
    replies: str
    timely: bool
    comments: tuple[tuple[UUID, UUID], ...]
    reactions: frozenset[UUID]
    bookmarks: frozenset[UUID]


def drawn_posts(seed: int, count: int = 14) -> list[Drawn]:
    """Posts by chance, oldest first."""
    chance = random.Random(f"posts {seed}")
    people = list(CAST)

    def some(share: float) -> list[UUID]:
        return [person for person in people if chance.random() < share]

    def fresh() -> UUID:
        return UUID(int=chance.getrandbits(128))

    return [
        Drawn(
            id=fresh(),
            author=chance.choice(people),
            minute=minute,
            audience=chance.choice(AUDIENCES),
            chosen=tuple(some(0.6)),
            replies=chance.choice(REPLIES),
            timely=chance.random() < 0.8,
            comments=tuple((fresh(), person) for person in some(0.5)),
            reactions=frozenset(some(0.5)),
            bookmarks=frozenset(some(0.5)),
        )
        for minute in range(count)
    ]


async def written(side: Side, posts: Iterable[Drawn]) -> None:
    world = side.world
    await world.checkpoint("graph", "people-0", 10)
    for post in posts:
        await world.post(
            post.author,
            post.minute,
            post=post.id,
            audience=post.audience,
            chosen=post.chosen,
            replies=post.replies,
            after={"people-0": 10 if post.timely else 11},
        )
        for minute, (comment, person) in enumerate(post.comments):
            await world.comment(person, post.id, minute, comment=comment)
        for person in post.reactions:
            await world.reaction(person, post.id)
        for person in post.bookmarks:
            await world.bookmark(person, post.id, post.minute)


def sees(facts: Facts, viewer: UUID, post: Drawn) -> bool:
    """Whether the viewer may see the post, in the product's words."""
    author = post.author
    if viewer == author:
        return True
    if facts.hidden(viewer, author) or not post.timely:
        return False
    follows = (viewer, author) in facts.follows
    if post.audience == "public":
        return follows or author not in facts.private
    return follows and (post.audience == "followers" or viewer in post.chosen)


def may_comment(facts: Facts, viewer: UUID, post: Drawn) -> bool:
    """Whether a viewer who sees the post may comment."""
    follows = (viewer, post.author) in facts.follows
    by_limit = {"everybody": True, "followers": follows, "nobody": False}
    return viewer == post.author or by_limit[post.replies]


def _ids(posts: Iterable[posts_pb2.Post]) -> list[UUID]:
    return [UUID(post.post_id) for post in posts]


async def check_feeds(side: Side, facts: Facts, viewer: UUID, posts: list[Drawn]) -> None:
    newest = [post for post in reversed(posts) if sees(facts, viewer, post)]
    heard = [post for post in newest if (viewer, post.author) not in facts.mutes]
    home = [
        post for post in heard if post.author == viewer or (viewer, post.author) in facts.follows
    ]
    explore = [post for post in heard if post.audience == "public"]
    kept = [post for post in newest if viewer in post.bookmarks]
    asks, feeds = call(viewer), side.feeds
    for answer, expected in (
        (await feeds.ReadHome(feeds_pb2.ReadHomeRequest(), asks), home),
        (await feeds.ReadExplore(feeds_pb2.ReadExploreRequest(), asks), explore),
        (await feeds.ListBookmarks(feeds_pb2.ListBookmarksRequest(), asks), kept),
    ):
        assert _ids(answer.posts) == [post.id for post in expected], (viewer, facts)
    for author in CAST:
        own = [post.id for post in newest if post.author == author]
        assert await posts_of(side, viewer, author) == (facts.gate(viewer, author) or own)


async def posts_of(side: Side, viewer: UUID, author: UUID) -> list[UUID] | str:
    """A person's posts, or the reason why they are refused."""
    request = feeds_pb2.ListPostsOfRequest(account_id=str(author))
    try:
        return _ids((await side.feeds.ListPostsOf(request, call(viewer))).posts)
    except Refusal as refusal:
        return refusal.reason


async def check_post(side: Side, facts: Facts, viewer: UUID, post: Drawn) -> None:
    asks, which = call(viewer), str(post.id)
    request = internal_pb2.CheckPostRequest(post_id=which, viewer_id=str(viewer))
    leave = await side.post_policies.CheckPost(request, asks)
    listing = side.comments.ListComments(comments_pb2.ListCommentsRequest(post_id=which), asks)
    reacting = side.posts.ListReactions(posts_pb2.ListReactionsRequest(post_id=which), asks)
    reading = side.posts.ReadPost(posts_pb2.ReadPostRequest(post_id=which), asks)
    if not sees(facts, viewer, post):
        assert leave == internal_pb2.CheckPostAnswer()
        for asking in (listing, reacting, reading):
            with pytest.raises(NotFound):
                await asking
        return
    may = may_comment(facts, viewer, post)
    follows = (viewer, post.author) in facts.follows
    assert (leave.visible, leave.follows, leave.author_id) == (True, follows, str(post.author))
    shown = await reading
    assert shown.may_comment == may
    assert (shown.reacted, shown.bookmarked) == (viewer in post.reactions, viewer in post.bookmarks)
    comments = [one for one, person in post.comments if not facts.hidden(viewer, person)]
    assert [UUID(one.comment_id) for one in (await listing).comments] == comments
    reacted = {UUID(one.person.account_id) for one in (await reacting).reactions}
    assert reacted == facts.shown(viewer, iter(post.reactions))


@pytest.mark.parametrize("seed", range(8))
async def test_everybody_sees_the_posts_that_the_rules_say_and_no_others(
    side: Side, seed: int
) -> None:
    facts, posts = drawn(seed), drawn_posts(seed)
    await told(side.world, facts)
    await written(side, posts)
    for viewer in CAST:
        await check_feeds(side, facts, viewer, posts)
        for post in posts:
            await check_post(side, facts, viewer, post)
