"""`agora log`, `agora partitions` and `agora topics` over a real log. ANA and BEN set up."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from cli.main import run
from events.accounts import ProfileUpdated, VisibilityChanged
from events.codec import Cipher
from events.tenure import Tenure
from events.topics import Partition, partition_number
from infra.checkpoints.port import Saved
from infra.checkpoints.postgres import open_checkpoints
from infra.config import Settings
from infra.crypto.key_vault import TABLES
from infra.crypto.keyring import open_keyring
from infra.crypto.keys import load_keys
from infra.log.kafka import KafkaLog, open_log
from infra.log.topics import ensure
from infra.postgres.pool import open_pool
from infra.postgres.schema import ensure as ensure_tables
from tests.cli.environment import use
from tests.infra.log.journal import Journal, numbered
from tests.stack import Stack, free_ports

ANA, BEN = numbered(1), numbered(2)
ANAS = Partition("people", partition_number(str(ANA), 4))
BENS = Partition("people", partition_number(str(BEN), 4))
OTHERS = next(p for p in (Partition("people", n) for n in range(4)) if p not in (ANAS, BENS))

Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def settings(stack: Stack) -> Settings:
    """A log with an orderly history: ANA's owner hands over, BEN's keeps on."""
    settings = stack.settings()
    asyncio.run(history(settings))
    return settings


async def history(settings: Settings) -> None:
    async with writing(settings) as (log, cipher):
        ana, ben = Journal(str(ANA), cipher), Journal(str(BEN), cipher)
        ana.claim("one")
        ana.decide(ProfileUpdated(account_id=ANA, first_name="Ana"))
        ana.release()
        ana.claim("two")
        ana.decide(VisibilityChanged(account_id=ANA, private=True))
        ben.claim("one")
        for private in (True, False):
            ben.decide(VisibilityChanged(account_id=BEN, private=private))
        await ana.write(log, ANAS)
        await ben.write(log, BENS)
    async with open_checkpoints(settings) as checkpoints:
        tenure = Tenure(ana.epoch, True, "two", "127.0.0.1:7001", 3)
        await checkpoints.take(ANAS, 3)
        await checkpoints.save(ANAS, 3, Saved(offset=4, tenure=tenure), {})


@asynccontextmanager
async def writing(settings: Settings) -> AsyncIterator[tuple[KafkaLog, Cipher]]:
    await ensure(settings)
    async with AsyncExitStack() as opened:
        pool = await opened.enter_async_context(open_pool(settings.postgres, role="tests"))
        await ensure_tables(pool, settings, TABLES)
        ring = await open_keyring(pool, load_keys(settings).master)
        await ring.ensure([ANA, BEN])
        yield await opened.enter_async_context(open_log(settings)), ring


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    use(settings, monkeypatch)


def printed(output: Output) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.readouterr().out.splitlines()]


def data(output: Output) -> Any:
    [envelope] = printed(output)
    return envelope["data"]


@pytest.mark.usefixtures("environment")
class TestOrderlyLog:
    """Nothing is wrong with it."""

    def test_info_shows_every_partition(self, capsys: Output) -> None:
        assert run(["log", "info", "--json"]) == 0
        extents = {each["partition"]: each for each in data(capsys)}
        assert extents[str(ANAS)]["end"] == 5
        assert extents[str(BENS)]["last_kind"] == "decision"
        assert extents["names-0"]["end"] == 0

    def test_tail_shows_the_last_events_by_their_time(self, capsys: Output) -> None:
        assert run(["log", "tail"]) == 0
        events = printed(capsys)
        assert [event["data"]["account_id"] for event in events] == [
            str(each) for each in (ANA, BEN, BEN, ANA)
        ]
        assert {event["specversion"] for event in events} == {"1.0"}

    def test_tail_begins_with_as_many_as_asked_for(self, capsys: Output) -> None:
        assert run(["log", "tail", "-n", "1"]) == 0
        [event] = printed(capsys)
        assert event["data"] == {"account_id": str(ANA), "private": True}
        assert run(["log", "tail", "-n", "0"]) == 0
        assert printed(capsys) == []

    def test_tail_filters_by_type_shard_and_partition(self, capsys: Output) -> None:
        assert run(["log", "tail", "--type", "account.prof*"]) == 0
        assert [event["type"] for event in printed(capsys)] == ["account.profile_updated"]
        assert run(["log", "tail", "--shard", str(BEN)]) == 0
        assert {event["partitionkey"] for event in printed(capsys)} == {str(BEN)}
        assert run(["log", "tail", "--partition", "names-0"]) == 0
        assert printed(capsys) == []

    def test_tail_begins_at_a_time(self, capsys: Output) -> None:
        assert run(["log", "tail", "--since", "start"]) == 0
        assert len(printed(capsys)) == 4
        assert run(["log", "tail", "--since", "2026-03-01T12:00:02"]) == 0
        assert [event["time"][-3:] for event in printed(capsys)] == ["02Z", "04Z"]
        assert run(["log", "tail", "--since", "1s"]) == 0
        assert printed(capsys) == []

    def test_personal_fields_take_a_wish_and_a_key(
        self,
        settings: Settings,
        capsys: Output,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        asked = ["log", "tail", "--type", "account.profile_updated"]
        assert run(asked) == 0
        assert [event["data"]["first_name"] for event in printed(capsys)] == ["(hidden)"]
        assert run([*asked, "--reveal"]) == 0
        assert [event["data"]["first_name"] for event in printed(capsys)] == ["Ana"]

        crypto = replace(settings.crypto, master_key_file=settings.crypto.id_key_file)
        use(replace(settings, crypto=crypto), monkeypatch)
        assert run([*asked, "--reveal"]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "crypto.master_key_file" in shown.err

    def test_tail_as_one_envelope(self, capsys: Output) -> None:
        assert run(["log", "tail", "--json"]) == 0
        assert len(data(capsys)) == 4
        assert run(["log", "tail", "--json", "--follow"]) == 2

    def test_show_by_place_and_by_id_agree(self, capsys: Output) -> None:
        assert run(["log", "show", str(ANAS), "4", "--json"]) == 0
        shown = data(capsys)
        assert (shown["kind"], shown["counts"], shown["owner"]) == ("decision", True, "two")
        assert shown["events"][0]["data"]["private"] is True
        assert run(["log", "show", shown["record"]["id"], "--json"]) == 0
        found = data(capsys)
        assert {**found, "events": []} == {**shown, "events": []}

    def test_show_knows_control_records(self, capsys: Output) -> None:
        assert run(["log", "show", str(ANAS), "2", "--json"]) == 0
        shown = data(capsys)
        assert (shown["kind"], shown["owner"]) == ("release", "")

    def test_check_finds_nothing(self, capsys: Output) -> None:
        assert run(["log", "check"]) == 0
        assert "The log is clean." in capsys.readouterr().out
        assert run(["log", "check", str(ANAS), "--json"]) == 0
        [checked] = data(capsys)
        assert checked["found"] == 0
        assert checked["counts"]["events"] == 2

    def test_partitions_shows_owners_and_how_far_their_states_are_saved(
        self, capsys: Output
    ) -> None:
        assert run(["partitions", "--json"]) == 0
        owned = {each["partition"]: each for each in data(capsys)}
        ana, ben, nobody = owned[str(ANAS)], owned[str(BENS)], owned["names-0"]
        assert (ana["owner"], ana["end"], ana["checkpoint"], ana["lag"]) == ("two", 5, 4, 1)
        assert (ben["owner"], ben["claimed_at"], ben["lag"]) == ("one", 0, 3)
        assert (nobody["owner"], nobody["held"], nobody["end"]) == ("", False, 0)
        assert run(["partitions"]) == 0
        assert "nobody" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (["log", "show", "people-9", "0"], 2, "There is no partition 'people-9'"),
            (["log", "show", str(ANAS), "5"], 1, f"{ANAS} ends at offset 5"),
            (["log", "show", str(ANAS)], 2, "needs an offset"),
            (["log", "show", str(numbered(5))], 1, "No record has the id"),
            (["log", "tail", "--type", "account.profile_update"], 2, "account.profile_updated"),
            (["log", "tail", "--since", "teatime"], 2, "'teatime' is not a time"),
            (["log", "check", "cats-0"], 2, "There is no partition 'cats-0'"),
        ],
    )
    def test_wrong_usage_is_explained(
        self, arguments: list[str], code: int, said: str, capsys: Output
    ) -> None:
        assert run(arguments) == code
        shown = capsys.readouterr()
        assert said in shown.err
        assert "Try:" in shown.err
        assert shown.out == ""


def test_check_says_which_records_are_at_fault(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    settings = stack.settings()

    async def vandalise() -> None:
        async with writing(settings) as (log, cipher):
            ana = Journal(str(ANA), cipher)
            ana.claim("one")
            ana.raw(b"{}")
            ana.decide(VisibilityChanged(account_id=ANA, private=True))
            gap = ana.fact(VisibilityChanged(account_id=ANA, private=False), version=3)
            ana.append(ana.decision(gap))
            await ana.write(log, ANAS)

    asyncio.run(vandalise())
    use(settings, monkeypatch)
    assert run(["log", "check"]) == 1
    shown = capsys.readouterr()
    assert f"{ANAS} at offset 1: damaged: " in shown.out
    assert f"{ANAS} at offset 3: gap: " in shown.out
    assert "The log has 2 faults." in shown.err

    assert run(["log", "check", "--json"]) == 1
    [envelope] = printed(capsys)
    assert envelope["status"] == "failed"
    faults = [f for each in envelope["data"] for f in each["findings"]]
    assert [(f["offset"], f["kind"]) for f in faults] == [(1, "damaged"), (3, "gap")]

    assert run(["log", "show", str(ANAS), "1", "--json"]) == 0
    assert data(capsys)["kind"] == "damaged"
    assert run(["log", "tail", "--since", "start"]) == 0
    assert f"{ANAS} at offset 1 is skipped" in capsys.readouterr().err


@contextmanager
def following(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "cli.main", "log", "tail", "-f", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_tail_follows_until_it_is_interrupted(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = stack.settings()
    asyncio.run(history(settings))
    use(settings, monkeypatch)

    async def go_on() -> None:
        async with writing(settings) as (log, cipher):
            more = Journal(str(BEN), cipher)
            more.claim("three")
            more.decide(VisibilityChanged(account_id=BEN, private=True))
            await more.write(log, OTHERS)

    with following("-n", "1") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["partitionkey"] == str(ANA)
        asyncio.run(go_on())
        event = json.loads(process.stdout.readline())
        assert (event["source"], event["offset"]) == (f"/log/people/{OTHERS.number}", "1")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


class TestTopics:
    """Made by the command that everything else advises."""

    def test_they_are_made_once(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: Output
    ) -> None:
        use(stack.settings(), monkeypatch)
        assert run(["log", "info"]) == 2
        assert "agora topics ensure" in capsys.readouterr().err
        assert run(["topics", "list"]) == 0
        assert "missing" in capsys.readouterr().out
        assert run(["topics", "ensure", "--dry-run"]) == 0
        assert "would be made" in capsys.readouterr().out
        assert run(["topics", "ensure", "--json"]) == 0
        assert [each["created"] for each in data(capsys)] == [True, True, True]
        assert run(["topics", "ensure"]) == 0
        assert capsys.readouterr().out.count("in order") == 3

    def test_another_number_of_partitions_is_refused(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: Output
    ) -> None:
        use(replace(settings, log=replace(settings.log, names_partitions=7)), monkeypatch)
        assert run(["topics", "ensure"]) == 2
        assert "log.names_partitions" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["topics", "ensure"], ["log", "info"], ["log", "check"], ["partitions"]]
)
def test_a_log_that_is_away_is_said_so(
    arguments: list[str], stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    settings = stack.settings()
    [port] = free_ports(1)
    use(
        replace(settings, kafka=replace(settings.kafka, bootstrap=f"127.0.0.1:{port}")), monkeypatch
    )
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert "The log cannot be reached." in shown.err
    assert "Try: agora status" in shown.err


def test_partitions_are_shown_while_postgres_is_away(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    [port] = free_ports(1)
    dsn = f"postgresql://agora:agora@127.0.0.1:{port}/agora"
    use(replace(settings, postgres=replace(settings.postgres, dsn=dsn)), monkeypatch)
    assert run(["partitions"]) == 0
    shown = capsys.readouterr()
    assert "two" in shown.out
    assert "PostgreSQL cannot be reached" in shown.err
