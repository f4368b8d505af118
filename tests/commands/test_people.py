"""What may be said of a person."""

from datetime import date
from uuid import UUID

import pytest

from commands import passwords, people
from commands.handles import offered
from tests.commands.cast import ANA, BEN

TODAY = date(2026, 3, 14)


@pytest.mark.parametrize(
    "name",
    [
        "Ana",
        "Łukasz",
        "北京",
        "محمد",
        "O'Brien-Smith",
        "Jr.",
        "অনিতা",
        "Zoë Ann",
        "e\u0301",
        "Å" * 80,
    ],
)
def test_names_of_every_script_are_fine(name: str) -> None:
    assert people.name_fault(name) is None


@pytest.mark.parametrize(
    "name",
    ["", "A" * 81, "Ana1", "Ana_", "Ana!", "<b>", "Ana\n", "Ana\u200b", "🎉", "-", "' '", "Ⅷ"],
)
def test_names_hold_nothing_but_letters_and_few_signs(name: str) -> None:
    assert people.name_fault(name)


def test_a_name_is_kept_without_padding_and_with_a_plain_apostrophe() -> None:
    assert people.tidy_name("  O\u2019Brien ") == "O'Brien"


@pytest.mark.parametrize(
    ("born", "fine"),
    [
        ("2013-03-14", True),
        ("2013-03-15", False),
        ("1906-03-14", True),
        ("1905-03-15", True),
        ("1905-03-14", False),
        ("2004-02-29", True),
        ("2003-02-29", False),
        ("1990-13-01", False),
        ("19900101", False),
        ("1990-1-1", False),
        ("0000-01-01", False),
        ("2030-01-01", False),
        ("１９９０-01-01", False),
        ("", False),
    ],
)
def test_people_are_13_to_120_years_old(born: str, fine: bool) -> None:
    assert (people.birth_date_fault(born, TODAY) is None) == fine


def test_who_was_born_on_the_29th_of_february_comes_of_age_in_march() -> None:
    assert people.birth_date_fault("2012-02-29", date(2025, 2, 28))
    assert people.birth_date_fault("2012-02-29", date(2025, 3, 1)) is None


@pytest.mark.parametrize("handle", ["ana", "a_1", "_" * 3, "a" * 30, "123"])
def test_handles_are_plain(handle: str) -> None:
    assert people.handle_fault(handle) is None


@pytest.mark.parametrize("handle", ["", "an", "a" * 31, "Ana", "a-b", "añb", "ana\n", "a b"])
def test_other_handles_are_refused(handle: str) -> None:
    assert people.handle_fault(handle)


@pytest.mark.parametrize(
    "email", ["ana@example.org", "a.b+c@EXAMPLE.org", "ña@exámple.org", "ana@home.local"]
)
def test_addresses_of_valid_syntax_are_fine(email: str) -> None:
    assert people.email_fault(email) is None


@pytest.mark.parametrize(
    "email", ["", "ana", "ana@", "@example.org", "a b@example.org", "ana@localhost", "a@b@c.org"]
)
def test_other_addresses_are_refused(email: str) -> None:
    assert people.email_fault(email)


def test_a_login_is_found_however_its_domain_is_written() -> None:
    assert people.login_name(" Ana@EXAMPLE.org ") == "Ana@example.org"
    assert people.login_name(" ana ") == "ana"
    assert people.login_name("not @ address") == "not @ address"


def test_an_about_has_2000_characters_at_most() -> None:
    assert people.about_fault("😀" * 2000) is None
    assert people.about_fault("a" * 2001)


def test_passwords_are_measured_in_characters() -> None:
    assert passwords.fault("pâte-à-ñoñ", ()) is None
    assert passwords.fault("ñ" * 4 + "o" * 5, ())
    assert passwords.fault("kitten " * 18 + "ab", ()) is None
    assert passwords.fault("kitten " * 18 + "abc", ())


def test_composed_and_decomposed_signs_are_one_password() -> None:
    assert passwords.normal("n\u0303andu-1234") == "ñandu-1234"
    assert passwords.fault(passwords.normal("n\u0303andu-123"), ())


@pytest.mark.parametrize(
    "password", ["1234567890", "QWERTYUIOP", "Password123", "aaaaaaaaaaaa", "ÄäÄäÄäÄäÄä"]
)
def test_common_passwords_are_refused_in_any_case(password: str) -> None:
    assert passwords.fault(password, ())


def test_a_password_is_not_what_everybody_sees() -> None:
    known = ("ana@example.org", "ana_lima_the_first")
    assert passwords.fault("ANA@example.org", known)
    assert passwords.fault("Ana_Lima_The_First", known)
    assert passwords.fault("ana_lima_the_second", known) is None


@pytest.mark.parametrize(
    ("first", "last", "stem"),
    [
        ("Ana", "Lima", "ana_lima"),
        ("Łukasz", "Żółć", "lukasz_zolc"),
        ("Дмитрий", "Щукин", "dmitriy_shchukin"),
        ("北京", "王", "beijing_wang"),
        ("Mary-Ann", "O'Brien Jr.", "mary_ann_obrien_jr"),
        ("A" * 40, "B", "a" * 30),
        ("A", "", "person"),
    ],
)
def test_a_handle_is_offered_from_the_name(first: str, last: str, stem: str) -> None:
    assert next(offered(first, last, ANA)) == stem


@pytest.mark.parametrize("account", [ANA, BEN, UUID(int=0), UUID(int=2**128 - 1)])
def test_every_offered_handle_is_one_and_no_two_are_the_same(account: UUID) -> None:
    for name in ("Ana", "A", "Anastasia Maximiliana Bartholomea"):
        handles = list(offered(name, "Lima", account))
        assert not any(map(people.handle_fault, handles))
        assert len(set(handles)) == len(handles)
