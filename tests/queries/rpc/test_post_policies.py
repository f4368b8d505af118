"""What commands about posts are told: the same as readers."""

from uuid import UUID

import pytest

from schemas.gen import internal_pb2 as pb
from schemas.refusals import Invalid
from tests.queries.conftest import Side
from tests.queries.world import ANA, BEN, CLO, DAN, NOBODY, call


@pytest.fixture
async def cast(side: Side) -> Side:
    """ANA, BEN, CLO and DAN, strangers to each other, findable by handle."""
    for account, handle in ((ANA, "ana"), (BEN, "ben"), (CLO, "clo"), (DAN, "dan")):
        name = side.digests.name("handle", handle)
        await side.world.person(account, handle, name=name)
    return side


async def check(
    side: Side, post: UUID, comment: UUID | None = None, viewer: UUID = ANA
) -> pb.CheckPostAnswer:
    request = pb.CheckPostRequest(
        post_id=str(post), viewer_id=str(viewer), comment_id=str(comment) if comment else ""
    )
    return await side.post_policies.CheckPost(request, call(None))


def leave(author: UUID, *, follows: bool = False) -> pb.CheckPostAnswer:
    return pb.CheckPostAnswer(visible=True, follows=follows, author_id=str(author))


async def test_who_sees_a_post_is_told_so_and_whether_they_follow_its_author(cast: Side) -> None:
    post = await cast.world.post(BEN)
    await cast.world.follow(CLO, BEN)
    await cast.world.follow(DAN, BEN, state="requested")
    told = {viewer: await check(cast, post, viewer=viewer) for viewer in (ANA, BEN, CLO, DAN)}
    assert told == {
        ANA: leave(BEN), BEN: leave(BEN), CLO: leave(BEN, follows=True), DAN: leave(BEN)
    }  # fmt: skip


async def test_hidden_and_absent_posts_are_answered_alike(cast: Side) -> None:
    hidden = await cast.world.post(BEN, audience="followers")
    assert await check(cast, hidden) == await check(cast, NOBODY) == pb.CheckPostAnswer()


async def test_a_comment_is_checked_with_its_post_and_its_parent(cast: Side) -> None:
    post, other = await cast.world.post(BEN), await cast.world.post(BEN)
    comment = await cast.world.comment(CLO, post)
    reply = await cast.world.comment(DAN, post, parent=comment)
    assert await check(cast, post, comment) == leave(BEN)
    assert await check(cast, post, reply) == leave(BEN)
    assert await check(cast, other, comment) == pb.CheckPostAnswer()
    assert await check(cast, post, NOBODY) == pb.CheckPostAnswer()
    await cast.world.block(CLO, ANA)
    assert await check(cast, post, comment) == pb.CheckPostAnswer()
    assert await check(cast, post, reply) == pb.CheckPostAnswer()
    assert await check(cast, post) == leave(BEN)


async def test_handles_lead_to_people_of_whom_the_author_may_know(cast: Side) -> None:
    handles = ("ben", "clo", "dan", "nobody")
    names = {handle: cast.digests.name("handle", handle) for handle in handles}
    await cast.world.block(CLO, ANA)
    await cast.world.block(ANA, DAN)
    request = pb.ResolveHandlesRequest(names=names.values(), viewer_id=str(ANA))
    answer = await cast.post_policies.ResolveHandles(request, call(None))
    assert dict(answer.account_ids) == {names["ben"]: str(BEN)}


async def test_nobody_is_asked_about_no_handles(cast: Side) -> None:
    request = pb.ResolveHandlesRequest(viewer_id=str(ANA))
    assert not (await cast.post_policies.ResolveHandles(request, call(None))).account_ids
    assert cast.wire.round_trips == 0


@pytest.mark.parametrize("name", ["ben", "handle:ben", "email:" + "0" * 32])
async def test_only_handles_are_resolved(cast: Side, name: str) -> None:
    request = pb.ResolveHandlesRequest(names=[name], viewer_id=str(ANA))
    with pytest.raises(Invalid, match="NAME_INVALID"):
        await cast.post_policies.ResolveHandles(request, call(None))


async def test_those_follow_who_are_let_in_and_not_blocked(cast: Side) -> None:
    await cast.world.follow(BEN, ANA)
    await cast.world.follow(CLO, ANA, state="requested")
    await cast.world.follow(DAN, ANA)
    await cast.world.follow(ANA, CLO)
    await cast.world.block(ANA, DAN)
    candidates = [str(each) for each in (ANA, BEN, CLO, DAN, NOBODY)]
    request = pb.FollowersAmongRequest(account_id=str(ANA), candidate_ids=candidates)
    answer = await cast.post_policies.FollowersAmong(request, call(None))
    assert list(answer.follower_ids) == [str(BEN)]
