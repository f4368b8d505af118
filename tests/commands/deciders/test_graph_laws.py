"""Laws of the follow graph, whatever people do to each other and in which order."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st

from commands.deciders import graph
from commands.deciders.accounts import ClaimedName, Register, SetVisibility
from commands.submission import Command, Submission
from events.accounts import account_stream
from events.graph import Following, following, tie_stream
from schemas.refusals import Refusal
from tests.commands.cast import ANA, BEN, CLO, NOON, claim
from tests.commands.memory import MemorySubmitter

people = st.sampled_from([ANA, BEN, CLO])
pairs = st.tuples(people, people).filter(lambda pair: pair[0] != pair[1])


def edges(pair: tuple[UUID, UUID]) -> st.SearchStrategy[Command]:
    target, follower = pair
    kinds: list[type[graph.EdgeCommand]] = [
        graph.Follow,
        graph.CancelRequest,
        graph.Unfollow,
        graph.AcceptRequest,
        graph.DeclineRequest,
        graph.RemoveFollower,
    ]
    return st.sampled_from([kind(target_id=target, follower_id=follower) for kind in kinds])


def ties(pair: tuple[UUID, UUID]) -> st.SearchStrategy[Command]:
    person, other = pair
    return st.sampled_from(
        [
            graph.Block(blocker_id=person, blocked_id=other),
            graph.Unblock(blocker_id=person, blocked_id=other),
            graph.Mute(muter_id=person, muted_id=other),
            graph.Unmute(muter_id=person, muted_id=other),
        ]
    )


visibilities = st.builds(SetVisibility, account_id=people, private=st.booleans())
commands = st.one_of(pairs.flatmap(edges), pairs.flatmap(ties), visibilities)
REACT = None
histories = st.lists(st.one_of(commands, st.just(REACT)), max_size=30)


async def town(history: Sequence[Command | None]) -> MemorySubmitter:
    """Three registered people after all of `history`; None is when the reactions run."""
    submitter = MemorySubmitter()
    for number, person in enumerate((ANA, BEN, CLO)):
        await submitter.submit(Submission(command=_register(person, number), rpc="test"))
    for command in history:
        if command is REACT:
            await submitter.react()
        else:
            await attempt(submitter, command)
    return submitter


async def attempt(submitter: MemorySubmitter, command: Command) -> tuple[object, ...]:
    """What the command recorded, or its refusal."""
    try:
        return (await submitter.submit(Submission(command=command, rpc="test"))).events
    except Refusal as refusal:
        return (str(refusal),)


def _register(person: UUID, number: int) -> Register:
    def name(text: str, of: int) -> ClaimedName:
        return ClaimedName(text=text, name=text, claim_id=claim(of), claimed_at=NOON)

    return Register(
        account_id=person,
        session_id=claim(number + 30),
        email=name(f"email:{number}", number),
        handle=name(f"handle:{number}", number + 10),
        first_name="",
        last_name="",
        birth_date="",
        about="",
        private=False,
        device="",
        address="",
    )


def follows(submitter: MemorySubmitter, target: UUID, follower: UUID) -> Following:
    account = submitter.state(account_stream(target))
    return following(account, submitter.state(tie_stream(target, follower)))


@settings(deadline=None)
@given_any(histories, commands)
def test_any_command_twice_records_nothing_the_second_time(
    history: list[Command | None], command: Command
) -> None:
    async def story() -> None:
        submitter = await town(history)
        first = await attempt(submitter, command)
        second = await attempt(submitter, command)
        refused = any(isinstance(each, str) for each in first)
        assert second == (first if refused else ())

    asyncio.run(story())


@settings(deadline=None)
@given_any(histories, pairs)
def test_after_a_block_nobody_follows_or_asks_either_way(
    history: list[Command | None], pair: tuple[UUID, UUID]
) -> None:
    async def story() -> None:
        submitter = await town(history)
        blocker, blocked = pair
        await attempt(submitter, graph.Block(blocker_id=blocker, blocked_id=blocked))
        await submitter.react()
        assert follows(submitter, blocker, blocked) is Following.NONE
        assert follows(submitter, blocked, blocker) is Following.NONE
        for target, follower in ((blocker, blocked), (blocked, blocker)):
            command = graph.Follow(target_id=target, follower_id=follower)
            assert await attempt(submitter, command) == ("NOT_FOUND: There is no such person.",)

    asyncio.run(story())


@settings(deadline=None)
@given_any(histories)
def test_reactions_that_run_again_change_nothing(history: list[Command | None]) -> None:
    async def story() -> None:
        submitter = await town(history)
        await submitter.react()
        recorded = {partition: len(log) for partition, log in submitter.log.items()}
        submitter.forget_reactions()
        await submitter.react()
        assert {partition: len(log) for partition, log in submitter.log.items()} == recorded

    asyncio.run(story())


@settings(deadline=None)
@given_any(histories, people)
def test_nobody_waits_for_an_answer_of_somebody_public(
    history: list[Command | None], person: UUID
) -> None:
    async def story() -> None:
        submitter = await town(history)
        await attempt(submitter, SetVisibility(account_id=person, private=False))
        for other in {ANA, BEN, CLO} - {person}:
            assert follows(submitter, person, other) is not Following.REQUESTED

    asyncio.run(story())
