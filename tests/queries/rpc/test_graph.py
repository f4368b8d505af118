"""Lists of people and relations as ANA sees them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import pytest

from infra.rpc.call import Call
from schemas.gen import accounts_pb2
from schemas.gen import graph_pb2 as pb
from schemas.refusals import Forbidden, Invalid, NotFound
from tests.queries.conftest import Side
from tests.queries.world import ANA, BEN, CLO, DAN, NOBODY, call, ids

OWN_LISTS = {
    "ListIncomingRequests": pb.ListIncomingRequestsRequest,
    "ListOutgoingRequests": pb.ListOutgoingRequestsRequest,
    "ListBlocked": pb.ListBlockedRequest,
    "ListMuted": pb.ListMutedRequest,
}
OTHERS_LISTS = {
    "ListFollowers": pb.ListFollowersRequest,
    "ListFollowing": pb.ListFollowingRequest,
}


@pytest.fixture
async def cast(side: Side) -> Side:
    """ANA, BEN, CLO and DAN, strangers to each other."""
    for account, handle in ((ANA, "ana"), (BEN, "ben"), (CLO, "clo"), (DAN, "dan")):
        await side.world.person(account, handle)
    return side


async def listed(side: Side, rpc: str, viewer: UUID = ANA, **fields: Any) -> pb.People:
    request = (OWN_LISTS | OTHERS_LISTS)[rpc](**fields)
    answer: Callable[[Any, Call], Awaitable[pb.People]] = getattr(side.graph, rpc)
    return await answer(request, call(viewer))


def who(page: pb.People) -> list[UUID]:
    return ids([person.profile for person in page.people])


async def crowd(side: Side, size: int) -> Sequence[UUID]:
    """Followers of BEN: pairs share a minute, so that order must fall back on ids."""
    people = [UUID(int=DAN.int + 0x100 + number) for number in range(size)]
    for number, person in enumerate(people):
        await side.world.person(person, f"crowd{number}")
        await side.world.follow(person, BEN, minute=number // 2)
    return people


async def test_followers_come_newest_first(cast: Side) -> None:
    await cast.world.follow(CLO, BEN, minute=1)
    await cast.world.follow(DAN, BEN, minute=2)
    page = await listed(cast, "ListFollowers", account_id=str(BEN))
    assert who(page) == [DAN, CLO]
    assert page.people[0].since.seconds - page.people[1].since.seconds == 60
    assert page.next_cursor == ""


async def test_following_comes_newest_first(cast: Side) -> None:
    await cast.world.follow(BEN, CLO, minute=1)
    await cast.world.follow(BEN, DAN, minute=2)
    assert who(await listed(cast, "ListFollowing", account_id=str(BEN))) == [DAN, CLO]


async def test_requests_are_in_neither_list(cast: Side) -> None:
    await cast.world.follow(CLO, BEN, state="requested")
    assert who(await listed(cast, "ListFollowers", account_id=str(BEN))) == []
    assert who(await listed(cast, "ListFollowing", account_id=str(CLO))) == []


async def test_requests_wait_on_both_sides(cast: Side) -> None:
    await cast.world.follow(BEN, ANA, minute=1, state="requested")
    await cast.world.follow(CLO, ANA, minute=2, state="requested")
    await cast.world.follow(DAN, ANA, minute=3)
    incoming = await listed(cast, "ListIncomingRequests")
    assert who(incoming) == [CLO, BEN]
    assert incoming.people[0].profile.relation.followed_by == accounts_pb2.FOLLOW_REQUESTED
    assert who(await listed(cast, "ListOutgoingRequests", viewer=BEN)) == [ANA]


async def test_blocked_people_show_their_names_and_nothing_else(cast: Side) -> None:
    await cast.world.block(ANA, BEN, minute=1)
    await cast.world.block(ANA, CLO, minute=2)
    await cast.world.block(CLO, ANA)
    await cast.world.block(DAN, ANA)
    page = await listed(cast, "ListBlocked")
    assert who(page) == [CLO, BEN]
    clo, ben = (person.profile for person in page.people)
    assert (ben.handle, ben.first_name, ben.about) == ("ben", "Ben", "")
    assert ben.relation == clo.relation
    assert ben.relation.blocked


async def test_muted_people_are_listed(cast: Side) -> None:
    await cast.world.mute(ANA, BEN, minute=1)
    await cast.world.mute(ANA, CLO, minute=2)
    await cast.world.mute(DAN, ANA)
    page = await listed(cast, "ListMuted")
    assert who(page) == [CLO, BEN]
    assert page.people[0].profile.relation.muted


@pytest.mark.parametrize("blocked_by_viewer", [True, False])
async def test_lists_leave_hidden_people_out(cast: Side, blocked_by_viewer: bool) -> None:
    await cast.world.follow(CLO, BEN, minute=1)
    await cast.world.follow(DAN, BEN, minute=2)
    await cast.world.follow(CLO, ANA, minute=1, state="requested")
    await cast.world.follow(ANA, CLO, minute=1, state="requested")
    await cast.world.mute(ANA, CLO)
    await cast.world.block(*((ANA, CLO) if blocked_by_viewer else (CLO, ANA)))
    assert who(await listed(cast, "ListFollowers", account_id=str(BEN))) == [DAN]
    for rpc in ("ListIncomingRequests", "ListOutgoingRequests", "ListMuted"):
        assert who(await listed(cast, rpc)) == []


async def test_a_hidden_person_costs_no_place_on_the_page(cast: Side) -> None:
    people = await crowd(cast, 6)
    await cast.world.block(people[5], ANA)
    await cast.world.block(ANA, people[4])
    page = await listed(cast, "ListFollowers", account_id=str(BEN), page_size=3)
    assert who(page) == [people[3], people[2], people[1]]


@pytest.mark.parametrize("rpc", OTHERS_LISTS)
async def test_lists_of_a_private_account_are_refused_to_strangers(side: Side, rpc: str) -> None:
    await side.world.person(BEN, "ben", private=True)
    await side.world.follow(ANA, BEN, state="requested")
    with pytest.raises(Forbidden, match="PRIVATE_ACCOUNT"):
        await listed(side, rpc, account_id=str(BEN))


@pytest.mark.parametrize("rpc", OTHERS_LISTS)
async def test_lists_of_a_private_account_are_open_to_followers_and_itself(
    side: Side, rpc: str
) -> None:
    await side.world.person(BEN, "ben", private=True)
    await side.world.person(CLO, "clo")
    await side.world.follow(ANA, BEN)
    await side.world.follow(CLO, BEN)
    await side.world.follow(BEN, CLO)
    assert CLO in who(await listed(side, rpc, account_id=str(BEN)))
    assert CLO in who(await listed(side, rpc, viewer=BEN, account_id=str(BEN)))


@pytest.mark.parametrize("rpc", OTHERS_LISTS)
@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("blocked_by_viewer", [True, False])
async def test_lists_of_a_hidden_person_are_those_of_nobody(
    side: Side, rpc: str, private: bool, blocked_by_viewer: bool
) -> None:
    await side.world.person(BEN, "ben", private=private)
    await side.world.follow(CLO, BEN)
    await side.world.block(*((ANA, BEN) if blocked_by_viewer else (BEN, ANA)))
    answers = []
    # The first one prepares the statement.
    for account in (NOBODY, BEN, NOBODY):
        side.wire.reset()
        with pytest.raises(NotFound) as refused:
            await listed(side, rpc, account_id=str(account))
        answers.append((str(refused.value), side.wire.round_trips))
    assert answers[1] == answers[2]


async def test_the_relation_says_what_both_are_to_each_other(cast: Side) -> None:
    await cast.world.follow(ANA, BEN, state="requested")
    await cast.world.follow(BEN, ANA)
    await cast.world.mute(ANA, BEN)
    request = pb.ReadRelationRequest(account_id=str(BEN))
    assert await cast.graph.ReadRelation(request, call(ANA)) == accounts_pb2.Relation(
        following=accounts_pb2.FOLLOW_REQUESTED,
        followed_by=accounts_pb2.FOLLOW_ESTABLISHED,
        muted=True,
    )
    # Nobody learns that they are muted.
    mirror = await cast.graph.ReadRelation(pb.ReadRelationRequest(account_id=str(ANA)), call(BEN))
    assert not mirror.muted


@pytest.mark.parametrize(("blocker", "blocked"), [(ANA, BEN), (BEN, ANA)])
async def test_the_relation_to_a_hidden_person_is_that_to_nobody(
    cast: Side, blocker: UUID, blocked: UUID
) -> None:
    await cast.world.block(blocker, blocked)
    answers = []
    for account in (BEN, NOBODY):
        with pytest.raises(NotFound) as refused:
            await cast.graph.ReadRelation(
                pb.ReadRelationRequest(account_id=str(account)), call(ANA)
            )
        answers.append(str(refused.value))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("page_size", [1, 2, 3, 7])
async def test_pages_follow_each_other_without_gap_or_repeat(cast: Side, page_size: int) -> None:
    people = await crowd(cast, 7)
    seen: list[UUID] = []
    cursor = ""
    for _ in range(10):
        page = await listed(
            cast, "ListFollowers", account_id=str(BEN), page_size=page_size, cursor=cursor
        )
        seen += who(page)
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == sorted(people, key=lambda person: person.int, reverse=True)


async def test_who_comes_in_meanwhile_shifts_no_page(cast: Side) -> None:
    people = await crowd(cast, 4)
    first = await listed(cast, "ListFollowers", account_id=str(BEN), page_size=2)
    await cast.world.follow(CLO, BEN, minute=60)
    second = await listed(
        cast, "ListFollowers", account_id=str(BEN), page_size=2, cursor=first.next_cursor
    )
    assert who(first) + who(second) == list(reversed(people))


async def test_a_page_has_twenty_people_unless_told_otherwise(cast: Side) -> None:
    await crowd(cast, 21)
    page = await listed(cast, "ListFollowers", account_id=str(BEN))
    assert len(page.people) == 20
    assert page.next_cursor


async def test_a_cursor_is_worth_nothing_elsewhere(cast: Side) -> None:
    await crowd(cast, 3)
    first = await listed(cast, "ListFollowers", account_id=str(BEN), page_size=1)
    cursor = first.next_cursor
    middle = len(cursor) // 2
    tampered = cursor[:middle] + ("A" if cursor[middle] != "A" else "B") + cursor[middle + 1 :]
    elsewhere = [
        listed(cast, "ListFollowers", account_id=str(BEN), cursor=tampered),
        listed(cast, "ListFollowers", viewer=CLO, account_id=str(BEN), cursor=cursor),
        listed(cast, "ListFollowers", account_id=str(CLO), cursor=cursor),
        listed(cast, "ListFollowing", account_id=str(BEN), cursor=cursor),
        listed(cast, "ListMuted", cursor=cursor),
        listed(cast, "ListFollowers", account_id=str(BEN), cursor=cursor[:-1]),
        listed(cast, "ListFollowers", account_id=str(BEN), cursor=f"{cursor}A"),
        listed(cast, "ListFollowers", account_id=str(BEN), cursor="x"),
    ]
    for page in elsewhere:
        with pytest.raises(Invalid, match="CURSOR_INVALID"):
            await page


async def trips(side: Side, rpc: str, **fields: Any) -> int:
    # The first time prepares the statements, once for each connection.
    await listed(side, rpc, **fields)
    side.wire.reset()
    await listed(side, rpc, **fields)
    return side.wire.round_trips


async def test_the_round_trips_of_a_page_do_not_grow_with_it(cast: Side) -> None:
    people = await crowd(cast, 30)
    for minute, person in enumerate(people):
        await cast.world.follow(BEN, person, minute)
        await cast.world.mute(ANA, person, minute)
        await cast.world.follow(person, ANA, minute, state="requested")
        await cast.world.follow(ANA, person, minute, state="requested")
        await cast.world.block(CLO, person, minute)
    await cast.world.follow(BEN, ANA)
    for size in (1, 30):
        for rpc in OTHERS_LISTS:
            assert await trips(cast, rpc, account_id=str(BEN), page_size=size) == 5
        for rpc in OWN_LISTS:
            viewer = CLO if rpc == "ListBlocked" else ANA
            assert await trips(cast, rpc, viewer=viewer, page_size=size) == 2
        assert await trips(cast, "ListFollowers", account_id=str(ANA), page_size=size) == 2


async def test_a_relation_takes_one_round_trip(cast: Side) -> None:
    request = pb.ReadRelationRequest(account_id=str(BEN))
    await cast.graph.ReadRelation(request, call(ANA))
    cast.wire.reset()
    await cast.graph.ReadRelation(request, call(ANA))
    assert cast.wire.round_trips == 1
