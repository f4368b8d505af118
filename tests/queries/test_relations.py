"""Every query, by somebody of every relation, about authors open and private, for each audience.

A query that is in the API and not in the table fails the first test.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from uuid import UUID

import pytest
from google.protobuf.descriptor import ServiceDescriptor

from schemas.gen import (
    accounts_pb2,
    comments_pb2,
    feeds_pb2,
    graph_pb2,
    internal_pb2,
    live_pb2,
    options_pb2,
    posts_pb2,
)
from tests.queries import asking
from tests.queries.asking import Answer
from tests.queries.conftest import Side
from tests.queries.relations import (
    AUTHORS,
    FAN,
    HOST,
    RELATIONS,
    VIEWERS,
    Author,
    at_home,
    explored,
    gate,
    seen,
    standing,
    written,
)

Ask = Callable[[Side, UUID, Author], Awaitable[Answer]]
Rule = Callable[[UUID, Author], Answer]

SERVICES: Final = (
    accounts_pb2.DESCRIPTOR.services_by_name["AccountQueries"],
    graph_pb2.DESCRIPTOR.services_by_name["GraphQueries"],
    posts_pb2.DESCRIPTOR.services_by_name["PostQueries"],
    comments_pb2.DESCRIPTOR.services_by_name["CommentQueries"],
    feeds_pb2.DESCRIPTOR.services_by_name["FeedQueries"],
    live_pb2.DESCRIPTOR.services_by_name["LiveQueries"],
    internal_pb2.DESCRIPTOR.services_by_name["Policies"],
    internal_pb2.DESCRIPTOR.services_by_name["PostPolicies"],
)

ELSEWHERE: Final = {
    "Judge": "in test_relations_pushed.py",
    "PostsAmong": "asked by gateways about posts that are on a page already; shown to nobody",
    "ResolveName": "asked while signing in, before there is a viewer; shown to nobody",
    "AwaitVisible": "says how far read models are",
}
"""What is not asked here, and why."""


def is_author(viewer: UUID) -> bool:
    return any(author.id == viewer for author in AUTHORS)


def known(viewer: UUID) -> set[UUID]:
    """Which authors the viewer may know of."""
    return {author.id for author in AUTHORS if not standing(viewer, author).hidden}


def everywhere(found: Callable[[Author], Iterable[str]]) -> Answer:
    """Posts of both authors, by what they say."""
    return {(author.handle, audience) for author in AUTHORS for audience in found(author)}


def profile(viewer: UUID, author: Author) -> Answer:
    if standing(viewer, author).hidden:
        return "NOT_FOUND"
    return "" if gate(standing(viewer, author), author) else "Hello."


def followers(viewer: UUID, author: Author) -> Answer:
    found = {FAN, *(one for name, one in VIEWERS.items() if RELATIONS[name].follows)}
    hidden = {one for name, one in VIEWERS.items() if RELATIONS[name].hidden}
    shown = found - hidden if viewer == author.id else found
    return gate(standing(viewer, author), author) or shown


def following(viewer: UUID, author: Author) -> Answer:
    found = {one for name, one in VIEWERS.items() if RELATIONS[name].followed}
    return gate(standing(viewer, author), author) or found


def incoming(viewer: UUID, author: Author) -> Answer:
    asking_ = {one for name, one in VIEWERS.items() if RELATIONS[name].asks}
    return asking_ if is_author(viewer) else set()


def mine(flag: str) -> Rule:
    """The authors to whom the viewer has this relation; no author has it to anybody."""
    return lambda viewer, _: {
        author.id for author in AUTHORS if getattr(standing(viewer, author), flag)
    }


def blocked(viewer: UUID, author: Author) -> Answer:
    if is_author(viewer):
        return {one for name, one in VIEWERS.items() if RELATIONS[name].blocked}
    return mine("blocks")(viewer, author)


def post(viewer: UUID, author: Author) -> Answer:
    count = len(known(viewer))
    return seen(standing(viewer, author), author), 2 * count, count


def under_post(viewer: UUID, author: Author) -> Answer:
    return seen(standing(viewer, author), author), known(viewer)


def under_comment(viewer: UUID, author: Author) -> Answer:
    return "NOT_FOUND" if standing(viewer, author).hidden else 1


def posts_of(viewer: UUID, author: Author) -> Answer:
    relation = standing(viewer, author)
    return gate(relation, author) or {(author.handle, one) for one in seen(relation, author)}


def bookmarks(viewer: UUID, author: Author) -> Answer:
    kept = [one for one in AUTHORS if one.id == viewer or not is_author(viewer)]
    return {(one.handle, name) for one in kept for name in seen(standing(viewer, one), one)}


def leave(viewer: UUID, author: Author) -> Answer:
    relation = standing(viewer, author)
    shown = seen(relation, author)
    return shown, relation.follows and bool(shown), not relation.hidden


QUERIES: Final[dict[str, tuple[Ask, Rule]]] = {
    "OwnAccount": (asking.own_account, lambda _viewer, _: True),
    "ReadProfile": (asking.profile, profile),
    "ReadProfiles": (
        asking.profiles,
        lambda viewer, author: [one for one in (author.id, HOST) if one in known(viewer) | {HOST}],
    ),
    "ReadRelation": (
        asking.relation,
        lambda viewer, author: (
            "NOT_FOUND" if standing(viewer, author).hidden else standing(viewer, author)
        ),
    ),
    "ListFollowers": (asking.followers, followers),
    "ListFollowing": (asking.following, following),
    "ListIncomingRequests": (asking.incoming, incoming),
    "ListOutgoingRequests": (asking.outgoing, mine("asks")),
    "ListBlocked": (asking.blocked, blocked),
    "ListMuted": (asking.muted, mine("mutes")),
    "ReadPost": (asking.post, post),
    "ListEdits": (asking.edits, lambda viewer, author: seen(standing(viewer, author), author)),
    "ListReactions": (asking.reactions, under_post),
    "ListComments": (asking.comments, under_post),
    "ListReplies": (asking.replies, under_comment),
    "ListCommentReactions": (asking.comment_reactions, under_comment),
    "ReadHome": (
        asking.home,
        lambda viewer, _: everywhere(lambda one: at_home(standing(viewer, one), one)),
    ),
    "ReadExplore": (
        asking.explore,
        lambda viewer, _: everywhere(lambda one: explored(standing(viewer, one), one)),
    ),
    "ListPostsOf": (asking.posts_of, posts_of),
    "ListBookmarks": (asking.bookmarks, bookmarks),
    "CheckPost": (asking.leave, leave),
    "ResolveHandles": (
        asking.handles,
        lambda viewer, author: not standing(viewer, author).hidden,
    ),
    "FollowersAmong": (
        asking.among,
        lambda viewer, author: (
            standing(viewer, author).follows and not standing(viewer, author).hidden
        ),
    ),
}


def test_no_query_is_left_out() -> None:
    methods = {method.name for service in SERVICES for method in service.methods}
    assert methods == QUERIES.keys() | ELSEWHERE.keys()


def test_no_service_is_left_out() -> None:
    assert {service.full_name for service in SERVICES} == set(served())


def served() -> Iterable[str]:
    """Every service of the query side, as its packages name them."""
    for file in (accounts_pb2, comments_pb2, feeds_pb2, graph_pb2, live_pb2, posts_pb2):
        yield from _named(file.DESCRIPTOR.services_by_name.values(), "Queries")
    yield from _named(internal_pb2.DESCRIPTOR.services_by_name.values(), "Policies")


def _named(services: Iterable[ServiceDescriptor], ending: str) -> list[str]:
    return [service.full_name for service in services if service.name.endswith(ending)]


def test_who_is_signed_out_is_let_into_no_query() -> None:
    for service in SERVICES:
        for method in service.methods:
            access = method.GetOptions().Extensions[options_pb2.rules].access
            assert access in (options_pb2.ACCESS_SIGNED_IN, options_pb2.ACCESS_INTERNAL)


@pytest.fixture
async def told(side: Side) -> Side:
    """Everybody in their relations, and all that is written."""
    await written(side)
    return side


async def test_everybody_is_answered_by_what_they_are_to_the_author(told: Side) -> None:
    wrong = []
    for author in AUTHORS:
        for name, viewer in {**VIEWERS, "self": author.id}.items():
            for rpc, (ask, rule) in QUERIES.items():
                answer, expected = await ask(told, viewer, author), rule(viewer, author)
                if answer != expected:
                    wrong.append((rpc, name, author.handle, answer, expected))
    assert not wrong


async def test_a_block_holds_for_the_next_read_whatever_was_answered_before(told: Side) -> None:
    [author, _], viewer = AUTHORS, VIEWERS["mutual"]
    before = {rpc: await ask(told, viewer, author) for rpc, (ask, _) in QUERIES.items()}
    await told.world.block(author.id, viewer)
    after = {rpc: await ask(told, viewer, author) for rpc, (ask, _) in QUERIES.items()}
    alike = {rpc for rpc, answer in after.items() if answer == before[rpc]}
    own = {"OwnAccount", "ListIncomingRequests", "ListOutgoingRequests"}
    assert alike == own | {"ListBlocked", "ListMuted"}
