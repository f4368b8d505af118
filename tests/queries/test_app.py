"""The query side as callers meet it: in a process, by path, with a token and a position."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from google.protobuf.message import Message
from msgspec import Struct
from msgspec.structs import replace

from infra.auth.tokens import open_tokens
from infra.config import Settings
from infra.crypto.digests import Digests, new_uuid7
from infra.crypto.keys import load_keys
from infra.crypto.sealed import Seals
from infra.positions import Positions
from infra.rpc.dispatch import Dispatcher
from infra.rpc.metadata import Arrival
from queries.app import open_queries
from schemas.gen import accounts_pb2, graph_pb2, internal_pb2
from schemas.refusals import Forbidden, NotFound, Refusal, Unauthenticated, Unavailable
from tests.eventually import eventually
from tests.queries.wire import Wire, relayed
from tests.queries.world import ANA, BEN, World, made_world

SESSION = new_uuid7(datetime.now(UTC))
OWN = "/agora.accounts.v1.AccountQueries/OwnAccount"
PROFILE = "/agora.accounts.v1.AccountQueries/ReadProfile"
FOLLOWERS = "/agora.graph.v1.GraphQueries/ListFollowers"
RESOLVE = "/agora.internal.v1.Policies/ResolveName"


class Running(Struct, frozen=True):
    """The side, and what a caller holds."""

    dispatcher: Dispatcher
    settings: Settings
    world: World
    wire: Wire

    async def ask(self, path: str, request: Message, timeout_s: float = 60, **more: str) -> Message:
        """ANA's call."""
        token, _ = open_tokens(self.settings).issue(ANA, SESSION, datetime.now(UTC))
        metadata = {"authorization": f"Bearer {token}"} | {
            name.replace("_", "-"): value for name, value in more.items()
        }
        return await self.dispatcher.call(path, request, metadata, timeout_s)


@pytest.fixture
async def running(settings: Settings) -> AsyncIterator[Running]:
    """The whole side, behind a wire to PostgreSQL."""
    postgres = settings.postgres
    async with made_world(postgres.dsn, postgres.schema) as world, relayed(postgres.dsn) as wire:
        behind = replace(
            settings,
            postgres=replace(postgres, dsn=wire.dsn, pool_wait_ms=60_000),
            queries=replace(settings.queries, position_wait_ms=60_000),
        )
        async with open_queries(behind) as dispatcher:
            yield Running(dispatcher, behind, world, wire)


async def test_it_answers_every_query(running: Running) -> None:
    paths = {path.rpartition("/")[0] for path in running.dispatcher.methods}
    assert paths == {
        "/agora.accounts.v1.AccountQueries",
        "/agora.graph.v1.GraphQueries",
        "/agora.posts.v1.PostQueries",
        "/agora.comments.v1.CommentQueries",
        "/agora.feeds.v1.FeedQueries",
        "/agora.live.v1.LiveQueries",
        "/agora.internal.v1.Policies",
        "/agora.internal.v1.PostPolicies",
    }
    await running.world.person(ANA, "ana")
    account = await running.ask(OWN, accounts_pb2.OwnAccountRequest())
    assert isinstance(account, accounts_pb2.Account)
    assert account.profile.handle == "ana"


async def test_nobody_reads_without_a_token(running: Running) -> None:
    with pytest.raises(Unauthenticated):
        await running.dispatcher.call(OWN, accounts_pb2.OwnAccountRequest(), {}, 2)


async def test_nobody_reads_with_a_session_that_was_closed(running: Running) -> None:
    now = datetime.now(UTC)
    await running.world.insert(
        "sessions",
        session_id=SESSION,
        account_id=ANA,
        device="",
        address="",
        opened_at=now,
        closed_at=now,
        close_reason="signed_out",
    )
    with pytest.raises(Unauthenticated, match="SESSION_CLOSED"):
        await running.ask(OWN, accounts_pb2.OwnAccountRequest())


async def test_a_read_waits_for_the_position_that_it_names(running: Running) -> None:
    seals = Seals(load_keys(running.settings).ids)
    position = Positions(seals).seal({"people-0": 7, "names-1": 3})
    reading = asyncio.create_task(
        running.ask(OWN, accounts_pb2.OwnAccountRequest(), agora_position=position)
    )
    await asyncio.sleep(0.1)
    await running.world.person(ANA, "ana")
    for model in ("graph", "bookmarks"):
        await running.world.checkpoint(model, "people-0", 7)
    await asyncio.sleep(0.1)
    assert not reading.done()
    await running.world.checkpoint("accounts", "people-0", 7)
    await reading


async def test_a_handle_is_looked_up_as_commands_hash_it(running: Running) -> None:
    name = Digests(load_keys(running.settings).digests).name("handle", "Ben")
    await running.world.person(BEN, "ben", name=name)
    profile = await running.ask(PROFILE, accounts_pb2.ReadProfileRequest(handle="ben"))
    assert isinstance(profile, accounts_pb2.Profile)
    assert profile.account_id == str(BEN)
    answer = await running.ask(RESOLVE, internal_pb2.ResolveNameRequest(name=name))
    assert answer == internal_pb2.ResolveNameAnswer(account_id=str(BEN), handle="ben")


async def test_a_cursor_of_one_process_is_good_in_another(running: Running) -> None:
    for follower, handle in ((ANA, "ana"), (BEN, "ben")):
        await running.world.person(follower, handle)
    await running.world.follow(BEN, ANA)
    await running.world.follow(ANA, ANA, minute=1)
    first = await running.ask(
        FOLLOWERS, graph_pb2.ListFollowersRequest(account_id=str(ANA), page_size=1)
    )
    assert isinstance(first, graph_pb2.People)
    async with open_queries(running.settings) as other:
        elsewhere = replace(running, dispatcher=other)
        second = await elsewhere.ask(
            FOLLOWERS,
            graph_pb2.ListFollowersRequest(account_id=str(ANA), cursor=first.next_cursor),
        )
    assert isinstance(second, graph_pb2.People)
    assert [person.profile.handle for person in (*first.people, *second.people)] == ["ana", "ben"]


async def test_hidden_and_absent_get_the_same_answer(running: Running) -> None:
    await running.world.person(BEN, "ben")
    await running.world.block(BEN, ANA)
    answers: list[tuple[type[Refusal], str, str]] = []
    for account in (BEN, uuid4()):
        with pytest.raises(NotFound) as refused:
            await running.ask(PROFILE, accounts_pb2.ReadProfileRequest(account_id=str(account)))
        answers.append((type(refused.value), refused.value.reason, refused.value.detail))
    assert answers[0] == answers[1]


async def test_it_starts_without_postgres_and_answers_once_it_is_there(running: Running) -> None:
    await running.world.person(ANA, "ana")
    running.wire.silence()
    async with open_queries(running.settings) as dispatcher:
        early = replace(running, dispatcher=dispatcher)
        await unavailable_in_time(early)
        running.wire.resume()

        async def answers() -> bool:
            try:
                return bool(await early.ask(OWN, accounts_pb2.OwnAccountRequest()))
            except Unavailable:
                return False

        await eventually(answers, within_s=60)


async def unavailable_in_time(running: Running) -> None:
    """At the caller's deadline, and long before any other."""
    async with asyncio.timeout(20):
        with pytest.raises(Unavailable):
            await running.ask(OWN, accounts_pb2.OwnAccountRequest(), timeout_s=0.5)


async def test_a_postgres_that_falls_silent_is_unavailable_in_time(running: Running) -> None:
    await running.world.person(ANA, "ana")
    await running.ask(OWN, accounts_pb2.OwnAccountRequest())
    running.wire.silence()
    for _ in range(3):
        await unavailable_in_time(running)


async def test_no_caller_from_outside_asks_the_policies(running: Running) -> None:
    arrival = Arrival({}, 2, trusted=False)
    request = internal_pb2.ResolveNameRequest(name="email:" + "0" * 32)
    with pytest.raises(Forbidden, match="INTERNAL_ONLY"):
        await running.dispatcher.call_raw(RESOLVE, request.SerializeToString(), arrival)
