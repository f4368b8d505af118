"""`agora parked`: what operators see of records set aside, and what they may do about them."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from msgspec.structs import replace

from cli import parked_retry
from cli.main import run
from events.accounts import ProfileUpdated
from events.topics import PEOPLE, Partition, partition_number
from infra.config import Settings
from infra.crypto import key_vault
from infra.crypto.keyring import open_keyring
from infra.crypto.keys import load_key
from infra.log import topics
from infra.log.kafka import open_log
from infra.log.topics import partition_count
from infra.postgres.pool import open_pool
from infra.postgres.schema import ensure
from infra.worker import progress
from infra.worker.places import Places
from projections.builds import ensure_models
from projections.folding import News
from projections.model import Model, Moment
from projections.models.graph import MODEL as GRAPH
from projections.operations import Operation, Upsert
from projections.subscriber import ModelSubscriber
from projections.tables import Row, Table
from tests.cli import environment
from tests.projections.workers import Load
from tests.stack import Stack

Captured = pytest.CaptureFixture[str]

ANA, BEN = UUID(int=0xA), UUID(int=0xB)
SECRET = "what nobody but Ana wrote"

NOTES = Table("notes", key=("account_id",), columns="account_id uuid not null, about text not null")


def _mended(event: ProfileUpdated, moment: Moment) -> Iterator[Operation]:
    row: Row = {"account_id": event.account_id, "about": event.about}
    yield Upsert(NOTES, row)


def _faulty(event: ProfileUpdated, moment: Moment) -> Iterator[Operation]:
    if event.account_id == ANA:
        raise ZeroDivisionError
    yield from _mended(event, moment)


FAULTY = Model("notes", 1, (PEOPLE,), (ProfileUpdated,), (NOTES,), _faulty)
MENDED = replace(FAULTY, changes=_mended)


class World(NamedTuple):
    """A log in which Ana says two things and Ben one, and a model that set Ana's aside."""

    capsys: Captured
    partition: str
    offset: int
    later: int

    def agora(self, *arguments: str) -> tuple[int, Any]:
        """The exit code, and the data of the one envelope."""
        code = run(["parked", *arguments, "--json"])
        return code, json.loads(self.capsys.readouterr().out)["data"]

    def text(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and all that people read."""
        code = run(["parked", *arguments])
        shown = self.capsys.readouterr()
        return code, shown.out + shown.err

    @property
    def record(self) -> tuple[str, str, str]:
        """The arguments that name Ana's first record."""
        return "notes", self.partition, str(self.offset)


@pytest.fixture
def world(stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> World:
    settings = stack.settings()
    environment.use(settings, monkeypatch)
    use(monkeypatch, FAULTY)
    number = partition_number(str(ANA), partition_count(settings, PEOPLE))
    offset, later = asyncio.run(_set_aside(settings))
    return World(capsys, str(Partition(PEOPLE.name, number)), offset, later)


def use(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    """Let the commands be of a version with this model."""
    monkeypatch.setattr(parked_retry, "MODELS", (model, GRAPH))


class Untold:
    """Nobody is told anything."""

    def tell(self, partition: Partition, news: Sequence[News]) -> None:
        """Takes news."""

    def lost(self, why: str) -> None:
        """Takes losses."""


async def _set_aside(settings: Settings) -> tuple[int, int]:
    """Writes the log and lets the faulty model fold it; where Ana's records are."""
    await topics.ensure(settings)
    async with open_log(settings) as log, open_pool(settings.postgres, role="tests") as pool:
        await ensure(pool, settings, key_vault.TABLES)
        await ensure_models(pool, settings, (FAULTY,))
        master = load_key("crypto.master_key_file", settings.crypto.master_key_file)
        keys = await open_keyring(pool, master)
        load = Load(settings, log, keys)
        await load.begin([ANA, BEN])
        said = [(ANA, SECRET), (BEN, "hello"), (ANA, "more")]
        await load.decide(
            PEOPLE, [(who, [ProfileUpdated(account_id=who, about=about)]) for who, about in said]
        )
        places = Places("notes", pool, log)
        subscriber = ModelSubscriber(FAULTY, places, keys, Untold())
        for number in range(partition_count(settings, PEOPLE)):
            partition = Partition(PEOPLE.name, number)
            await subscriber.resume(partition)
            entries = await log.read(partition, 0, await log.end(partition))
            await subscriber.consume(partition, progress.read(entries))
        async with pool.connection() as connection:
            cursor = await connection.execute('select "offset" from parked order by 1')
            [(offset,), (later,)] = await cursor.fetchall()
        return int(offset), int(later)


def test_list_names_the_shard_where_it_stands_and_why(world: World) -> None:
    code, found = world.agora("list")
    [shard] = found["parked"]
    assert (code, shard["shard"], shard["offset"], shard["records"]) == (
        0,
        str(ANA),
        world.offset,
        2,
    )
    assert "ZeroDivisionError" in shard["reason"]
    assert str(ANA) in world.text("list")[1]
    assert world.agora("list", "--model", "graph")[1]["parked"] == []


def test_payloads_are_hidden_unless_asked_and_personal_fields_unless_revealed(
    world: World,
) -> None:
    code, shown = world.agora("show", *world.record)
    assert (code, shown["types"]) == (0, ["account.profile_updated"])
    assert "events" not in shown
    _, shown = world.agora("show", *world.record, "--payload")
    assert shown["events"][0]["type"] == "account.profile_updated"
    assert SECRET not in json.dumps(shown)
    _, shown = world.agora("show", *world.record, "--reveal")
    assert SECRET in json.dumps(shown)


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--model", "note"),
        ("show", "note", "people-0", "0"),
        ("retry", "note"),
        ("drop", "note", "people-0", "0", "--reason", "a test", "--yes"),
    ],
)
def test_a_model_that_does_not_exist_is_not_one_without_parked_records(
    world: World, arguments: tuple[str, ...]
) -> None:
    code, said = world.text(*arguments)
    assert (code, "Did you mean 'notes'?" in said) == (2, True)


def test_a_shard_that_is_not_set_aside_is_said_to_be_so(world: World) -> None:
    assert world.text("retry", "notes", "--shard", "x") == (0, "Nothing of x is set aside.\n")


def test_what_is_not_set_aside_is_not_shown(world: World) -> None:
    assert world.text("show", "notes", world.partition, "0")[0] == 1
    assert world.text("show", "notes", "nowhere-0", "0")[0] == 2


def test_a_retry_in_the_faulty_version_fails_and_says_where(world: World) -> None:
    code, tried = world.agora("retry", "notes")
    assert (code, tried["applied"]) == (1, 0)
    assert "ZeroDivisionError" in tried["shards"][0]["reason"]
    assert world.agora("list")[1]["parked"][0]["records"] == 2


@pytest.mark.parametrize("arguments", [("--all",), ("notes",), ("notes", "--shard", str(ANA))])
def test_a_retry_in_the_mended_version_applies_all(
    world: World, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    use(monkeypatch, MENDED)
    code, tried = world.agora("retry", *arguments)
    assert (code, tried["applied"]) == (0, 2)
    assert world.agora("list")[1]["parked"] == []
    code, said = world.text("retry", *arguments)
    assert (code, "is set aside.\n" in said) == (0, True)


def test_one_record_can_be_retried_alone_if_nothing_stands_before_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, MENDED)
    code, said = world.text("retry", "notes", world.partition, str(world.later))
    assert code == 1
    assert f"waits behind {world.offset}" in said
    assert world.agora("retry", *world.record)[1]["applied"] == 1
    assert world.agora("list")[1]["parked"][0]["records"] == 1


def test_a_drop_needs_a_reason_and_a_yes(world: World) -> None:
    code, said = world.text("drop", *world.record, "--yes")
    assert code == 2
    assert "--reason" in said
    code, said = world.text("drop", *world.record, "--reason", "a test")
    assert code == 2
    assert "--yes" in said
    assert world.agora("list")[1]["dropped"] == []


def test_a_dry_run_of_a_drop_says_what_waits_behind_and_drops_nothing(world: World) -> None:
    before = world.agora("list")[1]
    code, doomed = world.agora("drop", *world.record, "--dry-run")
    assert (code, doomed["shard"], doomed["behind"]) == (0, str(ANA), 1)
    assert "ZeroDivisionError" in world.text("drop", *world.record, "--dry-run")[1]
    code, said = world.text("drop", "notes", world.partition, str(world.later), "--dry-run")
    assert (code, f"waits behind {world.offset}" in said) == (1, True)
    assert world.agora("list")[1] == before


def test_a_drop_is_noted_and_the_next_one_is_tried(world: World) -> None:
    code, tried = world.agora("drop", *world.record, "--reason", "a test", "--yes")
    assert (code, tried["applied"]) == (1, 0)
    found = world.agora("list")[1]
    [gone], [shard] = found["dropped"], found["parked"]
    assert (gone["offset"], gone["why"]) == (world.offset, "a test")
    assert "@" in gone["dropped_by"]
    assert (shard["records"], shard["offset"]) == (1, world.later)
    assert "a test" in world.text("list")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--all"),
        (("notes", "--all"), "--all"),
        (("note",), "Did you mean 'notes'?"),
        (("notes", "people-0"), "offset"),
    ],
)
def test_what_is_to_be_retried_must_be_said(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, arguments: tuple[str, ...], said: str
) -> None:
    use(monkeypatch, FAULTY)
    assert run(["parked", "retry", *arguments]) == 2
    assert said in capsys.readouterr().err
