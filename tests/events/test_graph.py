"""What a person's shard makes of follows, openings, blocks and mirrors."""

from datetime import UTC, datetime
from functools import reduce
from uuid import UUID

from events.accounts import (
    Account,
    AccountEvent,
    AccountRegistered,
    VisibilityChanged,
    evolve_account,
)
from events.graph import (
    BlockLifted,
    BlockMirrored,
    BlockSet,
    Following,
    FollowRequested,
    GraphEvent,
    Tie,
    evolve,
    following,
)

ANA, BEN = UUID(int=1), UUID(int=2)
NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
REGISTERED = AccountRegistered(
    account_id=ANA, email="", first_name="", last_name="", birth_date="", handle="", about="",
    private=True, email_hash="", email_claim=ANA, handle_hash="", handle_claim=ANA,
)  # fmt: skip
GOES_PUBLIC = VisibilityChanged(account_id=ANA, private=False)
GOES_PRIVATE = VisibilityChanged(account_id=ANA, private=True)


def account(*events: AccountEvent) -> Account:
    """Ana's account after these events."""
    return reduce(lambda state, event: evolve_account(state, event, NOON), events, Account())


def tie(*events: GraphEvent) -> Tie:
    """What Ana's shard knows about Ben after these events."""
    return reduce(lambda state, event: evolve(state, event, NOON), events, Tie())


def asked(opening: int) -> Tie:
    """Ben asked to follow when Ana had opened so often."""
    return tie(FollowRequested(target_id=ANA, follower_id=BEN, opening=opening))


def test_going_public_accepts_what_was_asked_before() -> None:
    assert following(account(REGISTERED), asked(0)) is Following.REQUESTED
    assert following(account(REGISTERED, GOES_PUBLIC), asked(0)) is Following.ESTABLISHED


def test_what_was_accepted_so_stays_when_she_goes_private_again() -> None:
    state = account(REGISTERED, GOES_PUBLIC, GOES_PRIVATE)
    assert following(state, asked(0)) is Following.ESTABLISHED
    assert following(state, asked(1)) is Following.REQUESTED


def test_saying_public_twice_opens_once() -> None:
    assert account(REGISTERED, GOES_PUBLIC, GOES_PUBLIC).openings == 1


def test_a_block_and_its_mirror_are_told_apart() -> None:
    mirrored = BlockMirrored(person_id=ANA, blocker_id=BEN, blocked=True, source_version=4)
    state = tie(BlockSet(blocker_id=ANA, blocked_id=BEN), mirrored)
    assert (state.blocks, state.blocked_by, state.mirrored_version) == (True, True, 4)
    lifted = evolve(state, BlockLifted(blocker_id=ANA, blocked_id=BEN), NOON)
    assert (lifted.blocks, lifted.blocked_by) == (False, True)
