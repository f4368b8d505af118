"""Schedules: one number decides everything, and nothing is left out."""

from itertools import islice

from schemas.gen.live_pb2 import LiveEvent
from tests.faults.whole.kinds import KINDS
from tests.faults.whole.people import WEIGHTS
from tests.faults.whole.routes import ROUTES
from tests.faults.whole.schedule import LAST, POINTS, endless, short
from tests.judge.answers import READS
from tests.judge.deeds import DEEDS
from tests.judge.pushes import PREFIX, RULES, SILENT


def test_a_seed_gives_the_same_schedule_again() -> None:
    assert short(7) == short(7)
    assert short(7) != short(8)
    assert list(islice(endless(7), 100)) == list(islice(endless(7), 100))


def test_the_short_run_has_every_kind_of_fault_and_a_dozen_points() -> None:
    faults = short(1)
    assert {fault.kind for fault in (*faults, *LAST)} == set(KINDS)
    assert len([fault for fault in faults if fault.kind == "kill at"]) >= 12


def test_a_round_of_the_long_run_has_every_point() -> None:
    assert set(POINTS) <= set(islice(endless(1), 300))


def test_people_do_only_what_can_be_judged() -> None:
    assert set(WEIGHTS) <= set(ROUTES)
    assert set(ROUTES) == set(DEEDS) | set(READS)


def test_every_event_that_pages_are_told_can_be_judged() -> None:
    known = {name.removeprefix(PREFIX) for name in RULES} | SILENT
    assert {field.name for field in LiveEvent.DESCRIPTOR.fields} == known
