"""When an instance claims, and when it hands over. The rhythm is a quick one."""

import asyncio

from commands.instance import Instance
from commands.steward import Rhythm, Steward
from commands.submission import Handled, Submission
from commands.tenures import Tenures
from commands.writer.partition import PartitionWriter
from events.tenure import Tenure
from events.topics import Partition
from tests.simulated import in_simulated_time

PEOPLE = Partition("people", 0)
ELSEWHERE = frozenset({Partition("people", 1)})
MINE = Tenure(held=True, owner="me", endpoint="me:7001", claimed_at=3)
THEIRS = Tenure(held=True, owner="ana", endpoint="ana:7001", claimed_at=3)
VACANT = Tenure(owner="ana", claimed_at=3)
RHYTHM = Rhythm(look_s=0.01, unadvised_s=0.1, passed_on_s=0.05, hand_over_s=0.2)


class Writer(PartitionWriter):
    """Serves when told so, and counts what it is asked."""

    def __init__(self, *, serving: bool) -> None:
        self.now_serving = serving
        self.wants = 0
        self.releases = 0

    @property
    def serving(self) -> bool:
        return self.now_serving

    def want(self) -> None:
        self.wants += 1

    def release(self) -> None:
        self.releases += 1


class Others:
    """Owners elsewhere, all there or all gone."""

    def __init__(self, *, gone: bool) -> None:
        self.gone = gone

    async def forward(self, tenure: Tenure, submission: Submission, timeout_s: float) -> Handled:
        raise AssertionError("A steward forwards nothing.")

    def silent(self, tenure: Tenure) -> bool:
        return self.gone


class Known(Tenures):
    """One tenure for all."""

    def __init__(self, tenure: Tenure) -> None:
        self.tenure = tenure

    def of(self, partition: Partition) -> Tenure:
        return self.tenure


def steward_of(writer: Writer, tenure: Tenure, *, gone: bool = False) -> Steward:
    return Steward(Instance("me", {PEOPLE: writer}, Known(tenure), Others(gone=gone)), RHYTHM)


async def after(steward: Steward, seconds: float) -> None:
    running = asyncio.create_task(steward.run())
    await asyncio.sleep(seconds)
    running.cancel()


@in_simulated_time
async def test_a_healthy_owner_elsewhere_is_left_in_peace() -> None:
    writer = Writer(serving=False)
    await after(steward_of(writer, THEIRS), 0.3)
    assert writer.wants == 0


@in_simulated_time
async def test_an_owner_that_has_gone_is_replaced() -> None:
    writer = Writer(serving=False)
    await after(steward_of(writer, THEIRS, gone=True), 0.05)
    assert writer.wants


@in_simulated_time
async def test_what_nobody_holds_is_claimed_by_whoever_is_advised() -> None:
    writer = Writer(serving=False)
    steward = steward_of(writer, VACANT)
    steward.advise(frozenset({PEOPLE}))
    await after(steward, 0.05)
    assert writer.wants


@in_simulated_time
async def test_what_nobody_holds_is_claimed_by_anybody_in_the_end() -> None:
    writer = Writer(serving=False)
    await after(steward_of(writer, VACANT), 0.4)
    assert writer.wants


@in_simulated_time
async def test_a_command_has_a_partition_claimed_whose_owner_has_gone() -> None:
    writer = Writer(serving=False)
    steward_of(writer, THEIRS, gone=True).called_for(PEOPLE)
    assert writer.wants


@in_simulated_time
async def test_a_command_has_claimed_what_nobody_holds_at_once_where_that_is_advised() -> None:
    writer = Writer(serving=False)
    steward = steward_of(writer, VACANT)
    steward.advise(frozenset({PEOPLE}))
    steward.called_for(PEOPLE)
    assert writer.wants


@in_simulated_time
async def test_a_command_leaves_what_was_laid_down_to_whoever_is_advised_for_a_moment() -> None:
    writer = Writer(serving=False)
    steward = steward_of(writer, VACANT)
    steward.called_for(PEOPLE)
    assert not writer.wants
    await asyncio.sleep(2 * RHYTHM.passed_on_s)
    steward.called_for(PEOPLE)
    assert writer.wants


@in_simulated_time
async def test_each_vacancy_has_a_moment_of_its_own() -> None:
    writer = Writer(serving=False)
    tenures = Known(VACANT)
    steward = Steward(Instance("me", {PEOPLE: writer}, tenures, Others(gone=False)), RHYTHM)
    steward.called_for(PEOPLE)
    tenures.tenure = THEIRS
    await after(steward, 2 * RHYTHM.passed_on_s)
    tenures.tenure = VACANT
    steward.called_for(PEOPLE)
    assert not writer.wants


@in_simulated_time
async def test_a_partition_is_handed_over_once_the_advice_is_steady() -> None:
    writer = Writer(serving=True)
    steward = steward_of(writer, MINE)
    steward.advise(ELSEWHERE)
    await after(steward, 0.4)
    assert writer.releases


@in_simulated_time
async def test_whoever_took_over_keeps_it_while_the_advice_is_older_than_that() -> None:
    writer = Writer(serving=False)
    steward = steward_of(writer, THEIRS)
    steward.advise(ELSEWHERE)
    running = asyncio.create_task(steward.run())
    await asyncio.sleep(2 * RHYTHM.hand_over_s)
    writer.now_serving = True
    await asyncio.sleep(RHYTHM.hand_over_s / 4)
    assert writer.releases == 0
    running.cancel()
