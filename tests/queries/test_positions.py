"""Waiting until the read models include what somebody wrote."""

import asyncio
import logging

import pytest

from projections.models import MODELS
from queries.positions import CONSUMERS, Checkpoint, Waiting, reached, relevant
from queries.store import Store
from schemas.gen import internal_pb2 as pb
from schemas.refusals import Invalid, Unavailable
from tests.queries.conftest import Side
from tests.queries.world import ANA, BEN, call

LONG_BEFORE_S = 20.0
"""What ends by then has waited for no deadline of a minute, however busy the machine is."""


async def at(side: Side, accounts: int, graph: int) -> None:
    await side.world.checkpoint("accounts", "people-3", accounts)
    await side.world.checkpoint("bookmarks", "people-3", 99)
    await side.world.checkpoint("graph", "people-3", graph)


def test_a_partition_is_as_far_as_its_slowest_model() -> None:
    checkpoints = [
        Checkpoint(model="accounts", partition="people-0", offset=7),
        Checkpoint(model="graph", partition="people-0", offset=4),
        Checkpoint(model="bookmarks", partition="people-0", offset=5),
        Checkpoint(model="posts", partition="posts-2", offset=3),
        Checkpoint(model="accounts", partition="people-1", offset=9),
    ]
    assert reached(checkpoints) == {"people-0": 4, "people-1": -1, "posts-2": 3}


def test_no_read_waits_for_what_no_model_folds() -> None:
    position = {"people-0": 3, "people-1": -1, "names-1": 8, "posts-2": 0}
    assert relevant(position) == {"people-0": 3, "posts-2": 0}


def test_reads_wait_for_all_models_of_the_projections_and_for_no_other() -> None:
    folded: dict[str, set[str]] = {}
    for model in MODELS:
        for topic in model.topics:
            folded.setdefault(topic.name, set()).add(model.name)
    assert {topic: set(models) for topic, models in CONSUMERS.items()} == folded


def test_every_model_that_reads_wait_for_stands_still_at_what_it_cannot_fold() -> None:
    assert all(model.visibility for model in MODELS)


async def test_a_position_that_is_there_is_there_at_once(side: Side) -> None:
    await at(side, accounts=5, graph=6)
    await side.waiting.require({"people-3": 5, "names-0": 99}, within_s=1)


async def test_nowhere_costs_no_round_trip(side: Side) -> None:
    await side.waiting.require({}, within_s=1)
    await side.waiting.require({"names-0": 99}, within_s=1)
    assert side.wire.round_trips == 0


async def test_a_read_waits_for_the_slowest_model(side: Side) -> None:
    await at(side, accounts=5, graph=4)
    waiting = asyncio.create_task(side.waiting.applied({"people-3": 5}, within_s=60))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await at(side, accounts=5, graph=5)
    assert await waiting


async def test_a_wait_in_vain_ends_in_time_and_says_so(
    side: Side, caplog: pytest.LogCaptureFixture
) -> None:
    await at(side, accounts=5, graph=4)
    async with asyncio.timeout(LONG_BEFORE_S):
        with caplog.at_level(logging.WARNING), pytest.raises(Unavailable, match="NOT_REACHED"):
            await side.waiting.require({"people-3": 5}, within_s=0.2)
    assert "people-3" in caplog.text


async def test_nobody_waits_for_a_model_that_stands_still_before_it(side: Side) -> None:
    await at(side, accounts=5, graph=4)
    await side.world.halt("graph", "people-3", "An event of a later version.")
    async with asyncio.timeout(LONG_BEFORE_S):
        with pytest.raises(Unavailable, match="MODEL_HALTED"):
            await side.waiting.require({"people-3": 5}, within_s=60)
    await side.waiting.require({"people-3": 4}, within_s=0)


async def test_nobody_waits_for_a_model_that_is_paused_before_it(side: Side) -> None:
    await at(side, accounts=5, graph=4)
    await side.world.pause("graph")
    async with asyncio.timeout(LONG_BEFORE_S):
        with pytest.raises(Unavailable, match="MODEL_PAUSED"):
            await side.waiting.require({"people-3": 5}, within_s=60)
    await side.waiting.require({"people-3": 4}, within_s=0)


async def test_what_was_set_aside_is_said_to_those_who_ask_for_it(side: Side) -> None:
    await at(side, accounts=9, graph=9)
    await side.world.park("graph", "people-3", 5)
    for behind in (4, 6):
        await side.waiting.require({"people-3": behind}, within_s=0)
    with pytest.raises(Unavailable, match="SHARD_PARKED"):
        await side.waiting.require({"people-3": 5}, within_s=5)


async def test_nobody_waits_longer_than_the_side_allows(side: Side) -> None:
    waiting = Waiting(side.store, wait_s=0.1)
    async with asyncio.timeout(LONG_BEFORE_S):
        assert not await waiting.applied({"people-0": 1}, within_s=60)


async def test_those_who_wait_together_share_one_poll(side: Side) -> None:
    await at(side, accounts=5, graph=5)
    await side.waiting.applied({"people-3": 5}, within_s=1)
    side.wire.reset()
    waits = (side.waiting.applied({"people-3": 5}, within_s=1) for _ in range(50))
    assert all(await asyncio.gather(*waits))
    assert side.wire.round_trips == 1


async def test_who_gives_up_takes_nobody_along(side: Side) -> None:
    await at(side, accounts=5, graph=5)
    impatient = asyncio.create_task(side.waiting.applied({"people-3": 5}, within_s=1))
    patient = asyncio.create_task(side.waiting.applied({"people-3": 5}, within_s=1))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient


async def test_commands_can_wait_until_all_see_it(side: Side) -> None:
    await at(side, accounts=5, graph=5)
    seen = pb.AwaitVisibleRequest(position={"people-3": 5, "names-1": 3}, wait_ms=100)
    unseen = pb.AwaitVisibleRequest(position={"people-3": 6}, wait_ms=50)
    assert (await side.policies.AwaitVisible(seen, call(None))).applied
    assert not (await side.policies.AwaitVisible(unseen, call(None))).applied


async def test_commands_can_ask_who_holds_a_name(side: Side) -> None:
    ana, ben = side.digests.name("handle", "ana"), side.digests.name("email", "ben@example.org")
    await side.world.person(ANA, "ana", name=ana)
    await side.world.person(BEN, "ben", email_name=ben)
    holders = {
        ana: pb.ResolveNameAnswer(account_id=str(ANA), handle="ana"),
        ben: pb.ResolveNameAnswer(account_id=str(BEN), handle="ben"),
        f"email:{ana[-32:]}": pb.ResolveNameAnswer(),
    }
    for name, holder in holders.items():
        request = pb.ResolveNameRequest(name=name)
        assert await side.policies.ResolveName(request, call(None)) == holder


@pytest.mark.parametrize(
    "name", ["", "ana", "title:" + "0" * 32, "handle:ana", "email:" + "G" * 32]
)
async def test_only_names_have_holders(side: Side, name: str) -> None:
    with pytest.raises(Invalid, match="NAME_INVALID"):
        await side.policies.ResolveName(pb.ResolveNameRequest(name=name), call(None))


async def test_a_store_that_is_silent_is_said_so_to_all_who_wait(side: Side) -> None:
    await at(side, accounts=5, graph=5)
    await side.waiting.applied({"people-3": 5}, within_s=1)
    side.wire.silence()
    waiting = Waiting(Store(side.store._pool, answer_s=0.2), wait_s=1)
    waits = (waiting.applied({"people-3": 5}, within_s=1) for _ in range(3))
    outcomes = await asyncio.gather(*waits, return_exceptions=True)
    assert [str(outcome).split(":")[0] for outcome in outcomes] == ["STORE_UNAVAILABLE"] * 3
