"""The accept rule, and the laws by which all readers agree."""

from hypothesis import given
from hypothesis import strategies as st

from events.record import Claim, Decision, Record
from events.tenure import UNCLAIMED, Tenure, accept
from tests.events.records import an_id, barrier, claim, decision, release


def counted(*records: Record) -> list[bool]:
    """Which of the records count, read in order."""
    tenure, result = UNCLAIMED, []
    for offset, record in enumerate(records):
        tenure, counts = accept(tenure, offset, record)
        result.append(counts)
    return result


def test_the_first_claim_names_no_predecessor() -> None:
    assert counted(claim(1, None)) == [True]
    assert counted(claim(1, previous=9)) == [False]


def test_decisions_and_barriers_count_under_the_current_epoch_only() -> None:
    assert counted(decision(1), claim(1, None), decision(1), barrier(1), decision(2)) == [
        False, True, True, True, False,
    ]  # fmt: skip


def test_of_two_rivals_the_log_takes_the_first() -> None:
    assert counted(claim(1, None), claim(2, 1), claim(3, 1), decision(3), decision(2)) == [
        True, True, False, False, True,
    ]  # fmt: skip


def test_a_zombie_writes_in_vain() -> None:
    assert counted(claim(1, None), decision(1), claim(2, 1), decision(1), barrier(1)) == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_nothing_counts_after_a_release_until_the_next_claim() -> None:
    records = claim(1, None), release(1), decision(1), release(1), claim(2, 1), decision(2)
    assert counted(*records) == [True, True, False, False, True, True]


def test_a_tenure_tells_who_owns_and_since_where() -> None:
    tenure, _ = accept(UNCLAIMED, 41, claim(1, None, owner="ana"))
    assert tenure == Tenure(an_id(1), True, "ana", "ana:7001", claimed_at=41)


numbers = st.integers(1, 4)
histories: st.SearchStrategy[list[Record]] = st.lists(
    st.one_of(
        st.builds(claim, numbers, st.none() | numbers),
        st.builds(release, numbers),
        st.builds(barrier, numbers),
        st.builds(decision, numbers),
    ),
    max_size=30,
)


@given(histories, histories)
def test_reading_on_from_a_checkpoint_equals_reading_from_the_start(
    before: list[Record], after: list[Record]
) -> None:
    tenure = UNCLAIMED
    for offset, record in enumerate(before):
        tenure, _ = accept(tenure, offset, record)
    resumed = []
    for offset, record in enumerate(after, start=len(before)):
        tenure, counts = accept(tenure, offset, record)
        resumed.append(counts)
    assert counted(*before, *after) == counted(*before) + resumed


@given(histories)
def test_whatever_counts_stands_after_the_last_valid_claim_and_is_its_own(
    records: list[Record],
) -> None:
    epoch = None
    for record, counts in zip(records, counted(*records), strict=True):
        if not counts:
            continue
        if isinstance(record, Claim):
            assert record.previous == epoch
            epoch = record.id
        elif isinstance(record, Decision):
            assert record.epoch == epoch
