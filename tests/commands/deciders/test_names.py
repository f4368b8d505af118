"""A name has at most one living claim."""

from datetime import timedelta

from commands.deciders.names import CLAIM_EXPIRES_AFTER, ClaimName, ReleaseName
from events.names import NameClaimed, NameReleased
from schemas.refusals import Conflict
from tests.commands.cast import ANA, BEN, NOON, claim
from tests.commands.given import given

NAME = "handle:ana"
SOON = NOON + timedelta(seconds=30)
LATER = NOON + timedelta(minutes=2)

claimed = NameClaimed(
    name=NAME, claimant_id=ANA, claim_id=claim(1), expires_at=NOON + CLAIM_EXPIRES_AFTER
)
by_ben = ClaimName(name=NAME, claimant_id=BEN, claim_id=claim(2))


def released(free_at: timedelta) -> NameReleased:
    return NameReleased(name=NAME, claim_id=claim(1), free_at=NOON + free_at)


def test_a_new_name_is_claimed() -> None:
    given().when(ClaimName(name=NAME, claimant_id=ANA, claim_id=claim(1))).then(claimed)


def test_the_same_claim_again_changes_nothing_even_after_it_expired() -> None:
    given(claimed).when(ClaimName(name=NAME, claimant_id=ANA, claim_id=claim(1)), LATER).then()


def test_nobody_else_gets_a_name_that_is_being_claimed() -> None:
    given(claimed).when(by_ben, SOON).refuses(Conflict, "NAME_TAKEN")


def test_an_expired_claim_is_not_free_but_says_whom_to_challenge() -> None:
    refusal = given(claimed).when(by_ben, LATER).refuses(Conflict, "NAME_CLAIM_EXPIRED")
    assert refusal.fields == {"claimant_id": str(ANA), "claim_id": str(claim(1))}


def test_the_claimant_itself_may_challenge_its_earlier_claim_at_once() -> None:
    again = ClaimName(name=NAME, claimant_id=ANA, claim_id=claim(3))
    given(claimed).when(again, SOON).refuses(Conflict, "NAME_CLAIM_EXPIRED")


def test_a_challenger_gets_the_name_instead_of_the_abandoned_claim() -> None:
    instead = ClaimName(name=NAME, claimant_id=BEN, claim_id=claim(2), instead_of=claim(1))
    expires = LATER + CLAIM_EXPIRES_AFTER
    given(claimed).when(instead, LATER).then(
        NameClaimed(name=NAME, claimant_id=BEN, claim_id=claim(2), expires_at=expires)
    )


def test_a_challenger_who_comes_second_does_not_get_it() -> None:
    late = ClaimName(name=NAME, claimant_id=BEN, claim_id=claim(2), instead_of=claim(9))
    given(claimed).when(late, SOON).refuses(Conflict, "NAME_TAKEN")


def test_a_released_name_is_free_from_its_day_on() -> None:
    month = timedelta(days=30)
    history = given(claimed, released(month))
    history.when(by_ben, NOON + timedelta(days=29)).refuses(Conflict, "NAME_TAKEN")
    history.when(by_ben, NOON + month).then(
        NameClaimed(
            name=NAME,
            claimant_id=BEN,
            claim_id=claim(2),
            expires_at=NOON + month + CLAIM_EXPIRES_AFTER,
        )
    )


def test_who_left_a_name_may_take_it_back_at_once() -> None:
    back = ClaimName(name=NAME, claimant_id=ANA, claim_id=claim(3))
    given(claimed, released(timedelta(days=30))).when(back).then(
        NameClaimed(
            name=NAME, claimant_id=ANA, claim_id=claim(3), expires_at=NOON + CLAIM_EXPIRES_AFTER
        )
    )


def test_a_released_claim_never_lives_again() -> None:
    again = ClaimName(name=NAME, claimant_id=ANA, claim_id=claim(1))
    history = given(claimed, released(timedelta()))
    history.when(again, LATER).refuses(Conflict, "NAME_CLAIM_SPENT")


def test_releasing_frees_now_unless_told_when() -> None:
    given(claimed).when(ReleaseName(name=NAME, claim_id=claim(1))).then(released(timedelta()))
    kept = ReleaseName(name=NAME, claim_id=claim(1), free_at=NOON + timedelta(days=30))
    given(claimed).when(kept).then(released(timedelta(days=30)))


def test_a_late_release_does_not_free_the_next_claim() -> None:
    given(claimed).when(ReleaseName(name=NAME, claim_id=claim(9))).then()
