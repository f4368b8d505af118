"""What must hold in a partition, and what is said of it when it does not. ANA sets herself up."""

from datetime import timedelta

import pytest

from events.accounts import SessionClosed, VisibilityChanged, account_stream
from events.topics import Partition, partition_number
from infra.log.check import Finding, PartitionCheck
from tests.infra.log.journal import Journal, foreign_fact, numbered

ANA = numbered(1)
PARTITION = Partition("people", partition_number(str(ANA), 4))
HIDES = VisibilityChanged(account_id=ANA, private=True)
SHOWS = VisibilityChanged(account_id=ANA, private=False)
REQUEST = numbered(99)


@pytest.fixture
def journal() -> Journal:
    """A partition that ANA's owner has claimed: everything else stands from offset 1 on."""
    journal = Journal(str(ANA))
    journal.claim()
    return journal


def findings(journal: Journal) -> list[Finding]:
    check = PartitionCheck(PARTITION, 4)
    return [finding for item in journal.scan(PARTITION) for finding in check.see(item)]


def kinds(journal: Journal) -> list[tuple[int, str]]:
    return [(finding.offset, finding.kind) for finding in findings(journal)]


def test_an_orderly_partition_is_clean(journal: Journal) -> None:
    journal.decide(HIDES, request=REQUEST)
    journal.decide(SHOWS, HIDES)
    journal.barrier()
    journal.release()
    journal.claim("two")
    journal.decide(SHOWS)
    assert findings(journal) == []


def test_it_counts_what_is_there(journal: Journal) -> None:
    first = journal.epoch
    journal.decide(HIDES, SHOWS)
    journal.claim("late", previous=numbered(77))
    journal.claim("two")
    journal.append(journal.decision(journal.fact(HIDES, version=3), epoch=first))
    journal.barrier()
    check = PartitionCheck(PARTITION, 4)
    assert [finding for item in journal.scan(PARTITION) for finding in check.see(item)] == []
    counts = check.counts
    assert (counts.records, counts.decisions, counts.events) == (6, 1, 2)
    assert (counts.claims, counts.stale_claims, counts.zombie_records) == (2, 1, 1)
    assert (counts.barriers, counts.releases) == (1, 0)


def test_a_foreign_record_is_damaged(journal: Journal) -> None:
    journal.raw(b"not ours")
    journal.decide(HIDES)
    assert kinds(journal) == [(1, "damaged")]


def test_a_truncated_record_is_damaged(journal: Journal) -> None:
    journal.decide(HIDES)
    key, value = journal.records.pop()
    journal.raw(value[:-3], key)
    assert kinds(journal) == [(1, "damaged")]


def test_data_of_another_shape_is_damaged(journal: Journal) -> None:
    stream = account_stream(ANA)
    journal.append(journal.decision(foreign_fact("account.visibility_changed", stream, 1, x=1)))
    journal.append(journal.decision(foreign_fact("account.registered", stream, 2, x=1)))
    assert kinds(journal) == [(1, "damaged"), (2, "damaged")]


def test_a_type_from_the_future_is_unknown(journal: Journal) -> None:
    journal.append(journal.decision(foreign_fact("account.teleported", account_stream(ANA), 1)))
    assert kinds(journal) == [(1, "unknown")]


def test_a_left_out_version_is_a_gap(journal: Journal) -> None:
    journal.decide(HIDES)
    journal.append(journal.decision(journal.fact(SHOWS, version=3)))
    journal.decide(HIDES)
    assert kinds(journal) == [(2, "gap")]


def test_a_version_twice_is_a_fork(journal: Journal) -> None:
    journal.decide(HIDES)
    journal.append(journal.decision(journal.fact(SHOWS, version=1)))
    assert kinds(journal) == [(2, "forked")]


def test_a_decision_without_events_is_torn(journal: Journal) -> None:
    journal.append(journal.decision())
    assert kinds(journal) == [(1, "torn")]


def test_another_key_than_the_shard_is_misplaced(journal: Journal) -> None:
    journal.append(journal.decision(journal.fact(HIDES)), key="somebody else")
    assert kinds(journal) == [(1, "misplaced")]


def test_a_shard_of_another_partition_is_misplaced(journal: Journal) -> None:
    elsewhere = next(
        str(numbered(n)) for n in range(9) if partition_number(str(numbered(n)), 4) != PARTITION[1]
    )
    journal.shard = elsewhere
    journal.decide(HIDES)
    assert kinds(journal) == [(1, "misplaced")]


def test_an_event_in_another_stream_is_misplaced(journal: Journal) -> None:
    closed = SessionClosed(account_id=ANA, session_id=numbered(5), reason="signed out")
    fact = journal.fact(closed)
    data = {"account_id": str(ANA), "session_id": str(numbered(5)), "reason": "signed out"}
    wrong = foreign_fact(fact.type, account_stream(ANA), 1, type=fact.type, **data)
    journal.append(journal.decision(wrong))
    assert kinds(journal) == [(1, "misplaced")]


def test_a_request_with_two_effects_is_repeated(journal: Journal) -> None:
    journal.decide(HIDES, request=REQUEST)
    journal.decide(SHOWS, request=REQUEST)
    [finding] = findings(journal)
    assert (finding.offset, finding.kind) == (2, "repeated")
    assert "at offset 1" in finding.detail


def test_a_request_id_is_free_again_when_streams_have_forgotten_it(journal: Journal) -> None:
    journal.decide(HIDES, request=REQUEST)
    journal.decide(SHOWS, request=REQUEST, at=journal.now + timedelta(hours=25))
    assert findings(journal) == []


def test_time_that_runs_backwards_is_found(journal: Journal) -> None:
    journal.decide(HIDES)
    journal.decide(SHOWS, at=journal.now - timedelta(minutes=1))
    assert kinds(journal) == [(2, "time")]


def test_a_missing_offset_is_a_hole(journal: Journal) -> None:
    journal.barrier()
    journal.decide(HIDES)
    check = PartitionCheck(PARTITION, 4)
    items = list(journal.scan(PARTITION))
    del items[1]
    assert [f.kind for item in items for f in check.see(item)] == ["hole"]


def test_what_does_not_count_is_not_held_to_anything(journal: Journal) -> None:
    zombie = journal.decision(journal.fact(HIDES, version=9), epoch=numbered(77))
    journal.append(zombie, key="somebody else")
    assert findings(journal) == []
