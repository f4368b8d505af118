"""The rules for what is said of a person: names, birth dates, handles, addresses, descriptions.

Pure rules over text that is in Unicode's form NFC already. Each `..._fault` function returns a
sentence for people, or nothing if the text is fine; lengths count code points.
"""

import re
import unicodedata
from datetime import date
from typing import Final

import email_validator
from email_validator import EmailNotValidError, validate_email

# Only the syntax is asked for, and `.local` or `.test` may be real inside somebody's own network.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()

NAME_LENGTH_MAX: Final = 80
ABOUT_LENGTH_MAX: Final = 2000
AGE_YEARS_MIN: Final = 13
AGE_YEARS_MAX: Final = 120
NAME_SIGNS: Final = frozenset(" '-.")

HANDLE: Final = re.compile(r"[a-z0-9_]{3,30}")
BIRTH_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def tidy_name(text: str) -> str:
    """The name as it is kept: no space around it, and the typewriter's apostrophe."""
    return text.strip().replace("\u2019", "'")


def name_fault(text: str) -> str | None:
    """Letters of any script, with the marks that belong to them, spaces, `'`, `-` and `.`."""
    if not 1 <= len(text) <= NAME_LENGTH_MAX:
        return f"must have 1 to {NAME_LENGTH_MAX} characters"
    if not all(_is_letter(sign) or sign in NAME_SIGNS for sign in text):
        return "may contain only letters, spaces, apostrophes, hyphens and dots"
    if not any(unicodedata.category(sign)[0] == "L" for sign in text):
        return "must contain a letter"
    return None


def _is_letter(sign: str) -> bool:
    """Whether it is a letter, or a mark: many scripts write vowels and tones as marks."""
    return unicodedata.category(sign)[0] in "LM"


def birth_date_fault(text: str, today: date) -> str | None:
    """An ISO 8601 date of somebody who is 13 to 120 years old `today`."""
    if not BIRTH_DATE.fullmatch(text):
        return "must be a date such as 1990-12-31"
    try:
        born = date.fromisoformat(text)
    except ValueError:
        return "must be a date that exists"
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if not AGE_YEARS_MIN <= age <= AGE_YEARS_MAX:
        return f"must be that of someone {AGE_YEARS_MIN} to {AGE_YEARS_MAX} years old"
    return None


def handle_fault(text: str) -> str | None:
    """3 to 30 of `a-z`, `0-9` and `_`."""
    if not HANDLE.fullmatch(text):
        return "must have 3 to 30 of the characters a-z, 0-9 and _"
    return None


def about_fault(text: str) -> str | None:
    """Any text; what counts as a control character is refused before, for every field."""
    if len(text) > ABOUT_LENGTH_MAX:
        return f"must have at most {ABOUT_LENGTH_MAX} characters"
    return None


def email_fault(text: str) -> str | None:
    """An address that mail could be sent to, by RFC 5321 and 6531; nobody is asked about it."""
    try:
        validate_email(text, check_deliverability=False, allow_smtputf8=True)
    except EmailNotValidError as error:
        return str(error)
    return None


def normal_email(text: str) -> str:
    """A valid address in the one form that is kept: the domain in small letters, no padding."""
    return validate_email(text, check_deliverability=False, allow_smtputf8=True).normalized


def login_name(text: str) -> str:
    """The e-mail address or handle that somebody signs in with, in the form that is kept."""
    bare = text.strip()
    return normal_email(bare) if "@" in bare and email_fault(bare) is None else bare
