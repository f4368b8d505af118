"""The end of every test here: the whole log, the state checkpoints and the command line agree."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

import msgspec
import psycopg
from psycopg.sql import SQL, Identifier

from events.topics import Partition
from infra.config import Settings
from infra.config_sources import variables_of
from infra.log.kafka import KafkaLog, open_log
from infra.log.port import Entry
from infra.log.topics import all_partitions
from tests.faults.checker import Broken, Shards, check
from tests.faults.fleet import Fleet
from tests.faults.history import History
from tests.stack import ROOT

PAGE = 5000


async def uphold(fleet: Fleet, history: History) -> None:
    """Raises `Broken` unless the log bears the history out, and the saved states the log."""
    assert history.answers
    saved = await _saved(fleet.settings)
    shards = await _read(fleet.settings)
    check(history, shards)
    for partition, (offset, versions) in saved.items():
        for stream, version in versions.items():
            expected = shards[partition].version_at(stream, offset)
            if version != expected:
                raise Broken(f"{stream} is saved at version {version}, not {expected}, {offset=}.")


def uphold_on_the_command_line(settings: Settings) -> None:
    """`agora log check` finds the log clean."""
    ended = subprocess.run(
        (sys.executable, "-m", "cli.main", "log", "check", "--json"),
        env={**os.environ, **variables_of(settings)},
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


async def _read(settings: Settings) -> Mapping[str, Shards]:
    async with open_log(settings) as log:
        return {
            str(partition): Shards(str(partition), await _entries(log, partition))
            for partition in all_partitions(settings)
        }


async def _entries(log: KafkaLog, partition: Partition) -> Sequence[Entry]:
    end, entries = await log.end(partition), list[Entry]()
    while len(entries) < end:
        entries += await log.read(partition, len(entries), min(end, len(entries) + PAGE))
    return entries


async def _saved(settings: Settings) -> Mapping[str, tuple[int, Mapping[str, int]]]:
    """By partition: the checkpoint's offset, and the version of each stream's state."""
    versions: dict[str, dict[str, int]] = {}
    async with await psycopg.AsyncConnection.connect(settings.postgres.dsn) as connection:
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        schema = Identifier(settings.postgres.schema)
        heads = SQL("select partition, stream, head from {}.writer_heads").format(schema)
        for partition, stream, head in await (await connection.execute(heads)).fetchall():
            versions.setdefault(partition, {})[stream] = msgspec.msgpack.decode(head)[0]
        places = SQL("select partition, next_offset from {}.writer_checkpoints").format(schema)
        rows = await (await connection.execute(places)).fetchall()
    return {partition: (offset, versions.get(partition, {})) for partition, offset in rows}
