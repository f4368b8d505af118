"""The follow graph as its callers see it."""

from collections.abc import Callable
from uuid import UUID

import pytest
from google.protobuf.message import Message

from events.graph import MuteSet
from schemas.gen import accounts_pb2
from schemas.gen import graph_pb2 as pb
from schemas.refusals import Conflict, Invalid, NotFound, Refusal
from tests.commands.rpc.side import Side, registration
from tests.commands.sagas.newcomers import request

ABSENT = "019cec37-8c00-7000-8000-0000000000ff"


class Person:
    """Somebody who is signed in."""

    def __init__(self, side: Side, signed_in: accounts_pb2.SignedIn) -> None:
        self._side = side
        self.id = signed_in.account_id
        self._token = signed_in.access_token

    async def does(self, message: Message, key: UUID | None = None) -> pb.Changed:
        """The answer to what the person asks for."""
        answer = await self._side.call(message, self._token, key)
        assert isinstance(answer, pb.Changed)
        return answer

    async def follows(self, other: str) -> accounts_pb2.Follow.ValueType:
        """What comes of following `other`."""
        answer = await self._side.call(pb.FollowRequest(account_id=other), token=self._token)
        assert isinstance(answer, pb.Followed)
        return answer.following

    async def goes(self, *, private: bool) -> None:
        """Changes who may see them."""
        await self._side.call(accounts_pb2.SetVisibilityRequest(private=private), token=self._token)


async def pair() -> tuple[Side, Person, Person]:
    """Ana and Ben."""
    side = Side()
    ana = Person(side, await side.call(registration()))
    ben = Person(side, await side.call(registration("ben@example.org")))
    return side, ana, ben


async def test_following_says_what_came_of_it_each_time() -> None:
    _, ana, ben = await pair()
    assert await ben.follows(ana.id) == accounts_pb2.FOLLOW_ESTABLISHED
    assert await ben.follows(ana.id) == accounts_pb2.FOLLOW_ESTABLISHED
    await ben.does(pb.UnfollowRequest(account_id=ana.id))
    await ana.goes(private=True)
    assert await ben.follows(ana.id) == accounts_pb2.FOLLOW_REQUESTED
    assert await ben.follows(ana.id) == accounts_pb2.FOLLOW_REQUESTED
    await ana.goes(private=False)
    assert await ben.follows(ana.id) == accounts_pb2.FOLLOW_ESTABLISHED


async def refusal_of_following(follower: Person, target: str) -> tuple[str, str, dict[str, str]]:
    with pytest.raises(NotFound) as refused:
        await follower.follows(target)
    return refused.value.reason, refused.value.detail, dict(refused.value.fields)


async def test_blocked_either_way_is_answered_like_absent() -> None:
    side, ana, ben = await pair()
    absent = await refusal_of_following(ben, ABSENT)
    answer = await ana.does(pb.BlockRequest(account_id=ben.id))
    assert answer.receipt.everywhere
    await side.submitter.react()
    assert await refusal_of_following(ben, ana.id) == absent
    assert await refusal_of_following(ana, ben.id) == absent
    await ana.does(pb.UnblockRequest(account_id=ben.id))
    await side.submitter.react()
    assert await ana.follows(ben.id) == accounts_pb2.FOLLOW_ESTABLISHED


async def test_a_request_is_answered_by_its_target_only() -> None:
    _, ana, ben = await pair()
    await ana.goes(private=True)
    await ben.follows(ana.id)
    with pytest.raises(Conflict, match="REQUEST_NOT_PENDING"):
        await ben.does(pb.AcceptRequestRequest(account_id=ana.id))
    await ana.does(pb.AcceptRequestRequest(account_id=ben.id))
    assert await ben.follows(ana.id) == accounts_pb2.FOLLOW_ESTABLISHED


@pytest.mark.parametrize("narrowing", [pb.BlockRequest, pb.MuteRequest, pb.RemoveFollowerRequest])
async def test_what_narrows_waits_until_it_is_seen(
    narrowing: Callable[..., Message],
) -> None:
    side, ana, ben = await pair()
    await ben.follows(ana.id)
    assert not side.reads.waited
    answer = await ana.does(narrowing(account_id=ben.id))
    assert answer.receipt.everywhere
    assert side.positions.open(answer.receipt.position) == side.reads.waited[0]


@pytest.mark.parametrize(
    "message",
    [
        pb.CancelRequestRequest,
        pb.UnfollowRequest,
        pb.DeclineRequestRequest,
        pb.RemoveFollowerRequest,
        pb.UnblockRequest,
        pb.UnmuteRequest,
    ],
)
async def test_undoing_what_was_never_done_changes_nothing(
    message: Callable[..., Message],
) -> None:
    side, ana, ben = await pair()
    recorded = sum(map(len, side.submitter.log.values()))
    await ana.does(message(account_id=ben.id))
    await ana.does(message(account_id=ABSENT))
    assert sum(map(len, side.submitter.log.values())) == recorded


@pytest.mark.parametrize(
    ("account_id", "refusal"), [("", Invalid), ("ana", Invalid), (ABSENT.upper(), NotFound)]
)
async def test_ids_are_ids(account_id: str, refusal: type[Refusal]) -> None:
    _, ana, _ = await pair()
    with pytest.raises(refusal):
        await ana.follows(account_id)


async def test_a_request_id_counts_for_each_target_by_itself() -> None:
    side, ana, ben = await pair()
    clo = Person(side, await side.call(registration("clo@example.org")))
    for other in (ben, ben, clo):
        await ana.does(pb.MuteRequest(account_id=other.id), key=request(9))
    muted = [e.muted_id for e in side.submitter.recorded(MuteSet) if isinstance(e, MuteSet)]
    assert muted == [UUID(ben.id), UUID(clo.id)]
