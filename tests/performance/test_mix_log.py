"""However many records are appended at once, each partition gets all of its own, in their order."""

from collections import defaultdict

import pytest

from cli.generated_history import history
from infra.log.kafka import open_log
from infra.log.topics import all_partitions
from tests.performance.loads import mix_log
from tests.performance.loads.mix_log import TOPICS, open_mix_log
from tests.stack import Stack


async def test_more_than_a_batch_holds_is_appended_in_several(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mix_log, "BATCH_MAX", 7)
    settings = stack.settings()
    async with open_mix_log(settings) as log, open_log(settings) as reader:
        records = await log.made(list(history(100, seed=1)))
        acks = await log.append(records)
        wanted: defaultdict[str, list[bytes]] = defaultdict(list)
        for one in records:
            wanted[str(one.partition)].append(one.value)
        for partition in all_partitions(settings, TOPICS):
            end = log.ends[str(partition)] + 1
            assert end == await reader.end(partition)
            # The first record is the claim.
            stored = [entry.value for entry in await reader.read(partition, 1, end)]
            assert stored == wanted[str(partition)]
    assert sum(ack.length for ack in acks) == 100
    assert max(ack.length for ack in acks) == 7
