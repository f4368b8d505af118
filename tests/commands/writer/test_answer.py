"""One answer, for everybody who waits for it."""

import asyncio

import pytest

from commands.submission import Handled
from commands.writer.answer import Answer
from schemas.refusals import Unavailable
from tests.commands.cast import NOON

HANDLED = Handled(position={"people-0": 7}, at=NOON)
SOON_S = 5.0
LATE = Handled(position={}, at=NOON)


async def waiting(answer: Answer, count: int) -> "list[asyncio.Task[Handled]]":
    tasks = [asyncio.create_task(answer.wait(SOON_S)) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_everybody_who_waits_and_who_comes_later_gets_the_same() -> None:
    answer = Answer()
    tasks = await waiting(answer, 2)
    answer.give(HANDLED)
    assert await asyncio.gather(*tasks, answer.wait(SOON_S)) == [HANDLED] * 3


def test_it_is_given_once_there_is_something_to_tell() -> None:
    assert not Answer().given
    answer = Answer()
    answer.give(HANDLED)
    assert answer.given


async def test_an_error_is_raised_for_everybody() -> None:
    answer = Answer()
    tasks = await waiting(answer, 2)
    answer.fail(Unavailable("OWNER_CHANGED", "Try again."))
    for told in (*tasks, answer.wait(SOON_S)):
        with pytest.raises(Unavailable):
            await told


async def test_who_goes_away_takes_nothing_from_the_others() -> None:
    answer = Answer()
    leaving, staying = await waiting(answer, 2)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    answer.give(HANDLED)
    assert await staying == HANDLED
    assert leaving.cancelled()


async def test_the_first_answer_counts() -> None:
    given, failed = Answer(), Answer()
    given.give(HANDLED)
    given.give(LATE)
    given.fail(Unavailable("OWNER_CHANGED", "Try again."))
    assert await given.wait(SOON_S) == HANDLED
    failed.fail(Unavailable("OWNER_CHANGED", "Try again."))
    failed.give(HANDLED)
    with pytest.raises(Unavailable):
        await failed.wait(SOON_S)


async def test_an_error_that_nobody_waits_for_is_no_complaint() -> None:
    Answer().fail(Unavailable("OWNER_CHANGED", "Try again."))


async def test_who_waits_too_long_is_told_so_and_the_others_wait_on() -> None:
    answer = Answer()
    staying = (await waiting(answer, 1))[0]
    with pytest.raises(TimeoutError):
        await answer.wait(0.01)
    answer.give(HANDLED)
    assert await staying == HANDLED
