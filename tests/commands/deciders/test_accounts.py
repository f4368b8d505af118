"""What may become of an account and its sessions."""

from datetime import timedelta
from uuid import UUID

from commands.deciders.accounts import (
    AbandonClaim,
    ClaimedName,
    CloseSession,
    OpenSession,
    Register,
    SetVisibility,
    UpdateProfile,
)
from events.accounts import (
    FORMER_HANDLES_MAX,
    REMEMBERED_ABANDONMENTS,
    HandleChanged,
    ProfileUpdated,
    RegistrationAbandoned,
    SessionClosed,
    SessionOpened,
    VisibilityChanged,
)
from schemas.refusals import Conflict, NotFound, TooMany, Unauthenticated
from tests.commands.cast import ANA, NOON, claim, registered
from tests.commands.given import given

SESSION = UUID("019cec37-8c00-7000-8000-0000000000a1")

opened = SessionOpened(account_id=ANA, session_id=SESSION, device="Firefox", address="192.0.2.1")
closed = SessionClosed(account_id=ANA, session_id=SESSION, reason="signed_out")
abandoned = RegistrationAbandoned(account_id=ANA, claim_id=claim(1))


def name(text: str, number: int) -> ClaimedName:
    return ClaimedName(text=text, name=text, claim_id=claim(number), claimed_at=NOON)


register = Register(
    account_id=ANA,
    session_id=SESSION,
    email=ClaimedName(text="ana@example.org", name="email:ana", claim_id=claim(1), claimed_at=NOON),
    handle=ClaimedName(text="ana", name="handle:ana", claim_id=claim(2), claimed_at=NOON),
    first_name="Ana",
    last_name="Lima",
    birth_date="1990-12-31",
    about="",
    private=False,
    device="Firefox",
    address="192.0.2.1",
)


def handle_changed(number: int) -> HandleChanged:
    return HandleChanged(
        account_id=ANA,
        handle=f"ana{number}",
        handle_hash=f"handle:ana{number}",
        handle_claim=claim(100 + number),
        previous_hash=f"handle:ana{number - 1}" if number > 1 else "handle:ana",
        previous_claim=claim(99 + number) if number > 1 else claim(2),
    )


def test_registering_signs_in_at_once() -> None:
    given().when(register).then_each_time(registered(ANA), opened)


def test_an_account_is_registered_once() -> None:
    given(registered(ANA)).when(register).refuses(Conflict, "ALREADY_REGISTERED")


def test_an_abandoned_claim_registers_nobody() -> None:
    given(abandoned).when(register).refuses(Conflict, "NAME_CLAIM_SPENT")


def test_a_claim_older_than_the_memory_of_dead_ones_registers_nobody() -> None:
    later = NOON + timedelta(hours=24, seconds=1)
    given().when(register, later).refuses(Conflict, "NAME_CLAIM_SPENT")


def test_a_claim_that_nobody_uses_is_given_up_for_good() -> None:
    give_up = AbandonClaim(account_id=ANA, name="email:ana", claim_id=claim(1))
    given().when(give_up).then(abandoned)


def test_a_name_in_use_is_not_given_up() -> None:
    history = given(registered(ANA))
    for held, number in (("email:ana", 1), ("handle:ana", 2)):
        give_up = AbandonClaim(account_id=ANA, name=held, claim_id=claim(number))
        history.when(give_up).refuses(Conflict, "NAME_TAKEN")


def test_an_account_keeps_the_handle_that_it_left_for_a_month() -> None:
    challenge = AbandonClaim(account_id=ANA, name="handle:ana", claim_id=claim(2))
    history = given(registered(ANA), handle_changed(1))
    history.when(challenge, NOON + timedelta(days=29)).refuses(Conflict, "NAME_TAKEN")
    history.when(challenge, NOON + timedelta(days=30)).then(
        RegistrationAbandoned(account_id=ANA, claim_id=claim(2))
    )


def test_but_may_claim_it_anew_itself() -> None:
    anew = AbandonClaim(account_id=ANA, name="handle:ana", claim_id=claim(2), to_claim_anew=True)
    given(registered(ANA), handle_changed(1)).when(anew).then()


def test_the_memory_of_dead_claims_cannot_be_flushed() -> None:
    flood = [
        RegistrationAbandoned(account_id=ANA, claim_id=claim(number))
        for number in range(REMEMBERED_ABANDONMENTS)
    ]
    give_up = AbandonClaim(account_id=ANA, name="handle:x", claim_id=claim(999))
    given(*flood).when(give_up).refuses(TooMany, "TOO_MANY_CLAIMS")
    given(*flood).when(give_up, NOON + timedelta(days=2)).then(
        RegistrationAbandoned(account_id=ANA, claim_id=claim(999))
    )


def test_a_profile_changes_where_asked() -> None:
    update = UpdateProfile(account_id=ANA, about="Hello")
    given(registered(ANA)).when(update).then_each_time(
        ProfileUpdated(account_id=ANA, about="Hello")
    )


def test_a_new_handle_remembers_the_one_before() -> None:
    update = UpdateProfile(
        account_id=ANA,
        handle=ClaimedName(text="ana1", name="handle:ana1", claim_id=claim(101), claimed_at=NOON),
    )
    given(registered(ANA)).when(update).then(handle_changed(1))


def test_the_same_handle_changes_nothing() -> None:
    same = ClaimedName(text="ana", name="handle:ana", claim_id=claim(2), claimed_at=NOON)
    given(registered(ANA)).when(UpdateProfile(account_id=ANA, handle=same)).then()


def test_a_handle_is_not_taken_by_a_dead_claim() -> None:
    dead = UpdateProfile(
        account_id=ANA,
        handle=ClaimedName(text="ana", name="handle:ana", claim_id=claim(2), claimed_at=NOON),
    )
    given(registered(ANA), handle_changed(1)).when(dead).refuses(Conflict, "NAME_CLAIM_SPENT")


def test_a_handle_changes_only_so_often_in_a_month() -> None:
    changes = [handle_changed(number) for number in range(1, FORMER_HANDLES_MAX + 1)]
    update = UpdateProfile(account_id=ANA, handle=name("handle:more", 999))
    given(registered(ANA), *changes).when(update).refuses(TooMany, "HANDLE_CHANGED_TOO_OFTEN")


def test_nobody_updates_an_account_that_is_not_there() -> None:
    given().when(UpdateProfile(account_id=ANA, about="Hello")).refuses(NotFound, "NOT_FOUND")
    given().when(SetVisibility(account_id=ANA, private=True)).refuses(NotFound, "NOT_FOUND")


def test_visibility_changes_once() -> None:
    to_private = SetVisibility(account_id=ANA, private=True)
    given(registered(ANA)).when(to_private).then(VisibilityChanged(account_id=ANA, private=True))


def test_a_session_opens_once() -> None:
    sign_in = OpenSession(account_id=ANA, session_id=SESSION, device="Firefox", address="192.0.2.1")
    given(registered(ANA)).when(sign_in).then(opened)
    given(registered(ANA), opened, closed).when(sign_in).then()


def test_signing_in_to_nothing_answers_like_a_wrong_password() -> None:
    sign_in = OpenSession(account_id=ANA, session_id=SESSION, device="", address="")
    given().when(sign_in).refuses(Unauthenticated, "SIGN_IN_FAILED")


def test_a_session_closes_once() -> None:
    sign_out = CloseSession(account_id=ANA, session_id=SESSION, reason="signed_out")
    given(registered(ANA), opened).when(sign_out).then(closed)
    given(registered(ANA)).when(sign_out).refuses(NotFound, "NOT_FOUND")
