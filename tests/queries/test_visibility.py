"""Who may see what of whom. ANA looks at BEN throughout."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.graph import Following
from queries import visibility
from queries.people import Person
from schemas.refusals import Forbidden, NotFound

BEN = Person(
    account_id=UUID("0197f1f0-0000-7000-8000-00000000000b"),
    handle="ben",
    first_name="Ben",
    last_name="Okri",
    about="Writes.",
    registered_at=datetime(2026, 1, 2, tzinfo=UTC),
    followers=3,
    following=4,
)
PRIVATE_BEN = replace(BEN, private=True)

people = st.builds(
    Person,
    account_id=st.just(BEN.account_id),
    handle=st.just("ben"),
    first_name=st.just("Ben"),
    last_name=st.just("Okri"),
    about=st.just("Writes."),
    private=st.booleans(),
    own=st.just(False),
    viewer_follows=st.sampled_from(Following),
    follows_viewer=st.sampled_from(Following),
    viewer_blocks=st.booleans(),
    blocks_viewer=st.booleans(),
    viewer_mutes=st.booleans(),
)


def refusal(person: Person | None) -> tuple[type[BaseException], str]:
    with pytest.raises(NotFound) as refused:
        visibility.required(person)
    return type(refused.value), str(refused.value)


def test_a_public_person_is_seen_as_they_are() -> None:
    assert visibility.seen(BEN) == BEN


def test_a_stranger_sees_names_and_counts_of_a_private_person() -> None:
    assert visibility.seen(PRIVATE_BEN) == replace(PRIVATE_BEN, about="", registered_at=None)


def test_who_only_asked_to_follow_is_a_stranger() -> None:
    asking = replace(PRIVATE_BEN, viewer_follows=Following.REQUESTED)
    assert visibility.required(asking).about == ""


def test_that_a_private_person_follows_the_viewer_opens_nothing() -> None:
    follower = replace(PRIVATE_BEN, follows_viewer=Following.ESTABLISHED)
    assert visibility.required(follower).about == ""


def test_a_follower_sees_all_of_a_private_person() -> None:
    followed = replace(PRIVATE_BEN, viewer_follows=Following.ESTABLISHED)
    assert visibility.seen(followed) == followed


def test_a_private_person_sees_themselves() -> None:
    oneself = replace(PRIVATE_BEN, own=True)
    assert visibility.seen(oneself) == oneself


def test_hidden_by_a_block_either_way_is_answered_as_absent() -> None:
    absent = refusal(None)
    assert refusal(replace(BEN, viewer_blocks=True)) == absent
    assert refusal(replace(BEN, blocks_viewer=True)) == absent


def test_a_block_beats_an_edge_that_has_not_ended_yet() -> None:
    still_followed = replace(BEN, viewer_follows=Following.ESTABLISHED, blocks_viewer=True)
    assert visibility.seen(still_followed) is None


def test_nobody_is_shown_what_others_say_before_what_they_had_decided_holds() -> None:
    unsettled = replace(BEN, settled=False)
    assert visibility.seen(unsettled) is None
    assert visibility.seen(replace(unsettled, own=True)) is not None


def test_a_mute_hides_nothing_of_a_profile() -> None:
    muted = replace(BEN, viewer_mutes=True)
    assert visibility.seen(muted) == muted


def test_lists_of_a_private_person_are_refused_to_strangers() -> None:
    with pytest.raises(Forbidden, match="PRIVATE_ACCOUNT"):
        visibility.require_lists(PRIVATE_BEN)


def test_lists_of_a_private_person_are_open_to_followers_and_to_themselves() -> None:
    visibility.require_lists(replace(PRIVATE_BEN, viewer_follows=Following.ESTABLISHED))
    visibility.require_lists(replace(PRIVATE_BEN, own=True))


def test_lists_of_a_hidden_private_person_are_absent_rather_than_refused() -> None:
    with pytest.raises(NotFound, match="NOT_FOUND"):
        visibility.require_lists(replace(PRIVATE_BEN, blocks_viewer=True))


def test_the_list_of_blocked_people_shows_names_only() -> None:
    blocked = visibility.recognised(replace(BEN, viewer_blocks=True, viewer_mutes=True))
    assert blocked == Person(
        account_id=BEN.account_id,
        handle="ben",
        first_name="Ben",
        last_name="Okri",
        viewer_blocks=True,
        viewer_mutes=True,
    )


def test_whom_the_viewer_does_not_block_is_not_in_that_list() -> None:
    assert visibility.recognised(BEN) is None
    assert visibility.recognised(None) is None


@given(people)
def test_whom_a_block_hides_shows_nowhere_else(person: Person) -> None:
    hidden = person.viewer_blocks or person.blocks_viewer
    assert (visibility.seen(person) is None) == hidden


@given(people)
def test_a_block_of_the_viewer_changes_nothing_in_the_list_of_blocked_people(
    person: Person,
) -> None:
    reverse = replace(person, blocks_viewer=not person.blocks_viewer)
    assert visibility.recognised(person) == visibility.recognised(reverse)


@given(people)
def test_the_text_of_a_private_person_reaches_followers_only(person: Person) -> None:
    shown = visibility.seen(person)
    if shown is not None and shown.about:
        assert not person.private or person.viewer_follows is Following.ESTABLISHED
