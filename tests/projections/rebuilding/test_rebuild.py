"""Rebuilding: the new build holds what the log comes to, and takes over only if it does."""

import random
from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID

import pytest
from msgspec import Raw
from msgspec.structs import replace

from events.record import Fact
from events.topics import Partition
from infra.log.port import Entry
from infra.worker import progress
from infra.worker.progress import Overtaken
from projections.model import Model, tables_of
from projections.models import MODELS
from projections.models.graph import FOLLOWS
from projections.models.graph import MODEL as GRAPH
from projections.rebuilding import filling, fills, rebuild, slices
from projections.rebuilding.catching_up import catch_up
from projections.rebuilding.filling import FillTask
from projections.rebuilding.jobs import FillJob, Job, JobFailed, TellJob, Trouble
from tests.infra.worker.log_in_memory import Plain
from tests.projections.databases import Database, database
from tests.projections.folding import ANA, BEN, CLO
from tests.projections.histories import fold_of
from tests.projections.models.test_graph import followed
from tests.projections.notes import NOTES, STRICT, TOLERANT, note
from tests.projections.rebuilding.worlds import Alone, consumed, rebuilt, states, verdict_on
from tests.projections.test_sql_equals_memory import contents, partitions_of, write_history
from tests.stack import Stack

PARTITION = Partition("people", 0)


@pytest.fixture
async def base(stack: Stack) -> AsyncIterator[Database]:
    async with database(stack.settings(), GRAPH, TOLERANT) as opened:
        opened.log.claim(PARTITION)
        yield opened


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many slices of few records, each copied by itself."""
    monkeypatch.setattr(slices, "SLICE_RECORDS", 20)
    monkeypatch.setattr(filling, "COPY_BYTES", 1)


class Stopping(Alone):
    """Does some jobs, and is gone at the next one."""

    def __init__(self, base: Database, after: int) -> None:
        super().__init__(base)
        self._left = after

    async def run(self, jobs: Sequence[Job], told: Callable[[int], None]) -> list[object]:
        answers = []
        for job in jobs:
            if self._left == 0:
                raise JobFailed(Trouble.DIED, "gone")
            self._left -= 1
            answers += await super().run([job], told)
        return answers


async def followers(base: Database) -> set[object]:
    return {row["follower_id"] for row in (await base.rows(FOLLOWS)).values()}


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
async def test_a_rebuilt_model_is_the_fold_of_the_log(
    stack: Stack, model: Model, seed: int
) -> None:
    async with database(stack.settings(), model) as base:
        write_history(base.log, partitions_of(model), random.Random(seed), decisions=300)
        [outcome] = await rebuilt(base, model)
        assert outcome.failure == ""
        assert await states(base, model) == [(1, "previous"), (2, "live")]
        expected = fold_of(base.log.entries, model, Plain())
        assert await contents(base, tables_of(model)) == expected
        ends = {(str(one), await base.log.end(one) - 1) for one in partitions_of(model)}
        found = await base.fetch('select partition, "offset" from checkpoints')
        assert ends <= set(found)


async def test_several_models_are_rebuilt_from_one_reading_of_the_log(base: Database) -> None:
    base.log.decide(PARTITION, followed(ANA, BEN))
    note(base, ANA, "hello")
    runner = Alone(base)
    outcomes = await rebuilt(base, GRAPH, TOLERANT, runner=runner)
    assert [(one.model, one.failure) for one in outcomes] == [("graph", ""), ("notes", "")]
    fills = [job for job in runner.jobs if isinstance(job, FillJob)]
    assert [len(job.tasks) for job in fills] == [2]


async def test_a_model_without_a_live_build_gets_one(stack: Stack) -> None:
    async with database(stack.settings()) as base:
        base.log.claim(PARTITION)
        base.log.decide(PARTITION, followed(ANA, BEN))
        await rebuilt(base, GRAPH)
        assert await states(base, GRAPH) == [(1, "live")]
        assert await followers(base) == {BEN}


async def test_a_worker_goes_on_in_the_new_build_and_nothing_counts_twice(base: Database) -> None:
    base.log.decide(PARTITION, followed(ANA, BEN))
    worker = base.subscriber(GRAPH)
    await worker.resume(PARTITION)
    await worker.consume(PARTITION, progress.read(base.log.entries[PARTITION]))
    await rebuilt(base, GRAPH)
    last = base.log.decide(PARTITION, followed(ANA, CLO))
    reads = progress.read(base.log.entries[PARTITION])
    with pytest.raises(Overtaken):
        await worker.consume(PARTITION, reads)
    assert await worker.resume(PARTITION) == last
    await worker.consume(PARTITION, reads)
    assert await followers(base) == {BEN, CLO}
    assert await base.fetch("select followers from follower_counts") == [(2,)]
    assert (await verdict_on(base, GRAPH)).clean


async def test_a_damaged_live_build_is_repaired_by_rebuilding_the_same_version(
    base: Database,
) -> None:
    base.log.decide(PARTITION, followed(ANA, BEN))
    await consumed(base, GRAPH, PARTITION)
    await base.fetch("update follows_b1 set state = 'requested' returning 1")
    assert not (await verdict_on(base, GRAPH)).clean
    await rebuilt(base, GRAPH)
    assert (await verdict_on(base, GRAPH)).clean


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("done", range(5))
async def test_a_run_that_ended_early_is_gone_on_with(base: Database, done: int) -> None:
    other = Partition("people", 1)
    base.log.claim(other)
    for number in range(100):
        shard = str(UUID(int=number % 9))
        event = followed(UUID(int=number % 9), UUID(int=number + 100))
        base.log.decide(PARTITION if number % 2 else other, event, shard=shard)
    with pytest.raises(JobFailed, match="gone"):
        # Two partitions are filled, then told of to be verified.
        await rebuilt(base, GRAPH, runner=Stopping(base, after=done) if done < 4 else Lost(base))
    assert (1, "live") in await states(base, GRAPH)
    runner = Alone(base)
    [outcome] = await rebuilt(base, GRAPH, runner=runner)
    assert outcome.failure == ""
    assert outcome.build == 2
    assert len([job for job in runner.jobs if isinstance(job, FillJob)]) == max(0, 2 - done)
    assert len(await base.rows(FOLLOWS)) == 100


class Lost(Alone):
    """Loses the lock's connection once everything is verified."""

    async def run(self, jobs: Sequence[Job], told: Callable[[int], None]) -> list[object]:
        answers = await super().run(jobs, told)
        if any(isinstance(job, TellJob) for job in jobs):
            raise JobFailed(Trouble.DIED, "gone")
        return answers


@pytest.mark.usefixtures("small_slices")
async def test_slices_that_were_copied_are_not_copied_again(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(100):
        person = UUID(int=number)
        base.log.decide(PARTITION, followed(person, ANA), shard=str(person))
    copied: list[int] = []
    troubles = [JobFailed(Trouble.DIED, "gone")]
    copy = filling.Filler._copy

    async def interrupted(self: filling.Filler, done: int) -> None:
        if done == 3 and troubles:
            raise troubles.pop()
        copied.append(done)
        await copy(self, done)

    monkeypatch.setattr(filling.Filler, "_copy", interrupted)
    with pytest.raises(JobFailed):
        await rebuilt(base, GRAPH)
    assert copied == [1, 2]
    await rebuilt(base, GRAPH)
    assert copied == [1, 2, 3, 4, 5, 6]
    assert len(await base.rows(FOLLOWS)) == 100


async def test_who_is_late_copies_nothing(base: Database) -> None:
    """A process of a run that was given up, which had read the log, but not copied yet."""
    base.log.decide(PARTITION, followed(ANA, BEN))
    late = Stopping(base, after=0)
    with pytest.raises(JobFailed):
        await rebuilt(base, GRAPH, runner=late)
    async with base.pool.connection() as connection:
        [fill] = [one for one in await fills.known(connection, "graph", 2) if one.slices]
    job = FillJob(PARTITION, [FillTask(GRAPH, 2, fill)])
    await Alone(base).run([job], lambda _records: None)
    with pytest.raises(Overtaken):
        await Alone(base).run([job], lambda _records: None)
    assert await base.fetch("select count(*) from follows_b2") == [(1,)]


async def test_a_model_that_raises_is_named_with_the_offset_and_the_live_build_stays(
    base: Database,
) -> None:
    note(base, ANA, "first")
    bad = note(base, ANA, "raise")
    [outcome] = await rebuilt(base, STRICT)
    assert f"people-0 at offset {bad}: ZeroDivisionError" in outcome.failure
    assert await states(base, STRICT) == [(1, "live"), (2, "failed")]
    [(reason,)] = await base.fetch("select reason from builds where build = 2")
    assert reason == outcome.failure


async def test_what_cannot_be_stored_is_named_with_the_offset(base: Database) -> None:
    note(base, ANA, "first")
    bad = note(base, BEN, "nul")
    [outcome] = await rebuilt(base, STRICT)
    assert outcome.failure.startswith(f"people-0 at offset {bad}: notes.about cannot hold it")


async def test_a_model_that_sets_shards_aside_does_so_when_it_is_rebuilt(base: Database) -> None:
    note(base, ANA, "first")
    note(base, BEN, "first")
    bad = note(base, ANA, "raise")
    waits = note(base, ANA, "later")
    note(base, BEN, "later")
    [outcome] = await rebuilt(base, TOLERANT)
    assert outcome.failure == ""
    parked = await base.fetch('select "offset", shard, reason is null from parked where build = 2')
    assert sorted(parked) == [(bad, str(ANA), False), (waits, str(ANA), True)]
    found = {row["account_id"]: row["about"] for row in (await base.rows(NOTES)).values()}
    assert found == {ANA: "first", BEN: "later"}
    # Workers know of it, too.
    note(base, ANA, "last")
    await consumed(base, TOLERANT, PARTITION)
    assert (await verdict_on(base, TOLERANT)).clean


async def test_a_row_that_cannot_be_stored_is_set_aside_with_its_shard(base: Database) -> None:
    note(base, ANA, "first")
    bad = note(base, ANA, "nul")
    note(base, BEN, "first")
    [outcome] = await rebuilt(base, TOLERANT)
    assert outcome.failure == ""
    assert await base.fetch('select "offset", shard from parked') == [(bad, str(ANA))]
    found = {row["account_id"]: row["about"] for row in (await base.rows(NOTES)).values()}
    assert found == {ANA: "first", BEN: "first"}
    assert (await verdict_on(base, TOLERANT)).clean


async def test_an_unknown_type_fails_every_model_whose_stretch_it_is_in(base: Database) -> None:
    note(base, ANA, "first")
    unknown = Fact("account.teleported", f"account-{ANA}", 1, Raw(b"\x80"))
    bad = base.log.decide_facts(PARTITION, unknown)
    outcomes = await rebuilt(base, GRAPH, TOLERANT)
    for outcome in outcomes:
        assert f"offset {bad}: Event type account.teleported is unknown" in outcome.failure


async def test_others_are_rebuilt_beside_one_that_fails(base: Database) -> None:
    base.log.decide(PARTITION, followed(ANA, BEN))
    note(base, ANA, "raise")
    outcomes = await rebuilt(base, GRAPH, STRICT)
    assert [bool(one.failure) for one in outcomes] == [False, True]
    assert await followers(base) == {BEN}


async def test_a_failed_build_makes_room_for_the_next_one(base: Database) -> None:
    bad = note(base, ANA, "raise")
    await rebuilt(base, STRICT)
    base.log.entries[PARTITION][bad] = Entry(bad, None, b"foreign")
    [outcome] = await rebuilt(base, STRICT)
    assert outcome.failure == ""
    assert (await states(base, STRICT))[-1] == (3, "live")
    assert await base.fetch("select to_regclass('notes_b2') is null") == [(True,)]


async def test_damaged_records_count_for_nobody(base: Database) -> None:
    base.log.append_value(PARTITION, b"foreign")
    base.log.decide(PARTITION, followed(ANA, BEN))
    base.log.append_value(PARTITION, b"\xff")
    [outcome] = await rebuilt(base, GRAPH)
    assert outcome.failure == ""
    assert await followers(base) == {BEN}
    # The last record has no id to be known again by.
    await consumed(base, GRAPH, PARTITION)


async def test_what_differs_from_the_log_never_becomes_live(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.log.decide(PARTITION, followed(ANA, BEN))
    base.log.decide(PARTITION, followed(ANA, CLO))
    await consumed(base, GRAPH, PARTITION)

    async def and_lost(*arguments: object) -> None:
        await catch_up(*arguments)  # type: ignore[arg-type]
        await base.fetch("delete from follows_b2 where follower_id = %s returning 1", BEN)

    monkeypatch.setattr(rebuild, "catch_up", and_lost)
    [outcome] = await rebuilt(base, GRAPH)
    assert outcome.failure == "It does not hold what the log comes to."
    assert outcome.verdict is not None
    [difference] = outcome.verdict.differences
    assert (difference.table, difference.kind) == ("follows", "lost")
    assert await states(base, GRAPH) == [(1, "live"), (2, "failed")]
    assert await followers(base) == {BEN, CLO}


async def test_what_is_written_meanwhile_is_in_the_new_build(base: Database) -> None:
    class Busy(Alone):
        """While its jobs run, people follow Ana, and a worker takes that in."""

        async def run(self, jobs: Sequence[Job], told: Callable[[int], None]) -> list[object]:
            answers = await super().run(jobs, told)
            base.log.decide(PARTITION, followed(ANA, UUID(int=len(self.jobs) + 100)))
            await consumed(base, GRAPH, PARTITION)
            return answers

    base.log.decide(PARTITION, followed(ANA, BEN))
    [outcome] = await rebuilt(base, GRAPH, runner=Busy(base))
    assert outcome.failure == ""
    assert len(await followers(base)) == 3
    end = await base.log.end(PARTITION)
    found = await base.fetch("select \"offset\" from checkpoints where partition = 'people-0'")
    assert found == [(end - 1,)]
    assert (await verdict_on(base, GRAPH)).clean


async def test_a_log_that_became_shorter_is_begun_anew(base: Database) -> None:
    base.log.decide(PARTITION, followed(ANA, BEN))
    base.log.decide(PARTITION, followed(ANA, CLO))
    with pytest.raises(JobFailed):
        await rebuilt(base, GRAPH, runner=Stopping(base, after=0))
    base.log.entries[PARTITION].pop()
    [outcome] = await rebuilt(base, GRAPH)
    assert (outcome.build, outcome.failure) == (3, "")
    assert await followers(base) == {BEN}
    assert await states(base, GRAPH) == [(1, "previous"), (2, "dropped"), (3, "live")]


async def test_a_build_of_another_log_fails_and_says_so(base: Database) -> None:
    base.log.decide(PARTITION, followed(ANA, BEN))
    with pytest.raises(JobFailed):
        await rebuilt(base, GRAPH, runner=Stopping(base, after=1))
    base.log.entries[PARTITION].pop()
    base.log.decide(PARTITION, followed(ANA, CLO))
    [outcome] = await rebuilt(base, GRAPH)
    assert "this is another log" in outcome.failure
    [outcome] = await rebuilt(base, GRAPH)
    assert outcome.failure == ""
    assert await followers(base) == {CLO}


async def test_another_version_is_filled_beside_the_live_one_and_takes_over(
    base: Database,
) -> None:
    base.log.decide(PARTITION, followed(ANA, BEN))
    await consumed(base, GRAPH, PARTITION)
    newer = replace(GRAPH, version=GRAPH.version + 1, tables=GRAPH.tables[:2])
    [outcome] = await rebuilt(base, newer)
    assert outcome.failure == ""
    live = "select build, version from builds where state = 'live' and model = 'graph'"
    assert await base.fetch(live) == [(2, GRAPH.version + 1)]
    # It has no mutes any more, and nothing shows the old ones.
    assert await base.fetch("select to_regclass('mutes') is null") == [(True,)]
    assert await followers(base) == {BEN}
