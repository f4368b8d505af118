"""Every query by every viewer about everybody, against the rules as the product states them.

The oracle knows sets of pairs and nothing of SQL. Each seed draws another small world.
"""

import random
from collections.abc import Awaitable, Iterator
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from msgspec import Struct

from schemas.gen import accounts_pb2, graph_pb2
from schemas.refusals import Refusal
from tests.queries.conftest import Side
from tests.queries.world import ANA, BEN, CLO, DAN, NOBODY, World, call, ids

CAST = {ANA: "ana", BEN: "ben", CLO: "clo", DAN: "dan"}
Pairs = frozenset[tuple[UUID, UUID]]
Answer = object


class Facts(Struct, frozen=True):
    """Who is private; and pairs: who follows, asks, blocks and mutes whom."""

    private: frozenset[UUID]
    follows: Pairs
    requests: Pairs
    blocks: Pairs
    mutes: Pairs

    def hidden(self, viewer: UUID, person: UUID) -> bool:
        """Neither sees the other anywhere once one of them blocks."""
        return (viewer, person) in self.blocks or (person, viewer) in self.blocks

    def closed(self, viewer: UUID, person: UUID) -> bool:
        """What a private person keeps for themselves and their followers."""
        is_stranger = viewer != person and (viewer, person) not in self.follows
        return person in self.private and is_stranger

    def gate(self, viewer: UUID, person: UUID) -> str:
        """How the lists of a person refuse; empty if they open."""
        if person not in CAST or self.hidden(viewer, person):
            return "NOT_FOUND"
        return "PRIVATE_ACCOUNT" if self.closed(viewer, person) else ""

    def shown(self, viewer: UUID, people: Iterator[UUID]) -> set[UUID]:
        """Those whom the viewer may know of."""
        return {person for person in people if not self.hidden(viewer, person)}


def drawn(seed: int) -> Facts:
    """A world by chance."""
    chance = random.Random(seed)
    pairs = list(permutations(CAST, 2))
    follows, requests, blocks, mutes = (
        frozenset(pair for pair in pairs if chance.random() < share)
        for share in (0.4, 0.4, 0.2, 0.3)
    )
    private = frozenset(person for person in CAST if chance.random() < 0.5)
    return Facts(private, follows, requests - follows, blocks, mutes)


async def told(world: World, facts: Facts) -> None:
    for person, handle in CAST.items():
        await world.person(person, handle, private=person in facts.private)
    for follower, target in facts.follows:
        await world.follow(follower, target)
    for follower, target in facts.requests:
        await world.follow(follower, target, state="requested")
    for blocker, blocked in facts.blocks:
        await world.block(blocker, blocked)
    for muter, muted in facts.mutes:
        await world.mute(muter, muted)


def followers(facts: Facts, viewer: UUID, person: UUID) -> Answer:
    who = (follower for follower, target in facts.follows if target == person)
    return facts.gate(viewer, person) or facts.shown(viewer, who)


def following(facts: Facts, viewer: UUID, person: UUID) -> Answer:
    who = (target for follower, target in facts.follows if follower == person)
    return facts.gate(viewer, person) or facts.shown(viewer, who)


def profile(facts: Facts, viewer: UUID, person: UUID) -> Answer:
    if person not in CAST or facts.hidden(viewer, person):
        return "NOT_FOUND"
    about = "" if facts.closed(viewer, person) else "Hello."
    return about, relation(facts, viewer, person)


def relation(facts: Facts, viewer: UUID, person: UUID) -> Answer:
    if person not in CAST or facts.hidden(viewer, person):
        return "NOT_FOUND"
    return (
        viewer == person,
        _follow(facts, viewer, person),
        _follow(facts, person, viewer),
        False,
        (viewer, person) in facts.mutes,
    )


def _follow(facts: Facts, follower: UUID, target: UUID) -> int:
    if (follower, target) in facts.follows:
        return accounts_pb2.FOLLOW_ESTABLISHED
    asked = (follower, target) in facts.requests
    return accounts_pb2.FOLLOW_REQUESTED if asked else accounts_pb2.FOLLOW_NONE


def _relation(answer: accounts_pb2.Relation) -> Answer:
    return answer.self, answer.following, answer.followed_by, answer.blocked, answer.muted


async def outcome(answering: Awaitable[Any]) -> Answer:
    """The answer in the oracle's words: a reason, or what it says."""
    try:
        answer = await answering
    except Refusal as refusal:
        return refusal.reason
    match answer:
        case graph_pb2.People():
            return set(ids([person.profile for person in answer.people]))
        case accounts_pb2.Profile():
            return answer.about, _relation(answer.relation)
        case _:
            return _relation(answer)


async def check_about(side: Side, facts: Facts, viewer: UUID, person: UUID) -> None:
    asks, who = call(viewer), str(person)
    accounts, graph = side.accounts, side.graph
    answers = {
        profile: accounts.ReadProfile(accounts_pb2.ReadProfileRequest(account_id=who), asks),
        relation: graph.ReadRelation(graph_pb2.ReadRelationRequest(account_id=who), asks),
        followers: graph.ListFollowers(graph_pb2.ListFollowersRequest(account_id=who), asks),
        following: graph.ListFollowing(graph_pb2.ListFollowingRequest(account_id=who), asks),
    }
    for rule, answering in answers.items():
        expected = rule(facts, viewer, person)
        assert await outcome(answering) == expected, (rule.__name__, viewer, person, facts)


async def check_own(side: Side, facts: Facts, viewer: UUID) -> None:
    asks = call(viewer)
    incoming = await side.graph.ListIncomingRequests(graph_pb2.ListIncomingRequestsRequest(), asks)
    outgoing = await side.graph.ListOutgoingRequests(graph_pb2.ListOutgoingRequestsRequest(), asks)
    muted = await side.graph.ListMuted(graph_pb2.ListMutedRequest(), asks)
    blocked = await side.graph.ListBlocked(graph_pb2.ListBlockedRequest(), asks)
    everybody = accounts_pb2.ReadProfilesRequest(account_ids=[str(person) for person in CAST])
    profiles = await side.accounts.ReadProfiles(everybody, asks)
    asked = (follower for follower, target in facts.requests if target == viewer)
    asking = (target for follower, target in facts.requests if follower == viewer)
    mute = (other for muter, other in facts.mutes if muter == viewer)
    assert _who(incoming) == facts.shown(viewer, asked)
    assert _who(outgoing) == facts.shown(viewer, asking)
    assert _who(muted) == facts.shown(viewer, mute)
    assert _who(blocked) == {other for blocker, other in facts.blocks if blocker == viewer}
    assert set(ids(profiles.profiles)) == facts.shown(viewer, iter(CAST))


def _who(page: graph_pb2.People) -> set[UUID]:
    return set(ids([person.profile for person in page.people]))


@pytest.mark.parametrize("seed", range(8))
async def test_everybody_sees_what_the_rules_say_and_nothing_else(side: Side, seed: int) -> None:
    facts = drawn(seed)
    await told(side.world, facts)
    for viewer in CAST:
        await check_own(side, facts, viewer)
        for person in (*CAST, NOBODY):
            await check_about(side, facts, viewer, person)
