"""What a fact in one shard asks of another."""

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec import Raw

from commands.deciders.graph import MirrorBlock
from commands.deciders.names import ReleaseName
from commands.reactions import REACTIONS, Source, accounts, graph
from commands.routes import ROUTE_OF
from events.accounts import HandleChanged
from events.event import Event, type_of
from events.graph import BlockLifted, BlockSet
from events.record import Decision, Fact
from tests.commands.cast import ANA, BEN, NOON, claim


def source(event: Event, version: int) -> Source:
    """The fact at people-3, offset 42."""
    fact = Fact(type_of(event), "tie", version, Raw(b""))
    decision = Decision(
        id=UUID(int=1),
        epoch=UUID(int=2),
        shard=str(ANA),
        stream="tie",
        rpc="graph.Block",
        at=NOON,
        facts=(fact,),
        correlation=UUID(int=3),
    )
    return Source("people-3", 42, decision, fact)


@pytest.mark.parametrize(
    ("event", "blocked"),
    [
        (BlockSet(blocker_id=ANA, blocked_id=BEN), True),
        (BlockLifted(blocker_id=ANA, blocked_id=BEN), False),
    ],
)
def test_a_block_is_mirrored_at_its_version(event: BlockSet | BlockLifted, blocked: bool) -> None:
    (submission,) = graph.react(event, source(event, version=5))
    mirror = MirrorBlock(person_id=BEN, blocker_id=ANA, blocked=blocked, source_version=5)
    assert submission.command == mirror
    assert ROUTE_OF[MirrorBlock].shard(mirror) == str(BEN)


def test_what_is_asked_for_says_why_and_comes_after_its_cause() -> None:
    event = BlockSet(blocker_id=ANA, blocked_id=BEN)
    (submission,) = graph.react(event, source(event, version=1))
    assert submission.after == {"people-3": 42}
    assert submission.causation == str(UUID(int=1))
    assert submission.correlation == UUID(int=3)
    assert (submission.actor, submission.request) == (ANA, None)


def test_a_handle_that_was_left_is_released_for_30_days_later() -> None:
    event = HandleChanged(
        account_id=ANA,
        handle="anita",
        handle_hash="handle:anita",
        handle_claim=claim(3),
        previous_hash="handle:ana",
        previous_claim=claim(2),
    )
    (submission,) = accounts.react(event, source(event, version=4))
    assert submission.command == ReleaseName(
        name="handle:ana", claim_id=claim(2), free_at=NOON + timedelta(days=30)
    )


def test_reactions_have_names_of_their_own() -> None:
    assert len({reaction.name for reaction in REACTIONS}) == len(REACTIONS)
