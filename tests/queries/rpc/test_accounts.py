"""Accounts and profiles as ANA sees them."""

from uuid import UUID

import pytest

from infra.rpc.call import Call
from schemas.gen import accounts_pb2 as pb
from schemas.refusals import NotFound, Unauthenticated
from tests.queries.conftest import Side
from tests.queries.world import ANA, BEN, CLO, DAN, NOBODY, START, call, ids


def asking(account: UUID) -> pb.ReadProfileRequest:
    return pb.ReadProfileRequest(account_id=str(account))


async def test_the_own_account_has_what_only_its_owner_sees(side: Side) -> None:
    await side.world.person(ANA, "ana", private=True)
    account = await side.accounts.OwnAccount(pb.OwnAccountRequest(), call(ANA))
    assert (account.email, account.birth_date) == ("ana@example.org", "1990-05-06")
    assert account.profile.about == "Hello."
    assert account.profile.relation.self


async def test_an_account_that_is_not_folded_yet_is_absent(side: Side) -> None:
    with pytest.raises(NotFound, match="NOT_FOUND"):
        await side.accounts.OwnAccount(pb.OwnAccountRequest(), call(ANA))


async def test_nobody_signed_in_sees_nothing(side: Side) -> None:
    with pytest.raises(Unauthenticated):
        await side.accounts.OwnAccount(pb.OwnAccountRequest(), call(None))


async def test_a_profile_says_who_counts_and_what_they_are_to_the_viewer(side: Side) -> None:
    await side.world.person(BEN, "ben")
    await side.world.follow(ANA, BEN)
    await side.world.follow(BEN, ANA, state="requested")
    await side.world.mute(ANA, BEN)
    await side.world.insert("follower_counts", account_id=BEN, followers=7)
    await side.world.insert("following_counts", account_id=BEN, partition="people-0", following=2)
    await side.world.insert("following_counts", account_id=BEN, partition="people-3", following=3)
    profile = await side.accounts.ReadProfile(asking(BEN), call(ANA))
    assert (profile.handle, profile.first_name, profile.last_name) == ("ben", "Ben", "Okri")
    assert profile.registered_at.ToDatetime(tzinfo=START.tzinfo) == START
    assert (profile.followers, profile.following) == (7, 5)
    assert profile.relation == pb.Relation(
        following=pb.FOLLOW_ESTABLISHED, followed_by=pb.FOLLOW_REQUESTED, muted=True
    )


async def test_a_profile_without_any_ties_says_so(side: Side) -> None:
    await side.world.person(BEN, "ben")
    profile = await side.accounts.ReadProfile(asking(BEN), call(ANA))
    assert (profile.followers, profile.following) == (0, 0)
    assert profile.relation == pb.Relation(following=pb.FOLLOW_NONE, followed_by=pb.FOLLOW_NONE)


async def test_a_profile_is_found_by_handle(side: Side) -> None:
    await side.world.person(BEN, "ben", name=side.digests.name("handle", "ben"))
    profile = await side.accounts.ReadProfile(pb.ReadProfileRequest(handle="ben"), call(ANA))
    assert profile.account_id == str(BEN)


async def test_a_stranger_sees_the_names_of_a_private_account(side: Side) -> None:
    await side.world.person(BEN, "ben", private=True)
    await side.world.follow(ANA, BEN, state="requested")
    profile = await side.accounts.ReadProfile(asking(BEN), call(ANA))
    assert (profile.handle, profile.about, profile.private) == ("ben", "", True)
    assert not profile.HasField("registered_at")
    assert profile.relation.following == pb.FOLLOW_REQUESTED


async def test_a_follower_sees_all_of_a_private_account(side: Side) -> None:
    await side.world.person(BEN, "ben", private=True)
    await side.world.follow(ANA, BEN)
    profile = await side.accounts.ReadProfile(asking(BEN), call(ANA))
    assert profile.about == "Hello."


@pytest.mark.parametrize("by_handle", [False, True])
@pytest.mark.parametrize(("blocker", "blocked"), [(ANA, BEN), (BEN, ANA)])
async def test_whom_a_block_hides_is_answered_as_nobody(
    side: Side, blocker: UUID, blocked: UUID, by_handle: bool
) -> None:
    await side.world.person(BEN, "ben", name=side.digests.name("handle", "ben"))
    await side.world.block(blocker, blocked)
    hidden = pb.ReadProfileRequest(handle="ben") if by_handle else asking(BEN)
    absent = pb.ReadProfileRequest(handle="nobody") if by_handle else asking(NOBODY)
    answers = []
    # The first one prepares the statement.
    for request in (absent, hidden, absent):
        side.wire.reset()
        with pytest.raises(NotFound) as refused:
            await side.accounts.ReadProfile(request, call(ANA))
        refusal = refused.value
        answers.append((refusal.reason, refusal.detail, refusal.fields, side.wire.round_trips))
    assert answers[1] == answers[2]


async def test_a_block_between_others_hides_nobody(side: Side) -> None:
    await side.world.person(BEN, "ben")
    await side.world.block(CLO, BEN)
    assert (await side.accounts.ReadProfile(asking(BEN), call(ANA))).handle == "ben"


async def test_several_profiles_come_once_each_in_the_order_asked(side: Side) -> None:
    for account, handle in ((ANA, "ana"), (BEN, "ben"), (CLO, "clo"), (DAN, "dan")):
        await side.world.person(account, handle)
    await side.world.block(DAN, ANA)
    asked = [CLO, DAN, ANA, NOBODY, BEN, CLO]
    request = pb.ReadProfilesRequest(account_ids=[str(account) for account in asked])
    answer = await side.accounts.ReadProfiles(request, call(ANA))
    assert ids(answer.profiles) == [CLO, ANA, BEN]


async def round_trips(side: Side, rpc: str, request: object, viewer: Call) -> int:
    # The first time prepares the statement, once for each connection.
    await getattr(side.accounts, rpc)(request, viewer)
    side.wire.reset()
    await getattr(side.accounts, rpc)(request, viewer)
    return side.wire.round_trips


async def test_every_answer_takes_one_round_trip_however_many_people(side: Side) -> None:
    accounts = [UUID(int=ANA.int + number) for number in range(100)]
    for number, account in enumerate(accounts):
        await side.world.person(
            account, f"p{number}", name=side.digests.name("handle", f"p{number}")
        )
    many = pb.ReadProfilesRequest(account_ids=[str(account) for account in accounts])
    by_handle = pb.ReadProfileRequest(handle="p3")
    assert await round_trips(side, "OwnAccount", pb.OwnAccountRequest(), call(ANA)) == 1
    assert await round_trips(side, "ReadProfile", asking(accounts[2]), call(ANA)) == 1
    assert await round_trips(side, "ReadProfile", by_handle, call(ANA)) == 1
    assert await round_trips(side, "ReadProfiles", many, call(ANA)) == 1
