"""Questions asked together travel together, and none is answered by an older round."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from infra import coalescing
from infra.coalescing import Coalesced
from tests.simulated import in_simulated_time


class Library:
    """Answers with how many rounds have begun, and remembers what each was asked."""

    def __init__(self) -> None:
        self.rounds: list[Sequence[str]] = []
        self.gate = asyncio.Event()

    async def ask(self, keys: Sequence[str]) -> Mapping[str, int]:
        """One round trip."""
        self.rounds.append(keys)
        number = len(self.rounds)
        await self.gate.wait()
        if "broken" in keys:
            raise LookupError(f"round {number}")
        return dict.fromkeys(keys, number)


async def test_questions_during_a_round_share_the_next_one() -> None:
    library = Library()
    coalesced = Coalesced(library.ask)
    asked = [asyncio.create_task(coalesced.answer("a"))]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asked += [asyncio.create_task(coalesced.answer(key)) for key in ("b", "c", "a")]
    await asyncio.sleep(0)
    library.gate.set()
    assert await asyncio.gather(*asked) == [1, 2, 2, 2]
    assert library.rounds == [("a",), ("b", "c", "a")]


@in_simulated_time
async def test_rounds_keep_a_distance_and_gather_what_comes_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coalescing, "APART_EACH_S", 0.1)
    library = Library()
    library.gate.set()
    coalesced = Coalesced(library.ask, apart_s=0.2)
    assert await asyncio.gather(*map(coalesced.answer, "ab")) == [1, 1]
    asked = [asyncio.create_task(coalesced.answer("c"))]
    await asyncio.sleep(0.19)
    asked.append(asyncio.create_task(coalesced.answer("d")))
    assert await asyncio.gather(*asked) == [2, 2]


async def test_who_is_the_only_one_to_ask_does_not_wait_for_company(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coalescing, "LONELY_ROUNDS", 1)
    monkeypatch.setattr(coalescing, "APART_EACH_S", 60)
    library = Library()
    library.gate.set()
    coalesced = Coalesced(library.ask, apart_s=60)
    async with asyncio.timeout(30):
        assert [await coalesced.answer("a") for _ in range(3)] == [1, 2, 3]


@in_simulated_time
async def test_many_who_ask_one_by_one_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coalescing, "LONELY_ROUNDS", 1)
    monkeypatch.setattr(coalescing, "APART_EACH_S", 0.1)
    library = Library()
    coalesced = Coalesced(library.ask, apart_s=0.2)
    asked = [asyncio.create_task(coalesced.answer("a"))]
    await asyncio.sleep(0.01)
    asked.append(asyncio.create_task(coalesced.answer("b")))
    await asyncio.sleep(0.01)
    library.gate.set()
    assert await asked[0] == 1
    asked.append(asyncio.create_task(coalesced.answer("c")))
    assert await asyncio.gather(*asked) == [1, 2, 2]


async def test_nobody_waits_for_company_after_a_quiet_moment() -> None:
    library = Library()
    library.gate.set()
    coalesced = Coalesced(library.ask, apart_s=0.05)
    assert await asyncio.gather(*map(coalesced.answer, "ac")) == [1, 1]
    await asyncio.sleep(0.1)
    alone = asyncio.create_task(coalesced.answer("b"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert library.rounds == [("a", "c"), ("b",)]
    assert await alone == 2


async def test_a_failed_round_fails_only_its_own_questions() -> None:
    library = Library()
    library.gate.set()
    coalesced = Coalesced(library.ask)
    with pytest.raises(LookupError):
        await coalesced.answer("broken")
    assert await coalesced.answer("a") == 2


async def test_a_key_that_is_not_answered_fails_its_round_and_no_later_one() -> None:
    async def forgetful(keys: Sequence[str]) -> Mapping[str, int]:
        return {key: 1 for key in keys if key != "forgotten"}

    coalesced = Coalesced(forgetful)
    async with asyncio.timeout(30):
        with pytest.raises(KeyError):
            await coalesced.answer("forgotten")
        assert await coalesced.answer("known") == 1


async def test_a_caller_who_leaves_takes_nobody_along() -> None:
    library = Library()
    coalesced = Coalesced(library.ask)
    leaving, staying = (asyncio.create_task(coalesced.answer("a")) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    library.gate.set()
    assert await staying == 1


async def test_a_round_that_is_cut_off_leaves_nobody_waiting() -> None:
    cut_off = True

    async def ask(keys: Sequence[str]) -> Mapping[str, int]:
        if cut_off:
            raise asyncio.CancelledError
        return dict.fromkeys(keys, 1)

    coalesced = Coalesced(ask)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(coalesced.answer("a"), 20)
    cut_off = False
    assert await asyncio.wait_for(coalesced.answer("a"), 20) == 1
