"""The command side in a process, over a real log: posts, and what they carry of their author."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.message import Message
from msgspec import Struct

from commands.app import open_commands
from events.record import Decision
from events.topics import PEOPLE, POSTS, Partition, partition_number
from infra.auth.tokens import open_tokens
from infra.config import Settings
from infra.crypto.digests import new_uuid7
from infra.crypto.keys import load_key
from infra.crypto.sealed import Seals
from infra.local.keys import ensure_keys
from infra.log.kafka import open_log
from infra.log.scan import scan
from infra.positions import Positions
from infra.rpc.dispatch import Dispatcher
from infra.telemetry.metrics import REGISTRY
from schemas.gen import graph_pb2, posts_pb2
from tests.queries.world import made_world
from tests.stack import Stack

NOW = datetime.now(UTC)
ANA, BEN, SESSION = new_uuid7(NOW), new_uuid7(NOW), new_uuid7(NOW)
BLOCK = "/agora.graph.v1.GraphCommands/Block"
PUBLISH = "/agora.posts.v1.PostCommands/PublishPost"


class Running(Struct, frozen=True):
    """The side, and the settings that it runs by."""

    dispatcher: Dispatcher
    settings: Settings

    async def does(self, path: str, request: Message) -> Any:
        """The answer to ANA, who hands on no position."""
        token, _ = open_tokens(self.settings).issue(ANA, SESSION, datetime.now(UTC))
        return await self.dispatcher.call(path, request, {"authorization": f"Bearer {token}"}, 10)

    def opened(self, position: str) -> Mapping[str, int]:
        """The position of a receipt."""
        return Positions(Seals(load_key("", self.settings.crypto.id_key_file))).open(position)

    async def recorded(self, post: UUID) -> list[Decision]:
        """The decisions in the post's shard."""
        partition = Partition(POSTS.name, partition_number(str(post), POSTS.partitions))
        async with open_log(self.settings) as log:
            found = [item.record async for item in scan(log, partition) if item.counts]
        decisions = [each for each in found if isinstance(each, Decision)]
        return [each for each in decisions if each.shard == str(post)]


@pytest.fixture
async def running(stack: Stack) -> AsyncIterator[Running]:
    """The whole side, with keys of its own; nobody answers for the query side."""
    settings = stack.settings()
    ensure_keys(settings)
    async with (
        made_world(settings.postgres.dsn, settings.postgres.schema),
        open_commands(settings) as dispatcher,
    ):
        yield Running(dispatcher, settings)


async def test_a_post_lands_in_its_shard_sealed(running: Running) -> None:
    answer = await running.does(PUBLISH, posts_pb2.PublishPostRequest(body="Owls at dusk"))
    [decision] = await running.recorded(UUID(answer.post_id))
    [fact] = decision.facts
    assert (fact.type, decision.actor) == ("post.published", ANA)
    assert b"Owls" not in bytes(fact.data)


async def test_who_watches_sees_the_partition_that_was_written_to(running: Running) -> None:
    answer = await running.does(PUBLISH, posts_pb2.PublishPostRequest(body="Owls"))
    partition = f"{POSTS.name}-{partition_number(answer.post_id, POSTS.partitions)}"
    serving = REGISTRY.get_sample_value("agora_partition_serving", {"partition": partition})
    appended = REGISTRY.get_sample_value("agora_appended_records_total", {"topic": POSTS.name})
    assert serving == 1
    assert appended is not None
    assert appended >= 2  # A claim, and the post.


async def test_a_post_after_a_block_carries_it_though_its_author_hands_on_nothing(
    running: Running,
) -> None:
    blocked = await running.does(BLOCK, graph_pb2.BlockRequest(account_id=str(BEN)))
    published = await running.does(PUBLISH, posts_pb2.PublishPostRequest(body="Owls"))
    [decision] = await running.recorded(UUID(published.post_id))
    own = f"{PEOPLE.name}-{partition_number(str(ANA), PEOPLE.partitions)}"
    assert decision.after[own] >= running.opened(blocked.receipt.position)[own]
