"""What is counted for a viewer is what the lists show, whoever is hidden from whom."""

import random
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from psycopg import sql

from queries.reads import counts
from schemas.gen import accounts_pb2, comments_pb2, graph_pb2, posts_pb2
from tests.queries.conftest import Side
from tests.queries.world import ANA, BEN, CLO, DAN, call

PEOPLE = {ANA: "ana", BEN: "ben", CLO: "clo", DAN: "dan"}

TOTALS = [
    sql.SQL("""insert into comment_counts select post_id, count(*) from comments group by 1"""),
    sql.SQL("""insert into reply_counts select parent_id, count(*) from comments
        where parent_id is not null group by 1"""),
    sql.SQL("""insert into reaction_counts select thing_id, count(*) from reactions group by 1"""),
    sql.SQL("""insert into follower_counts select target_id, count(*) from follows
        where state = 'established' group by 1"""),
    sql.SQL("""insert into following_counts select follower_id, 'people-' || (n % 2), count(*)
        from (select follower_id, row_number() over (partition by follower_id) as n
            from follows where state = 'established') f group by 1, 2"""),
]
"""What the models would count."""

CROWD = sql.SQL("""
    insert into blocks select {ana}, gen_random_uuid(), now() from generate_series(1, {size})""")


@pytest.fixture
async def cast(side: Side) -> Side:
    """The cast, strangers to each other."""
    for account, handle in PEOPLE.items():
        await side.world.person(account, handle)
    return side


async def counted(side: Side) -> None:
    for statement in TOTALS:
        await side.world.execute(statement)


async def thread(side: Side, chance: random.Random) -> tuple[UUID, Sequence[UUID]]:
    """A post by DAN with comments, replies and reactions by anybody; its comments."""
    post, people = await side.world.post(DAN), list(PEOPLE)
    said = [await side.world.comment(chance.choice(people), post) for _ in range(8)]
    for _ in range(12):
        await side.world.comment(chance.choice(people), post, parent=chance.choice(said))
    for thing in (post, *said):
        for person in people:
            if chance.random() < 0.6:
                await side.world.reaction(person, post, thing)
    for person in people:
        for other in people:
            if person != other and chance.random() < 0.6:
                state = chance.choice(["established", "established", "requested"])
                await side.world.follow(person, other, state=state)
    return post, said


async def check(side: Side, viewer: UUID, post: UUID) -> None:
    """Every count that the viewer is told, against the list that it is about."""
    asks, of = call(viewer), str(post)
    shown = await side.posts.ReadPost(posts_pb2.ReadPostRequest(post_id=of), asks)
    listing = comments_pb2.ListCommentsRequest(post_id=of, page_size=100)
    comments = (await side.comments.ListComments(listing, asks)).comments
    replies = 0
    for comment in comments:
        request = comments_pb2.ListRepliesRequest(
            post_id=of, comment_id=comment.comment_id, page_size=100
        )
        found = (await side.comments.ListReplies(request, asks)).comments
        assert comment.replies == len(found)
        liking = comments_pb2.ListCommentReactionsRequest(
            post_id=of, comment_id=comment.comment_id, page_size=100
        )
        liked = (await side.comments.ListCommentReactions(liking, asks)).reactions
        assert comment.reactions == len(liked)
        replies += len(found)
    assert shown.comments == len(comments) + replies
    reacting = await side.posts.ListReactions(posts_pb2.ListReactionsRequest(post_id=of), asks)
    assert shown.reactions == len(reacting.reactions)


async def check_person(side: Side, viewer: UUID, person: UUID) -> None:
    asks, who = call(viewer), str(person)
    profiles = accounts_pb2.ReadProfilesRequest(account_ids=[who])
    for profile in (await side.accounts.ReadProfiles(profiles, asks)).profiles:
        followers = await side.graph.ListFollowers(
            graph_pb2.ListFollowersRequest(account_id=who), asks
        )
        following = await side.graph.ListFollowing(
            graph_pb2.ListFollowingRequest(account_id=who), asks
        )
        assert profile.followers == len(followers.people)
        assert profile.following == len(following.people)


@pytest.mark.parametrize("crowd", [0, 3, counts.HIDDEN_MAX - 5], ids=["none", "some", "many"])
@pytest.mark.parametrize("seed", range(3))
async def test_counts_are_those_of_the_lists(cast: Side, seed: int, crowd: int) -> None:
    post, _ = await thread(cast, random.Random(seed))
    await counted(cast)
    for blocker, blocked in ((), ((ANA, BEN),), ((ANA, BEN), (CLO, ANA)))[seed]:
        await cast.world.block(blocker, blocked)
    await cast.world.execute(CROWD.format(ana=ANA, size=crowd))
    for viewer in PEOPLE:
        await check(cast, viewer, post)
        for person in PEOPLE:
            await check_person(cast, viewer, person)


async def test_reactions_to_a_comment_are_counted_without_hidden_people(cast: Side) -> None:
    post = await cast.world.post(DAN)
    comment = await cast.world.comment(DAN, post)
    for person in (ANA, BEN, CLO):
        await cast.world.reaction(person, post, comment)
    await counted(cast)
    await cast.world.block(BEN, ANA)
    request = comments_pb2.ListCommentsRequest(post_id=str(post))
    told = {
        viewer: (await cast.comments.ListComments(request, call(viewer))).comments[0].reactions
        for viewer in (ANA, BEN, CLO)
    }
    assert told == {ANA: 2, BEN: 2, CLO: 3}


@pytest.mark.parametrize(("crowd", "told"), [(-1, 6), (0, 7)], ids=["at the limit", "beyond"])
async def test_beyond_a_limit_of_hidden_people_totals_stand(
    cast: Side, crowd: int, told: int
) -> None:
    post = await cast.world.post(DAN)
    await cast.world.reaction(BEN, post)
    await cast.world.insert("reaction_counts", thing_id=post, reactions=7)
    await cast.world.block(BEN, ANA)
    await cast.world.execute(CROWD.format(ana=ANA, size=counts.HIDDEN_MAX + crowd))
    request = posts_pb2.ReadPostRequest(post_id=str(post))
    assert (await cast.posts.ReadPost(request, call(ANA))).reactions == told


async def test_a_thing_that_nobody_marked_counts_nothing(cast: Side) -> None:
    post = await cast.world.post(DAN)
    await cast.world.block(ANA, uuid4())
    shown = await cast.posts.ReadPost(posts_pb2.ReadPostRequest(post_id=str(post)), call(ANA))
    assert (shown.comments, shown.reactions) == (0, 0)
